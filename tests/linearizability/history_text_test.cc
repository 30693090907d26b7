#include "tests/linearizability/history_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "tests/linearizability/workload.h"

namespace quoin::linearizability {
namespace {

using testing::HasSubstr;

TEST(HistoryText, IsReadBackAsItWasWritten) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Workload workload;
    workload.seed = seed;
    workload.operations = 30;
    workload.keys = 3;
    History history = Simulate(workload);
    std::mt19937_64 random(seed);
    for (int i = 0; i < 5; ++i) Falsify(&history, &random);
    // An outcome that is known needs its completion, or it isn't read at all.
    const Result<History> again = ParseHistory(HistoryText(history));
    ASSERT_TRUE(again.ok()) << again.status() << "\n" << HistoryText(history);
    for (std::size_t i = 0; i < history.size(); ++i) {
      // A delete that is done always leaves an absence, whatever a lie made of it.
      if (history[i].operation.action == Action::kDelete && history[i].answer.outcome == Outcome::kDone) continue;
      EXPECT_EQ((*again)[i], history[i]) << EventText(history[i]) << "\n" << EventText((*again)[i]);
    }
  }
}

TEST(HistoryText, ShowsEveryPartOfAnEvent) {
  const char* lines[] = {
      R"(1 k 0s..2ms put "a" ttl=5s if-absent -> done @1 created)",
      R"(2 users/7 1500us..3ms get if-not-version=@1,@3.00c0ffee00c0ffee.41 -> done "a" @1)",
      R"(3 "k \"\\\x00\xff" 4ns..5ns swap "" if-present -> done @2 replaced previous "a" @1)",
      R"(1 k 4ms.. increment -2 -> unknown)",
      R"(1 k 4ms..9ms append "x" -> unknown)",
      R"(3 k 6ms..7ms put "c" if-value="b c" if-version=@1 -> condition-failed "b" @2)",
      R"(3 k 6ms..7ms delete -> done absent @3 replaced)",
      R"(3 k 6ms..7ms swap "q" -> done present created previous absent)",
      R"(3 k 6ms..7ms expire ttl=1500ms -> rejected)",
      R"(3 k 6ms..7ms persist -> not-applied)",
      R"(3 k -6ms..7ms get -> absent)",
  };
  for (const char* line : lines) {
    const Result<Event> event = ParseEvent(line);
    ASSERT_TRUE(event.ok()) << line << ": " << event.status();
    EXPECT_EQ(EventText(*event), line);
  }
}

TEST(HistoryText, KnowsThatADeleteLeavesNothing) {
  const Result<Event> event = ParseEvent("1 k 0s..1s delete -> done @7");
  ASSERT_TRUE(event.ok());
  EXPECT_FALSE(event->answer.state->present);
}

TEST(HistoryText, RefusesWhatItDoesNotUnderstandAndSaysWhere) {
  const char* lines[] = {
      "",
      "x k 0s..1s get -> absent",
      "1 k 0..1s get -> absent",
      "1 k 0s-1s get -> absent",
      "1 k 2s..1s get -> absent",
      "1 k 0s.. get -> absent",
      "1 k 0s..99999999999s get -> absent",
      "1 k 0s..1s fetch -> absent",
      "1 k 0s..1s put a -> done",
      "1 k 0s..1s put \"a -> done",
      "1 k 0s..1s put \"\\q\" -> done",
      "1 k 0s..1s put \"\\x1\" -> done",
      "1 k 0s..1s put \"a\" if-lucky -> done",
      "1 k 0s..1s put \"a\" if-version=@1.2 -> done",
      "1 k 0s..1s put \"a\" if-version= -> done",
      "1 k 0s..1s put \"a\" ttl=soon -> done",
      "1 k 0s..1s increment one -> done",
      "1 k 0s..1s get",
      "1 k 0s..1s get -> fine",
      "1 k 0s..1s get -> done what",
  };
  for (const char* line : lines) EXPECT_FALSE(ParseEvent(line).ok()) << line;
  const Result<History> history = ParseHistory("# all is well\n\n1 k 0s..1s get -> absent\n1 k 0s..1s got -> absent\n");
  ASSERT_FALSE(history.ok());
  EXPECT_THAT(history.status().message(), HasSubstr("line 4: expected an action"));
}

}  // namespace
}  // namespace quoin::linearizability
