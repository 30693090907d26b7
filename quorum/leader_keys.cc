// What a leader does with one key: first touch, executing, proposing, answering.
#include <glog/logging.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "quorum/apply.h"
#include "quorum/canary.h"
#include "quorum/digest.h"
#include "quorum/leader.h"
#include "quorum/leader_replies.h"
#include "quorum/remembered.h"

namespace quoin::quorum {

Leader::Keys::Entry& Leader::Touch(const std::string& key, Effects* effects) {
  if (Keys::Entry* known = keys_.Find(key)) return *known;
  if (keys_.size() >= options_.max_idle_keys) ForgetAnIdleKey();
  Keys::Entry& entry = keys_.Add(key);
  entry.second.nonce = ++touches_;
  touching_.insert(key);
  const bool alone = complete_ || Broken(Canary::kSkipQuorumReadOnFirstTouch);
  SendReads(key, entry.second.nonce, alone ? own() : promised_, effects);
  return entry;
}

void Leader::ForgetAnIdleKey() {
  constexpr int kMaxLooks = 16;  // So that one request's cost is bounded.
  const bool pressed = keys_.size() >= 2 * options_.max_idle_keys;
  auto at = keys_.After(hand_);
  for (int looks = 0; looks < kMaxLooks && !keys_.empty(); ++looks) {
    if (at == keys_.end()) at = keys_.begin();
    const auto& [key, state] = *at;
    hand_ = key;
    // Its own replica must hold what it knows: that is where it will look when it owns every key.
    const bool idle = state.owned && state.waiters.empty() && state.proposals.empty() &&
                      (state.newest == nullptr || (HoldersOf(state, state.newest->accepted) & own()) != 0);
    // What a replica is still missing is better remembered, as long as there is room.
    if (idle && (pressed || !lagging_.contains(key))) {
      if (lagging_.erase(key) > 0) {
        for (std::size_t i = 0; i < passes_.size(); ++i) {
          if (MissingAt(state) >> i & 1) ++passes_[i].losses;
        }
      }
      for (Pass& pass : passes_) {
        if (pass.repairs.erase(key) > 0) ++pass.losses;
      }
      keys_.Erase(hand_);
      return;
    }
    ++at;
  }
}

void Leader::OnHeld(NodeId from, const Held& held, kv::WallTime now, Effects* effects) {
  Keys::Entry* const entry = keys_.Find(held.key);
  if (entry == nullptr) return;
  Key& state = entry->second;
  const ring::ReplicaMask mask = quorums_->MaskOf(from);
  if (held.nonce != state.nonce || ((state.answered | state.damaged) & mask)) return;
  if (state.owned) {
    // Too late to decide anything, and in time to be repaired.
    state.answered |= mask;
    const bool damaged = held.content.kind == Content::Kind::kDamaged;
    const kv::RecordPtr& record = held.content.record;
    // What was purged elsewhere says the same as its absence there.
    const bool purged = record != nullptr && record->tombstone && record->accepted <= floor_;
    const kv::Version theirs = record == nullptr || purged ? kv::Version() : record->accepted;
    const kv::Version newest = state.newest != nullptr ? state.newest->accepted : kv::Version();
    if (!damaged && theirs == newest) {
      OnHolds(from, held.key, theirs, effects);
    } else {
      AddRepair(*quorums_->IndexOf(from), held.key, {held.key, theirs, damaged}, effects);
    }
    return;
  }
  if (held.content.kind == Content::Kind::kDamaged) {
    state.damaged |= mask;
    // Its own replica was enough to ask, and can't answer.
    if (from == options_.self) SendReads(held.key, state.nonce, promised_ & ~mask, effects);
  } else {
    const kv::Version newest = state.newest != nullptr ? state.newest->accepted : state.floor;
    const kv::Version theirs = held.content.version();
    if (state.answered == 0 || theirs > newest) {
      state.newest = held.content.record;
      state.holders = 0;
    }
    if (state.holders == 0 || theirs == newest) state.holders |= mask;
    state.floor = std::max(state.floor, held.content.floor);
    state.answered |= mask;
  }
  if (phase_ == Phase::kLeading) FinishTouch(*entry, now, effects);
}

void Leader::SendNewest(const std::string& key, const Key& state, ring::ReplicaMask to, Effects* effects) const {
  if (state.newest->accepted.ballot == ballot_) return SendAccept(key, state.newest, to, effects);
  for (const NodeId node : quorums_->nodes()) {
    if (quorums_->MaskOf(node) & to) Send(node, Install{configuration_version_, key, state.newest, ballot_}, effects);
  }
}

void Leader::FinishTouch(Keys::Entry& entry, kv::WallTime now, Effects* effects) {
  const std::string& key = entry.first;
  Key& state = entry.second;
  if (!quorums_->MeetEveryWriteQuorum(everyone() & ~state.damaged)) {
    const Reply damaged = NotApplied(Code::kDamaged, "too many replicas hold a damaged record of the key");
    for (const Pending& pending : state.queue) effects->answers.push_back({pending.token, damaged});
    const std::string erased = key;
    touching_.erase(erased);
    keys_.Erase(erased);
    return;
  }
  // Of what its own replica holds it knows that it is chosen. A touch that began earlier may have met something newer,
  // a leftover, at a replica that it has not been compared with.
  const bool alone = (complete_ || Broken(Canary::kSkipQuorumReadOnFirstTouch)) && (state.holders & own()) != 0;
  const bool enough =
      quorums_->IsReadQuorum(state.answered) || (state.damaged != 0 && quorums_->MeetEveryWriteQuorum(state.answered));
  if (!alone && !enough) return;
  state.owned = true;
  touching_.erase(key);
  floor_ = std::max(floor_, state.floor);
  state.floor = floor_;  // Its own replica may not have been told of it yet.
  state.held.resize(quorums_->nodes().size());
  for (std::size_t i = 0; i < state.held.size(); ++i) {
    if (state.newest != nullptr && (state.holders >> i & 1)) state.held[i] = state.newest->accepted;
  }
  if (alone) state.unasked = everyone() & ~state.answered;
  const bool chosen = state.newest == nullptr || alone || quorums_->IsWriteQuorum(state.holders) ||
                      Broken(Canary::kSkipReproposingAfterTakeover);
  if (chosen && state.newest != nullptr) state.chosen = state.newest->accepted;
  // Those who have said that they hold less. Of the others nothing is known yet, unless it is complete.
  const bool lacking = state.newest != nullptr && (!alone || (state.answered & ~state.holders) != 0);
  if (lacking && state.holders != everyone()) lagging_.try_emplace(key, state.newest->accepted);
  // A damaged replica is refilled by what is above all that it can have held.
  if (!chosen || state.damaged != 0) ProposeAgain(key, state, effects);
  const ring::ReplicaMask repaired = DecideRepairs(entry, effects);
  if (lacking && state.proposals.empty()) {
    DelayResend(&state);
    SendNewest(key, state, state.answered & ~state.holders & ~repaired, effects);
  }
  for (Pending& pending : std::exchange(state.queue, {})) Execute(entry, std::move(pending), now, effects);
}

bool Leader::TellEarlierResult(Keys::Entry& entry, const IdOfKey& id, const Pending& pending, Effects* effects) {
  Key& state = entry.second;
  const Request& request = pending.copy.request;
  if (const auto finished = finished_.find(request.id.client);
      finished != finished_.end() && request.id.number < finished->second) {
    // Its result may be forgotten. Nobody waits for this answer.
    effects->answers.push_back({pending.token, NotApplied(Code::kUnavailable, kFinishedWith)});
    return true;
  }
  const auto seen = ids_.find(id);
  if (seen != ids_.end() && Broken(Canary::kRetryAppliedTwice)) return false;
  if (seen != ids_.end()) {  // D5
    if (seen->second.unwritten && pending.copy.repeated && !Broken(Canary::kNegativeAnswerNotWritten)) {
      // The first copy's result could be told without being written because there was no other copy.
      Seen& first = seen->second;
      Reply reply = first.reply ? *std::exchange(first.reply, std::nullopt) : *std::move(first.captured);
      first.unwritten = false;
      first.captured.reset();
      for (Waiter& waiter : state.waiters) {
        if (waiter.id == id) waiter.id = {};  // It speaks for its own copy only.
      }
      WriteNegative(entry, id, pending, std::move(reply), effects);
      return true;
    }
    if (seen->second.reply) {
      effects->answers.push_back({pending.token, *seen->second.reply});
    } else {
      seen->second.tokens.push_back(pending.token);
    }
    return true;
  }
  if (Broken(Canary::kDropOperationIdsAtTakeover)) return false;
  if (std::optional<Reply> first = FindRemembered(request, state.newest)) {
    Waiter waiter;
    if (request.consistency == Consistency::kAll) {
      waiter.need = Consistency::kAll;
      BringToAll(entry, effects);
    }
    waiter.version = state.newest->accepted;
    waiter.proposed = true;  // By an earlier copy.
    waiter.token = pending.token;
    waiter.since = pending.since;
    waiter.reply = *std::move(first);
    state.waiters.push_back(std::move(waiter));
    return true;
  }
  if (!pending.copy.repeated) return false;
  // All its copies were meant for this leadership, whose table holds every id that it executed.
  if (pending.copy.lowest.ballot >= ballot_) return false;
  if (CertainlyNotApplied(state.newest != nullptr ? state.newest->forgot : state.floor, pending.copy.lowest))
    return false;
  Reply unknown = Unknown("the key has forgotten operations since the first copy was sent");
  unknown.not_by_this_copy = true;
  effects->answers.push_back({pending.token, std::move(unknown)});
  return true;
}

void Leader::ForgetFinished(std::uint64_t client, std::uint64_t below) {
  if (below == 0) return;
  std::uint64_t& finished = finished_[client];
  finished = std::max(finished, below);
  const auto end = ids_.lower_bound({{client, below}, 0});
  for (auto id = ids_.lower_bound({{client, 0}, 0}); id != end;) {
    // Without a result others may still wait for it.
    id = id->second.reply ? ids_.erase(id) : std::next(id);
  }
}

void Leader::Execute(Keys::Entry& entry, Pending pending, kv::WallTime now, Effects* effects) {
  const std::string& key = entry.first;
  Key& state = entry.second;
  const Request& request = pending.copy.request;
  const bool has_id = request.id != kv::OperationId{} && IsWrite(request.operation);
  const IdOfKey id = has_id ? IdOfKey{request.id, DigestOfKey(key, options_.salt)} : IdOfKey();
  if (has_id && TellEarlierResult(entry, id, pending, effects)) return Settle(entry, effects);
  if (has_id) ForgetFinished(request.id.client, pending.copy.finished_below);
  if (has_id && (full_ || (!ids_.empty() && ids_.size() + finished_.size() >= options_.max_ids))) {
    full_ = true;
    effects->answers.push_back({pending.token, NotApplied(Code::kUnavailable, "a new round is needed")});
    return;
  }
  if (Broken(Canary::kExpiredReadWithoutTombstone) && state.newest != nullptr && IsExpired(*state.newest, now)) {
    Applied absent = Apply(request, nullptr, now, options_.max_value_bytes);
    if (!absent.next && !pending.copy.repeated) return Capture(entry, id, pending, std::move(absent.reply), effects);
  }
  if (state.newest != nullptr && IsExpired(*state.newest, now)) {
    kv::Record expired = MakeTombstone(*state.newest);
    expired.expired = true;
    Propose(key, state, std::move(expired), false, effects);
  }
  Applied applied = Apply(request, state.newest, now, options_.max_value_bytes);
  if (has_id) ids_.try_emplace(id);
  // The negative result of a repeated request is itself written, so that no leftover of an earlier copy can come true
  // after it was told.
  const bool negative = !applied.next;
  if (negative && (!(has_id && pending.copy.repeated) || Broken(Canary::kNegativeAnswerNotWritten))) {
    if (has_id) {
      Seen& seen = ids_[id];
      seen.unwritten = true;
      seen.captured = applied.reply;
    }
    return Capture(entry, id, pending, std::move(applied.reply), effects);
  }
  if (negative) return WriteNegative(entry, id, pending, std::move(applied.reply), effects);
  if (has_id) Remember(request, applied.reply, {ballot_, next_sequence_}, finished_, &*applied.next);
  Propose(key, state, *std::move(applied.next), false, effects);

  Waiter waiter;
  waiter.version = state.newest->accepted;
  waiter.need = request.consistency;
  waiter.proposed = true;
  waiter.id = id;
  waiter.token = pending.token;
  waiter.since = pending.since;
  waiter.reply = std::move(applied.reply);
  waiter.reply.changed = state.newest->changed;
  if (!state.newest->tombstone) waiter.reply.record = state.newest;
  state.waiters.push_back(std::move(waiter));
}

void Leader::WriteNegative(Keys::Entry& entry, const IdOfKey& id, const Pending& pending, Reply reply,
                           Effects* effects) {
  Key& state = entry.second;
  const Request& request = pending.copy.request;
  const bool keep_changed = state.newest != nullptr;
  kv::Record next = keep_changed ? *state.newest : MakeTombstone(kv::Record());
  Remember(request, reply, {ballot_, next_sequence_}, finished_, &next);
  Propose(entry.first, state, std::move(next), keep_changed, effects);
  Waiter waiter;
  waiter.version = state.newest->accepted;
  waiter.need = request.consistency == Consistency::kOne ? Consistency::kQuorum : request.consistency;
  waiter.proposed = true;
  waiter.id = id;
  waiter.token = pending.token;
  waiter.since = pending.since;
  waiter.reply = std::move(reply);
  state.waiters.push_back(std::move(waiter));
}

void Leader::Capture(Keys::Entry& entry, const IdOfKey& id, const Pending& pending, Reply reply, Effects* effects) {
  Key& state = entry.second;
  const Request& request = pending.copy.request;
  const bool read = !IsWrite(request.operation);
  Waiter waiter;
  if (read) waiter.need = request.consistency;
  waiter.id = id;
  if (waiter.need == Consistency::kAll) BringToAll(entry, effects);
  waiter.version = state.newest != nullptr ? state.newest->accepted : kv::Version();
  if (waiter.need != Consistency::kOne) {
    waiter.barrier = NextBarrier(effects);  // D4
    if (!std::exchange(state.confirming, true)) {
      const auto above = [](const std::string& key, const Keys::Entry* other) { return key < other->first; };
      confirming_.insert(std::upper_bound(confirming_.begin(), confirming_.end(), entry.first, above), &entry);
    }
  }
  waiter.token = pending.token;
  waiter.since = pending.since;
  waiter.reply = std::move(reply);
  state.waiters.push_back(std::move(waiter));
  Settle(entry, effects);
}

void Leader::Propose(const std::string& key, Key& state, kv::Record record, bool keep_changed, Effects* effects) {
  record.accepted = kv::Version{ballot_, next_sequence_++};
  if (Broken(Canary::kReuseSequence) && next_sequence_ % 8 == 0) --next_sequence_;
  if (!keep_changed) record.changed = record.accepted;
  if (state.newest == nullptr) record.forgot = std::max(record.forgot, state.floor);
  CHECK(state.newest == nullptr || state.newest->accepted < record.accepted) << "I4: " << record.accepted;
  auto proposed = std::make_shared<const kv::Record>(std::move(record));
  state.proposals.push_back({proposed->accepted, state.newest, std::nullopt});
  if (feed_.on()) {
    // What is found in a touch and not known to be chosen may never have been visible.
    const bool visible =
        state.newest != nullptr && (state.newest->accepted.ballot == ballot_ || state.newest->accepted <= state.chosen);
    feed_.OnProposed({.key = key,
                      .record = proposed,
                      .version = proposed->accepted,
                      .again = keep_changed && visible,
                      .silent = state.newest == nullptr && proposed->tombstone});
  }
  state.newest = proposed;
  lagging_.try_emplace(key, proposed->accepted);
  DelayResend(&state);
  SendAccept(key, proposed, everyone(), effects);
}

void Leader::ProposeAgain(const std::string& key, Key& state, Effects* effects) {
  if (state.newest != nullptr) return Propose(key, state, *state.newest, true, effects);
  Propose(key, state, MakeTombstone(kv::Record()), false, effects);
}

void Leader::BringToAll(Keys::Entry& entry, Effects* effects) {
  Key& state = entry.second;
  if (!state.proposals.empty()) return;
  const bool all_hold = state.newest != nullptr && quorums_->IsAll(HoldersOf(state, state.newest->accepted));
  if (!all_hold) ProposeAgain(entry.first, state, effects);
}

ring::ReplicaMask Leader::HoldersOf(const Key& state, const kv::Version& version) const {
  ring::ReplicaMask mask = 0;
  for (std::size_t i = 0; i < state.held.size(); ++i) {
    if (state.held[i] >= version) mask |= ring::ReplicaMask{1} << i;
  }
  return mask;
}

ring::ReplicaMask Leader::MissingAt(const Key& state) const {
  const kv::Version& newest = state.newest->accepted;
  const ring::ReplicaMask missing = everyone() & ~HoldersOf(state, newest);
  return newest.ballot == ballot_ ? missing : missing & ~state.unasked;
}

void Leader::OnAccepted(NodeId from, const Accepted& accepted, Effects* effects) {
  OnHolds(from, accepted.key, accepted.version, effects);
}

void Leader::OnHolds(NodeId from, const std::string& key, const kv::Version& version, Effects* effects) {
  Keys::Entry* const entry = keys_.Find(key);
  if (entry == nullptr || !entry->second.owned) return;
  const std::size_t index = *quorums_->IndexOf(from);
  Holds(index, *entry, version, effects);
  const auto repair = passes_[index].repairs.find(key);
  if (repair != passes_[index].repairs.end() && repair->second.target != kv::Version() &&
      entry->second.held[index] >= repair->second.target) {
    passes_[index].repairs.erase(repair);
  }
}

void Leader::Holds(std::size_t index, Keys::Entry& entry, const kv::Version& version, Effects* effects) {
  const std::string& key = entry.first;
  Key& state = entry.second;
  kv::Version& held = state.held[index];
  held = std::max(held, version);
  auto open = state.proposals.begin();
  for (; open != state.proposals.end() && quorums_->IsWriteQuorum(HoldersOf(state, open->version)); ++open) {
    state.chosen = std::max(state.chosen, open->version);
  }
  state.proposals.erase(state.proposals.begin(), open);
  if (state.newest != nullptr && MissingAt(state) == 0) lagging_.erase(key);
  if (feed_.next() != nullptr && feed_.next()->key == key) AdvanceFeed(effects);
  Settle(entry, effects);
}

void Leader::OnDamaged(const Damaged& damaged, Effects* effects) {
  Keys::Entry* const found = keys_.Find(damaged.key);
  if (found == nullptr || !found->second.owned || found->second.newest == nullptr) return;
  const bool tried = found->second.newest->accepted > damaged.bound;
  const bool possible = damaged.bound < kv::Version{ballot_, next_sequence_};
  if (!possible) wants_new_round_ = true;
  if (!tried && possible) ProposeAgain(damaged.key, found->second, effects);
}

}  // namespace quoin::quorum
