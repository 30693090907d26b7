#include "net/routes.h"

#include <algorithm>
#include <array>

namespace quoin::net {
namespace {

constexpr std::uint8_t Bit(Method method) { return static_cast<std::uint8_t>(1u << static_cast<int>(method)); }

constexpr std::string_view kKeyPrefix = "/v1/kv/";
constexpr std::string_view kDashboardPrefix = "/dashboard/";
constexpr std::string_view kNodePrefix = "/v1/cluster/nodes/";
constexpr std::string_view kNodePath = "/v1/cluster/nodes/{id}";
constexpr std::uint8_t kReading = Bit(Method::kGet) | Bit(Method::kHead) | Bit(Method::kOptions);
constexpr std::uint8_t kPosting = Bit(Method::kPost) | Bit(Method::kOptions);
constexpr std::uint8_t kEverything = kReading | kPosting | Bit(Method::kPut) | Bit(Method::kDelete);
constexpr std::string_view kReadingLine = "Allow: GET, HEAD, OPTIONS\r\n";
constexpr std::string_view kPostingLine = "Allow: POST, OPTIONS\r\n";
constexpr std::string_view kEverythingLine = "Allow: GET, HEAD, PUT, DELETE, POST, OPTIONS\r\n";

// In the order of the enumeration.
constexpr std::array<RouteInfo, kRouteCount> kRoutes = {{
    {Route::kNone, "", "none", 0, "", false},
    {Route::kKey, "/v1/kv/{key}", "key", kEverything, kEverythingLine, true},
    {Route::kList, "/v1/kv", "list", kReading, kReadingLine, true},
    {Route::kBatch, "/v1/batch", "batch", kPosting, kPostingLine, true},
    {Route::kWatch, "/v1/watch", "watch", kReading, kReadingLine, true},
    {Route::kWebSocket, "/v1/ws", "websocket", Bit(Method::kGet) | Bit(Method::kOptions), "Allow: GET, OPTIONS\r\n",
     true},
    {Route::kCluster, "/v1/cluster", "cluster", kReading, kReadingLine, true},
    {Route::kClusterRing, "/v1/cluster/ring", "ring", kReading, kReadingLine, true},
    {Route::kNodeDrain, "/v1/cluster/nodes/{id}/drain", "membership", kPosting, kPostingLine, true},
    {Route::kNodeRemove, "/v1/cluster/nodes/{id}/remove", "membership", kPosting, kPostingLine, true},
    {Route::kNodeReplace, "/v1/cluster/nodes/{id}/replace", "membership", kPosting, kPostingLine, true},
    {Route::kNodeCancel, "/v1/cluster/nodes/{id}/cancel", "membership", kPosting, kPostingLine, true},
    {Route::kClusterStats, "/v1/cluster/stats", "stats", kReading, kReadingLine, true},
    {Route::kStatus, "/v1/status", "status", kReading, kReadingLine, true},
    {Route::kStats, "/v1/stats", "stats", kReading, kReadingLine, true},
    {Route::kHealthz, "/healthz", "healthz", kReading, kReadingLine, true},
    {Route::kReadyz, "/readyz", "readyz", kReading, kReadingLine, true},
    {Route::kMetrics, "/metrics", "metrics", kReading, kReadingLine, true},
    {Route::kOpenApi, "/openapi.json", "openapi", kReading, kReadingLine, true},
    {Route::kDashboard, "/", "dashboard", kReading, kReadingLine, true},
    {Route::kDashboardFile, "/dashboard/{file}", "dashboard", kReading, kReadingLine, false},
    {Route::kClientModule, "/quoin.js", "module", kReading, kReadingLine, true},
    {Route::kClientTypes, "/quoin.d.ts", "module", kReading, kReadingLine, true},
    {Route::kExample, "/example", "example", kReading, kReadingLine, true},
    {Route::kExampleScript, "/example.js", "example", kReading, kReadingLine, false},
    {Route::kExampleStyle, "/example.css", "example", kReading, kReadingLine, false},
    {Route::kServer, "*", "server", Bit(Method::kOptions), kEverythingLine, false},
}};

constexpr bool IsInOrder() {
  for (std::size_t i = 0; i < kRoutes.size(); ++i) {
    if (kRoutes[i].route != static_cast<Route>(i)) return false;
  }
  return true;
}
static_assert(IsInOrder());

}  // namespace

const RouteInfo& InfoOf(Route route) { return kRoutes[static_cast<std::size_t>(route)]; }

std::span<const RouteInfo> AllRoutes() { return kRoutes; }

Route FindRoute(std::string_view path, std::string_view* name) {
  if (path.starts_with(kKeyPrefix)) {
    *name = path.substr(kKeyPrefix.size());
    return Route::kKey;
  }
  if (path.starts_with(kDashboardPrefix)) {
    *name = path.substr(kDashboardPrefix.size());
    return Route::kDashboardFile;
  }
  if (path.starts_with(kNodePrefix)) {
    const std::string_view rest = path.substr(kNodePrefix.size());
    const std::size_t slash = std::min(rest.find('/'), rest.size());
    *name = rest.substr(0, slash);
    for (const RouteInfo& info : kRoutes) {
      if (info.path.starts_with(kNodePath) && info.path.substr(kNodePath.size()) == rest.substr(slash)) {
        return info.route;
      }
    }
    return Route::kNone;
  }
  for (const RouteInfo& info : kRoutes) {
    if (info.route != Route::kNone && info.route != Route::kServer && info.path == path) return info.route;
  }
  return Route::kNone;
}

}  // namespace quoin::net
