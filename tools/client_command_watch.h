// The words of WATCH: keys and prefixes, options, and a program behind "--".
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "tools/client_command.h"

namespace quoin::tools {

// Takes words from *next on, as far as they belong to the command. Otherwise what is wrong, as it stands behind the
// command's name: "needs a key ...".
std::optional<std::string> TakeWatch(const std::vector<Word>& words, std::size_t* next, Command* command);

}  // namespace quoin::tools
