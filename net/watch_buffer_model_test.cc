// WatchBuffer against a core in miniature: what a client hears, whatever comes in whichever order.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "net/watch_buffer.h"
#include "net/watch_buffer_testing.h"

namespace quoin::net {
namespace {

using quorum::WatchEvent;
using Kind = quorum::WatchEvent::Kind;

class Model {
 public:
  explicit Model(std::uint64_t seed) : random_(seed), buffer_(MakeBuffer()) { Begin({}); }

  void Run() {
    for (int step = 0; step < 3000; ++step) Step();
    // Calm: the client takes everything, and the core comes to its end.
    for (int i = 0; i < 200; ++i) {
      TakeSome(1000);
      CatchUpOne();
      if (!buffer_.behind() && unread_.empty()) Tell({}, true);
    }
    TakeSome(1000);
    for (const auto& [key, event] : state_) {
      const auto told = told_.find(key);
      const bool absent = event.kind != Kind::kPut;
      EXPECT_TRUE((told == told_.end() && absent) || (told != told_.end() && told->second.version == event.version))
          << key;
    }
    EXPECT_TRUE(synced_);
  }

  std::uint64_t behind_count() const { return behind_count_; }
  std::uint64_t gap_count() const { return gap_count_; }

 private:
  WatchBuffer MakeBuffer() {
    WatchBuffer::Limits limits;
    limits.max_entries = 5 + random_() % 40;
    limits.max_told = random_() % 40;
    return WatchBuffer({}, kPartitions, limits);
  }

  void Begin(const quorum::WatchRequest& request) {
    positions_ = request.from.value_or(quorum::WatchPositions());
    unread_.clear();
    for (std::uint32_t p = 0; p < kPartitions; ++p) unread_[PartitionId{p}] = {};
    synced_by_core_ = false;
  }

  // Tells events, and perhaps the positions.
  void Tell(std::vector<WatchEvent> events, bool with_positions) {
    buffer_.Add(std::move(events),
                with_positions ? std::make_shared<const quorum::WatchPositions>(positions_) : nullptr);
  }

  void Write() {
    const std::string key = "k" + std::to_string(random_() % 60);
    ++sequence_;
    const WatchEvent event = random_() % 4 == 0 ? Deleted(key, sequence_) : Put(key, sequence_);
    state_[key] = event;
    const PartitionId partition = PartitionOf(key);
    if (buffer_.behind()) return;
    if (const auto unread = unread_.find(partition); unread != unread_.end()) {
      // In ranges that were read already, told at once; otherwise the reading will find it.
      if (unread->second <= key) return;
      return Tell({event}, random_() % 4 == 0);
    }
    positions_[partition] = At(sequence_);
    Tell({event}, random_() % 4 == 0);
  }

  // Reads the next few keys of one partition.
  void CatchUpOne() {
    if (buffer_.behind() || unread_.empty()) return;
    auto unread = unread_.begin();
    std::advance(unread, random_() % unread_.size());
    const PartitionId partition = unread->first;
    const auto from = positions_.find(partition);
    std::vector<WatchEvent> events;
    auto at = state_.lower_bound(unread->second);
    for (; at != state_.end() && events.size() < 3; ++at) {
      const WatchEvent& event = at->second;
      if (PartitionOf(at->first) != partition) continue;
      if (from == positions_.end() ? event.kind == Kind::kPut : event.version > from->second) events.push_back(event);
    }
    if (at != state_.end()) {
      unread->second = at->first;
      return Tell(std::move(events), random_() % 2 == 0);
    }
    positions_[partition] = At(sequence_);
    unread_.erase(unread);
    const bool last = unread_.empty() && !std::exchange(synced_by_core_, unread_.empty());
    if (last) events.push_back(Synced());
    Tell(std::move(events), last || random_() % 2 == 0);
  }

  void TakeSome(std::uint64_t most) {
    for (std::uint64_t i = 0; i < most; ++i) {
      const WatchBuffer::Item* const item = buffer_.Take();
      if (item == nullptr) break;
      if (item->event.kind == Kind::kSynced) {
        EXPECT_FALSE(std::exchange(synced_, true)) << "B5";
        // What wasn't told since the gap is absent.
        std::erase_if(told_, [](const auto& told) { return told.second.stale; });
      } else if (item->event.kind == Kind::kGap) {
        ++gap_count_;
        synced_ = false;
        for (auto& [key, told] : told_) told.stale = true;
      } else {
        Told& told = told_[item->event.key];
        if (!told.stale) {
          EXPECT_LT(told.version, item->event.version) << "B1: " << item->event.key;
        }
        told = {item->event.version, false};
      }
    }
    if (const auto positions = buffer_.TakePositions(); positions != nullptr) CheckPositions(*positions);
    if (!buffer_.behind() || buffer_.has_items()) return;
    ++behind_count_;
    Begin(buffer_.BeginAnew());
  }

  // B3: no state at or below the positions is missing, unless it was deleted.
  void CheckPositions(const quorum::WatchPositions& positions) {
    if (positions.empty()) return;  // Begins with a gap.
    for (const auto& [key, event] : state_) {
      const auto position = positions.find(PartitionOf(key));
      ASSERT_NE(position, positions.end()) << "a cursor before all of the state is told";
      if (event.version > position->second) continue;
      const auto told = told_.find(key);
      if (told == told_.end()) {
        EXPECT_NE(event.kind, Kind::kPut) << key;
      } else if (!told->second.stale) {
        EXPECT_EQ(told->second.version, event.version) << key;
      }
    }
  }

  void Step() {
    switch (random_() % 8) {
      case 0:
        return CatchUpOne();
      case 1:
        return TakeSome(random_() % 20);
      case 2:
        return random_() % 20 == 0 ? TakeSome(1000) : Write();
      default:
        return Write();
    }
  }

  struct Told {
    kv::Version version;
    bool stale = false;  // Of before a gap.
  };

  std::mt19937_64 random_;
  std::uint64_t sequence_ = 1;
  std::map<std::string, WatchEvent> state_;
  quorum::WatchPositions positions_;
  std::map<PartitionId, std::string> unread_;  // With the key from which on.
  bool synced_by_core_ = false;
  WatchBuffer buffer_;
  std::map<std::string, Told> told_;
  bool synced_ = false;
  std::uint64_t behind_count_ = 0;
  std::uint64_t gap_count_ = 0;
};

TEST(WatchBuffer, KeepsItsPromisesWhateverComes) {
  std::uint64_t behind = 0, gaps = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(seed);
    Model model(seed);
    model.Run();
    behind += model.behind_count();
    gaps += model.gap_count();
    if (HasFailure()) break;
  }
  // The rare paths were walked.
  EXPECT_GT(behind, 1000u);
  EXPECT_GT(gaps, 100u);
}

}  // namespace
}  // namespace quoin::net
