// Who is told what, and when: refusals, and the waiters of a key.
#include <glog/logging.h>

#include <cstddef>
#include <optional>
#include <utility>

#include "quorum/canary.h"
#include "quorum/leader.h"
#include "quorum/leader_replies.h"

namespace quoin::quorum {
namespace {

// Of a value that the table of ids keeps for later copies.
constexpr std::size_t kMaxRememberedValueBytes = 200;

}  // namespace

void Leader::OnRefused(NodeId from, const Refused& refused, Effects* effects) {
  const bool lone = everyone() == quorums_->MaskOf(options_.self);
  if (!lone) {
    // A leader whose disk has stopped is as good as gone. Space may come back: what is missing is sent again.
    if (from == options_.self && (refused.code == Code::kReadOnly || refused.code == Code::kUnknown)) End(effects);
    return;
  }
  const auto found = keys_.find(refused.key);
  if (found == keys_.end()) return;
  for (Proposal& proposal : found->second.proposals) {
    if (proposal.version == refused.version) proposal.refused = refused.code;
  }
  Withdraw(refused.key, found->second, effects);
}

void Leader::Withdraw(const std::string& key, Key& state, Effects* effects) {
  while (!state.proposals.empty() && state.proposals.back().refused) {
    const Proposal proposal = std::move(state.proposals.back());
    state.proposals.pop_back();
    state.newest = proposal.before;
    const Reply proposers = *proposal.refused == Code::kUnknown
                                ? Unknown("writing it failed, and it may be there after a restart")
                                : NotApplied(*proposal.refused, "the disk refused it");
    const Reply readers = NotApplied(Code::kUnavailable, "what it read was refused by the disk");
    std::erase_if(state.waiters, [&](const Waiter& waiter) {
      if (waiter.version < proposal.version) return false;
      Tell(waiter, waiter.proposed ? proposers : readers, effects);
      ids_.erase(waiter.id);  // A later copy may find room.
      return true;
    });
  }
  if (state.proposals.empty()) lagging_.erase(key);
  Settle(key, effects);
}

bool Leader::IsMet(const Key& state, const Waiter& waiter) const {
  const ring::ReplicaMask holders = HoldersOf(state, waiter.version);
  const ring::ReplicaMask confirmed = Confirmed(waiter.barrier);
  const bool chosen = waiter.version <= state.chosen || quorums_->IsWriteQuorum(holders) ||
                      (!waiter.proposed && Broken(Canary::kReadWithAcceptInFlight));
  switch (waiter.need) {
    case Consistency::kOne:
      return waiter.proposed ? (holders & own()) != 0 : chosen;
    case Consistency::kQuorum:
      return chosen && quorums_->IsWriteQuorum(confirmed);
    case Consistency::kAll:
      return quorums_->IsAll(holders) && quorums_->IsAll(confirmed);
  }
  LOG(FATAL) << "no such consistency: " << static_cast<int>(waiter.need);
}

void Leader::Settle(const std::string& key, Effects* effects) {
  const auto found = keys_.find(key);
  if (found == keys_.end() || !found->second.owned) return;
  Key& state = found->second;
  bool confirming = false;
  std::erase_if(state.waiters, [&](const Waiter& waiter) {
    if (!IsMet(state, waiter)) {
      confirming = confirming || waiter.barrier != 0;
      return false;
    }
    if (Broken(Canary::kReadNewestNotCaptured) && !waiter.proposed && waiter.id == kv::OperationId{} &&
        waiter.reply.outcome == Outcome::kDone && state.newest != nullptr && !state.newest->tombstone) {
      Reply newest = waiter.reply;
      newest.record = state.newest;
      newest.changed = state.newest->changed;
      Tell(waiter, newest, effects);
      return true;
    }
    Tell(waiter, waiter.reply, effects);
    return true;
  });
  if (!confirming) confirming_.erase(key);
}

void Leader::Tell(const Waiter& waiter, const Reply& reply, Effects* effects) {
  effects->answers.push_back({waiter.token, reply});
  const auto seen = ids_.find(waiter.id);
  if (waiter.id == kv::OperationId{} || seen == ids_.end()) return;
  for (const std::uint64_t token : std::exchange(seen->second.tokens, {})) effects->answers.push_back({token, reply});
  seen->second.reply = reply;
  // Later copies are told what a later leadership would tell (decision 13): the table must not keep values alive.
  Reply& kept = *seen->second.reply;
  if (kept.record != nullptr && kept.record->value.size() > kMaxRememberedValueBytes) kept.record = nullptr;
  if (kept.previous != nullptr && kept.previous->value.size() > kMaxRememberedValueBytes) {
    kept = Unknown("an earlier copy took effect, and its answer is not known any more");
  }
}

}  // namespace quoin::quorum
