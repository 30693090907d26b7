// Rounds, promises, barriers, resending, and the end of a leadership. What happens to one key: leader_keys.cc.
#include "quorum/leader.h"

#include <glog/logging.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "quorum/canary.h"
#include "quorum/leader_replies.h"

namespace quoin::quorum {
namespace {

// Between two sendings of the same state to the same replica, in calls of Resend.
constexpr std::uint32_t kMostResendsLeftOut = 4;

}  // namespace

void Leader::Send(NodeId to, Message message, Effects* effects) const {
  effects->now.push_back({to, options_.partition, std::move(message)});
}

void Leader::SendPrepare(NodeId to, Effects* effects) const {
  Send(to, Prepare{configuration_version_, ballot_, first_}, effects);
}

void Leader::SendReads(const std::string& key, std::uint64_t nonce, ring::ReplicaMask to, Effects* effects) const {
  for (const NodeId node : quorums_->nodes()) {
    if (quorums_->MaskOf(node) & to) Send(node, Read{configuration_version_, ballot_, key, nonce}, effects);
  }
}

void Leader::SendAccept(const std::string& key, const kv::RecordPtr& record, ring::ReplicaMask to,
                        Effects* effects) const {
  for (const NodeId node : quorums_->nodes()) {
    if (quorums_->MaskOf(node) & to) Send(node, Accept{configuration_version_, key, record}, effects);
  }
}

void Leader::SendBarrier(Effects* effects) {
  for (std::size_t i = 0; i < quorums_->nodes().size(); ++i) {
    // Of its own acceptor it knows the answer: the promise is its own ballot for as long as it leads (OnPromised).
    if (quorums_->nodes()[i] == options_.self) barrier_ok_[i] = issued_barrier_;
    if (barrier_ok_[i] >= issued_barrier_) continue;
    Send(quorums_->nodes()[i], Barrier{configuration_version_, ballot_, issued_barrier_}, effects);
  }
}

void Leader::Begin(const ring::Configuration& configuration, const kv::Ballot& promised,
                   std::optional<std::string> first, Effects* effects) {
  CHECK(phase_ == Phase::kIdle);
  phase_ = Phase::kOwnPromise;
  round_ = std::max(round_, promised.round) + 1;
  if (Broken(Canary::kResumeBallotAfterRestart) && promised.node == options_.self) round_ = promised.round;
  ballot_ = kv::Ballot{round_, options_.self};  // D2: above its own durable promise.
  superseded_ = promised;
  ran_full_ = false;
  configuration_version_ = configuration.version;
  quorums_.emplace(configuration);
  first_ = std::move(first);
  filling_ = configuration.phase == ring::Phase::kFilling;
  joint_ = configuration.phase == ring::Phase::kJoint;
  if (joint_ && Broken(Canary::kWrongMajorityInJoint)) {
    ring::Configuration old_alone = configuration;
    old_alone.phase = ring::Phase::kFilling;
    quorums_.emplace(old_alone);
  }
  barrier_ok_.assign(quorums_->nodes().size(), 0);
  passes_.assign(quorums_->nodes().size(), Pass());
  SendPrepare(options_.self, effects);  // D1
  if (Broken(Canary::kBallotBeforeOwnPromise)) {
    phase_ = Phase::kPromises;
    for (const NodeId node : quorums_->nodes()) {
      if (node != options_.self) SendPrepare(node, effects);
    }
  }
}

void Leader::Submit(Copy copy, std::uint64_t token, kv::WallTime now, Effects* effects) {
  CHECK(!copy.request.key.empty() && copy.request.key.size() <= kv::kMaxKeyBytes);
  if (phase_ != Phase::kIdle && copy.repeated && copy.lowest >= kv::Version{ballot_, next_sequence_}) {
    // Another copy of it may name that version to a later leader, which must not reckon with what happens here.
    effects->answers.push_back(
        {token, NotApplied(Code::kUnavailable, "the client names a later leader or version than this node's")});
    return;
  }
  const bool taking_over = phase_ == Phase::kOwnPromise || phase_ == Phase::kPromises;
  const bool supersedes = copy.take_over && taking_over && superseded_ <= copy.meant_for && copy.meant_for < ballot_;
  const bool meant = copy.meant_for == ballot_ || supersedes;
  if (supersedes) {
    // While it was on its way, the leader that is being superseded may have executed another copy, and the key may have
    // forgotten that one since.
    if (copy.lowest.ballot > copy.meant_for) copy.lowest = {copy.meant_for, 0};
    copy.repeated = true;
  }
  if (phase_ == Phase::kIdle || !meant) {
    effects->answers.push_back(
        {token, NotApplied(Code::kUnavailable, "this node does not lead with the ballot it named")});
    return;
  }
  if (stopped_admitting_) {
    effects->answers.push_back({token, NotApplied(Code::kUnavailable, "the leadership is being handed over")});
    return;
  }
  if (phase_ != Phase::kLeading) {
    before_leading_.push_back({std::move(copy), token, resends_});
    return;
  }
  Keys::Entry& entry = Touch(copy.request.key, effects);
  if (entry.second.owned) {
    Execute(entry, {std::move(copy), token, resends_}, now, effects);
  } else {
    entry.second.queue.push_back({std::move(copy), token, resends_});
  }
  EndIfFull(effects);
}

void Leader::Receive(NodeId from, const Message& message, kv::WallTime now, Effects* effects) {
  CHECK(!IsRequest(message));
  if (phase_ == Phase::kIdle || quorums_->MaskOf(from) == 0) return;
  if (const auto* nack = std::get_if<Nack>(&message)) {
    OnPromised(nack->promised, effects);
  } else if (const auto* promise = std::get_if<Promise>(&message)) {
    if (promise->ballot == ballot_) OnPromise(from, *promise, now, effects);
  } else if (const auto* held = std::get_if<Held>(&message)) {
    if (held->ballot == ballot_) OnHeld(from, *held, now, effects);
  } else if (const auto* accepted = std::get_if<Accepted>(&message)) {
    if (accepted->version.ballot == ballot_) OnAccepted(from, *accepted, effects);
  } else if (const auto* ok = std::get_if<BarrierOk>(&message)) {
    if (ok->ballot == ballot_) OnBarrierOk(from, *ok, effects);
  } else if (const auto* damaged = std::get_if<Damaged>(&message)) {
    OnDamaged(*damaged, effects);  // Of an Accept, or of an Install under an earlier ballot.
  } else if (const auto* refused = std::get_if<Refused>(&message)) {
    if (refused->version.ballot == ballot_) OnRefused(from, *refused, effects);
  } else if (const auto* installed = std::get_if<Installed>(&message)) {
    if (installed->ballot == ballot_) OnHolds(from, installed->key, installed->version, effects);
  } else if (const auto* compared = std::get_if<Compared>(&message)) {
    if (compared->ballot == ballot_) OnCompared(from, *compared, now, effects);
  } else if (const auto* purged = std::get_if<Purged>(&message)) {
    kv::Version& floor = passes_[*quorums_->IndexOf(from)].floor;
    // Since an earlier leader's question the replica may have erased everything.
    if (purged->ballot == ballot_) floor = std::max(floor, purged->floor);
  }
  if (phase_ == Phase::kLeading) OnProgress(effects);
  EndIfFull(effects);
}

void Leader::OnPromise(NodeId from, const Promise& promise, kv::WallTime now, Effects* effects) {
  const ring::ReplicaMask mask = quorums_->MaskOf(from);
  const bool news = (promised_ & mask) == 0;
  promised_ |= mask;
  if (phase_ == Phase::kOwnPromise) {
    if (from != options_.self) return;
    phase_ = Phase::kPromises;
    for (const NodeId node : quorums_->nodes()) {
      if (node != options_.self) SendPrepare(node, effects);
    }
  }
  if (promise.held) {
    // Its nonce is 0, which no later touch of the key has.
    if (phase_ != Phase::kLeading && promise.held->key == first_ && !keys_.contains(*first_)) {
      keys_.Add(*first_);
    }
    OnHeld(from, *promise.held, now, effects);
  }
  if (phase_ == Phase::kPromises && quorums_->IsReadQuorum(promised_)) {
    phase_ = Phase::kLeading;
    BeginPasses(effects);
    if (Keys::Entry* entry = first_ ? keys_.Find(*first_) : nullptr) {
      touching_.insert(*first_);
      FinishTouch(*entry, now, effects);
    }
    for (Pending& pending : std::exchange(before_leading_, {})) {
      Keys::Entry& entry = Touch(pending.copy.request.key, effects);
      if (entry.second.owned) {
        Execute(entry, std::move(pending), now, effects);
      } else {
        entry.second.queue.push_back(std::move(pending));
      }
    }
  } else if (phase_ == Phase::kLeading && news) {
    for (const std::string& key : touching_) SendReads(key, keys_.at(key).nonce, mask, effects);
    BeginPasses(effects);
  }
}

std::uint64_t Leader::NextBarrier(Effects* effects) {
  if (Broken(Canary::kBarrierBeforeTheRead) && issued_barrier_ > 1) return issued_barrier_ - 1;
  if (quorums_->IsWriteQuorum(Confirmed(issued_barrier_))) {
    ++issued_barrier_;
    SendBarrier(effects);
    return issued_barrier_;
  }
  barrier_wanted_ = true;
  return issued_barrier_ + 1;
}

ring::ReplicaMask Leader::Confirmed(std::uint64_t barrier) const {
  ring::ReplicaMask mask = 0;
  for (std::size_t i = 0; i < barrier_ok_.size(); ++i) {
    // An answer to a later barrier says all that an earlier one would have.
    if (barrier_ok_[i] >= barrier) mask |= ring::ReplicaMask{1} << i;
  }
  return mask;
}

void Leader::OnBarrierOk(NodeId from, const BarrierOk& ok, Effects* effects) {
  std::uint64_t& latest = barrier_ok_[*quorums_->IndexOf(from)];
  latest = std::max(latest, ok.nonce);
  if (barrier_wanted_ && quorums_->IsWriteQuorum(Confirmed(issued_barrier_))) {
    barrier_wanted_ = false;
    ++issued_barrier_;
    SendBarrier(effects);
  }
  std::erase_if(confirming_, [&](Keys::Entry* entry) {
    entry->second.confirming = SettleWaiters(entry->second, effects);
    return !entry->second.confirming;
  });
}

void Leader::OnPromised(const kv::Ballot& promised, Effects* effects) {
  round_ = std::max(round_, promised.round);
  if (Broken(Canary::kNackEndsNothing)) return;
  if (phase_ != Phase::kIdle && promised > ballot_) End(effects);
}

void Leader::Resend(const Reachable& reachable, Effects* effects) {
  if (phase_ == Phase::kIdle) return;
  ++resends_;
  GiveUpWaiting(effects);
  if (phase_ == Phase::kOwnPromise) return SendPrepare(options_.self, effects);
  ring::ReplicaMask reached = 0;
  for (const NodeId node : quorums_->nodes()) {
    if (node == options_.self || reachable(node)) reached |= quorums_->MaskOf(node);
  }
  for (const NodeId node : quorums_->nodes()) {
    if ((~promised_ & reached & quorums_->MaskOf(node)) != 0) SendPrepare(node, effects);
  }
  for (const std::string& key : touching_) {
    const Key& state = keys_.at(key);
    SendReads(key, state.nonce, promised_ & reached & ~state.answered & ~state.damaged, effects);
  }
  for (const auto& [key, first_lacking] : lagging_) {
    Key& state = keys_.Find(key)->second;
    GiveUpWaiters(state, effects);
    ring::ReplicaMask missing = reached & MissingAt(state);
    // Again at once to who was not reachable, and otherwise less and less often: a replica that is slow to acknowledge
    // is not helped by more of the same.
    if (state.resend_at > resends_) {
      missing &= ~reached_;
    } else {
      state.resend_at = resends_ + state.resend_after;
      state.resend_after = std::min(2 * state.resend_after, kMostResendsLeftOut);
    }
    // What a node says to itself is not lost; a second copy could be stored after the first was refused and withdrawn.
    if (everyone() == own()) missing = 0;
    SendNewest(key, state, missing, effects);
  }
  reached_ = reached;
  if (!confirming_.empty()) SendBarrier(effects);
  ResendPasses(reached, effects);
}

void Leader::EndIfFull(Effects* effects) {
  if (!full_) return;
  for (const auto& [key, state] : keys_) {
    // What is chosen may wait for the others as long as one of them is down.
    const auto open = [&](const Waiter& waiter) {
      return waiter.token && waiter.proposed && waiter.version > state.chosen;
    };
    if (std::any_of(state.waiters.begin(), state.waiters.end(), open)) return;
  }
  End(effects);
  ran_full_ = true;
}

void Leader::End(Effects* effects) {
  if (phase_ == Phase::kIdle) return;
  phase_ = Phase::kIdle;
  if (feed_.on()) feed_.End(effects);
  before_feed_.clear();
  uncertain_.reset();
  complete_touch_ = 0;
  const Reply not_applied = NotApplied(Code::kUnavailable, "the leadership ended before it was proposed");
  const Reply unknown = Broken(Canary::kUnknownReportedAsFailed)
                            ? not_applied
                            : Unknown("the leadership ended before it was known to be chosen");
  for (const Pending& pending : before_leading_) effects->answers.push_back({pending.token, not_applied});
  for (const auto& [key, state] : keys_) {
    for (const Pending& pending : state.queue) effects->answers.push_back({pending.token, not_applied});
    for (const Waiter& waiter : state.waiters) {
      Tell(waiter.token, waiter.id, waiter.proposed ? unknown : not_applied, effects);
    }
  }
  first_.reset();
  promised_ = 0;
  before_leading_.clear();
  next_sequence_ = 1;
  reached_ = ~ring::ReplicaMask{0};
  confirming_.clear();
  keys_.Clear();
  hand_.clear();
  touches_ = 0;
  touching_.clear();
  lagging_.clear();
  issued_barrier_ = 0;
  barrier_wanted_ = false;
  ids_.clear();
  finished_.clear();
  full_ = false;
  passes_.clear();
  estimate_.reset();
  complete_ = false;
  purge_considered_ = false;
  stopped_admitting_ = false;
  wants_new_round_ = false;
  floor_ = kv::Version();
  quorums_.reset();
}

}  // namespace quoin::quorum
