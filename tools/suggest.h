// The nearest name to a misspelt one: for flags and commands.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quoin::tools {

// The candidate that takes the fewest edits (insert, delete, replace, swap of neighbours; case doesn't count) to reach
// from `word`, the first of several; nullopt when even that one is too far to be what was meant. A candidate that
// begins with a word of at least three characters is near, too.
std::optional<std::string> Nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace quoin::tools
