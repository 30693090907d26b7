#include "tools/client_cluster_text.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/text.h"
#include "tools/client_text.h"

namespace quoin::tools {
namespace {

std::string Safe(const std::string& text) { return SafeText(text, false); }

std::string Counted(std::uint64_t count, const std::string& singular) {
  return std::to_string(count) + " " + singular + (count == 1 ? "" : "s");
}

std::string Of(std::uint64_t done, std::uint64_t total, const std::string& unit) {
  return std::to_string(done) + " of " + std::to_string(total) + " " + unit;
}

// What can be told of the action's progress.
std::string Figures(const ClusterAction& action) {
  std::string text = Of(action.partitions_done, action.partitions_total, "partitions");
  if (action.keys_total > 0) text += ", " + Of(action.keys_copied, action.keys_total, "keys");
  if (action.bytes_total > 0) text += ", " + HumanSize(action.bytes_copied) + " of " + HumanSize(action.bytes_total);
  if (action.bytes_per_s >= 1) text += ", " + HumanSize(static_cast<std::uint64_t>(action.bytes_per_s)) + "/s";
  if (action.keys_per_s >= 1) text += ", " + std::to_string(std::llround(action.keys_per_s)) + " keys/s";
  if (action.eta_s) text += ", " + HumanSeconds(*action.eta_s) + " left";
  return text;
}

std::string NameOf(const ClusterAction& action) {
  std::string text = Safe(action.action);
  if (!action.node.empty()) text += " of node " + Safe(action.node);
  if (!action.with.empty()) text += " with node " + Safe(action.with);
  return text;
}

using Row = std::vector<std::string>;

// Columns as wide as their widest cell, two blanks apart; nothing behind the last one.
std::string Table(const std::vector<Row>& rows) {
  std::vector<std::size_t> widths;
  for (const Row& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const Row& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      line += row[i];
      line.append(widths[i] - row[i].size() + 2, ' ');
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

}  // namespace

std::string HumanSeconds(double seconds) {
  const auto whole = static_cast<std::uint64_t>(std::ceil(std::min(seconds, 1e12)));
  if (whole < 120) return std::to_string(whole) + " s";
  if (whole < 7200) return std::to_string(whole / 60) + " min " + std::to_string(whole % 60) + " s";
  return std::to_string(whole / 3600) + " h " + std::to_string(whole % 3600 / 60) + " min";
}

std::string ActionText(const ClusterAction& action) { return NameOf(action) + ": " + Figures(action); }

std::string ProgressLine(const ClusterAction& action, std::size_t width) {
  constexpr std::size_t kBar = 20;
  // Bytes move steadily; partitions only when they are done.
  const bool bytes = action.bytes_total > 0;
  const double done = static_cast<double>(bytes ? action.bytes_copied : action.partitions_done);
  const double total = static_cast<double>(bytes ? action.bytes_total : action.partitions_total);
  const auto filled = total > 0 ? static_cast<std::size_t>(std::clamp(done / total, 0.0, 1.0) * kBar) : std::size_t{0};
  const std::string bar = "[" + std::string(filled, '#') + std::string(kBar - filled, '.') + "] ";
  std::string line = bar + ActionText(action);
  if (line.size() > width) line = bar + Figures(action);
  if (line.size() > width) line = Figures(action);
  return line.substr(0, width);
}

std::string DoneText(const Command& command, const std::string& node, const std::optional<ClusterAction>& action) {
  std::string text = "Node " + Safe(node);
  if (command.verb == Verb::kCancel) return text + " is active again";
  if (action && !action->with.empty()) {
    text += " is replaced with node " + Safe(action->with);
  } else {
    text += command.verb == Verb::kDrain ? " is drained and removed" : " is removed";
  }
  if (!action) return text;
  return text + ": " + Counted(action->partitions_total, "partition") + ", " + Counted(action->keys_total, "key") +
         ", " + HumanSize(action->bytes_total) + " copied";
}

std::string ClusterSummary(const ClusterStatus& status) {
  if (!status.joined) return "this node belongs to no cluster yet";
  return Counted(status.nodes.size(), "node") + ", " + Counted(status.partitions, "partition") +
         ", replication factor " + std::to_string(status.replication_factor) + ", " + std::to_string(status.moving) +
         " moving, " + std::to_string(status.leaderless) + " without a leader, epoch " + std::to_string(status.epoch);
}

std::string NodesTable(const ClusterStatus& status) {
  std::vector<Row> rows = {{"NODE", "STATE", "HEARD", "ADDRESS", "ZONE", "WEIGHT", "PARTITIONS", "LEADS", ""}};
  for (const ClusterNode& node : status.nodes) {
    const std::string incoming = node.incoming > 0 ? "+" + std::to_string(node.incoming) : "";
    rows.push_back({Safe(node.id), Safe(node.state), node.heard ? "yes" : "no", Safe(node.client_address),
                    node.zone.empty() ? "-" : Safe(node.zone), std::to_string(node.weight),
                    std::to_string(node.replicas) + incoming, std::to_string(node.leads),
                    node.id == status.controller ? "controller" : ""});
  }
  std::string text = status.nodes.empty() ? "" : Table(rows);
  for (const ClusterAction& action : status.actions) {
    if (action.state == "running") {
      text += "under way: " + ActionText(action) + "\n";
    } else {
      text += Safe(action.state) + ": " + NameOf(action) + "\n";
    }
  }
  for (const ClusterRefusal& refusal : status.refusals) {
    text += "refused: " + Safe(refusal.wish) + " of node " + Safe(refusal.node) + ": " + Safe(refusal.reason) + "\n";
  }
  return text + ClusterSummary(status) + "\n";
}

std::string NodesLines(const ClusterStatus& status) {
  std::string text;
  for (const ClusterNode& node : status.nodes) {
    text += Safe(node.id) + "\t" + Safe(node.state) + "\t" + (node.heard ? "yes" : "no") + "\t" +
            Safe(node.client_address) + "\t" + Safe(node.peer_address) + "\t" + Safe(node.zone) + "\t" +
            std::to_string(node.weight) + "\t" + std::to_string(node.replicas) + "\t" + std::to_string(node.incoming) +
            "\t" + std::to_string(node.leads) + "\n";
  }
  return text;
}

std::string RingLines(const Ring& ring) {
  std::string text;
  for (std::size_t i = 0; i < ring.partitions.size(); ++i) {
    const RingPartition& partition = ring.partitions[i];
    text += std::to_string(i) + "\t" + (partition.leader.empty() ? "-" : Safe(partition.leader)) + "\t" +
            (partition.moving ? "moving" : "stable") + "\n";
  }
  return text;
}

}  // namespace quoin::tools
