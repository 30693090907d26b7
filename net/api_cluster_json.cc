#include "net/api_cluster_json.h"

#include <glog/logging.h>

#include <algorithm>
#include <map>
#include <vector>

#include "base/text.h"
#include "net/http_response.h"
#include "net/json_text.h"
#include "ring/configuration.h"

namespace quoin::net {
namespace {

using ring::Configuration;
using ring::Topology;

void AppendNode(NodeId node, std::string* out) {
  if (node == NodeId{}) {
    out->append("null");
  } else {
    out->append("\"").append(node.ToString()).append("\"");
  }
}

void AppendNodes(const std::vector<NodeId>& nodes, std::string* out) {
  out->append("[");
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (i > 0) out->append(", ");
    AppendNode(nodes[i], out);
  }
  out->append("]");
}

// Texts of the ring come from other nodes' flags.
void AppendText(std::string_view text, std::string* out) {
  AppendJsonText(IsUtf8(text) ? std::string(text) : Printable(text, 512), out);
}

void AppendTime(kv::WallTime time, std::string* out) { out->append("\"").append(FormatTime(time)).append("\""); }

std::string_view PhaseName(ring::Phase phase) {
  switch (phase) {
    case ring::Phase::kStable:
      return "stable";
    case ring::Phase::kFilling:
      return "filling";
    case ring::Phase::kJoint:
      return "joint";
  }
  LOG(FATAL) << "no such phase: " << static_cast<int>(phase);
}

struct Share {
  std::uint32_t replicas = 0;
  std::uint32_t incoming = 0;
  std::uint32_t leads = 0;
};

struct Overview {
  std::uint32_t moving = 0;
  std::uint32_t leaderless = 0;  // Of those that this node holds: of others it need not know who leads.
  std::map<NodeId, Share> shares;
};

Overview LookOver(const ClusterSnapshot& snapshot) {
  Overview overview;
  const Topology& topology = *snapshot.topology;
  for (std::uint32_t p = 0; p < topology.partition_count(); ++p) {
    const Configuration& configuration = topology.partitions[p];
    overview.moving += configuration.phase != ring::Phase::kStable;
    for (const NodeId node : configuration.replicas.nodes) ++overview.shares[node].replicas;
    for (const NodeId node : configuration.incoming.nodes) {
      if (!configuration.replicas.Contains(node)) ++overview.shares[node].incoming;
    }
    const NodeId leader = p < snapshot.leaders.size() ? snapshot.leaders[p] : NodeId{};
    if (leader != NodeId{}) ++overview.shares[leader].leads;
    overview.leaderless += leader == NodeId{} && configuration.replicas.Contains(snapshot.self);
  }
  return overview;
}

NodeId ControllerOf(const ClusterSnapshot& snapshot) {
  if (snapshot.controller != NodeId{} || snapshot.progress == nullptr) return snapshot.controller;
  // Who holds no replica of the system partition hears of its leader by what that one tells.
  return snapshot.progress->controller.node;
}

void AppendMember(NodeId node, const ring::Member& member, bool heard, const Share& share, std::string* out) {
  out->append("{\"node\": ");
  AppendNode(node, out);
  out->append(", \"state\": \"").append(MemberStateName(member.state));
  out->append("\", \"heard\": ").append(heard ? "true" : "false");
  out->append(", \"client_address\": ");
  AppendText(member.client_address, out);
  out->append(", \"peer_address\": ");
  AppendText(member.peer_address, out);
  out->append(", \"zone\": ");
  AppendText(member.zone, out);
  out->append(", \"weight\": ").append(std::to_string(member.weight));
  out->append(", \"replicas\": ").append(std::to_string(share.replicas));
  out->append(", \"incoming\": ").append(std::to_string(share.incoming));
  out->append(", \"leads\": ").append(std::to_string(share.leads)).append("}");
}

void AppendCopied(std::string_view name, std::uint64_t copied, std::uint64_t total, std::string* out) {
  out->append(", \"").append(name).append("\": {\"copied\": ").append(std::to_string(copied));
  out->append(", \"total\": ").append(std::to_string(total)).append("}");
}

void AppendAction(const quorum::Action& action, std::string* out) {
  out->append("{\"action\": \"").append(ActionName(action.kind));
  out->append("\", \"state\": \"").append(ActionStateName(action.state)).append("\", \"node\": ");
  AppendNode(action.node, out);
  out->append(", \"with\": ");
  AppendNode(action.with, out);
  out->append(", \"since\": ");
  AppendTime(action.since, out);
  out->append(", \"ended\": ");
  if (action.state == quorum::Action::State::kRunning) {
    out->append("null");
  } else {
    AppendTime(action.ended, out);
  }
  out->append(", \"partitions\": {\"done\": ").append(std::to_string(action.partitions_done));
  out->append(", \"total\": ").append(std::to_string(action.partitions)).append("}");
  AppendCopied("keys", action.copied.keys, action.total.keys, out);
  AppendCopied("bytes", action.copied.bytes, action.total.bytes, out);
  out->append(", \"keys_per_s\": ").append(std::to_string(action.per_second.keys));
  out->append(", \"bytes_per_s\": ").append(std::to_string(action.per_second.bytes));
  out->append(", \"eta_s\": ");
  out->append(action.seconds_left ? std::to_string(*action.seconds_left) : "null").append("}");
}

void AppendRefusal(const quorum::Refusal& refusal, std::string* out) {
  out->append("{\"wish\": \"").append(WishName(refusal.wish)).append("\", \"node\": ");
  AppendNode(refusal.node, out);
  out->append(", \"with\": ");
  AppendNode(refusal.with, out);
  out->append(", \"at\": ");
  AppendTime(refusal.at, out);
  out->append(", \"reason\": ");
  AppendText(refusal.reason, out);
  out->append("}");
}

// `append` for each, with commas and line ends between them.
template <typename Items, typename Append>
void AppendList(std::string_view name, const Items& items, Append append, std::string* out) {
  out->append(" \"").append(name).append("\": [");
  bool first = true;
  for (const auto& item : items) {
    out->append(first ? "\n  " : ",\n  ");
    first = false;
    append(item);
  }
  out->append(first ? "]" : "\n ]");
}

void AppendConfiguration(const Configuration& configuration, NodeId leader, std::string* out) {
  out->append("{\"version\": ").append(std::to_string(configuration.version));
  out->append(", \"phase\": \"").append(PhaseName(configuration.phase)).append("\", \"replicas\": ");
  AppendNodes(configuration.replicas.nodes, out);
  out->append(", \"incoming\": ");
  AppendNodes(configuration.incoming.nodes, out);
  out->append(", \"leader\": ");
  AppendNode(leader, out);
  out->append("}");
}

std::string Begin(const Topology& topology) { return "{\"cluster\": \"" + topology.cluster.ToString() + "\", "; }

std::uint32_t HeldBy(const Topology& topology, NodeId node) {
  return static_cast<std::uint32_t>(
      std::count_if(topology.partitions.begin(), topology.partitions.end(),
                    [&](const Configuration& configuration) { return configuration.replicas.Contains(node); }));
}

std::string Describe(const Topology& topology, const quorum::MembershipPacket& wish, ring::MemberState to) {
  using enum ring::MemberState;
  const ring::MemberState from = topology.members.at(wish.node).state;
  const std::string name = "node " + wish.node.ToString();
  if (from == to) return name + " is " + std::string(MemberStateName(to)) + " already";
  if (to == kRemoved) return name + " has not become active yet, and is to be removed";
  if (to == kActive) {
    return "the " + std::string(from == kDraining ? "drain" : "removal") + " of " + name +
           " is to be cancelled: it is active again, and what was moved away comes back";
  }
  const std::string held = std::to_string(HeldBy(topology, wish.node)) + " partitions";
  const auto others = std::count_if(topology.members.begin(), topology.members.end(), [&](const auto& member) {
    return member.first != wish.node && member.second.state == kActive && member.second.weight > 0;
  });
  const std::string where = " to " + std::to_string(others) + " other active node" + (others == 1 ? "" : "s");
  std::string what = name + " is to be ";
  if (wish.wish == quorum::MembershipWish::kReplace) {
    what += "replaced by node " + wish.with.ToString() + ": ";
  } else {
    what += to == kDraining ? "drained: " : "removed: ";
  }
  return what + (to == kDraining ? "its " + held + " move" + where + ", then it is removed"
                                 : "the " + held + " that it held are copied from their other replicas" + where);
}

}  // namespace

std::string ClusterJson(const ClusterSnapshot& snapshot) {
  const quorum::ClusterProgress nothing;
  const quorum::ClusterProgress& progress = snapshot.progress == nullptr ? nothing : *snapshot.progress;
  const Topology unknown;
  const bool joined = snapshot.topology != nullptr;
  const Topology& topology = joined ? *snapshot.topology : unknown;
  const Overview overview = joined ? LookOver(snapshot) : Overview();
  std::string out = joined ? Begin(topology) : "{\"cluster\": null, ";
  out.append("\"node\": \"").append(snapshot.self.ToString());
  const bool member = joined && topology.members.contains(snapshot.self);
  out.append("\", \"joined\": ").append(member ? "true" : "false");
  out.append(", \"epoch\": ").append(std::to_string(topology.epoch));
  out.append(", \"replication_factor\": ").append(joined ? std::to_string(topology.goal.replication_factor) : "null");
  out.append(",\n \"controller\": ");
  AppendNode(joined ? ControllerOf(snapshot) : NodeId{}, &out);
  out.append(",\n \"partitions\": {\"total\": ").append(std::to_string(topology.partition_count()));
  out.append(", \"moving\": ").append(std::to_string(overview.moving));
  out.append(", \"leaderless\": ").append(std::to_string(overview.leaderless)).append("},\n");
  const auto append_member = [&](const auto& entry) {
    const auto share = overview.shares.find(entry.first);
    AppendMember(entry.first, entry.second, snapshot.heard.contains(entry.first),
                 share == overview.shares.end() ? Share() : share->second, &out);
  };
  AppendList("nodes", topology.members, append_member, &out);
  out.append(",\n \"own\": {\"leads\": ").append(std::to_string(snapshot.leads.partitions));
  out.append(", \"complete\": ").append(std::to_string(snapshot.leads.complete));
  out.append(", \"equal\": ").append(std::to_string(snapshot.leads.all_equal));
  out.append(", \"lagging_keys\": ").append(std::to_string(snapshot.leads.lagging_keys)).append("},\n");
  AppendList(
      "actions", progress.actions, [&](const quorum::Action& action) { AppendAction(action, &out); }, &out);
  out.append(",\n");
  AppendList(
      "refusals", progress.refusals, [&](const quorum::Refusal& refusal) { AppendRefusal(refusal, &out); }, &out);
  return out + "}\n";
}

std::string RingJson(const ClusterSnapshot& snapshot) {
  const Topology& topology = *snapshot.topology;
  std::string out = Begin(topology);
  out.append("\"epoch\": ").append(std::to_string(topology.epoch));
  out.append(", \"replication_factor\": ").append(std::to_string(topology.goal.replication_factor)).append(",\n");
  const auto append_node = [&](const auto& entry) {
    out.append("{\"node\": ");
    AppendNode(entry.first, &out);
    out.append(", \"state\": \"").append(MemberStateName(entry.second.state));
    out.append("\", \"client_address\": ");
    AppendText(entry.second.client_address, &out);
    out.append("}");
  };
  AppendList("nodes", topology.members, append_node, &out);
  out.append(",\n \"system\": ");
  AppendConfiguration(topology.system, ControllerOf(snapshot), &out);
  out.append(",\n");
  std::size_t partition = 0;
  const auto append_partition = [&](const Configuration& configuration) {
    const bool known = partition < snapshot.leaders.size();
    AppendConfiguration(configuration, known ? snapshot.leaders[partition] : NodeId{}, &out);
    ++partition;
  };
  AppendList("partitions", topology.partitions, append_partition, &out);
  return out + "}\n";
}

std::string AskedJson(const ClusterSnapshot& snapshot, const quorum::MembershipPacket& wish, ring::MemberState state) {
  std::string out = "{\"action\": \"" + std::string(WishName(wish.wish)) + "\", \"node\": ";
  AppendNode(wish.node, &out);
  out.append(", \"with\": ");
  AppendNode(wish.with, &out);
  out.append(", \"state\": \"").append(MemberStateName(state));
  out.append("\",\n \"detail\": ");
  AppendText(Describe(*snapshot.topology, wish, state), &out);
  return out + ",\n \"progress\": \"/v1/cluster\"}\n";
}

}  // namespace quoin::net
