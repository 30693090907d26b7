// What the leader tells its feed, and when the feed may begin (quorum/feed.h).
#include <algorithm>
#include <utility>

#include "quorum/canary.h"
#include "quorum/leader.h"

namespace quoin::quorum {

void Leader::Subscribe(NodeId from, const WatchPacket& packet, ring::MonotonicTime now, Effects* effects) {
  if (!feed_.on()) TurnFeedOn();
  feed_.Receive(from, packet, now, effects);
  if (feed_.on() && !feed_.begun() && IsFeedReady()) feed_.Begin(effects);
}

void Leader::TendFeed(ring::MonotonicTime now, const NodeTiming& timing, Effects* effects) {
  if (!feed_.begun() && IsFeedReady()) feed_.Begin(effects);
  feed_.OnTick(now, timing.request, timing.resend, effects);
}

void Leader::TurnFeedOn() {
  feed_.TurnOn(ballot_, NewestCertain());
  before_feed_.clear();
  feed_from_.reset();
  // A key that every replica holds is neither here nor there. What one replica lacks may be held by all that matter.
  for (const auto& [key, first_lacking] : lagging_) {
    const kv::Version& newest = keys_.at(key).newest->accepted;
    if (!IsHeldAndChosen(key, newest)) before_feed_.emplace(key, newest);
  }
}

bool Leader::IsHeldAndChosen(const std::string& key, const kv::Version& version) const {
  const Keys::Entry* const entry = keys_.Find(key);
  // A key is forgotten only when its newest state is both.
  if (entry == nullptr || !entry->second.owned) return true;
  const Key& state = entry->second;
  if (state.newest != nullptr && state.newest->accepted < version) return true;  // It was withdrawn.
  const bool chosen = version <= state.chosen || quorums_->IsWriteQuorum(HoldersOf(state, version));
  return chosen && (HoldersOf(state, version) & own()) != 0;
}

bool Leader::IsFeedReady() {
  if (Broken(Canary::kFeedBeforeComplete)) return true;
  if (!complete_) return false;
  std::erase_if(before_feed_, [&](const auto& before) { return IsHeldAndChosen(before.first, before.second); });
  if (!before_feed_.empty()) return false;
  // A touch that began before may find what no replica that it was compared with holds.
  for (const std::string& key : touching_) {
    if (keys_.at(key).nonce <= complete_touch_) return false;
  }
  // What earlier leaders left is brought to its own replica like to any other.
  const bool brought = std::all_of(lagging_.begin(), lagging_.end(), [&](const auto& lagging) {
    const kv::Version& newest = keys_.at(lagging.first).newest->accepted;
    return newest.ballot == ballot_ || IsHeldAndChosen(lagging.first, newest);
  });
  if (!brought) return false;
  // Its own replica may still hold, in the place of what was proposed by now, a leftover that was never chosen (seed
  // 80): nobody may read that there.
  if (!feed_from_) feed_from_ = NewestCertain();
  return feed_.next() == nullptr || feed_.next()->version > *feed_from_;
}

kv::Version Leader::NewestCertain() const {
  return uncertain_ ? kv::Version{uncertain_->ballot, uncertain_->sequence - 1} : newest_proposed();
}

void Leader::AdvanceFeed(Effects* effects) {
  while (const Feed::Proposal* next = feed_.next()) {
    if (uncertain_ && next->version >= *uncertain_) return;
    const bool settled = next->withdrawn || IsHeldAndChosen(next->key, next->version);
    if (!settled && !Broken(Canary::kFeedBeforeChosen)) return;
    feed_.Pass(effects);
  }
}

}  // namespace quoin::quorum
