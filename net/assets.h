// Files that are compiled into the program (net/assets).
#pragma once

#include <string_view>

namespace quoin::net {

std::string_view LandingPage();    // HTML
std::string_view LandingScript();  // JavaScript
std::string_view LandingStyle();   // CSS
std::string_view OpenApiJson();

// The JavaScript client (docs/javascript.md): an ES module, its types, and a page that uses it.
std::string_view ClientModule();   // JavaScript
std::string_view ClientTypes();    // TypeScript
std::string_view ExamplePage();    // HTML
std::string_view ExampleScript();  // JavaScript
std::string_view ExampleStyle();   // CSS

}  // namespace quoin::net
