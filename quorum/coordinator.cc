// Requests, their copies and their ends. Reads without the leader: coordinator_reads.cc.
#include "quorum/coordinator.h"

#include <glog/logging.h>

#include <algorithm>
#include <string>

#include "quorum/canary.h"
#include "quorum/leader_replies.h"
#include "ring/partition.h"

namespace quoin::quorum {
namespace {

// So many times, the next copy of a request leaves at once after an answer that didn't help: one to learn the new
// leader, one to learn that it leads no more, one to ask somebody else.
constexpr unsigned kMaxPromptCopies = 3;
// The first rest is so small a part of Options::attempt; each one is twice as long as the one before, up to `attempt`.
constexpr int kFirstRest = 8;
constexpr unsigned kMostDoublings = 3;
// After so many copies that weren't answered in time the next ones have longer, up to kMostDoublings: each of them may
// wait somewhere, and costs those who are to answer.
constexpr unsigned kPromptSilences = 4;
// So many answers of the kind that another copy will hardly change.
constexpr unsigned kMaxDeadEnds = 3;
// Leaders remember an id with an unknown outcome for so many times the length of a request, if they go on for so long.
constexpr int kUnknownsKept = 10;

bool Counts(const ring::Configuration& configuration, NodeId node) {
  return configuration.replicas.Contains(node) ||
         (configuration.phase == ring::Phase::kJoint && configuration.incoming.Contains(node));
}

}  // namespace

Coordinator::Coordinator(Options options, const Routes& routes)
    : options_(options), routes_(routes), last_number_(options.boot >> 2) {  // Far below kNumbersEnd.
  CHECK(options_.attempt.count() > 0 && options_.request >= options_.attempt);
}

kv::Ballot Coordinator::BelievedIn(PartitionId partition) const {
  const auto found = newest_.find(partition.value);
  const kv::Ballot promised = routes_.PromisedBy(partition);
  return found == newest_.end() ? promised : std::max(promised, found->second.ballot);
}

const ring::Configuration& Coordinator::ConfigurationOf(const Pending& pending) const {
  return routes_.topology()->ConfigurationOf(pending.partition);
}

bool Coordinator::IsLone(const Pending& pending) const {
  const ring::Configuration& configuration = ConfigurationOf(pending);
  return configuration.incoming.nodes.empty() &&
         configuration.replicas.nodes == std::vector<NodeId>{routes_.self()} &&
         CurrentCopy(pending).to == routes_.self();
}

std::uint64_t Coordinator::NextNumber(Pending& pending) {
  ++last_number_;
  CHECK_LT(last_number_, kNumbersEnd);
  by_number_.emplace(last_number_, &pending);
  return last_number_;
}

void Coordinator::SetDue(Pending& pending, ring::MonotonicTime due) {
  if (pending.due) due_.erase(*pending.due);
  // Mostly it is the last of all.
  pending.due = due_.emplace_hint(due_.end(), std::min(due, pending.deadline), pending.serial);
}

std::vector<Coordinator::Pending*> Coordinator::InOrder() {
  std::vector<Pending*> pending;
  pending.reserve(requests_.size());
  for (auto& [serial, request] : requests_) pending.push_back(&request);
  std::sort(pending.begin(), pending.end(), [](const Pending* a, const Pending* b) { return a->serial < b->serial; });
  return pending;
}

const Coordinator::SentCopy& Coordinator::CurrentCopy(const Pending& pending) {
  const auto found = std::find_if(pending.open.begin(), pending.open.end(),
                                  [&](const SentCopy& copy) { return copy.number == pending.current; });
  CHECK(found != pending.open.end());
  return *found;
}

void Coordinator::Submit(Request request, const Sending& sending, std::uint64_t token, Moment now,
                         CoordinatorEffects* effects) {
  Pending& pending = requests_[++last_serial_];
  pending.token = token;
  pending.request = std::move(request);
  Begin(pending, sending, now, effects);
}

void Coordinator::Begin(Pending& pending, const Sending& sending, Moment now, CoordinatorEffects* effects) {
  CHECK(!pending.request.key.empty() && pending.request.key.size() <= kv::kMaxKeyBytes);
  const bool write = IsWrite(pending.request.operation);
  const bool client_id = write && pending.request.id != kv::OperationId{} && !sending.fresh;
  pending.serial = last_serial_;
  pending.repeated = client_id && sending.repeated;
  pending.client_id = client_id;
  if (client_id) {
    pending.client_knew = sending.known;
    pending.finished_below = sending.finished_below;
  }
  pending.since = now.now;
  pending.deadline = now.now + options_.request;
  const ring::Topology* topology = routes_.topology();
  if (topology == nullptr) {
    return Finish(pending, NotApplied(Code::kUnavailable, "this node has not joined a cluster yet"), effects);
  }
  if (requests_.size() > options_.max_under_way) {
    return Finish(pending, NotApplied(Code::kUnavailable, "too many requests are under way here"), effects);
  }
  if (write && pending.request.id == kv::OperationId{}) {
    pending.request.id = {.client = options_.boot, .number = ++last_id_};
  }
  if (write && !client_id) {
    const kv::OperationId& id = pending.request.id;
    OwnIds& own = own_ids_[id.client];
    CHECK_GT(id.number, own.highest) << "fresh ids have ascending numbers";
    own.highest = id.number;
    own.open.insert(own.open.end(), id.number);
    pending.own_id = true;
  }
  pending.partition = ring::PartitionOf(pending.request.key, topology->partition_count());
  const bool leads =
      BelievedIn(pending.partition).node == routes_.self() && Counts(ConfigurationOf(pending), routes_.self());
  const bool needs_leader = write || !pending.request.conditions.empty() ||
                            pending.request.consistency == Consistency::kAll ||
                            (pending.request.consistency == Consistency::kQuorum &&
                             (leads || writing_.contains(pending.request.key)));
  if (write) {
    ++writing_[pending.request.key];
    pending.writes = true;
  }
  if (needs_leader || !BeginReading(pending, now, effects)) Attempt(pending, now, effects);
}

std::uint64_t Coordinator::FinishedBelow(const Pending& pending) const {
  if (!pending.own_id) return pending.finished_below;
  return *own_ids_.at(pending.request.id.client).open.begin();  // It is one of them itself.
}

std::optional<std::pair<NodeId, bool>> Coordinator::Choose(Pending& pending) const {
  const ring::Configuration& configuration = ConfigurationOf(pending);
  const kv::Ballot known = BelievedIn(pending.partition);
  if (known > pending.distrusted && Counts(configuration, known.node) && routes_.Hears(known.node)) {
    return std::pair(known.node, false);
  }
  std::vector<NodeId> heard;
  const ring::Quorums quorums(configuration);
  for (const NodeId node : quorums.nodes()) {
    if (Counts(configuration, node) && routes_.Hears(node)) heard.push_back(node);
  }
  if (heard.empty()) return std::nullopt;
  const auto is_tried = [&](NodeId node) { return pending.tried.contains(node); };
  const bool new_turn = std::all_of(heard.begin(), heard.end(), is_tried);
  if (new_turn) pending.tried.clear();
  // A new turn doesn't begin with the one that the last turn ended with.
  const auto is_next = [&](NodeId node) { return !is_tried(node) && !(new_turn && node == pending.last); };
  const auto next = std::find_if(heard.begin(), heard.end(), is_next);
  return std::pair(next != heard.end() ? *next : heard.front(), true);
}

void Coordinator::Attempt(Pending& pending, Moment now, CoordinatorEffects* effects) {
  EndReading(pending);
  const auto chosen = Choose(pending);
  if (!chosen) return Rest(pending, now);
  SendCopy(pending, chosen->first, chosen->second, now, effects);
}

void Coordinator::SendCopy(Pending& pending, NodeId to, bool take_over, Moment now, CoordinatorEffects* effects) {
  ForwardPacket forward;
  forward.number = NextNumber(pending);
  forward.request = pending.request;
  forward.meant_for = BelievedIn(pending.partition);
  forward.lowest = {forward.meant_for, 0};
  // What that leader had proposed before now is before whatever it makes of this request.
  forward.lowest = std::max(forward.lowest, newest_[pending.partition.value]);
  forward.take_over = take_over;
  forward.finished_below = FinishedBelow(pending);
  if (IsWrite(pending.request.operation)) {
    forward.repeated = pending.client_id || !IsCertain(pending);
    if (forward.repeated) {  // K4
      for (const SentCopy& copy : pending.open) forward.lowest = std::min(forward.lowest, copy.lowest);
      if (pending.unknown) forward.lowest = std::min(forward.lowest, *pending.unknown);
      // No leader that hasn't come to it executes any copy, whatever that one was meant for.
      if (pending.client_id) forward.lowest = pending.client_knew;
    }
  }
  pending.open.push_back({forward.number, to, forward.meant_for, forward.lowest, forward.repeated, take_over});
  pending.current = forward.number;
  pending.step = Step::kAwaiting;
  const unsigned doublings = pending.silences - std::min(pending.silences, kPromptSilences);
  SetDue(pending, now.now + options_.attempt * (1 << std::min(doublings, kMostDoublings)));
  effects->packets.push_back({to, std::move(forward)});
}

void Coordinator::Retry(Pending& pending, Moment now, CoordinatorEffects* effects) {
  if (pending.refusals >= kMaxPromptCopies) return Rest(pending, now);
  ++pending.refusals;
  Attempt(pending, now, effects);
}

void Coordinator::Rest(Pending& pending, Moment now) {
  const ring::Duration first = std::max(options_.attempt / kFirstRest, ring::Duration(1));
  const ring::Duration rest = first * (1 << std::min(pending.rests, kMostDoublings));
  ++pending.rests;
  pending.step = Step::kResting;
  SetDue(pending, now.now + std::min(rest, options_.attempt));
}

void Coordinator::Blame(Pending& pending, const SentCopy& copy, bool silent) {
  pending.last = copy.to;
  if (!copy.take_over) pending.distrusted = std::max(pending.distrusted, copy.meant_for);
  // A node that says that it doesn't lead may still be the one to take over.
  if (copy.take_over || silent) pending.tried.insert(copy.to);
}

bool Coordinator::IsCertain(const Pending& pending) {
  return !pending.repeated && pending.open.empty() && !pending.unknown;
}

void Coordinator::OnForwarded(NodeId /*from*/, ForwardedPacket answer, Moment now, CoordinatorEffects* effects) {
  const auto known = by_number_.find(answer.number);
  if (known == by_number_.end()) return;
  Pending& pending = *known->second;
  const auto found = std::find_if(pending.open.begin(), pending.open.end(),
                                  [&](const SentCopy& copy) { return copy.number == answer.number; });
  if (found == pending.open.end()) return;
  const SentCopy copy = *found;
  pending.open.erase(found);
  by_number_.erase(known);
  kv::Version& newest = newest_[pending.partition.value];
  newest = std::max(newest, answer.newest);

  const bool current = pending.step == Step::kAwaiting && pending.current == answer.number;
  if (answer.reply.outcome == Outcome::kError) return OnError(pending, copy, current, answer, now, effects);
  const bool done = answer.reply.outcome == Outcome::kDone;
  const bool alone = IsCertain(pending);
  if (done || copy.repeated || !IsWrite(pending.request.operation) || alone) {  // K3
    return Finish(pending, std::move(answer.reply), effects, answer.newest);
  }
  // "Nothing changed" holds of this copy only, which didn't write that down; another one may still act.
  if (current) Retry(pending, now, effects);
}

void Coordinator::OnError(Pending& pending, const SentCopy& copy, bool current, const ForwardedPacket& answer,
                          Moment now, CoordinatorEffects* effects) {
  const bool write = IsWrite(pending.request.operation);
  const Code code = answer.reply.status.code();
  if (write && answer.reply.not_by_this_copy && pending.client_id && IsCertain(pending)) {
    // All that this node has sent did nothing. Only the client knows whether it has sent anything else; if not, it may
    // send the same again and name the version that it is told now.
    Reply reply = NotApplied(Code::kUnavailable, "the key has forgotten operations since the ballot named");
    reply.not_by_this_copy = true;
    return Finish(pending, std::move(reply), effects, answer.newest);
  }
  if (write && code == Code::kUnknown && !answer.reply.not_by_this_copy) {
    pending.unknown = pending.unknown ? std::min(*pending.unknown, copy.lowest) : copy.lowest;
  }
  if (!current) return;
  Blame(pending, copy, false);
  if (code != Code::kUnavailable && (write || code != Code::kUnknown)) {
    if (!write || IsCertain(pending)) return Finish(pending, answer.reply, effects);
    if (++pending.dead_ends >= kMaxDeadEnds) {
      return Finish(pending, code == Code::kUnknown ? answer.reply : Unknown("an earlier copy may have been applied"),
                    effects, answer.reply.not_by_this_copy ? answer.newest : kv::Version());
    }
  }
  // Somebody else believes in the leader that didn't serve: it is worth another try.
  if (copy.take_over && answer.newest.ballot == BelievedIn(pending.partition)) pending.distrusted = {};
  Retry(pending, now, effects);
}

void Coordinator::OnUnreachable(NodeId node, Moment now, CoordinatorEffects* effects) {
  for (Pending* each : InOrder()) {
    Pending& pending = *each;
    if (pending.step == Step::kAwaiting) {
      const SentCopy copy = CurrentCopy(pending);
      if (copy.to != node) continue;
      Blame(pending, copy, true);
      Attempt(pending, now, effects);
    } else if (pending.step == Step::kReading) {
      const ring::ReplicaMask mask = pending.reading->quorums.MaskOf(node);
      if ((pending.reading->asked & mask) == 0 || pending.reading->held.contains(node)) continue;
      pending.reading->asked &= ~mask;
      if (!AskAnother(pending, effects)) Attempt(pending, now, effects);
    }
  }
}

void Coordinator::OnTopology(Moment now, CoordinatorEffects* effects) {
  for (Pending* each : InOrder()) {
    Pending& pending = *each;
    if (pending.step != Step::kReading) continue;
    // Replicas that have learned the new one will not answer any more.
    if (ConfigurationOf(pending).version != pending.reading->configuration) Attempt(pending, now, effects);
  }
}

void Coordinator::OnTick(Moment now, CoordinatorEffects* effects) {
  for (; !abandoned_.empty() && abandoned_.front().until <= now.now; abandoned_.pop_front()) {
    const kv::OperationId& id = abandoned_.front().id;
    own_ids_.at(id.client).open.erase(id.number);
  }
  while (!due_.empty() && due_.begin()->first <= now.now) {
    Pending& pending = requests_.at(due_.begin()->second);
    if (now.now >= pending.deadline) {
      GiveUp(pending, effects);
    } else if (pending.step == Step::kReading) {
      OnReadingDue(pending, now, effects);
    } else if (pending.step == Step::kAwaiting && IsLone(pending)) {
      // Nothing that a node says to itself is lost. The disk may be slow, and each further copy would wait for it, too.
      SetDue(pending, now.now + options_.attempt);
    } else {
      if (pending.step == Step::kAwaiting) {
        ++pending.silences;
        Blame(pending, CurrentCopy(pending), true);
      }
      Attempt(pending, now, effects);
    }
  }
}

void Coordinator::GiveUp(const Pending& pending, CoordinatorEffects* effects) {
  const bool certain =
      !IsWrite(pending.request.operation) || IsCertain(pending) || Broken(Canary::kUnknownReportedAsFailed);
  Finish(pending,
         certain ? NotApplied(Code::kUnavailable, "no replica could serve it in time")
                 : Unknown("no answer came in time, and a copy may have been applied"),
         effects);
}

void Coordinator::Finish(const Pending& pending, Reply reply, CoordinatorEffects* effects, const kv::Version& known) {
  const bool says_not_applied = reply.outcome == Outcome::kError && reply.status.code() != Code::kUnknown;
  if (IsWrite(pending.request.operation) && says_not_applied) {
    if (pending.repeated) {
      reply = Unknown("not applied by this copy, but it was sent before: " + reply.status.message());
    } else {
      CHECK(IsCertain(pending) || Broken(Canary::kUnknownReportedAsFailed)) << "K2";
    }
  }
  if (pending.own_id) {
    const kv::OperationId& id = pending.request.id;
    if (reply.outcome == Outcome::kError && !says_not_applied) {
      abandoned_.push_back({pending.deadline + kUnknownsKept * options_.request, id});
    } else {
      own_ids_.at(id.client).open.erase(id.number);
    }
  }
  reply.known = known;
  (pending.settles ? effects->settled : effects->answers).push_back({pending.token, std::move(reply)});
  for (const SentCopy& copy : pending.open) by_number_.erase(copy.number);
  if (pending.reading) by_number_.erase(pending.reading->nonce);
  if (pending.due) due_.erase(*pending.due);
  if (pending.writes) {
    const auto writing = writing_.find(pending.request.key);
    if (--writing->second == 0) writing_.erase(writing);
  }
  requests_.erase(std::uint64_t{pending.serial});  // A copy: the argument would die with the request.
}

}  // namespace quoin::quorum
