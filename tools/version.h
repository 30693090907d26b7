// The program's version, as --version, the status page and the metrics tell it.
#pragma once

#include <string_view>

namespace quoin::tools {

inline constexpr std::string_view kVersion = "0.1.0";

}  // namespace quoin::tools
