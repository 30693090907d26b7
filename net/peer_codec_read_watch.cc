// What nodes say to each other about watches.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "net/peer_codec.h"
#include "net/peer_codec_read.h"
#include "quorum/watch_packet.h"

namespace quoin::net::peer_wire {
namespace {

using Kind = quorum::WatchTarget::Kind;

quorum::WatchTarget TakeTarget(In in) {
  quorum::WatchTarget target;
  bool known = false;
  bool saw_unknown = false;
  while (in.Next()) {
    known = known || in.field() <= 2;
    saw_unknown = saw_unknown || in.field() > 2;
    if (in.Is(1)) target = {Kind::kKey, TakeKey(in)};
    if (in.Is(2)) target = {Kind::kPrefix, std::string(TakeText(in, kv::kMaxKeyBytes, "a prefix"))};
  }
  if (!known) in.SaysNothing(saw_unknown, "a target is neither a key nor a prefix");
  return target;
}

// Whether there is room for one more.
template <typename T>
bool HasRoom(const std::vector<T>& list, std::size_t most, In& in, const char* what) {
  if (list.size() < most) return true;
  in.Fail("it has more than " + std::to_string(most) + " " + what);
  return false;
}

std::shared_ptr<const quorum::WatchFilter> TakeFilter(In in) {
  auto filter = std::make_shared<quorum::WatchFilter>();
  while (in.Next()) {
    if (in.Is(1)) filter->version = in.Uint();
    if (in.Is(2) && HasRoom(filter->targets, quorum::WatchFilter::kMaxTargets, in, "targets")) {
      filter->targets.push_back(TakeTarget(in.Message()));
    }
  }
  if (filter->version == 0) in.Fail("a filter has version 0; at least 1 is right");
  return filter;
}

void TakeEvent(In in, quorum::FedEvent* event) {
  while (in.Next()) {
    if (in.Is(1)) event->key = TakeKey(in);
    if (in.Is(2)) event->record = TakeRecord(in.Message());
    if (in.Is(3)) event->again = in.Bool();
  }
  Require(!event->key.empty(), in, "the key");
  Require(event->record != nullptr, in, "the record");
}

void CheckEvents(const quorum::WatchedPacket& packet, In& in) {
  if (!in.good()) return;
  const bool ended = packet.end != quorum::WatchedPacket::End::kNone;
  if ((ended || packet.number == 0) && !packet.events.empty()) {
    return in.Fail("it has events, and a number and no end are right for those");
  }
  for (std::size_t i = 0; i < packet.events.size(); ++i) {
    const kv::Version& version = packet.events[i].record->accepted;
    if (i > 0 && version <= packet.events[i - 1].record->accepted) return in.Fail("its events don't go up");
    if (version > packet.position) return in.Fail("an event is above the position that it tells of");
  }
}

void TakeEntry(In in, quorum::CaughtUpPacket::Entry* entry) {
  while (in.Next()) {
    if (in.Is(1)) entry->key = TakeKey(in);
    if (in.Is(2)) entry->record = TakeRecord(in.Message());
  }
  Require(!entry->key.empty(), in, "the key");
  Require(entry->record != nullptr, in, "the record");
}

void CheckEntries(const quorum::CaughtUpPacket& packet, In& in) {
  if (!in.good()) return;
  if (packet.refusal != quorum::CaughtUpPacket::Refusal::kNone && !packet.entries.empty()) {
    return in.Fail("it refuses and has entries; one of both is right");
  }
  for (std::size_t i = 0; i < packet.entries.size(); ++i) {
    const auto& [key, record] = packet.entries[i];
    if (i > 0 && key <= packet.entries[i - 1].key) return in.Fail("its keys don't go up");
    if (record->accepted > packet.position) return in.Fail("a record is above the position that it tells of");
    if (packet.examined_to && key > *packet.examined_to) {
      return in.Fail("it has a key beyond the last one that was looked at");
    }
  }
}

}  // namespace

void Take(In in, quorum::WatchPacket* out) {
  while (in.Next()) {
    if (in.Is(1)) out->partition = TakeDataPartition(in);
    if (in.Is(2)) out->subscription = in.Fixed();
    if (in.Is(3)) out->begins = in.Bool();
    if (in.Is(4)) out->ends = in.Bool();
    if (in.Is(5)) out->filter = TakeFilter(in.Message());
    if (in.Is(6)) out->acknowledged = in.Uint();
  }
  if (out->begins && out->filter == nullptr) in.Fail("a subscription begins without a filter");
}

void Take(In in, quorum::WatchedPacket* out) {
  while (in.Next()) {
    if (in.Is(1)) out->partition = TakeDataPartition(in);
    if (in.Is(2)) out->subscription = in.Fixed();
    if (in.Is(3)) out->ballot = TakeBallot(in.Message());
    if (in.Is(4)) out->number = in.Uint();
    if (in.Is(5)) out->filter = in.Uint();
    if (in.Is(6)) out->position = TakeFloor(in.Message());
    if (in.Is(7) && HasRoom(out->events, kMaxFedEvents, in, "events")) {
      TakeEvent(in.Message(), &out->events.emplace_back());
    }
    if (in.Is(8)) out->end = in.Enum(quorum::WatchedPacket::End::kBehind);
  }
  CheckEvents(*out, in);
}

void Take(In in, quorum::CatchUpPacket* out) {
  bool has_target = false;
  while (in.Next()) {
    if (in.Is(1)) out->partition = TakeDataPartition(in);
    if (in.Is(2)) out->subscription = in.Fixed();
    if (in.Is(3)) out->number = in.Fixed();
    if (in.Is(4)) {
      out->target = TakeTarget(in.Message());
      has_target = true;
    }
    if (in.Is(5)) out->after = TakeKey(in, "the beginning of a range");
    if (in.Is(6)) out->above = TakeAnyVersion(in.Message());
    if (in.Is(7)) out->limit = static_cast<std::uint32_t>(in.Uint(kMaxPageKeys));
    if (in.Is(8)) out->max_bytes = in.Uint32();
  }
  Require(has_target, in, "the target");
  if (out->limit == 0) in.Fail("the limit is 0; at least 1 is right");
  if (out->max_bytes == 0) in.Fail("the limit of bytes is 0; at least 1 is right");
}

void Take(In in, quorum::CaughtUpPacket* out) {
  while (in.Next()) {
    if (in.Is(1)) out->partition = TakeDataPartition(in);
    if (in.Is(2)) out->subscription = in.Fixed();
    if (in.Is(3)) out->number = in.Fixed();
    if (in.Is(4)) out->refusal = in.Enum(quorum::CaughtUpPacket::Refusal::kUnreadable);
    if (in.Is(5)) out->position = TakeFloor(in.Message());
    if (in.Is(6)) out->until = TakeFloor(in.Message());
    if (in.Is(7)) out->floor = TakeFloor(in.Message());
    if (in.Is(8) && HasRoom(out->entries, kMaxPageKeys, in, "entries")) {
      TakeEntry(in.Message(), &out->entries.emplace_back());
    }
    if (in.Is(9)) out->examined_to = TakeKey(in, "the last key that was looked at");
  }
  CheckEntries(*out, in);
}

}  // namespace quoin::net::peer_wire
