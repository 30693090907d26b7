// Comparing with the other replicas: what makes the leader own every key (D7), replicas equal, and tombstones end (D8).
//
// One comparison (Pass) goes on with each other replica: a range as its own replica holds it, its digest to the other,
// and only where that differs the other's list. A range grows while ranges are equal and shrinks where they are not.
// Keys that differ are touched like any other, which finds the newest state, and that is brought to whoever lacks it.
#include <glog/logging.h>

#include <algorithm>
#include <utility>

#include "quorum/canary.h"
#include "quorum/leader.h"

namespace quoin::quorum {
namespace {

constexpr std::uint32_t kMostCompared = 4096;  // Records of a range whose digests are compared.
constexpr std::uint32_t kMostListed = 64;      // Records of a range that is listed.
constexpr std::size_t kMaxRepairs = 64;        // Differences that are being mended at a time, per replica.

}  // namespace

void Leader::BeginPasses(Effects* effects) {
  for (std::size_t i = 0; i < passes_.size(); ++i) {
    if (!IsCompared(i) || passes_[i].step != Pass::Step::kNotBegun) continue;
    if (promised_ >> i & 1) BeginPass(i, effects);
  }
  OnProgress(effects);
}

bool Leader::IsCompared(std::size_t index) const {
  return quorums_->nodes()[index] != options_.self || everyone() == own();
}

void Leader::BeginPass(std::size_t index, Effects* effects) {
  Pass& pass = passes_[index];
  pass.from.clear();
  pass.walked = {};
  pass.limit = kMostCompared;
  pass.start_sequence = next_sequence_ - 1;
  pass.losses_at_start = pass.losses;
  pass.tombstones = false;
  AskOwn(&pass, effects);
}

void Leader::AskOwn(Pass* pass, Effects* effects) {
  pass->step = Pass::Step::kOwn;
  pass->nonce = ++touches_;
  SendOwn(*pass, effects);
}

void Leader::SendOwn(const Pass& pass, Effects* effects) {
  Send(options_.self,
       Compare{.configuration = configuration_version_,
               .ballot = ballot_,
               .nonce = pass.nonce,
               .salt = options_.salt,
               .from = pass.from,
               .floor = floor_,
               .limit = pass.limit,
               .estimate = filling_ && !estimate_},
       effects);
}

void Leader::AskTheirs(std::size_t index, Effects* effects) {
  const Pass& pass = passes_[index];
  const bool list = pass.limit <= kMostListed;
  Send(quorums_->nodes()[index],
       Compare{.configuration = configuration_version_,
               .ballot = ballot_,
               .nonce = pass.nonce,
               .salt = options_.salt,
               .from = pass.from,
               .to = pass.to,
               .floor = floor_,
               // It may hold more of the range than this one does; far more is as good as different.
               .limit = list ? 4 * kMostListed : 2 * pass.limit,
               .digest = pass.digest,
               .list = list},
       effects);
}

void Leader::OnCompared(NodeId from, const Compared& compared, kv::WallTime, Effects* effects) {
  const auto pass = std::find_if(passes_.begin(), passes_.end(), [&](const Pass& one) {
    return one.nonce == compared.nonce && (one.step == Pass::Step::kOwn || one.step == Pass::Step::kTheirs);
  });
  if (pass == passes_.end()) return;
  const auto index = static_cast<std::size_t>(pass - passes_.begin());
  floor_ = std::max(floor_, compared.floor);
  Pass& teller = passes_[*quorums_->IndexOf(from)];
  teller.floor = std::max(teller.floor, compared.floor);
  pass->tombstones = pass->tombstones || compared.tombstones;
  if (pass->step == Pass::Step::kOwn && from == options_.self) {
    pass->own = compared.entries;
    pass->own_amount = compared.amount;
    if (compared.estimate) estimate_ = compared.estimate;
    pass->digest = compared.digest;
    pass->to = compared.next;
    pass->step = Pass::Step::kTheirs;
    AskTheirs(index, effects);
  } else if (pass->step == Pass::Step::kTheirs && from == quorums_->nodes()[index]) {
    OnTheirs(index, compared, effects);
  }
}

void Leader::OnTheirs(std::size_t index, const Compared& compared, Effects* effects) {
  Pass& pass = passes_[index];
  if (compared.equal) {
    pass.limit = std::min(pass.limit * 4, kMostCompared);
    return Advance(&pass, pass.to, effects);
  }
  if (pass.limit > kMostListed) {
    pass.limit = std::max(pass.limit / 16, kMostListed);
    return AskOwn(&pass, effects);
  }
  const std::optional<std::string> to = compared.next ? compared.next : pass.to;
  // As they are there, and here. A difference may be this replica's to mend: what is chosen is found by a touch, which
  // may have its answers from others.
  std::map<std::string, Compared::Entry> there;
  std::map<std::string, Compared::Entry> here;
  for (const Compared::Entry& theirs : compared.entries) {
    there.emplace(theirs.key, theirs);
    here.emplace(theirs.key, Compared::Entry{theirs.key, kv::Version(), false});
  }
  for (const Compared::Entry& own : pass.own) {
    if (to && own.key >= *to) break;
    const auto [at, missing] = there.try_emplace(own.key, Compared::Entry{own.key, kv::Version(), false});
    here.insert_or_assign(own.key, own);
    if (missing || at->second != own || own.damaged) continue;
    there.erase(at);
    here.erase(own.key);
  }
  if (options_.pace != nullptr) options_.pace->Take(PartOf(pass.own_amount, there.size(), pass.own.size()));
  for (auto& [key, theirs] : there) AddRepair(index, key, std::move(theirs), effects);
  for (auto& [key, own] : here) AddRepair(*quorums_->IndexOf(options_.self), key, std::move(own), effects);
  Advance(&pass, to, effects);
}

void Leader::Advance(Pass* pass, const std::optional<std::string>& to, Effects* effects) {
  // The other one's list may have ended before this one's range.
  const auto beyond = std::count_if(pass->own.begin(), pass->own.end(),
                                    [&](const Compared::Entry& own) { return to && own.key >= *to; });
  pass->walked += PartOf(pass->own_amount, pass->own.size() - static_cast<std::size_t>(beyond), pass->own.size());
  pass->own.clear();
  if (!to) {
    pass->found = pass->walked;
    pass->step = Pass::Step::kWalked;
    pass->ever_walked = true;
    pass->done_sequence = pass->start_sequence;
    pass->losses_done = pass->losses_at_start;
    pass->had_tombstones = pass->tombstones;
    purge_considered_ = false;
    return;
  }
  pass->from = *to;
  pass->step = Pass::Step::kPaused;
  GoOn(pass, effects);
}

void Leader::GoOn(Pass* pass, Effects* effects) {
  if (pass->step != Pass::Step::kPaused || pass->repairs.size() >= kMaxRepairs) return;
  if (options_.pace == nullptr || options_.pace->open()) AskOwn(pass, effects);
}

void Leader::GoOn(Effects* effects) {
  if (phase_ != Phase::kLeading) return;
  for (Pass& pass : passes_) GoOn(&pass, effects);
}

void Leader::AddRepair(std::size_t index, const std::string& key, Compared::Entry theirs, Effects* effects) {
  const auto [repair, fresh] = passes_[index].repairs.try_emplace(key);
  // That it holds less than what is on its way to it is no news.
  if (!fresh && !theirs.damaged && theirs.version < repair->second.target) return;
  repair->second = Repair{std::move(theirs), kv::Version()};
  Keys::Entry& entry = Touch(key, effects);
  if (entry.second.owned) DecideRepair(index, entry, effects);
}

ring::ReplicaMask Leader::DecideRepairs(Keys::Entry& entry, Effects* effects) {
  ring::ReplicaMask repaired = 0;
  for (std::size_t i = 0; i < passes_.size(); ++i) {
    DecideRepair(i, entry, effects);
    if (passes_[i].repairs.contains(entry.first)) repaired |= ring::ReplicaMask{1} << i;
  }
  return repaired;
}

void Leader::DecideRepair(std::size_t index, Keys::Entry& entry, Effects* effects) {
  const std::string& key = entry.first;
  Key& state = entry.second;
  const auto found = passes_[index].repairs.find(key);
  if (found == passes_[index].repairs.end() || found->second.target != kv::Version()) return;
  const Compared::Entry theirs = found->second.theirs;
  state.unasked &= ~(ring::ReplicaMask{1} << index);
  const bool something = theirs.damaged || theirs.version != kv::Version();
  const kv::Version newest = state.newest != nullptr ? state.newest->accepted : kv::Version();
  if (theirs.damaged) {
    state.held[index] = kv::Version();
  } else if (theirs.version <= newest) {
    Holds(index, entry, theirs.version, effects);
  }
  // It may have acknowledged the newest state since it said what it holds.
  const bool holds = state.newest != nullptr ? theirs.version <= newest && state.held[index] >= newest : !something;
  if (holds && !theirs.damaged) {
    passes_[index].repairs.erase(found);
    return;
  }
  // What is damaged gives way only to what is above all that can have been there, a leftover to what is above it, and
  // where the key is absent there is nothing that could be brought but a tombstone.
  const bool outdone = state.newest == nullptr || theirs.damaged || theirs.version > newest;
  if (outdone) ProposeAgain(key, state, effects);
  found->second.target = state.newest->accepted;
  if (outdone) {
    // Others may hold the same leftover and have been found equal for that very reason: until all hold what outdoes it,
    // there is no version up to which they are (D8).
    lagging_.insert_or_assign(key, kv::Version());
  } else {
    lagging_.try_emplace(key, state.newest->accepted);
  }
  if (outdone || !state.proposals.empty()) return;
  DelayResend(&state);
  SendNewest(key, state, ring::ReplicaMask{1} << index, effects);
}

void Leader::OnProgress(Effects* effects) {
  ring::ReplicaMask walked = own();
  for (std::size_t i = 0; i < passes_.size(); ++i) {
    Pass& pass = passes_[i];
    GoOn(&pass, effects);
    if (pass.step == Pass::Step::kWalked && pass.losses_done != pass.losses && pass.repairs.empty())
      BeginPass(i, effects);
    const bool touched = std::all_of(pass.repairs.begin(), pass.repairs.end(),
                                     [](const auto& repair) { return repair.second.target != kv::Version(); });
    if (pass.ever_walked && touched) walked |= ring::ReplicaMask{1} << i;
  }
  if (!complete_) {
    complete_ =
        quorums_->IsReadQuorum(walked) && (quorums_->IsWriteQuorum(walked) || Broken(Canary::kOwnershipFromReadQuorum));
    if (complete_) complete_touch_ = touches_;
  }
  ConsiderPurge(effects);
}

bool Leader::all_equal() const {
  if (phase_ != Phase::kLeading || !complete_) return false;
  for (std::size_t i = 0; i < passes_.size(); ++i) {
    if (IsCompared(i) ? !passes_[i].equal() : !passes_[i].repairs.empty()) return false;
  }
  return true;
}

bool Leader::carried() const {
  if (phase_ != Phase::kLeading || !joint_ || !complete_) return false;
  ring::ReplicaMask hold_all = 0;
  for (std::size_t i = 0; i < passes_.size(); ++i) {
    const bool compared = !IsCompared(i) || passes_[i].ever_walked;
    // A repair ends when the replica holds what it lacked, or what came on top of that.
    if (compared && passes_[i].repairs.empty()) hold_all |= ring::ReplicaMask{1} << i;
  }
  return quorums_->IsWriteQuorum(hold_all);
}

bool Leader::filled() const {
  if (phase_ != Phase::kLeading || !filling_) return false;
  for (std::size_t i = 0; i < passes_.size(); ++i) {
    const bool counts = quorums_->counted() >> i & 1;
    // The floor moves, too: for a missing key it is all that is left of the ids that its record remembered.
    if (!counts && (!passes_[i].equal() || passes_[i].floor < floor_)) return false;
  }
  return true;
}

bool Leader::CaughtUp(NodeId node) const {
  const std::size_t index = *quorums_->IndexOf(node);
  return node == options_.self || passes_[index].equal();
}

bool Leader::tombstones() const {
  return std::any_of(passes_.begin(), passes_.end(), [](const Pass& pass) { return pass.had_tombstones; });
}

void Leader::ConsiderPurge(Effects* effects) {
  if (purge_considered_ || !IsStable()) return;
  const bool equal = Broken(Canary::kEarlyPurge) ? complete_ : all_equal();
  if (!equal) return;
  std::uint64_t sequence = next_sequence_ - 1;
  for (std::size_t i = 0; i < passes_.size(); ++i) {
    if (!IsCompared(i)) continue;
    if (passes_[i].step != Pass::Step::kWalked) return;  // Soon a higher floor can be told.
    sequence = std::min(sequence, passes_[i].done_sequence);
  }
  const kv::Version floor{ballot_, sequence};
  for (std::size_t i = 0; i < passes_.size(); ++i) {
    if (!HoldsUpTo(i, floor) && !Broken(Canary::kEarlyPurge)) return;  // Not yet acknowledged by all.
  }
  purge_considered_ = true;
  if (!tombstones() || floor < floor_) return;
  floor_ = floor;
  // Whoever has this floor already has left tombstones: perhaps it died while it was looking for them.
  for (Pass& pass : passes_) pass.floor = kv::Version();
  SendPurges(everyone(), effects);
}

bool Leader::HoldsUpTo(std::size_t index, const kv::Version& floor) const {
  return std::all_of(lagging_.begin(), lagging_.end(), [&](const auto& lagging) {
    const auto& [key, first_lacking] = lagging;
    const Key& state = keys_.at(key);
    const kv::Version& held = state.held[index];
    return first_lacking > floor || held > floor || held >= state.newest->accepted;
  });
}

void Leader::SendPurges(ring::ReplicaMask reached, Effects* effects) const {
  if (!complete_) return;
  for (std::size_t i = 0; i < passes_.size(); ++i) {
    if ((reached >> i & 1) == 0 || passes_[i].floor >= floor_) continue;
    const NodeId node = quorums_->nodes()[i];
    const bool equal = ((node == options_.self || passes_[i].equal()) && HoldsUpTo(i, floor_)) ||  // D8
                       Broken(Canary::kEarlyPurge);
    if (equal) Send(node, Purge{configuration_version_, ballot_, floor_}, effects);
  }
}

void Leader::ResendPasses(ring::ReplicaMask reached, Effects* effects) {
  if (phase_ != Phase::kLeading) return;
  std::vector<std::string> unread;  // Too many replicas couldn't; that may have been for a while only.
  for (const Pass& pass : passes_) {
    for (const auto& [key, repair] : pass.repairs) {
      if (repair.target == kv::Version() && !keys_.contains(key)) unread.push_back(key);
    }
  }
  for (const std::string& key : unread) Touch(key, effects);
  for (std::size_t i = 0; i < passes_.size(); ++i) {
    Pass& pass = passes_[i];
    if ((reached >> i & 1) == 0) continue;
    // The same question: a disk may take longer than this interval.
    if (pass.step == Pass::Step::kOwn) SendOwn(pass, effects);
    if (pass.step == Pass::Step::kTheirs) AskTheirs(i, effects);
  }
  SendPurges(reached, effects);
}

void Leader::Scrub(Effects* effects) {
  if (phase_ != Phase::kLeading) return;
  for (std::size_t i = 0; i < passes_.size(); ++i) {
    if (IsCompared(i) && passes_[i].step == Pass::Step::kWalked) BeginPass(i, effects);
  }
}

void Leader::Sweep(const std::string& key, kv::WallTime now, Effects* effects) {
  if (phase_ != Phase::kLeading || stopped_admitting_) return;
  Copy look;
  look.request.key = key;
  look.meant_for = ballot_;
  Submit(std::move(look), kNobody, now, effects);
}

bool Leader::drained() const {
  return before_leading_.empty() && std::all_of(keys_.begin(), keys_.end(), [](const auto& entry) {
           const Key& state = entry.second;
           const auto waits = [](const Waiter& waiter) { return waiter.token.has_value(); };
           return state.queue.empty() && state.proposals.empty() &&
                  std::none_of(state.waiters.begin(), state.waiters.end(), waits);
         });
}

}  // namespace quoin::quorum
