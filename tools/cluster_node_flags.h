// What stands behind "--" on the command line of tools:cluster. Threads: any.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"

namespace quoin::tools {

// The flags for the nodes. kInvalid: a word is no flag, or one that each node is given a value of its own for.
Result<std::vector<std::string>> NodeFlags(int argc, char** argv);

}  // namespace quoin::tools
