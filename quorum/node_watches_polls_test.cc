// Watches in pieces, as long polls take them (net/watch_poll.h): each goes on from a cursor that may lack partitions,
// and brings whole partitions. However the pieces fall, and whatever is deleted and purged between them, what the
// client makes of them is what is there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "quorum/node_testing.h"
#include "quorum/request_testing.h"
#include "quorum/watch_testing.h"
#include "ring/partition.h"

namespace quoin::quorum {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint32_t kPartitions = 4;

class PollingClient {
 public:
  explicit PollingClient(std::uint64_t seed) : random_(seed) {
    nodes_.timing.scrub = milliseconds(200);  // Deleted keys are purged soon.
    nodes_.on_news = [this](std::uint64_t, const WatchNews& news) {
      if (news.token != token_) return;
      EXPECT_TRUE(news.status.ok()) << news.status;
      for (const WatchEvent& event : news.events) events_.push_back(event);
    };
    for (int id = 1; id <= 3; ++id) nodes_.Add(id);
  }

  void Run() {
    ASSERT_TRUE(nodes_.RunUntil([&] { return nodes_.Settled(); }, seconds(60)));
    for (int i = 0; i < 40; ++i) Write();
    for (int turn = 0; turn < 60; ++turn) {
      for (int writes = Below(6); writes > 0; --writes) Write();
      if (Below(3) == 0) nodes_.Run(milliseconds(Below(1500)));
      Poll(/*everything=*/false);
    }
    for (int i = 0; i < 3; ++i) Poll(/*everything=*/true);
    ASSERT_TRUE(synced_);
    const auto page = nodes_.Scan(1, {});
    ASSERT_TRUE(page.ok());
    std::map<std::string, std::string> stored;
    for (const ScanEntry& entry : page->entries) stored.emplace(entry.key, entry.record->value);
    EXPECT_EQ(state_, stored);
  }

  int gaps() const { return gaps_; }
  int pieces() const { return pieces_; }  // Of a state that came in several.

 private:
  int Below(int end) { return static_cast<int>(random_() % static_cast<unsigned>(end)); }

  void Write() {
    const std::string key = "k" + std::to_string(Below(30));
    const std::uint64_t node = 1 + static_cast<std::uint64_t>(Below(3));
    nodes_.Do(node, Below(2) == 0 ? DeleteOf(key) : PutOf(key, std::to_string(++writes_)));
  }

  void Poll(bool everything) {
    events_.clear();
    const std::uint64_t node = 1 + static_cast<std::uint64_t>(Below(3));
    std::optional<WatchPositions> from;
    if (!cursor_.empty()) from = cursor_;
    token_ = UINT64_MAX;
    const std::uint64_t token = nodes_.Watch(node, WatchOf({PrefixTarget("")}, from));
    token_ = token;
    const auto whole = [&] { return nodes_.node(node).PositionsOf(token).size() == kPartitions; };
    ASSERT_TRUE(nodes_.RunUntil([&] { return whole() && Synced(); }, seconds(20)));
    Take(nodes_.node(node).PositionsOf(token), everything);
    nodes_.Unwatch(node, token);
  }

  bool Synced() const { return !events_.empty() && events_.back().kind == WatchEvent::Kind::kSynced; }

  // Some partitions fit into the answer, others don't.
  void Take(const WatchPositions& positions, bool everything) {
    std::set<PartitionId> fit;
    for (const auto& [partition, position] : positions) {
      if (everything || Below(2) == 0) fit.insert(partition);
    }
    std::size_t first = 0;
    for (std::size_t i = 0; i < events_.size(); ++i) {
      if (events_[i].kind == WatchEvent::Kind::kGap && events_[i].key.empty()) first = i + 1;
    }
    if (first > 0) {
      ++gaps_;
      cursor_.clear();
      told_since_gap_.emplace();
      synced_ = false;
    }
    for (std::size_t i = first; i < events_.size(); ++i) {
      const WatchEvent& event = events_[i];
      if (event.key.empty() || !fit.contains(ring::PartitionOf(event.key, kPartitions))) continue;
      if (event.kind == WatchEvent::Kind::kGap) continue;
      if (told_since_gap_) told_since_gap_->insert(event.key);
      if (event.kind == WatchEvent::Kind::kPut) {
        state_[event.key] = event.record->value;
      } else {
        state_.erase(event.key);
      }
    }
    for (const PartitionId partition : fit) cursor_[partition] = positions.at(partition);
    if (!synced_) ++pieces_;
    if (cursor_.size() < kPartitions) return;
    synced_ = true;
    if (!told_since_gap_) return;
    std::erase_if(state_, [&](const auto& known) { return !told_since_gap_->contains(known.first); });
    told_since_gap_.reset();
  }

  std::mt19937_64 random_;
  TestNodes nodes_{kPartitions};
  std::uint64_t token_ = 0;
  std::vector<WatchEvent> events_;  // Of the poll.
  WatchPositions cursor_;
  std::map<std::string, std::string> state_;
  std::optional<std::set<std::string>> told_since_gap_{std::in_place};
  bool synced_ = false;
  int writes_ = 0;
  int gaps_ = 0;
  int pieces_ = 0;
};

TEST(NodeWatchesPolls, PiecesMakeUpTheState) {
  int gaps = 0, pieces = 0;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    PollingClient client(seed);
    client.Run();
    gaps += client.gaps();
    pieces += client.pieces();
  }
  EXPECT_GT(gaps, 8) << "deleted keys were purged between polls";
  EXPECT_GT(pieces, 16) << "and states came in pieces";
}

}  // namespace
}  // namespace quoin::quorum
