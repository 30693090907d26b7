// Requests: of this node's clients, of other coordinators, and what the clock demands.
#include <glog/logging.h>

#include <string>
#include <utility>

#include "quorum/node_impl.h"
#include "ring/partition.h"

namespace quoin::quorum {

kv::Ballot Node::Impl::PromisedBy(PartitionId partition) const {
  const Replica* replica = Find(partition);
  return replica == nullptr ? kv::Ballot() : replica->believed();
}

void Node::Impl::Coordinate(CoordinatorEffects* effects) {
  for (Packet& packet : effects->packets) Post(packet.to, std::move(packet.body));
  for (Answer& answer : effects->answers) output_.answers.push_back(std::move(answer));
  for (Answer& answer : effects->settled) settled_.push_back(std::move(answer));
  effects->packets.clear();
  effects->answers.clear();
  effects->settled.clear();
}

void Node::Impl::Submit(Request request, const Sending& sending, std::uint64_t token, Moment now) {
  coordinator_.Submit(std::move(request), sending, token, now, &coordinator_effects_);
  Coordinate(&coordinator_effects_);
  Settle(now);
}

bool Node::Impl::SeenCopies::Add(std::uint64_t number) {
  if (!numbers_.insert(number).second) return false;
  order_.push_back(number);
  if (order_.size() > kMostSeen) {
    numbers_.erase(order_.front());
    order_.pop_front();
  }
  return true;
}

void Node::Impl::On(NodeId from, ForwardPacket&& packet, Moment now) {
  constexpr std::uint32_t kMostHops = 2;
  if (from != options_.self && !seen_[from].Add(packet.number)) return;
  const auto refuse = [&](std::string why, kv::Ballot ballot) {
    ForwardedPacket answer{.number = packet.number, .newest = {ballot, 0}};
    answer.reply.outcome = Outcome::kError;
    answer.reply.status = Status(Code::kUnavailable, std::move(why));
    Post(from, std::move(answer));
  };
  if (topology_ == nullptr) return refuse("this node has not joined yet", {});
  if (packet.request.key.empty() || packet.request.key.size() > kv::kMaxKeyBytes) {
    return refuse("a key has 1 to " + std::to_string(kv::kMaxKeyBytes) + " bytes", {});
  }
  const PartitionId partition = ring::PartitionOf(packet.request.key, topology_->partition_count());
  Replica* replica = Find(partition);
  if (replica == nullptr || replica->configuration().version == 0) return refuse("this node doesn't hold the key", {});
  const bool may_go_on = packet.take_over && packet.hops < kMostHops;
  std::optional<ForwardPacket> on;  // As it came, should it be passed on.
  if (may_go_on) on = packet;
  Copy copy{.request = std::move(packet.request),
            .meant_for = packet.meant_for,
            .take_over = packet.take_over,
            .repeated = packet.repeated,
            .lowest = packet.lowest,
            .finished_below = packet.finished_below};
  const std::uint64_t token = ++last_token_;
  inbound_.emplace(token, Inbound{from, packet.number, partition});
  const std::optional<NodeId> better = replica->Submit(std::move(copy), packet.take_over, token, now, &open());
  if (!better) return;
  inbound_.erase(token);
  if (!may_go_on) return refuse("others hear the leader", replica->believed());
  ++on->hops;
  on->number = kRelayBit | ++last_token_;  // The coordinator's own never have that bit.
  relays_[on->number] = {{from, packet.number, partition}, *better, now.now};
  Post(*better, *std::move(on));
}

void Node::Impl::On(NodeId from, ForwardedPacket&& packet, Moment now) {
  if (packet.number & kRelayBit) {
    const auto relay = relays_.find(packet.number);
    if (relay == relays_.end()) return;
    packet.number = relay->second.for_whom.number;
    Post(relay->second.for_whom.from, std::move(packet));
    relays_.erase(relay);
    return;
  }
  coordinator_.OnForwarded(from, std::move(packet), now, &coordinator_effects_);
  Coordinate(&coordinator_effects_);
}

void Node::Impl::GiveUpRelays(NodeId to) {
  for (auto relay = relays_.begin(); relay != relays_.end();) {
    if (relay->second.to != to) {
      ++relay;
      continue;
    }
    const Inbound& for_whom = relay->second.for_whom;
    ForwardedPacket answer{.number = for_whom.number, .newest = {PromisedBy(for_whom.partition), 0}};
    answer.reply.outcome = Outcome::kError;
    answer.reply.status = Status(Code::kUnknown, "the leader that it was passed on to is not heard any more");
    Post(for_whom.from, std::move(answer));
    relay = relays_.erase(relay);
  }
}

void Node::Impl::Answered(Answer answer, Moment now) {
  if (answer.token == Leader::kNobody) {
    if (sweeps_open_ > 0) --sweeps_open_;
    return;
  }
  if (answer.token == TopologyRegister::kToken) {
    if (auto chosen = register_.OnReply(answer.reply)) {
      Adopt(std::move(chosen), now);
      for (const auto& [node, member] : topology_->members) {
        if (node != options_.self && Hears(node)) Push(node);
      }
    }
    return;
  }
  const auto inbound = inbound_.find(answer.token);
  CHECK(inbound != inbound_.end()) << "N2: answered twice";
  ForwardedPacket packet{.number = inbound->second.number, .reply = std::move(answer.reply)};
  if (const Replica* replica = Find(inbound->second.partition)) {
    packet.newest = replica->leading() ? replica->leader().newest_proposed() : kv::Version{replica->believed(), 0};
  }
  const NodeId to = inbound->second.from;
  inbound_.erase(inbound);
  Post(to, std::move(packet));
}

void Node::Impl::WantDue(Moment now) {
  constexpr std::size_t kMostDue = 64;
  // Where more is due than one look finds, the next one comes as soon as what was found before has been cleared away;
  // so many keys that expire at once are told in time, and a disk or a quorum that fails isn't given ever more to do.
  const bool goes_on = due_after_ && sweeps_open_ == 0;
  if (due_wanted_ || (!goes_on && now.now - swept_at_ < options_.timing.sweep)) return;
  due_wanted_ = true;
  swept_at_ = now.now;
  // Tombstones are due at once, and are the purge's business.
  if (!due_after_) due_after_ = kv::DueKey{kv::kDueAtOnce, PartitionId{0xffffffff}, {}};
  output_.dues.push_back({now.wall, due_after_, kMostDue});
}

void Node::Impl::DueRead(const DueWanted& wanted, const Result<std::vector<kv::DueKey>>& due, Moment now) {
  due_wanted_ = false;
  sweeps_open_ = 0;
  if (!due.ok() || due->size() < wanted.limit) {
    due_after_.reset();
  } else {
    due_after_ = due->back();
  }
  if (!due.ok()) return;
  for (const kv::DueKey& key : *due) {
    Replica* replica = Find(key.partition);
    if (replica == nullptr) continue;
    const std::optional<Content> held = replica->acceptor().Find(key.key);
    const bool stale = held && held->kind != Content::Kind::kDamaged &&
                       (held->record == nullptr || kv::DueOf(*held->record) != key.due);
    if (stale) {
      open().batch.EraseDue(key);
    } else if (replica->leading()) {
      ++sweeps_open_;
      replica->leader().Sweep(key.key, now.wall, &open());
    }
    Settle(now);
  }
}

}  // namespace quoin::quorum
