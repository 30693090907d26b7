// WatchBuffer: what its client takes, and how it falls behind and begins anew (see watch_buffer.h).
#include <glog/logging.h>

#include <algorithm>
#include <utility>

#include "net/watch_buffer.h"
#include "ring/partition.h"

namespace quoin::net {
namespace {

using Kind = quorum::WatchEvent::Kind;

}  // namespace

const WatchBuffer::Item* WatchBuffer::Take() {
  if (queue_.empty()) return nullptr;
  Entry& front = queue_.front();
  if (front.gap) {
    front.gap = false;
    current_ = {};
    current_.event.kind = Kind::kGap;
    current_.event.key = front.key;
    if (!front.event.has_value()) {
      Forget(front);
      queue_.pop_front();
      ReachMarks();
    }
    return &current_;
  }
  Forget(front);
  current_.event = *std::move(front.event);
  current_.event.key = std::move(front.key);
  current_.skipped = front.skipped;
  queue_.pop_front();
  if (current_.event.kind == Kind::kSynced) restarts_ = 0;
  ReachMarks();
  if (current_.event.kind != Kind::kGap && current_.event.kind != Kind::kSynced) {
    Remember(current_.event.key, current_.event.version);
  }
  return &current_;
}

void WatchBuffer::ReachMarks() {
  bool reached = false;
  while (!marks_.empty() && (queue_.empty() || queue_.front().number >= marks_.front().number)) {
    reached = true;
    told_positions_ = std::move(marks_.front().positions);
    if (marks_.front().whole || goes_on_ || limits_.partial) due_ = told_positions_;
    marks_.pop_front();
  }
  if (!reached) return;
  const auto is_covered = [this](const auto& told) { return Covers(*told_positions_, told.first, told.second); };
  std::erase_if(told_, is_covered);
  std::erase_if(told_before_, is_covered);
  std::erase_if(told_lost_, [this](const auto& lost) {
    const auto position = told_positions_->find(lost.first);
    return position != told_positions_->end() && lost.second <= position->second;
  });
}

bool WatchBuffer::Covers(const quorum::WatchPositions& positions, std::string_view key,
                         const kv::Version& version) const {
  const auto position = positions.find(ring::PartitionOf(key, partition_count_));
  return position != positions.end() && version <= position->second;
}

void WatchBuffer::Remember(std::string_view key, const kv::Version& version) {
  if (told_positions_ != nullptr && Covers(*told_positions_, key, version)) return;
  if (!torn_ && told_lost_.empty() && told_.size() < limits_.max_told) {
    told_.emplace_back(key, version);
    return;
  }
  const auto lose = [this](std::string_view lost_key, const kv::Version& lost_version) {
    kv::Version& newest = told_lost_[ring::PartitionOf(lost_key, partition_count_)];
    newest = std::max(newest, lost_version);
  };
  for (const auto& [told_key, told_version] : told_) lose(told_key, told_version);
  told_.clear();
  lose(key, version);
}

void WatchBuffer::FallBehind() {
  behind_ = true;
  if (limits_.partial || (awaiting_synced_ && !torn_)) {
    // Whole partitions wait, or what came after positions of them: once that is taken, the rest can be told without a
    // gap.
    for (const auto& [partition, held] : held_) {
      conflated_ += held.size();
      for (const Entry& entry : held) Forget(entry);
    }
    held_.clear();
    return;
  }
  for (const Entry& entry : queue_) {
    if (!entry.key.empty()) continue;
    (entry.event->kind == Kind::kSynced ? awaiting_synced_ : gap_lost_) = true;
  }
  conflated_ += entries_;
  Clear();
}

quorum::WatchRequest WatchBuffer::BeginAnew() {
  CHECK(behind_ && queue_.empty());
  behind_ = false;
  ++restarts_;
  const auto is_missing = [this](const auto& told) {
    return told_positions_ == nullptr || !told_positions_->contains(ring::PartitionOf(told.first, partition_count_));
  };
  const bool in_the_middle = std::any_of(told_.begin(), told_.end(), is_missing) ||
                             std::any_of(told_before_.begin(), told_before_.end(), is_missing);
  quorum::WatchRequest request = request_;
  if (gap_lost_ || torn_ || !told_lost_.empty() || in_the_middle) {
    gap_lost_ = false;
    AddGap();
    request.from.reset();
    request.state = true;
    return request;
  }
  caught_up_ = false;
  released_.clear();
  all_released_ = false;
  if (told_positions_ == nullptr) return request;
  for (auto& [key, version] : told_) told_before_.insert_or_assign(std::move(key), version);
  told_.clear();
  for (const auto& [partition, version] : *told_positions_) released_.insert(partition);
  request.from = *told_positions_;
  return request;
}

}  // namespace quoin::net
