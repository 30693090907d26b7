#include "quorum/replica.h"

#include <glog/logging.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "ring/quorums.h"

namespace quoin::quorum {
namespace {

// How long ago the partition counts as compared at the beginning: spread, so that not all of a node's are due at once.
ring::Duration LastScrub(PartitionId partition, const NodeTiming& timing) {
  constexpr std::uint32_t kPlaces = 256;
  const std::uint32_t place = (partition.value * 2654435761u >> 16) % kPlaces;  // Fibonacci hashing.
  return timing.scrub * place / kPlaces;
}

// Tries to lead that failed wait longer and longer, up to this many doublings.
constexpr std::uint32_t kMostDoublings = 5;
// While tombstones are left, comparisons come so many times as often.
constexpr int kHurriedScrubs = 10;
// So many times handover_after may pass without any range of its own replica's that a leader can read.
constexpr int kMostUnread = 10;
// So many times it may be sent in vain before a Prepare that a Nack told of isn't expected any more.
constexpr int kPatience = 5;

}  // namespace

Replica::Replica(const kv::Storage& storage, const std::optional<kv::PartitionState>& durable, Leader::Options options,
                 const NodeTiming& timing, Surroundings& surroundings, Moment now)
    : self_(options.self),
      partition_(options.partition),
      timing_(timing),
      surroundings_(surroundings),
      acceptor_(storage, options.partition, durable),
      leader_(std::move(options)),
      resent_at_(now.now),
      scrubbed_at_(now.now - LastScrub(options.partition, timing)) {
  // Somebody may have taken over while this process was away; those who know will say so within that time.
  if (durable) not_before_ = now.now + 2 * timing_.resend;
}

kv::Ballot Replica::believed() const {
  const kv::Ballot known = std::max(acceptor_.promised(), heard_of_);
  return leader_.phase() == Leader::Phase::kIdle ? known : std::max(known, leader_.ballot());
}

bool Replica::Counts(NodeId node) const {
  return configuration_.replicas.Contains(node) ||
         (configuration_.phase == ring::Phase::kJoint && configuration_.incoming.Contains(node));
}

void Replica::Learn(const ring::Configuration& configuration, Moment now, Effects* effects) {
  if (configuration.version <= configuration_.version) return;
  const bool had_led = leading();
  leader_.End(effects);  // E1
  const bool member = configuration.replicas.Contains(self_) || configuration.incoming.Contains(self_);
  // A move goes on to the joint only when every new replica has been found equal under the version in which it was to
  // be filled, so a new replica has learned that very version, and has erased what it may have had from earlier times.
  const bool enters =
      !configuration.replicas.Contains(self_) && configuration.incoming.Contains(self_) &&
      (configuration.phase == ring::Phase::kFilling || acceptor_.configuration_version() + 1 < configuration.version);
  acceptor_.Learn(configuration.version, enters || !member, effects);
  configuration_ = configuration;
  quorums_.emplace(configuration);
  gone_since_.reset();
  successor_.reset();
  stopped_admitting_at_.reset();
  const bool alone = configuration.replicas.nodes.size() == 1 && configuration.incoming.empty();
  if (had_led || alone) {
    not_before_ = now.now;
    if (Counts(self_) && MayBegin(now)) Begin(std::nullopt, now, effects);
  }
}

void Replica::Receive(NodeId from, const Message& message, Moment now, Effects* effects) {
  if (const auto* nack = std::get_if<Nack>(&message); nack != nullptr && nack->promised > heard_of_) {
    heard_of_ = nack->promised;
    heard_of_at_ = now.now;
  }
  if (IsRequest(message)) {
    acceptor_.Receive(from, message, effects);
    OnPromised(effects);
  } else if (const auto* hand_over = std::get_if<HandOver>(&message)) {
    const bool meant = hand_over->ballot == acceptor_.promised() && hand_over->ballot.node == from && Counts(self_);
    if (meant && leader_.phase() == Leader::Phase::kIdle && surroundings_.disk_takes_writes()) {
      Begin(std::nullopt, now, effects);
    }
  } else {
    leader_.Receive(from, message, now.wall, effects);
  }
}

bool Replica::IsLeaderGone() const {
  const NodeId leader = believed().node;
  if (leader == self_ || !Counts(leader)) return true;
  ring::ReplicaMask unheard = 0;
  for (const NodeId node : quorums_->nodes()) {
    const bool says =
        node == self_ ? !surroundings_.Hears(leader) : node != leader && surroundings_.SaysUnheard(node, leader);
    if (says) unheard |= quorums_->MaskOf(node);
  }
  return quorums_->IsReadQuorum(unheard);
}

std::size_t Replica::Rank() const {
  std::size_t rank = 0;
  for (const NodeId node : quorums_->nodes()) {
    if (node == self_) break;
    if (Counts(node) && surroundings_.Hears(node)) ++rank;
  }
  return rank;
}

bool Replica::MayBegin(Moment now) const {
  return configuration_.version != 0 && Counts(self_) && leader_.phase() == Leader::Phase::kIdle &&
         surroundings_.disk_takes_writes() && now.now >= not_before_;
}

void Replica::Begin(std::optional<std::string> first, Moment now, Effects* effects) {
  CHECK_EQ(configuration_.version, acceptor_.configuration_version()) << "E1";
  if (leader_.ran_full()) failures_ = 0;
  // Whoever meets others who try, too, waits longer each time, and not as long as they do.
  const ring::Duration wait = timing_.takeover_stagger * (1 << std::min(failures_, kMostDoublings));
  not_before_ = now.now + wait + ring::Duration(surroundings_.random().Below(wait.count() + 1));
  ++failures_;
  leader_.Begin(configuration_, std::max(acceptor_.promised(), heard_of_), std::move(first), effects);
}

void Replica::Consider(Moment now, Effects* effects) {
  if (leading()) failures_ = 0;
  if (!MayBegin(now)) return;
  if (!IsLeaderGone()) return gone_since_.reset();
  if (!gone_since_) gone_since_ = now.now;
  if (now.now - *gone_since_ < Rank() * timing_.takeover_stagger) return;
  gone_since_.reset();
  Begin(std::nullopt, now, effects);
}

std::optional<NodeId> Replica::Submit(Copy copy, bool take_over, std::uint64_t token, Moment now, Effects* effects) {
  if (copy.meant_for > heard_of_) {
    heard_of_ = copy.meant_for;
    heard_of_at_ = now.now;
  }
  // Somebody knows of a higher ballot, which may never have led: then nobody would serve those who name it.
  if (leading() && copy.meant_for > leader_.ballot()) {
    leader_.End(effects);
    Consider(now, effects);
  }
  if (leader_.phase() == Leader::Phase::kIdle && take_over) {
    if (MayBegin(now) && IsLeaderGone()) {
      Begin(copy.request.key, now, effects);
    } else if (const NodeId leader = believed().node; leader != self_ && surroundings_.Hears(leader)) {
      return leader;
    }
  }
  leader_.Submit(std::move(copy), token, now.wall, effects);
  return std::nullopt;
}

void Replica::OnRange(const RangeWanted& range, const RangeFound& found, Moment now, Effects* effects) {
  // While it leads nobody else compares, so whatever isn't read to purge is for its own comparisons.
  if (leading() && range.token != 0) {
    if (found.status.ok()) {
      unread_since_.reset();
    } else {
      if (!unread_since_) unread_since_ = now.now;
      unread_at_ = now.now;
    }
  }
  acceptor_.OnRange(range, found, effects);
}

std::optional<NodeId> Replica::Successor() const {
  if (!leading()) return std::nullopt;
  const std::vector<NodeId>& nodes = quorums_->nodes();
  if (unread_since_ && unread_at_ - *unread_since_ >= kMostUnread * timing_.handover_after) {
    // The next one after this, so that a leadership that nobody can read for goes around.
    const std::size_t own = *quorums_->IndexOf(self_);
    for (std::size_t i = 1; i < nodes.size(); ++i) {
      const NodeId node = nodes[(own + i) % nodes.size()];
      if (Counts(node) && surroundings_.Hears(node)) return node;
    }
  }
  const NodeId preferred = configuration_.replicas.nodes.front();
  const bool well = configuration_.phase == ring::Phase::kStable && preferred != self_ &&
                    surroundings_.Hears(preferred) && leader_.complete() && leader_.CaughtUp(preferred);
  return well ? std::optional(preferred) : std::nullopt;
}

void Replica::ConsiderHandover(Moment now, Effects* effects) {
  if (!leading()) unread_since_.reset();
  const std::optional<NodeId> successor = Successor();
  if (successor != successor_) {
    successor_ = successor;
    successor_since_ = now.now;
    if (stopped_admitting_at_) leader_.StopAdmitting(false);
    stopped_admitting_at_.reset();
  }
  if (!successor || now.now - successor_since_ < timing_.handover_after) return;
  if (!stopped_admitting_at_) {
    stopped_admitting_at_ = now.now;
    leader_.StopAdmitting(true);
  }
  if (leader_.drained()) effects->now.push_back({*successor, partition_, HandOver{leader_.ballot()}});
  if (now.now - *stopped_admitting_at_ < timing_.attempt) return;
  // It doesn't want to, or doesn't hear. Not now, then.
  leader_.StopAdmitting(false);
  stopped_admitting_at_.reset();
  successor_since_ = now.now + 4 * timing_.handover_after;
}

void Replica::OnTick(Moment now, Effects* effects) {
  if (configuration_.version == 0) return;
  if (leading() && leader_.wants_new_round()) leader_.End(effects);
  // Whoever leads, or is about to, prepares here again and again. What a Nack told of may have been lost in a crash.
  if (heard_of_ > acceptor_.promised() && now.now - heard_of_at_ >= kPatience * timing_.resend) heard_of_ = {};
  Consider(now, effects);
  ConsiderHandover(now, effects);
  if (leader_.feed().on()) leader_.TendFeed(now.now, timing_, effects);
  if (now.now - resent_at_ >= timing_.resend) {
    resent_at_ = now.now;
    leader_.Resend([this](NodeId node) { return surroundings_.Hears(node); }, effects);
  }
  if (leading()) {
    leader_.GoOn(effects);
    const ring::Duration every = leader_.tombstones() ? timing_.scrub / kHurriedScrubs : timing_.scrub;
    if (now.now - scrubbed_at_ >= every) {
      scrubbed_at_ = now.now;
      leader_.Scrub(effects);
    }
  }
}

}  // namespace quoin::quorum
