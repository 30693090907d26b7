#include "net/ring_proto.h"

#include <cstddef>
#include <unordered_map>

#include "base/text.h"

namespace quoin::net {
namespace {

// Not who has left: nobody should connect there. An address that is no UTF-8 can't stand in a protobuf string.
bool IsShown(const ring::Member& member) {
  return member.state != ring::MemberState::kRemoved && !member.client_address.empty() && IsUtf8(member.client_address);
}

}  // namespace

void FillRing(const ClusterSnapshot& snapshot, std::uint64_t known_epoch, v1::Ring* out) {
  if (snapshot.topology == nullptr) return;
  const ring::Topology& topology = *snapshot.topology;
  out->set_cluster(topology.cluster.ToString());
  out->set_epoch(topology.epoch);
  out->set_partition_count(topology.partition_count());
  // Which nodes there are, and in which order, follows from the epoch alone: that is why they may be left out.
  std::unordered_map<NodeId, std::uint32_t> index_of;
  for (const auto& [id, member] : topology.members) {
    if (!IsShown(member)) continue;
    index_of.emplace(id, static_cast<std::uint32_t>(index_of.size() + 1));
    if (topology.epoch == known_epoch) continue;
    v1::Ring::Node& node = *out->add_nodes();
    node.set_id(id.ToString());
    node.set_client_address(member.client_address);
  }
  out->mutable_leaders()->Reserve(static_cast<int>(topology.partition_count()));
  for (std::size_t partition = 0; partition < topology.partition_count(); ++partition) {
    const NodeId leader = partition < snapshot.leaders.size() ? snapshot.leaders[partition] : NodeId{};
    const auto found = index_of.find(leader);
    out->add_leaders(found == index_of.end() ? 0 : found->second);
  }
}

}  // namespace quoin::net
