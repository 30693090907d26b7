// What the log of a local cluster's node tells of its end, for people. Threads: the node's.
#pragma once

#include <string>
#include <vector>

#include "tools/cluster_node.h"

namespace quoin::tools {

// The reason that a node which did not start left behind, on one line.
std::string LastWords(const LocalNode& node);

// What tells why a node has ended: from a failed check on, if there is one, otherwise the last lines.
std::vector<std::string> EndOfLog(const LocalNode& node);

}  // namespace quoin::tools
