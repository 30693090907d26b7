#include "net/client/ring_view.h"

#include <bit>
#include <optional>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "base/text.h"
#include "ring/partition.h"

namespace quoin::client {
namespace {

Status Invalid(std::string what) { return Status(Code::kInvalid, "the ring that the node tells: " + std::move(what)); }

std::optional<std::uint64_t> ParseId(std::string_view text) {
  return text.size() == 16 ? ParseHex64(text) : std::nullopt;
}

}  // namespace

Result<RingView> TakeRing(const v1::ServerFrame& frame, const RingView& known) {
  RingView view;
  if (!frame.has_ring()) {
    if (frame.has_result()) return view;
    return Invalid("the answer is neither a ring nor a refusal");
  }
  const v1::Ring& ring = frame.ring();
  if (ring.partition_count() == 0) return view;
  if (!std::has_single_bit(ring.partition_count()) || ring.partition_count() > ring::kMaxPartitionCount) {
    return Invalid("the number of partitions is a power of two, at most " + std::to_string(ring::kMaxPartitionCount) +
                   ", not " + std::to_string(ring.partition_count()));
  }
  if (static_cast<std::uint32_t>(ring.leaders_size()) != ring.partition_count()) {
    return Invalid("there is a leader (or 0) for each of " + std::to_string(ring.partition_count()) +
                   " partitions, not " + std::to_string(ring.leaders_size()));
  }
  const auto cluster = ParseId(ring.cluster());
  if (!cluster) return Invalid("a cluster has 16 hexadecimal digits");
  if (ring.epoch() == 0) return Invalid("an epoch is at least 1");
  view.cluster = ClusterId{*cluster};
  view.epoch = ring.epoch();
  view.partition_count = ring.partition_count();
  if (static_cast<std::size_t>(ring.nodes_size()) > kMaxRingNodes) {
    return Invalid("at most " + std::to_string(kMaxRingNodes) + " nodes, not " + std::to_string(ring.nodes_size()));
  }
  std::unordered_set<std::uint64_t> seen;
  for (const v1::Ring::Node& node : ring.nodes()) {
    const auto id = ParseId(node.id());
    if (!id || *id == 0) return Invalid("a node has 16 hexadecimal digits, not all 0");
    if (!seen.insert(*id).second) return Invalid("node " + node.id() + " is there twice");
    view.nodes.push_back({NodeId{*id}, node.client_address()});
  }
  if (view.nodes.empty() && view.epoch == known.epoch && view.cluster == known.cluster) view.nodes = known.nodes;
  view.leaders.assign(ring.leaders().begin(), ring.leaders().end());
  for (const std::uint32_t leader : view.leaders) {
    if (leader > view.nodes.size()) {
      return Invalid("a leader is 1 + the place of one of " + std::to_string(view.nodes.size()) + " nodes, not " +
                     std::to_string(leader));
    }
  }
  return view;
}

}  // namespace quoin::client
