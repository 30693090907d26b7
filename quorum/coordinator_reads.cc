// Reads without the leader (design section 4.4): a quorum's, in one round trip; and any replica's, where the client
// asks for no more.
#include <glog/logging.h>

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "quorum/agreement.h"
#include "quorum/apply.h"
#include "quorum/canary.h"
#include "quorum/coordinator.h"

namespace quoin::quorum {
namespace {

// How late a replica is when another one is asked, and when the leader is, in parts of Options::attempt.
constexpr int kHedgeAfter = 4;
constexpr int kLeaderAfter = 2;
constexpr unsigned kHedgeCost = 100;
// Hedges that may be saved up, so that a long quiet time doesn't end in a storm of them.
constexpr unsigned kMostSavedHedges = 10;

bool IsLive(const kv::RecordPtr& record, kv::WallTime wall) {
  return record != nullptr && !record->tombstone && !IsExpired(*record, wall);
}

// What the client is told of a key whose record is this one.
Reply Tell(const Request& get, const kv::RecordPtr& record, kv::WallTime wall) {
  return Apply(get, IsLive(record, wall) ? record : nullptr, wall, 0).reply;
}

}  // namespace

void Coordinator::Settle(std::string key, std::uint64_t token, Moment now, CoordinatorEffects* effects) {
  Pending& pending = requests_[++last_serial_];
  pending.token = token;
  pending.settles = true;
  pending.request.key = std::move(key);
  Begin(pending, {}, now, effects);
}

bool Coordinator::BeginReading(Pending& pending, Moment now, CoordinatorEffects* effects) {
  Reading& reading = pending.reading.emplace(ConfigurationOf(pending));
  reading.nonce = NextNumber(pending);
  reading.since = now.now;
  const bool one = pending.request.consistency == Consistency::kOne;
  // As many as must hold a version for it to be told, which may be more than must be asked about newer ones.
  const auto enough = [&] {
    return one ? reading.asked != 0
               : reading.quorums.IsReadQuorum(reading.asked) && reading.quorums.IsWriteQuorum(reading.asked);
  };
  CoordinatorEffects reads;
  while (!enough()) {
    if (AskAnother(pending, &reads)) continue;
    EndReading(pending);
    return false;
  }
  std::move(reads.packets.begin(), reads.packets.end(), std::back_inserter(effects->packets));
  pending.step = Step::kReading;
  if (!one) hedge_hundredths_ = std::min(hedge_hundredths_ + options_.hedge_percent, kMostSavedHedges * kHedgeCost);
  SetDue(pending, now.now + options_.attempt / (one ? kLeaderAfter : kHedgeAfter));
  return true;
}

bool Coordinator::AskAnother(Pending& pending, CoordinatorEffects* effects) {
  Reading& reading = *pending.reading;
  const auto eligible = [&](NodeId node) {
    const ring::ReplicaMask mask = reading.quorums.MaskOf(node) & reading.quorums.counted();
    return mask != 0 && (reading.asked & mask) == 0 && routes_.Hears(node);
  };
  const std::vector<NodeId>& nodes = reading.quorums.nodes();
  const auto next = std::find_if(nodes.begin(), nodes.end(), eligible);
  if (next == nodes.end()) return false;
  const NodeId node = eligible(routes_.self()) ? routes_.self() : *next;
  reading.asked |= reading.quorums.MaskOf(node);
  effects->packets.push_back({node, ReplicaPacket{pending.partition, Read{reading.configuration, std::nullopt,
                                                                          pending.request.key, reading.nonce}}});
  return true;
}

void Coordinator::EndReading(Pending& pending) {
  if (!pending.reading) return;
  by_number_.erase(pending.reading->nonce);
  pending.reading.reset();
}

void Coordinator::OnHeld(NodeId from, PartitionId partition, const Held& held, Moment now,
                         CoordinatorEffects* effects) {
  CHECK(!held.ballot);
  const auto known = by_number_.find(held.nonce);
  if (known == by_number_.end()) return;
  Pending& pending = *known->second;
  const bool meant = pending.step == Step::kReading && pending.reading->nonce == held.nonce &&
                     pending.partition == partition && pending.request.key == held.key &&
                     (pending.reading->quorums.MaskOf(from) & pending.reading->asked) != 0;
  if (!meant || !pending.reading->held.emplace(from, held.content).second) return;
  const bool damaged = held.content.kind == Content::Kind::kDamaged;
  if (pending.request.consistency != Consistency::kOne) {
    // The leader is to know of the damage, and refills it.
    if (damaged) return Attempt(pending, now, effects);
    return DecideReading(pending, now, effects);
  }
  if (!damaged) return Finish(pending, Tell(pending.request, held.content.record, now.wall), effects);
  if (!AskAnother(pending, effects)) Attempt(pending, now, effects);
}

void Coordinator::DecideReading(Pending& pending, Moment now, CoordinatorEffects* effects) {
  const Reading& reading = *pending.reading;
  const Agreement agreement = Agree(reading.quorums, reading.held);
  const bool told = agreement.told() || (agreement.by_read_quorum && Broken(Canary::kLeaderlessReadFromOne));  // K5
  const bool expired = agreement.newest != nullptr && IsExpired(*agreement.newest, now.wall);
  if (told && !expired) return Finish(pending, Tell(pending.request, agreement.newest, now.wall), effects);
  // Only the leader may say that a deadline has passed, and it writes that down first.
  if (told || agreement.answered == reading.asked) Attempt(pending, now, effects);
}

void Coordinator::OnReadingDue(Pending& pending, Moment now, CoordinatorEffects* effects) {
  Reading& reading = *pending.reading;
  if (pending.request.consistency == Consistency::kOne) {
    if (!AskAnother(pending, effects)) return Attempt(pending, now, effects);
    return SetDue(pending, now.now + options_.attempt / kLeaderAfter);
  }
  if (reading.late || now.now - reading.since >= options_.attempt / kLeaderAfter) {
    return Attempt(pending, now, effects);
  }
  reading.late = true;
  if (hedge_hundredths_ >= kHedgeCost && AskAnother(pending, effects)) hedge_hundredths_ -= kHedgeCost;  // K6
  SetDue(pending, reading.since + options_.attempt / kLeaderAfter);
}

}  // namespace quoin::quorum
