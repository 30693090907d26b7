// The paths of the HTTP API and what each of them takes: one table for the handler, the metrics and the description in
// openapi.json, which a test holds against it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "net/http_message.h"

namespace quoin::net {

struct RouteInfo {
  Route route;
  std::string_view path;        // As openapi.json writes it.
  std::string_view name;        // In metrics.
  std::uint8_t methods;         // One bit for each Method.
  std::string_view allow_line;  // "Allow: GET, HEAD, OPTIONS\r\n"
  bool described;               // Stands in openapi.json. What only a page of the node loads does not.

  bool Takes(Method method) const { return (methods >> static_cast<int>(method) & 1) != 0; }
};

const RouteInfo& InfoOf(Route route);
std::span<const RouteInfo> AllRoutes();

// `path` still encoded, without its query. For kKey, *name is what follows "/v1/kv/"; for what is done with a node of
// the cluster, the part of the path that stands for "{id}"; for kDashboardFile, the file's name.
Route FindRoute(std::string_view path, std::string_view* name);

}  // namespace quoin::net
