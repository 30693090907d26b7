// Files that are compiled into the program (net/assets).
#pragma once

#include <string_view>

namespace quoin::net {

std::string_view LandingPage();    // HTML
std::string_view LandingScript();  // JavaScript
std::string_view LandingStyle();   // CSS
std::string_view OpenApiJson();

}  // namespace quoin::net
