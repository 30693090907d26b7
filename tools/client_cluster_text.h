// The cluster in words and in tables, for people and for pipes. Pure; the texts are safe on a terminal.
#pragma once

#include <cstddef>
#include <string>

#include "tools/client_cluster.h"
#include "tools/client_command.h"

namespace quoin::tools {

// "45 s", "3 min 20 s", "2 h 5 min". REQUIRES: seconds >= 0.
std::string HumanSeconds(double seconds);

// "drain of node 00c0ffee00c0ff04: 17 of 193 partitions, 66210 of 750100 keys, 7.6 MiB of 85.8 MiB, 1.3 MiB/s, 62 s
// left"
std::string ActionText(const ClusterAction& action);

// The same with a bar before it, in at most `width` columns.
std::string ProgressLine(const ClusterAction& action, std::size_t width);

// What was done, as a sentence part: "Node 00c0ffee00c0ff04 is drained and removed: 193 partitions, 85.8 MiB moved".
std::string DoneText(const Command& command, const std::string& node, const std::optional<ClusterAction>& action);

// "3 nodes, 256 partitions, replication factor 3, 8 moving, 0 without a leader, epoch 41"
std::string ClusterSummary(const ClusterStatus& status);

// NODES for a person: a table, what is under way, and what was refused.
std::string NodesTable(const ClusterStatus& status);
// NODES for a pipe: per node and line id, state, heard (yes or no), client address, peer address, zone, weight,
// replicas, incoming and leads, with tabs between.
std::string NodesLines(const ClusterStatus& status);

// RING for a pipe: per partition and line its number, its leader ("-": not known), and "stable" or "moving", with tabs
// between.
std::string RingLines(const Ring& ring);

}  // namespace quoin::tools
