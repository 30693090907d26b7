// Ranges of keys: comparing with another replica, and taking tombstones away.
#include <glog/logging.h>

#include <algorithm>
#include <utility>

#include "quorum/acceptor.h"
#include "quorum/digest.h"

namespace quoin::quorum {
namespace {

// What the leader's own replica reads for one comparison, so that large values don't make it long. The other replica
// reads the same range, and may hold more of it.
constexpr std::size_t kMaxComparedBytes = std::size_t{4} << 20;

}  // namespace

void Acceptor::WantRange(std::uint64_t token, std::string from, std::optional<std::string> to, std::size_t limit,
                         Effects* effects) const {
  effects->ranges_when_durable.push_back({partition_, token, std::move(from), std::move(to), limit});
}

void Acceptor::On(NodeId from, const Compare& compare, Effects* effects) {
  if (compare.ballot != promised()) return SendNow(from, Nack{compare.ballot, promised()}, effects);
  if (compares_.size() == kMaxCompares || compare.limit == 0) return;
  // Asked again for want of an answer, while the disk is at it.
  const bool asked = std::any_of(compares_.begin(), compares_.end(), [&](const auto& other) {
    const auto& [asker, first] = other.second;
    return asker == from && first.ballot == compare.ballot && first.nonce == compare.nonce;
  });
  if (asked) return;
  const std::uint64_t token = ++last_token_;
  compares_.emplace(token, std::pair(from, compare));
  WantRange(token, compare.from, compare.to, compare.limit, effects);
  RangeWanted& wanted = effects->ranges_when_durable.back();
  wanted.estimate = compare.estimate;
  wanted.max_bytes = (compare.digest ? 2 : 1) * kMaxComparedBytes;
}

bool Acceptor::StillWants(const RangeWanted& range) {
  if (range.token == 0) return true;  // To purge.
  const auto asked = compares_.find(range.token);
  if (asked == compares_.end()) return false;  // Of an earlier configuration.
  if (asked->second.second.ballot == promised()) return true;
  compares_.erase(asked);
  return false;
}

void Acceptor::OnRange(const RangeWanted& range, const RangeFound& found, Effects* effects) {
  if (range.token == 0) return PurgeFound(found, effects);
  const auto asked = compares_.find(range.token);
  if (asked == compares_.end()) return;  // Of an earlier configuration.
  const auto [from, compare] = std::move(asked->second);
  compares_.erase(asked);
  // What the disk can't read now, it is asked for again.
  if (compare.ballot == promised() && found.status.ok()) TellCompared(from, compare, found, effects);
}

void Acceptor::TellCompared(NodeId from, const Compare& compare, const RangeFound& found, Effects* effects) {
  Compared compared{.ballot = compare.ballot,
                    .nonce = compare.nonce,
                    .next = found.next,
                    .floor = state_.floor(),
                    .estimate = found.estimate};
  const kv::Version floor = std::max(compare.floor, state_.floor());
  for (const RangeFound::Entry& entry : found.entries) {
    if (entry.damaged) {
      compared.entries.push_back({entry.key, kv::Version(), true});
      continue;
    }
    compared.tombstones = compared.tombstones || entry.tombstone;
    if (!entry.tombstone) compared.amount += {1, entry.key.size() + entry.value_bytes};
    // A tombstone that was purged elsewhere says the same as its absence there.
    if (entry.tombstone && entry.accepted <= floor) continue;
    compared.entries.push_back({entry.key, entry.accepted, false});
  }
  compared.digest = DigestOf(compared.entries, compare.salt);
  compared.equal = compare.digest && *compare.digest == compared.digest && !found.next;
  if (compared.equal || !compare.list) compared.entries.clear();
  // The records of the snapshot are durable; the floor may have been raised since.
  SendWhenDurable(from, std::move(compared), effects);
}

void Acceptor::On(NodeId from, const Purge& purge, Effects* effects) {
  if (purge.ballot < promised()) return SendNow(from, Nack{purge.ballot, promised()}, effects);
  if (stopped_) return;
  state_.RaisePromise(purge.ballot);
  if (state_.floor() < purge.floor) state_.RaiseFloor(purge.floor);
  SendWhenDurable(from, Purged{purge.ballot, state_.floor()}, effects);
  if (purging_) {
    purge_again_ = true;  // What was looked at already may be below the floor now.
  } else {
    PurgeFrom({}, effects);
  }
}

void Acceptor::PurgeFrom(std::string from, Effects* effects) {
  purging_ = true;
  stored_meanwhile_.clear();
  purge_erasures_ = state_.erasures();
  WantRange(0, std::move(from), std::nullopt, kPurgeStep, effects);
}

void Acceptor::PurgeFound(const RangeFound& found, Effects* effects) {
  const bool erased = purge_erasures_ != state_.erasures();
  for (const RangeFound::Entry& entry : found.entries) {
    if (stopped_ || erased || entry.damaged || !entry.tombstone) continue;
    // Everything that was admitted before the range was asked for was durable before it was read. A gate's message may
    // be about to replace it, and what the gate loads must not be overtaken.
    if (stored_meanwhile_.contains(entry.key) || gates_.contains(entry.key)) continue;
    if (entry.accepted <= state_.floor()) state_.EraseTombstone(entry.key, &effects->batch);  // A6
  }
  const bool goes_on = found.status.ok() && found.next.has_value();
  purging_ = false;
  if (goes_on) return PurgeFrom(*found.next, effects);
  if (std::exchange(purge_again_, false)) PurgeFrom({}, effects);
}

}  // namespace quoin::quorum
