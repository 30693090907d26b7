// Files that are compiled into the program (net/assets).
#pragma once

#include <optional>
#include <string_view>

namespace quoin::net {

std::string_view OpenApiJson();

// What the dashboard consists of (docs/dashboard.md): its page, and what that loads.
std::string_view DashboardPage();  // HTML
struct DashboardFile {
  std::string_view content_type;
  std::string_view content;
};
// By the name after "/dashboard/"; nullopt: there is none of that name.
std::optional<DashboardFile> FindDashboardFile(std::string_view name);

// The JavaScript client (docs/javascript.md): an ES module, its types, and a page that uses it.
std::string_view ClientModule();   // JavaScript
std::string_view ClientTypes();    // TypeScript
std::string_view ExamplePage();    // HTML
std::string_view ExampleScript();  // JavaScript
std::string_view ExampleStyle();   // CSS

}  // namespace quoin::net
