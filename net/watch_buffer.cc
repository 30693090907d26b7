#include "net/watch_buffer.h"

#include <glog/logging.h>

#include <algorithm>
#include <memory>

#include "ring/partition.h"

namespace quoin::net {
namespace {

using Kind = quorum::WatchEvent::Kind;

// Of which nothing was told, or nothing that one could go on from.
const WatchPositionsPtr& Nothing() {
  static const WatchPositionsPtr nothing = std::make_shared<const quorum::WatchPositions>();
  return nothing;
}

}  // namespace

WatchBuffer::WatchBuffer(quorum::WatchRequest request, std::uint32_t partition_count, const Limits& limits)
    : request_(std::move(request)), partition_count_(partition_count), limits_(limits) {
  if (!request_.from.has_value()) return;
  goes_on_ = IsComplete(*request_.from);
  // Each poll is a watch of its own here, and one to its client.
  awaiting_synced_ = !(goes_on_ && limits_.partial);
  if (request_.from->empty() || (!goes_on_ && !limits_.partial)) {
    request_.from.reset();
    request_.state = true;
    AddGap();
    return;
  }
  told_positions_ = std::make_shared<const quorum::WatchPositions>(*request_.from);
  for (const auto& [partition, version] : *request_.from) released_.insert(partition);
}

bool WatchBuffer::IsComplete(const quorum::WatchPositions& positions) const {
  const auto is_there = [&](const quorum::WatchTarget& target) {
    return target.kind == quorum::WatchTarget::Kind::kPrefix
               ? positions.size() == partition_count_
               : positions.contains(ring::PartitionOf(target.text, partition_count_));
  };
  return std::all_of(request_.targets.begin(), request_.targets.end(), is_there);
}

void WatchBuffer::Add(std::vector<quorum::WatchEvent> events, WatchPositionsPtr positions, std::size_t max_bytes) {
  if (behind_) return;
  max_bytes = std::min(max_bytes, limits_.max_bytes);
  // What waits since the notice before wasn't taken meanwhile.
  if (IsOver(max_bytes)) return FallBehind();
  for (quorum::WatchEvent& event : events) {
    if (event.kind == Kind::kSynced) {
      AddSynced();
    } else if (event.key.empty()) {
      AddGap();
    } else {
      AddKeyed(std::move(event));
    }
  }
  if (positions != nullptr) AddPositions(std::move(positions));
  if (IsOver(max_bytes) && !held_.empty() && !limits_.partial) {
    // Keeping back doesn't help any more: the client may be fast enough for it all.
    torn_ = true;
    std::erase_if(marks_, [](const Mark& mark) { return !mark.whole; });
    ReleaseAll();
  }
}

void WatchBuffer::AddGap() {
  conflated_ += entries_;
  Clear();
  released_.clear();
  all_released_ = false;
  torn_ = false;
  told_before_.clear();
  told_.clear();
  told_lost_.clear();
  awaiting_synced_ = true;
  goes_on_ = false;
  caught_up_ = false;
  Entry entry;
  entry.event.emplace().kind = Kind::kGap;
  Append(queue_, std::move(entry));
  // Who goes on after the gap needs all of the state, even where the core could go on from what was told before it.
  told_positions_ = Nothing();
  due_ = nullptr;
  marks_.push_back({next_number_, Nothing(), true});
}

bool WatchBuffer::HoldsGapAlone() const {
  const Entry& front = queue_.front();
  return queue_.size() == 1 && front.key.empty() && front.event->kind == Kind::kGap;
}

void WatchBuffer::AddSynced() {
  ReleaseAll();
  torn_ = false;
  caught_up_ = true;
  if (!std::exchange(awaiting_synced_, false)) {
    // After beginning anew the core says it again, and the client has heard it. It did catch up: however often that
    // happens to a slow client, it goes on.
    restarts_ = 0;
    return;
  }
  Entry entry;
  entry.event.emplace().kind = Kind::kSynced;
  Append(queue_, std::move(entry));
}

void WatchBuffer::AddKeyed(quorum::WatchEvent event) {
  if (WasTold(event)) return;
  const bool is_gap = event.kind == Kind::kGap;
  Entry* waiting = Find(event.key);
  if (waiting == nullptr) {
    Entry entry;
    entry.key = std::move(event.key);
    Entries& place = PlaceOf(entry.key);
    entry.gap = is_gap;
    if (!is_gap) entry.event = std::move(event);
    return Append(place, std::move(entry));
  }
  if (waiting->event.has_value()) {
    // A state after which something is missing isn't worth telling either.
    ++waiting->skipped;
    ++conflated_;
    waiting->event.reset();
  }
  if (is_gap) {
    waiting->gap = true;
  } else {
    event.key.clear();
    waiting->event = std::move(event);
  }
  Weigh(*waiting);
}

bool WatchBuffer::WasTold(const quorum::WatchEvent& event) {
  if (told_before_.empty()) return false;
  const auto found = told_before_.find(event.key);
  if (found == told_before_.end()) return false;
  if (event.kind != Kind::kGap && event.version <= found->second) return true;
  told_before_.erase(found);
  return false;
}

WatchBuffer::Entry* WatchBuffer::Find(std::string_view key) {
  if (entries_ == 0) return nullptr;
  if (indexed_) {
    const auto found = index_.find(key);
    return found == index_.end() ? nullptr : found->second;
  }
  const auto look = [key](Entries& place) -> Entry* {
    const auto found = std::find_if(place.begin(), place.end(), [key](const Entry& entry) { return entry.key == key; });
    return found == place.end() ? nullptr : &*found;
  };
  if (Entry* const found = look(queue_); found != nullptr) return found;
  for (auto& [partition, place] : held_) {
    if (Entry* const found = look(place); found != nullptr) return found;
  }
  return nullptr;
}

WatchBuffer::Entries& WatchBuffer::PlaceOf(std::string_view key) {
  if (all_released_) return queue_;
  const PartitionId partition = ring::PartitionOf(key, partition_count_);
  return released_.contains(partition) ? queue_ : held_[partition];
}

void WatchBuffer::Append(Entries& place, Entry entry) {
  Entry& placed = place.emplace_back(std::move(entry));
  if (&place == &queue_) placed.number = next_number_++;
  ++entries_;
  Weigh(placed);
  if (indexed_) {
    if (!placed.key.empty()) index_.emplace(placed.key, &placed);
  } else if (entries_ > kScanned) {
    indexed_ = true;
    const auto index = [this](Entries& entries) {
      for (Entry& each : entries) {
        if (!each.key.empty()) index_.emplace(each.key, &each);
      }
    };
    index(queue_);
    for (auto& [partition, held] : held_) index(held);
  }
}

void WatchBuffer::Weigh(Entry& entry) {
  size_bytes_ -= entry.size_bytes;
  entry.size_bytes = kEntryBytes + entry.key.size();
  if (entry.event.has_value() && entry.event->record != nullptr) {
    entry.size_bytes += entry.event->record->value.size() + entry.event->record->content_type.size();
  }
  size_bytes_ += entry.size_bytes;
}

void WatchBuffer::AddPositions(WatchPositionsPtr positions) {
  if (torn_ || positions->empty()) return;
  // Whoever goes on from all partitions isn't told kSynced any more: it has to come with them.
  if (limits_.partial && awaiting_synced_ && !caught_up_ && IsComplete(*positions)) return;
  for (auto held = held_.begin(); held != held_.end();) {
    if (!positions->contains(held->first)) {
      ++held;
      continue;
    }
    Release(held->second);
    held = held_.erase(held);
  }
  if (!all_released_) {
    for (const auto& [partition, version] : *positions) released_.insert(partition);
  }
  // A later mark may stand for an earlier one, never the other way round; and what can't be given out for none.
  const bool stands_for_it = !marks_.empty() && (caught_up_ || !marks_.back().whole);
  if (stands_for_it && (marks_.back().number == next_number_ || marks_.size() >= kMaxMarks)) marks_.pop_back();
  marks_.push_back({next_number_, std::move(positions), caught_up_});
  if (queue_.empty()) ReachMarks();
}

void WatchBuffer::Release(Entries& held) {
  for (Entry& entry : held) entry.number = next_number_++;
  queue_.splice(queue_.end(), held);
}

void WatchBuffer::ReleaseAll() {
  for (auto& [partition, held] : held_) Release(held);
  held_.clear();
  released_.clear();
  all_released_ = true;
}

void WatchBuffer::Forget(const Entry& entry) {
  if (indexed_ && !entry.key.empty()) index_.erase(entry.key);
  size_bytes_ -= entry.size_bytes;
  if (--entries_ == 0) indexed_ = false;
}

void WatchBuffer::Clear() {
  index_.clear();
  indexed_ = false;
  queue_.clear();
  held_.clear();
  marks_.clear();
  entries_ = 0;
  size_bytes_ = 0;
}

}  // namespace quoin::net
