#include "quorum/feed.h"

#include <glog/logging.h>

#include <algorithm>
#include <utility>

namespace quoin::quorum {
namespace {

// Besides key and value.
constexpr std::size_t kEventBytes = 64;

std::size_t BytesOf(const FedEvent& event) {
  return kEventBytes + event.key.size() + event.record->value.size() + event.record->content_type.size();
}

// Whether the packet comes from before the subscription that is there. Processes begin to count at random.
bool IsOlder(std::uint64_t subscription, std::uint64_t known) {
  constexpr std::uint64_t kOneProcess = std::uint64_t{1} << 40;
  return subscription < known && known - subscription < kOneProcess;
}

}  // namespace

bool Feed::Serves(NodeId node, std::uint64_t subscription) const {
  const auto found = subscribers_.find(node);
  return begun_ && found != subscribers_.end() && found->second.subscription == subscription &&
         found->second.numbered > 0;
}

void Feed::TurnOn(const kv::Ballot& ballot, const kv::Version& newest) {
  CHECK(!on_);
  on_ = true;
  ballot_ = ballot;
  position_ = newest;
}

void Feed::Begin(Effects* effects) {
  CHECK(on_ && !begun_);
  begun_ = true;
  for (auto& [node, subscriber] : subscribers_) subscriber.answer = true;
  Touch(effects);
}

void Feed::OnWithdrawn(const kv::Version& version) {
  const auto found =
      std::lower_bound(proposals_.begin(), proposals_.end(), version,
                       [](const Proposal& one, const kv::Version& other) { return one.version < other; });
  if (found != proposals_.end() && found->version == version) found->withdrawn = true;
}

void Feed::Pass(Effects* effects) {
  const Proposal passed = std::move(proposals_.front());
  proposals_.pop_front();
  position_ = std::max(position_, passed.version);
  if (!begun_ || passed.silent || passed.withdrawn) return;
  for (auto at = subscribers_.begin(); at != subscribers_.end();) {
    const auto next = std::next(at);
    Subscriber& subscriber = at->second;
    // Who hasn't been told that it began will read what was there by then.
    if (subscriber.numbered > 0 && subscriber.filter.CoversKey(passed.key)) {
      FedEvent event{passed.key, passed.record, passed.again};
      const std::size_t bytes = BytesOf(event);
      const bool first = subscriber.events == 0;
      if (!first && (subscriber.events >= kMaxEvents || subscriber.bytes + bytes > kMaxBytes)) {
        Dismiss(at->first, subscriber.subscription, WatchedPacket::End::kBehind);
        subscribers_.erase(at);
      } else {
        if (!subscriber.pending.empty() && subscriber.pending_bytes + bytes > kMaxPacketBytes) {
          // What is passed now isn't told with it.
          Tell(at->first, subscriber.pending.back().record->accepted, &subscriber);
        }
        subscriber.pending.push_back(std::move(event));
        subscriber.pending_bytes += bytes;
        ++subscriber.events;
        subscriber.bytes += bytes;
      }
      Touch(effects);
    }
    at = next;
  }
  TurnOffIfIdle();
}

void Feed::End(Effects* effects) {
  if (!on_) return;
  for (auto& [node, subscriber] : subscribers_) {
    if (!subscriber.pending.empty()) Tell(node, position_, &subscriber);
    Dismiss(node, subscriber.subscription, WatchedPacket::End::kNotLeading);
  }
  subscribers_.clear();
  Touch(effects);
  TurnOffIfIdle();
}

void Feed::Receive(NodeId from, const WatchPacket& packet, ring::MonotonicTime now, Effects* effects) {
  auto found = subscribers_.find(from);
  if (found != subscribers_.end() && IsOlder(packet.subscription, found->second.subscription)) return;
  const bool known = found != subscribers_.end() && found->second.subscription == packet.subscription;
  Touch(effects);
  if (packet.ends) {
    if (known) subscribers_.erase(found);
    return TurnOffIfIdle();
  }
  // Under a name that was used before, a copy of an old packet could begin something that nobody wants.
  if (!known && (!packet.begins || packet.filter == nullptr)) {
    Dismiss(from, packet.subscription, WatchedPacket::End::kUnknown);
    return TurnOffIfIdle();
  }
  if (!known) {
    if (found != subscribers_.end()) subscribers_.erase(found);
    found = subscribers_.try_emplace(from).first;
    found->second.subscription = packet.subscription;
  }
  Subscriber& subscriber = found->second;
  subscriber.renewed_at = now;
  subscriber.answer = true;
  Acknowledge(&subscriber, packet.acknowledged);
  if (packet.filter == nullptr || packet.filter->version <= subscriber.filter_version) return;
  // What is pending went through the filter before, and leaves with that one's name (F3).
  if (!subscriber.pending.empty()) Tell(from, position_, &subscriber);
  subscriber.filter_version = packet.filter->version;
  subscriber.filter.Clear();
  for (const WatchTarget& target : packet.filter->targets) subscriber.filter[target] = true;
}

void Feed::Acknowledge(Subscriber* subscriber, std::uint64_t number) {
  while (!subscriber->unacknowledged.empty() && subscriber->unacknowledged.front().number <= number) {
    subscriber->events -= subscriber->unacknowledged.front().events;
    subscriber->bytes -= subscriber->unacknowledged.front().bytes;
    subscriber->unacknowledged.pop_front();
  }
}

void Feed::OnTick(ring::MonotonicTime now, ring::Duration expiry, ring::Duration tell_every, Effects* effects) {
  for (auto at = subscribers_.begin(); at != subscribers_.end();) {
    Subscriber& subscriber = at->second;
    if (now - subscriber.renewed_at >= expiry) {
      at = subscribers_.erase(at);
      continue;
    }
    if (begun_ && subscriber.told != position_ && now - subscriber.told_at >= tell_every) {
      subscriber.told_at = now;
      subscriber.answer = true;
      Touch(effects);
    }
    ++at;
  }
  TurnOffIfIdle();
}

std::vector<Packet> Feed::TakePackets() {
  touched_ = false;
  for (auto& [node, subscriber] : subscribers_) {
    if (!subscriber.pending.empty() || subscriber.answer) Tell(node, position_, &subscriber);
  }
  return std::exchange(packets_, {});
}

void Feed::Tell(NodeId node, const kv::Version& position, Subscriber* subscriber) {
  WatchedPacket packet;
  packet.partition = partition_;
  packet.subscription = subscriber->subscription;
  packet.ballot = ballot_;
  subscriber->answer = false;
  if (begun_) {
    packet.number = ++subscriber->numbered;
    packet.filter = subscriber->filter_version;
    packet.position = position;
    if (!subscriber->pending.empty()) {
      subscriber->unacknowledged.push_back({packet.number, subscriber->pending.size(), subscriber->pending_bytes});
    }
    packet.events = std::exchange(subscriber->pending, {});
    subscriber->pending_bytes = 0;
    subscriber->told = position;
  }
  packets_.push_back({node, std::move(packet)});
}

void Feed::Dismiss(NodeId node, std::uint64_t subscription, WatchedPacket::End why) {
  WatchedPacket packet;
  packet.partition = partition_;
  packet.subscription = subscription;
  packet.ballot = ballot_;
  packet.end = why;
  packets_.push_back({node, std::move(packet)});
}

void Feed::Touch(Effects* effects) {
  if (touched_) return;
  touched_ = true;
  effects->fed.push_back(partition_);
}

void Feed::TurnOffIfIdle() {
  if (!subscribers_.empty()) return;
  on_ = begun_ = false;
  proposals_.clear();
}

}  // namespace quoin::quorum
