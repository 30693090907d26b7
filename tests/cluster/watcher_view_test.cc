// That a watcher's view finds each thing that must not be, and lets everything pass that may.
#include "tests/cluster/watcher_view.h"

#include <gtest/gtest.h>

#include "net/etag.h"

namespace quoin::tests {
namespace {

using Kind = ToldEvent::Kind;

kv::Version V(std::uint64_t sequence) { return {{1, NodeId{7}}, sequence}; }
ToldEvent Put(const std::string& key, std::uint64_t sequence, std::uint64_t skipped = 0) {
  return {Kind::kPut, key, V(sequence), "v" + std::to_string(sequence), skipped};
}
ToldEvent Deleted(const std::string& key, std::uint64_t sequence) { return {Kind::kDeleted, key, V(sequence), "", 0}; }
ToldEvent Gap(const std::string& key = "") { return {Kind::kGap, key, {}, "", 0}; }
ToldEvent Synced() { return {Kind::kSynced, "", {}, "", 0}; }

class WatcherViewTest : public testing::Test {
 protected:
  WatcherViewTest() { view_.OnConnection(false); }
  void Tell(const std::vector<ToldEvent>& events) {
    for (const ToldEvent& event : events) EXPECT_EQ(view_.OnEvent(event), "") << ToString(event);
  }
  void Store(const std::string& key, std::uint64_t sequence) {
    stored_[key] = {V(sequence), "v" + std::to_string(sequence)};
  }
  std::string Missing() const { return view_.Missing(stored_); }

  WatcherView view_{"w", {client::Key("title"), client::Prefix("room/")}};
  std::map<std::string, StoredState> stored_;
};

TEST_F(WatcherViewTest, FindsVersionsThatDontGoUpOnOneConnection) {
  Tell({Put("title", 5), Synced()});
  EXPECT_NE(view_.OnEvent(Put("title", 5)), "") << "twice";
  EXPECT_NE(view_.OnEvent(Deleted("title", 4)), "") << "back";
  EXPECT_EQ(view_.OnEvent(Put("room/1", 1)), "") << "another key";
  view_.OnConnection(true);
  Tell({Put("title", 5)});
}

TEST_F(WatcherViewTest, LetsAKeyBeginAnewAfterAGapOfItAlone) {
  Tell({Put("title", 5), Put("room/1", 5), Synced(), Gap("title"), Put("title", 5)});
  EXPECT_NE(view_.OnEvent(Put("room/1", 5)), "");
  Tell({Gap(), Put("room/1", 5), Put("title", 5), Synced()});
  EXPECT_EQ(view_.counts().gaps, 2u);
}

TEST_F(WatcherViewTest, FindsKeysThatNobodyWatches) { EXPECT_NE(view_.OnEvent(Put("titles", 1)), ""); }

TEST_F(WatcherViewTest, FindsWhatIsStaleMissingOrThereForEver) {
  EXPECT_NE(Missing(), "") << "not synced";
  Tell({Put("title", 5), Synced()});
  Store("title", 5);
  EXPECT_EQ(Missing(), "");
  Store("nobody asked", 1);
  EXPECT_EQ(Missing(), "");
  Store("title", 6);
  EXPECT_NE(Missing(), "") << "stale";
  stored_["title"] = {V(5), "something else"};
  EXPECT_NE(Missing(), "") << "another value";
  Store("title", 5);
  Store("room/1", 1);
  EXPECT_NE(Missing(), "") << "never told";
  Tell({Put("room/1", 1)});
  EXPECT_EQ(Missing(), "");
  stored_.erase("room/1");
  EXPECT_NE(Missing(), "") << "not told that it is gone";
  Tell({Deleted("room/1", 2)});
  EXPECT_EQ(Missing(), "");
}

TEST_F(WatcherViewTest, TakesWhatIsNotToldAfterAGapOfAllForAbsent) {
  Tell({Put("title", 5), Put("room/1", 6), Synced()});
  Store("title", 5);
  for (const bool by_connection : {true, false}) {
    SCOPED_TRACE(by_connection);
    Tell({Put("room/1", by_connection ? 7 : 8)});
    by_connection ? view_.OnConnection(false) : Tell({Gap()});
    Tell({Put("title", 5)});
    EXPECT_NE(Missing(), "") << "not synced again";
    Tell({Synced()});
    EXPECT_EQ(Missing(), "");
  }
}

TEST_F(WatcherViewTest, AResumedConnectionKeepsWhatWasTold) {
  Tell({Put("title", 5), Put("room/1", 6), Synced()});
  Store("title", 5);
  Store("room/1", 6);
  view_.OnConnection(true);
  Tell({Synced()});
  EXPECT_EQ(Missing(), "");
}

TEST_F(WatcherViewTest, FindsAGapThatNoStateFollows) {
  Tell({Put("title", 5), Synced(), Gap("title")});
  Store("title", 5);
  EXPECT_NE(Missing(), "");
  Tell({Put("title", 5)});
  EXPECT_EQ(Missing(), "");
}

TEST_F(WatcherViewTest, FindsWhatIsLeftOutWithoutAWord) {
  const std::vector<kv::Version> versions = {V(6), V(7), V(8)};
  Tell({Put("title", 5), Synced()});
  EXPECT_EQ(view_.LeftOut("title", versions), std::nullopt) << "nothing is recorded";
  view_.Record();
  EXPECT_NE(view_.LeftOut("title", versions), std::nullopt);
  Tell({Put("title", 6), Put("title", 8)});
  EXPECT_NE(view_.LeftOut("title", versions), std::nullopt);
  EXPECT_EQ(view_.LeftOut("elsewhere", versions), std::nullopt);
  view_.Record();
  Tell({Put("title", 9), Put("title", 11, 1)});
  EXPECT_EQ(view_.LeftOut("title", {V(9), V(10), V(11)}), std::nullopt);
  EXPECT_EQ(view_.counts().conflated, 1u);
  Tell({Gap("title"), Put("title", 14)});
  EXPECT_EQ(view_.LeftOut("title", {V(12), V(13), V(14)}), std::nullopt) << "it was told of the gap";
}

}  // namespace
}  // namespace quoin::tests
