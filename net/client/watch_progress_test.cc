// How far a watch has come over several connections: what is asked for, and what is news.
#include "net/client/watch_progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "net/client/watch_testing.h"

namespace quoin::client {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class WatchProgressTest : public testing::Test {
 protected:
  // What was told, each step in a line; a cursor behind its event as "@c".
  std::vector<std::string> Take(const std::vector<std::string>& lines, const std::string& cursor = {}) {
    v1::Events events = EventsOf(lines, cursor);
    auto steps = progress_->Take(events);
    EXPECT_TRUE(steps.ok()) << steps.status();
    std::vector<std::string> told;
    for (const auto& step : steps.value()) told.push_back(LineOf(step));
    return told;
  }
  static std::string LineOf(const WatchProgress::Step& step) {
    std::string line = step.event ? client::LineOf(*step.event) : "";
    return step.cursor ? line + "@" + *step.cursor : line;
  }
  // What another connection asks for: "STATE cursor", behind what is told first, if anything.
  std::string Begin() {
    v1::Watch watch;
    const auto step = progress_->Begin(&watch);
    return (step ? LineOf(*step) + ", " : "") + v1::Watch::First_Name(watch.state()) + " " + watch.cursor();
  }

  std::optional<WatchProgress> progress_{std::in_place, std::vector{Key("a"), Prefix("")}, "", true, 1000};
};

TEST_F(WatchProgressTest, AsksForItsTargets) {
  v1::Watch watch;
  EXPECT_FALSE(progress_->Begin(&watch).has_value());
  ASSERT_EQ(watch.targets_size(), 2);
  EXPECT_EQ(watch.targets(0).key(), "a");
  EXPECT_TRUE(watch.targets(1).has_prefix());
}

TEST_F(WatchProgressTest, TellsEachKindAndTheCursorBehindTheLast) {
  EXPECT_THAT(Take({"put a 1 x", "deleted b 2", "expired c 3", "gap d", "put d 4 y", "synced"}, "c1"),
              ElementsAre("put a 1 x", "deleted b 2", "expired c 3", "gap d", "put d 4 y", "synced@c1"));
  EXPECT_THAT(Take({}, "c2"), ElementsAre("@c2"));
  EXPECT_THAT(Take({}), IsEmpty());
}

TEST_F(WatchProgressTest, GoesOnFromTheNewestCursorAndHidesWhatWasToldH1H3) {
  EXPECT_EQ(Begin(), "STATE ");
  Take({"put a 1 x", "synced"}, "c1");
  Take({"put a 3 z", "deleted b 4"});
  EXPECT_EQ(Begin(), "STATE c1");
  EXPECT_THAT(Take({"put a 2 y", "put a 3 z", "deleted b 4", "put a 5 new", "synced"}, "c2"),
              ElementsAre("put a 5 new", "synced@c2"));
  EXPECT_EQ(progress_->hidden(), 3u);
  // A message of which nothing is left still brings its cursor.
  EXPECT_THAT(Take({"put a 5 new"}, "c3"), ElementsAre("@c3"));
  EXPECT_EQ(Begin(), "STATE c3");
}

TEST_F(WatchProgressTest, AKeyThatExpiresMayDoSoAtTheVersionOfItsPut) {
  EXPECT_THAT(Take({"put a 1 x", "expired a 1"}), ElementsAre("put a 1 x", "expired a 1"));
  EXPECT_THAT(Take({"put a 1 x", "expired a 1", "deleted a 1"}), IsEmpty());
}

TEST_F(WatchProgressTest, AfterAGapStatesAreToldAgain) {
  Take({"put a 5 x", "put b 6 y", "synced"}, "c1");
  EXPECT_THAT(Take({"gap a", "put a 5 x", "put b 6 y"}), ElementsAre("gap a", "put a 5 x"));
  EXPECT_THAT(Take({"gap", "put a 5 x", "put b 6 y", "synced"}, "c2"),
              ElementsAre("gap@", "put a 5 x", "put b 6 y", "synced@c2"));
}

TEST_F(WatchProgressTest, BeginsAnewWithAGapWhereNoCursorCameH5) {
  Take({"put a 5 x", "put b 6 y"});
  EXPECT_EQ(Begin(), "gap@, STATE ");
  EXPECT_EQ(Begin(), "STATE ");  // Nothing was told in between.
  EXPECT_THAT(Take({"put b 6 y", "synced"}, "c1"), ElementsAre("put b 6 y", "synced@c1"));
  EXPECT_EQ(Begin(), "STATE c1");
}

TEST_F(WatchProgressTest, DoesNotGoOnFromACursorOfBeforeAGapH4) {
  Take({"put a 5 x", "synced"}, "c1");
  EXPECT_THAT(Take({"gap", "put b 6 y"}), ElementsAre("gap@", "put b 6 y"));
  EXPECT_EQ(Begin(), "gap@, STATE ");
  Take({"gap", "put b 6 y"}, "c2");  // Speaks of what was told since the gap.
  EXPECT_EQ(Begin(), "STATE c2");
}

TEST_F(WatchProgressTest, WithoutTheStateBeginsSoAsLongAsNothingWasTold) {
  progress_.emplace(std::vector<WatchTarget>{Key("a")}, "", false, 1000);
  EXPECT_EQ(Begin(), "NONE ");
  EXPECT_EQ(Begin(), "NONE ");
  Take({"put a 5 x"});
  // Now only the state can say what was missed.
  EXPECT_EQ(Begin(), "gap@, STATE ");
}

TEST_F(WatchProgressTest, GoesOnFromTheCursorOfAnEarlierProgram) {
  WatchProgress resumed({Key("a")}, "old", false, 1000);
  v1::Watch watch;
  EXPECT_FALSE(resumed.Begin(&watch).has_value());
  EXPECT_EQ(watch.cursor(), "old");
  EXPECT_EQ(watch.state(), v1::Watch::STATE);
}

TEST_F(WatchProgressTest, TakesNothingOfWhatMakesNoSense) {
  const std::vector<std::pair<std::string, std::string>> wrongs = {
      {"put", "without its key"}, {"put a", "without a version"}, {"nonsense", "not known: 0"}};
  for (const auto& [line, reason] : wrongs) {
    v1::Events events = EventsOf({"put a 1 x", line}, "c1");
    const auto steps = progress_->Take(events);
    ASSERT_FALSE(steps.ok()) << line;
    EXPECT_THAT(steps.status().message(), HasSubstr(reason));
  }
  v1::Events stateless = EventsOf({"put a 1 x"});
  stateless.mutable_events(0)->clear_state();
  EXPECT_FALSE(progress_->Take(stateless).ok());
  EXPECT_EQ(Begin(), "STATE ");
  EXPECT_THAT(Take({"put a 1 x"}), ElementsAre("put a 1 x"));
}

TEST_F(WatchProgressTest, RemembersSoManyKeysAndNoMore) {
  WatchProgress progress({Prefix("")}, "", true, 10);
  const auto take = [&](int key) {
    v1::Events events = EventsOf({"put k" + std::to_string(key) + " 1 v"});
    return !progress.Take(events)->empty();
  };
  for (int key = 0; key < 20; ++key) EXPECT_TRUE(take(key));
  for (int key = 15; key < 20; ++key) EXPECT_FALSE(take(key));
  EXPECT_TRUE(take(0));  // Forgotten: told again, never lost.
}

// Random histories of a few keys, told by a node that falls back to its cursor at each reconnect: every key's versions
// go up, and the newest of each is told.
TEST_F(WatchProgressTest, TellsTheNewestOfEachKeyInOrderOverManyConnections) {
  std::mt19937_64 random(7);
  int sequence = 0;
  std::vector<std::string> history;  // Of the node, in order.
  std::map<std::string, int> newest;
  for (int i = 0; i < 500; ++i) {
    const std::string key(1, static_cast<char>('a' + random() % 5));
    newest[key] = ++sequence;
    history.push_back((random() % 4 == 0 ? "deleted " : "put ") + key + " " + std::to_string(sequence));
  }
  WatchProgress progress({Prefix("")}, "", true, 1000);
  std::map<std::string, int> told;
  std::size_t at = 0, gaps = 0;
  while (at < history.size()) {
    v1::Watch watch;
    if (progress.Begin(&watch)) ++gaps, told.clear();
    at = watch.cursor().empty() ? 0 : std::stoul(watch.cursor());
    for (std::uint64_t left = random() % 40; left > 0 && at < history.size(); --left) {
      v1::Events events = EventsOf({history[at++]}, random() % 3 == 0 ? std::to_string(at) : "");
      const auto steps = progress.Take(events);
      ASSERT_TRUE(steps.ok());
      for (const auto& step : steps.value()) {
        if (!step.event) continue;
        const int version = std::stoi(step.event->version.substr(step.event->version.rfind('.') + 1));
        EXPECT_GT(version, told[step.event->key]);
        told[step.event->key] = version;
      }
    }
  }
  EXPECT_EQ(told, newest);
  EXPECT_GT(progress.hidden(), 0u);
}

TEST(WatchTargets, AreChecked) {
  const auto fault = [](std::vector<WatchTarget> targets) {
    return WatchProgress(std::move(targets), "", true, 0).FindFault().value_or("");
  };
  EXPECT_EQ(fault({Key("a"), Prefix("")}), "");
  EXPECT_EQ(fault({Key(std::string(4096, 'k'))}), "");
  EXPECT_EQ(fault({}), "a watch has 1 to 256 keys and prefixes, not 0");
  EXPECT_EQ(fault(std::vector<WatchTarget>(257, Key("a"))), "a watch has 1 to 256 keys and prefixes, not 257");
  EXPECT_EQ(fault({Key("")}), "a key that is watched has 1 to 4096 bytes, not 0");
  EXPECT_EQ(fault({Prefix(std::string(4097, 'k'))}), "a prefix that is watched has at most 4096 bytes, not 4097");
}

}  // namespace
}  // namespace quoin::client
