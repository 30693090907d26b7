// What nodes say to each other, apart from requests.
#include <memory>
#include <utility>
#include <vector>

#include "net/peer_codec.h"
#include "net/peer_codec_read.h"
#include "ring/configuration.h"
#include "ring/partition.h"

namespace quoin::net::peer_wire {
namespace {

// Adds to a list that has at most so many elements; nullptr: it has them already.
template <typename T>
T* Add(std::vector<T>* list, std::size_t most, In& in, const char* what) {
  if (list->size() < most) return &list->emplace_back();
  in.Fail("it has more than " + std::to_string(most) + " " + what);
  return nullptr;
}

template <typename T>
void RequireAscending(const std::vector<T>& parts, In& in) {
  for (std::size_t i = 1; i < parts.size(); ++i) {
    if (parts[i - 1].partition < parts[i].partition) continue;
    return in.Fail("its partitions don't go up: " + std::to_string(parts[i - 1].partition.value) + ", then " +
                   std::to_string(parts[i].partition.value));
  }
}

NodeId TakeNode(In& in) { return NodeId{in.Fixed()}; }
kv::WallTime TakeTime(In& in) { return kv::WallTime(std::chrono::milliseconds(in.Sint())); }

// Packed, or one by one: protobuf's writers may do either.
void TakeUnheard(In& in, std::vector<NodeId>* nodes) {
  const auto add = [&](NodeId node) {
    if (!nodes->empty() && node <= nodes->back()) return in.Fail("the unheard nodes don't go up");
    if (NodeId* added = Add(nodes, ring::kMaxMembers, in, "unheard nodes")) *added = node;
  };
  if (!in.is_sized()) return add(TakeNode(in));
  const std::string_view packed = in.Bytes();
  if (packed.size() % 8 != 0) return in.Fail("the unheard nodes have " + std::to_string(packed.size()) + " bytes");
  for (std::size_t at = 0; at < packed.size() && in.good(); at += 8) {
    std::uint64_t node = 0;
    for (std::size_t i = 8; i-- > 0;) node = node << 8 | static_cast<unsigned char>(packed[at + i]);
    add(NodeId{node});
  }
}

ring::Member TakeMember(In in) {
  ring::Member member;
  member.weight = 0;  // The zero of the schema.
  while (in.Next()) {
    if (in.Is(1)) member.peer_address = TakeText(in, kMaxMemberTextBytes, "a peer address");
    if (in.Is(2)) member.client_address = TakeText(in, kMaxMemberTextBytes, "a client address");
    if (in.Is(3)) member.zone = TakeText(in, kMaxMemberTextBytes, "a zone");
    if (in.Is(4)) member.weight = in.Uint32();
    if (in.Is(5)) member.state = in.Enum(ring::MemberState::kRemoved);
  }
  return member;
}

quorum::Amount TakeAmount(In in) {
  quorum::Amount amount;
  while (in.Next()) {
    if (in.Is(1)) amount.keys = in.Uint();
    if (in.Is(2)) amount.bytes = in.Uint();
  }
  return amount;
}

void TakeCopied(In in, std::map<NodeId, quorum::Amount>* copied) {
  NodeId node;
  quorum::Amount amount;
  while (in.Next()) {
    if (in.Is(1)) node = TakeNode(in);
    if (in.Is(2)) amount = TakeAmount(in.Message());
  }
  copied->insert_or_assign(node, amount);
  if (copied->size() > ring::kMaxReplicas) {
    in.Fail("a move has more than " + std::to_string(ring::kMaxReplicas) + " new replicas");
  }
}

void TakeMove(In in, quorum::MoveReport* move) {
  while (in.Next()) {
    if (in.Is(1)) move->partition = PartitionId{in.Uint32()};
    if (in.Is(2)) move->configuration = in.Uint();
    if (in.Is(3)) move->filled = in.Bool();
    if (in.Is(4)) move->complete = in.Bool();
    if (in.Is(5)) move->replica = TakeAmount(in.Message());
    if (in.Is(6)) TakeCopied(in.Message(), &move->copied);
  }
  if (move->partition == quorum::kSystemPartition || move->partition.value < ring::kMaxPartitionCount) return;
  in.Fail("there is no partition " + std::to_string(move->partition.value));
}

void TakeAction(In in, quorum::Action* action) {
  action->kind = quorum::Action::Kind::kJoin;  // The zero of the schema.
  while (in.Next()) {
    if (in.Is(1)) action->kind = in.Enum(quorum::Action::Kind::kBalance);
    if (in.Is(2)) action->state = in.Enum(quorum::Action::State::kCancelled);
    if (in.Is(3)) action->node = TakeNode(in);
    if (in.Is(4)) action->with = TakeNode(in);
    if (in.Is(5)) action->since = TakeTime(in);
    if (in.Is(6)) action->ended = TakeTime(in);
    if (in.Is(7)) action->partitions_done = in.Uint32();
    if (in.Is(8)) action->partitions = in.Uint32();
    if (in.Is(9)) action->total = TakeAmount(in.Message());
    if (in.Is(10)) action->copied = TakeAmount(in.Message());
    if (in.Is(11)) action->moved = TakeAmount(in.Message());
    if (in.Is(12)) action->per_second = TakeAmount(in.Message());
    if (in.Is(13)) action->seconds_left = in.Uint();
  }
}

void TakeRefusal(In in, quorum::Refusal* refusal) {
  while (in.Next()) {
    if (in.Is(1)) refusal->wish = in.Enum(quorum::MembershipWish::kReplace);
    if (in.Is(2)) refusal->node = TakeNode(in);
    if (in.Is(3)) refusal->with = TakeNode(in);
    if (in.Is(4)) refusal->at = TakeTime(in);
    if (in.Is(5)) refusal->reason = TakeText(in, quorum::kMaxReasonBytes, "a reason");
  }
}

void TakeListPart(In in, quorum::ListPart* part) {
  while (in.Next()) {
    if (in.Is(1)) part->partition = TakeDataPartition(in);
    if (in.Is(2)) part->configuration = in.Uint();
  }
}

void TakePagePart(In in, quorum::PagePart* part) {
  while (in.Next()) {
    if (in.Is(1)) part->partition = TakeDataPartition(in);
    if (in.Is(2)) part->floor = TakeFloor(in.Message());
  }
}

quorum::ScanRequest TakeScan(In in) {
  quorum::ScanRequest scan;
  scan.limit = 0;  // The zero of the schema.
  scan.max_bytes = 0;
  while (in.Next()) {
    if (in.Is(1)) scan.prefix = TakeText(in, kv::kMaxKeyBytes, "a prefix");
    if (in.Is(2)) scan.after = TakeText(in, kv::kMaxKeyBytes, "the beginning of a page");
    if (in.Is(3)) scan.limit = static_cast<std::size_t>(in.Uint(kMaxScanLimit));
    if (in.Is(4)) scan.max_bytes = static_cast<std::size_t>(in.Uint());
    if (in.Is(5)) scan.keys_only = in.Bool();
  }
  return scan;
}

void TakePagedKey(In in, quorum::PagedKey* entry) {
  while (in.Next()) {
    if (in.Is(1)) entry->key = TakeKey(in);
    if (in.Is(2)) entry->partition = TakeDataPartition(in);
    if (in.Is(3)) entry->record = TakeRecord(in.Message());
  }
  Require(!entry->key.empty(), in, "the key");
}

std::shared_ptr<const quorum::PageFound> TakePage(In in) {
  auto page = std::make_shared<quorum::PageFound>();
  while (in.Next()) {
    if (in.Is(1)) {
      quorum::PagedKey* entry = Add(&page->keys, kMaxPageKeys, in, "keys");
      if (entry != nullptr) TakePagedKey(in.Message(), entry);
    }
    if (in.Is(2)) page->examined_to = TakeKey(in, "the last key that was looked at");
  }
  for (std::size_t i = 1; i < page->keys.size(); ++i) {
    if (page->keys[i - 1].key >= page->keys[i].key) in.Fail("the keys of a page don't go up");
  }
  if (page->examined_to && !page->keys.empty() && page->keys.back().key > *page->examined_to) {
    in.Fail("a page has a key beyond the last one that was looked at");
  }
  return page;
}

}  // namespace

void Take(In in, quorum::HeartbeatPacket* out) {
  out->heartbeat.disk_answering = false;  // The zero of the schema.
  while (in.Next()) {
    if (in.Is(1)) out->heartbeat.boot = in.Fixed();
    if (in.Is(2)) out->heartbeat.number = in.Uint();
    if (in.Is(3)) out->heartbeat.disk_answering = in.Bool();
    if (in.Is(4)) out->heartbeat.interval = ring::Duration(in.Uint(kMaxHeartbeatInterval.count()));
    if (in.Is(5)) out->epoch = in.Uint();
    if (in.Is(6)) TakeUnheard(in, &out->unheard);
  }
}

void Take(In in, quorum::FetchTopologyPacket* out) {
  while (in.Next()) {
    if (in.Is(1)) out->epoch = in.Uint();
  }
}

void Take(In in, quorum::MembershipPacket* out) {
  using Wish = quorum::MembershipPacket::Wish;
  bool has_member = false;
  while (in.Next()) {
    if (in.Is(1)) out->wish = in.Enum(Wish::kReplace);
    if (in.Is(2)) out->node = TakeNode(in);
    if (in.Is(3)) {
      out->member = TakeMember(in.Message());
      has_member = true;
    }
    if (in.Is(4)) out->hops = in.Uint32();
    if (in.Is(5)) out->with = TakeNode(in);
    if (in.Is(6)) out->epoch = in.Uint();
  }
  Require(out->node != NodeId{}, in, "the node");
  if (has_member != (out->wish == Wish::kJoin)) in.Fail("a wish has a member exactly when it is to JOIN");
}

void Take(In in, quorum::ReportPacket* out) {
  while (in.Next()) {
    if (!in.Is(1)) continue;
    // The system partition is one more.
    quorum::MoveReport* move = Add(&out->moves, ring::kMaxPartitionCount + 1, in, "moves");
    if (move != nullptr) TakeMove(in.Message(), move);
  }
}

void Take(In in, quorum::ProgressPacket* out) {
  auto progress = std::make_shared<quorum::ClusterProgress>();
  while (in.Next()) {
    if (in.Is(1)) progress->controller = TakeBallot(in.Message());
    if (in.Is(2)) progress->number = in.Uint();
    if (in.Is(3)) {
      quorum::Action* action = Add(&progress->actions, quorum::kMaxActions, in, "actions");
      if (action != nullptr) TakeAction(in.Message(), action);
    }
    if (in.Is(4)) {
      quorum::Refusal* refusal = Add(&progress->refusals, quorum::kMaxRefusals, in, "refusals");
      if (refusal != nullptr) TakeRefusal(in.Message(), refusal);
    }
  }
  out->progress = std::move(progress);
}

void Take(In in, quorum::ListPacket* out) {
  bool has_scan = false;
  while (in.Next()) {
    if (in.Is(1)) out->number = in.Fixed();
    if (in.Is(2)) {
      quorum::ListPart* part = Add(&out->parts, ring::kMaxPartitionCount, in, "partitions");
      if (part != nullptr) TakeListPart(in.Message(), part);
    }
    if (in.Is(3)) {
      out->scan = TakeScan(in.Message());
      has_scan = true;
    }
  }
  Require(has_scan, in, "the scan");
  RequireAscending(out->parts, in);
  if (out->scan.limit == 0) in.Fail("the limit is 0; at least 1 is right");
}

void Take(In in, quorum::ListedPacket* out) {
  while (in.Next()) {
    if (in.Is(1)) out->number = in.Fixed();
    if (in.Is(2)) {
      quorum::PagePart* part = Add(&out->parts, ring::kMaxPartitionCount, in, "partitions");
      if (part != nullptr) TakePagePart(in.Message(), part);
    }
    if (in.Is(3)) {
      quorum::ListPart* part = Add(&out->refused, ring::kMaxPartitionCount, in, "partitions");
      if (part != nullptr) TakeListPart(in.Message(), part);
    }
    if (in.Is(4)) out->page = TakePage(in.Message());
  }
  RequireAscending(out->parts, in);
  RequireAscending(out->refused, in);
  if (out->parts.empty() != (out->page == nullptr)) in.Fail("a page is given exactly when there are partitions");
}

}  // namespace quoin::net::peer_wire
