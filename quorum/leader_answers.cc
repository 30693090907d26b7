// Who is told what, and when: refusals, and the waiters of a key.
#include <glog/logging.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>

#include "quorum/canary.h"
#include "quorum/leader.h"
#include "quorum/leader_replies.h"

namespace quoin::quorum {
namespace {

// Of a value that is kept for later copies.
constexpr std::size_t kMaxRememberedValueBytes = 200;

// Later copies are told what a later leadership would tell (decision 13): what waits for them must not keep values
// alive.
void Trim(Reply* reply) {
  if (reply->record != nullptr && reply->record->value.size() > kMaxRememberedValueBytes) reply->record = nullptr;
  if (reply->previous != nullptr && reply->previous->value.size() > kMaxRememberedValueBytes) {
    *reply = Unknown("an earlier copy took effect, and its answer is not known any more");
  }
}

}  // namespace

void Leader::OnRefused(NodeId from, const Refused& refused, Effects* effects) {
  const bool lone = everyone() == quorums_->MaskOf(options_.self);
  if (!lone) {
    // A leader whose disk has stopped is as good as gone. Space may come back: what is missing is sent again.
    if (from == options_.self && (refused.code == Code::kReadOnly || refused.code == Code::kUnknown)) End(effects);
    return;
  }
  Keys::Entry* const found = keys_.Find(refused.key);
  if (found == nullptr) return;
  for (Proposal& proposal : found->second.proposals) {
    if (proposal.version == refused.version) proposal.refused = refused.code;
  }
  if (refused.code == Code::kUnknown) uncertain_ = std::min(uncertain_.value_or(refused.version), refused.version);
  Withdraw(*found, effects);
}

void Leader::Withdraw(Keys::Entry& entry, Effects* effects) {
  Key& state = entry.second;
  while (!state.proposals.empty() && state.proposals.back().refused) {
    const Proposal proposal = std::move(state.proposals.back());
    state.proposals.pop_back();
    state.newest = proposal.before;
    if (feed_.on()) feed_.OnWithdrawn(proposal.version);
    const Reply proposers = *proposal.refused == Code::kUnknown
                                ? Unknown("writing it failed, and it may be there after a restart")
                                : NotApplied(*proposal.refused, "the disk refused it");
    const Reply readers = NotApplied(Code::kUnavailable, "what it read was refused by the disk");
    std::erase_if(state.waiters, [&](const Waiter& waiter) {
      if (waiter.version < proposal.version) return false;
      Tell(waiter.token, waiter.id, waiter.proposed ? proposers : readers, effects);
      ids_.erase(waiter.id);  // A later copy may find room.
      return true;
    });
  }
  if (state.proposals.empty()) lagging_.erase(entry.first);
  if (feed_.on()) AdvanceFeed(effects);
  Settle(entry, effects);
}

bool Leader::IsMet(const Key& state, const Waiter& waiter) const {
  const auto holders = [&] { return HoldersOf(state, waiter.version); };
  const auto is_chosen = [&] {
    return waiter.version <= state.chosen || quorums_->IsWriteQuorum(holders()) ||
           (!waiter.proposed && Broken(Canary::kReadWithAcceptInFlight));
  };
  switch (waiter.need) {
    case Consistency::kOne:
      return waiter.proposed ? (holders() & own()) != 0 : is_chosen();
    // The barrier first: it costs less, and there may be many who wait for one that isn't confirmed.
    case Consistency::kQuorum:
      return quorums_->IsWriteQuorum(Confirmed(waiter.barrier)) && is_chosen();
    case Consistency::kAll:
      return quorums_->IsAll(Confirmed(waiter.barrier)) && quorums_->IsAll(holders());
  }
  LOG(FATAL) << "no such consistency: " << static_cast<int>(waiter.need);
}

void Leader::Settle(Keys::Entry& entry, Effects* effects) {
  Key& state = entry.second;
  if (!state.owned) return;
  const bool confirming = SettleWaiters(state, effects);
  if (confirming || !std::exchange(state.confirming, false)) return;
  confirming_.erase(std::find(confirming_.begin(), confirming_.end(), &entry));
}

bool Leader::SettleWaiters(Key& state, Effects* effects) {
  bool confirming = false;
  auto kept = state.waiters.begin();
  for (auto waiter = kept; waiter != state.waiters.end(); ++waiter) {
    if (!IsMet(state, *waiter)) {
      confirming = confirming || waiter->barrier != 0;
      if (kept != waiter) *kept = std::move(*waiter);
      ++kept;
      continue;
    }
    if (Broken(Canary::kReadNewestNotCaptured) && !waiter->proposed && waiter->id == IdOfKey{} &&
        waiter->reply.outcome == Outcome::kDone && state.newest != nullptr && !state.newest->tombstone) {
      waiter->reply.record = state.newest;
      waiter->reply.changed = state.newest->changed;
    }
    Tell(waiter->token, waiter->id, std::move(waiter->reply), effects);
  }
  state.waiters.erase(kept, state.waiters.end());
  return confirming;
}

void Leader::Tell(std::optional<std::uint64_t> token, const IdOfKey& id, Reply reply, Effects* effects) {
  if (token) effects->answers.push_back({*token, reply});
  const auto seen = id == IdOfKey{} ? ids_.end() : ids_.find(id);
  if (seen == ids_.end()) return;
  for (const std::uint64_t other : std::exchange(seen->second.tokens, {})) effects->answers.push_back({other, reply});
  seen->second.captured.reset();
  Trim(&seen->second.reply.emplace(std::move(reply)));
}

void Leader::GiveUpWaiting(Effects* effects) {
  const auto give_up = [&](const Pending& pending) {
    if (!IsTooLong(pending.since)) return false;
    effects->answers.push_back({pending.token, NotApplied(Code::kUnavailable, "no quorum answered in time")});
    return true;
  };
  std::erase_if(before_leading_, give_up);
  for (const std::string& key : touching_) std::erase_if(keys_.Find(key)->second.queue, give_up);
  // Others wait for what some replica lacks; Resend sees them on its way.
  std::erase_if(confirming_, [&](Keys::Entry* entry) {
    entry->second.confirming = GiveUpWaiters(entry->second, effects);
    return !entry->second.confirming;
  });
}

bool Leader::GiveUpWaiters(Key& state, Effects* effects) {
  bool confirming = false;
  auto kept = state.waiters.begin();
  for (auto waiter = kept; waiter != state.waiters.end(); ++waiter) {
    if (IsTooLong(waiter->since) && GiveUp(*waiter, effects)) continue;
    confirming = confirming || waiter->barrier != 0;
    if (kept != waiter) *kept = std::move(*waiter);
    ++kept;
  }
  state.waiters.erase(kept, state.waiters.end());
  return confirming;
}

bool Leader::GiveUp(Waiter& waiter, Effects* effects) {
  const auto seen = waiter.id == IdOfKey{} ? ids_.end() : ids_.find(waiter.id);
  std::vector<std::uint64_t> tokens;
  if (seen != ids_.end()) tokens = std::exchange(seen->second.tokens, {});
  if (waiter.token) tokens.push_back(*std::exchange(waiter.token, std::nullopt));
  for (const std::uint64_t token : tokens) {
    effects->answers.push_back({token, waiter.proposed
                                           ? Unknown("it was not known to be chosen in time")
                                           : NotApplied(Code::kUnavailable, "too few replicas answered in time")});
  }
  if (seen == ids_.end()) return true;
  Trim(&waiter.reply);  // Later copies are told it if it has come true by then.
  return false;
}

}  // namespace quoin::quorum
