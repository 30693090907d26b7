#include "tests/linearizability/model.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/linearizability/history_text.h"

namespace quoin::linearizability {
namespace {

using std::chrono::milliseconds;

class ModelTest : public testing::Test {
 protected:
  // All that can follow `state`, when the operation may take effect between the two moments.
  std::vector<State> After(const State& state, const std::string& line, Time earliest, Time latest) {
    const Result<Event> event = ParseEvent(line);
    CHECK(event.ok()) << event.status();
    std::vector<State> next;
    model_.Step(state, model_.Prepare(*event), {earliest, latest}, &next);
    return next;
  }
  std::vector<State> After(const State& state, const std::string& line) {
    return After(state, line, Time::min(), Time::max());
  }

  State Holding(const std::string& value, std::uint64_t sequence) {
    State state;
    state.present = true;
    state.value = values_.Of(value);
    state.floor = {0, 0, sequence};
    return state;
  }

  Values values_;
  Model model_{{milliseconds(10), 1000}, values_};
};

TEST_F(ModelTest, AReadLeavesTheStateAsItIs) {
  const State state = Holding("a", 3);
  EXPECT_EQ(After(state, "1 k 0s..1s get -> done \"a\" @3"), std::vector<State>{state});
  EXPECT_EQ(After(State(), "1 k 0s..1s get -> absent"), std::vector<State>{State()});
  EXPECT_TRUE(After(state, "1 k 0s..1s get -> done \"a\" @4").empty());
  EXPECT_TRUE(After(state, "1 k 0s..1s get -> absent").empty());
}

TEST_F(ModelTest, AWriteRaisesTheVersion) {
  EXPECT_EQ(After(Holding("a", 3), "1 k 0s..1s put \"b\" -> done @5"), std::vector<State>{Holding("b", 5)});
  EXPECT_TRUE(After(Holding("a", 3), "1 k 0s..1s put \"b\" -> done @3").empty());
  EXPECT_TRUE(After(Holding("a", 3), "1 k 0s..1s put \"b\" -> done @2").empty());
}

TEST_F(ModelTest, AVersionThatNobodyReportedIsBoundWhenSomeoneDoes) {
  const std::vector<State> hidden = After(Holding("a", 3), "1 k 0s.. put \"b\" -> unknown");
  ASSERT_EQ(hidden.size(), 1u);
  EXPECT_EQ(hidden[0].hidden, 1u);
  EXPECT_EQ(After(hidden[0], "1 k 0s..1s get -> done \"b\" @7"), std::vector<State>{Holding("b", 7)});
  EXPECT_TRUE(After(hidden[0], "1 k 0s..1s get -> done \"b\" @3").empty());
}

TEST_F(ModelTest, HiddenChangesNeedRoomBelowTheNextVersion) {
  State state = Holding("a", 3);
  state.hidden = 2;
  EXPECT_EQ(After(state, "1 k 0s..1s put \"b\" -> done @6").size(), 1u);
  EXPECT_TRUE(After(state, "1 k 0s..1s put \"b\" -> done @5").empty());
  EXPECT_EQ(After(state, "1 k 0s..1s put \"b\" -> done @1.0000000000000000.1").size(), 1u);
  EXPECT_EQ(After(state, "1 k 0s..1s get -> done @5").size(), 1u);
  EXPECT_TRUE(After(state, "1 k 0s..1s get -> done @4").empty());
}

TEST_F(ModelTest, AnUnknownOutcomeStepsOnlyIfItChangesSomething) {
  EXPECT_TRUE(After(State(), "1 k 0s.. delete -> unknown").empty());
  EXPECT_TRUE(After(Holding("a", 1), "1 k 0s.. put \"b\" if-absent -> unknown").empty());
  EXPECT_TRUE(After(Holding("a", 1), "1 k 0s.. increment 1 -> unknown").empty());
  EXPECT_EQ(After(Holding("a", 1), "1 k 0s.. append \"b\" -> unknown").size(), 1u);
}

TEST_F(ModelTest, ADeadlineIsNotBeforeTheInvocationNorAfterTheCompletion) {
  const State state = After(State(), "1 k 20ms..30ms put \"a\" ttl=100ms -> done @1")[0];
  EXPECT_EQ(state.expires_from, milliseconds(110));
  EXPECT_EQ(state.expired_at, milliseconds(140));
  const char* found = "1 k 0s..1s get -> done \"a\" @1";
  const char* absent = "1 k 0s..1s get -> absent";
  EXPECT_TRUE(After(state, absent, milliseconds(40), milliseconds(109)).empty());
  EXPECT_EQ(After(state, absent, milliseconds(40), milliseconds(110)).size(), 1u);
  EXPECT_EQ(After(state, found, milliseconds(139), milliseconds(200)).size(), 1u);
  EXPECT_TRUE(After(state, found, milliseconds(140), milliseconds(200)).empty());
}

TEST_F(ModelTest, AnUnknownWriteWasProposedByTheNextCompletion) {
  const State state =
      After(State(), "1 k 20ms.. put \"a\" ttl=100ms -> unknown", milliseconds(20), milliseconds(50))[0];
  EXPECT_EQ(state.expired_at, milliseconds(160));
}

TEST_F(ModelTest, IncrementAndAppendKeepTheDeadline) {
  State state = Holding("1", 1);
  state.expires = true;
  state.expires_from = milliseconds(5);
  state.expired_at = Time::max();
  const auto check = [&](const char* line, bool keeps) {
    const State next = After(state, line, Time(0), milliseconds(1))[0];
    EXPECT_EQ(next.expires, keeps) << line;
    EXPECT_EQ(next.expires_from, keeps ? Time(milliseconds(5)) : Time(0)) << line;
  };
  check("1 k 0s..1s increment 1 -> done \"2\" @2", true);
  check("1 k 0s..1s append \"1\" -> done \"11\" @2", true);
  check("1 k 0s..1s put \"1\" -> done @2", false);
  check("1 k 0s..1s swap \"1\" -> done @2", false);
  check("1 k 0s..1s persist -> done @2", false);
}

TEST_F(ModelTest, AStateDominatesOnlyWhatAllowsNoMore) {
  const State told = Holding("a", 3);
  State hidden = told;
  hidden.hidden = 1;
  State more = told;
  more.hidden = 2;
  EXPECT_TRUE(Dominates(told, told));
  EXPECT_TRUE(Dominates(hidden, more));
  EXPECT_FALSE(Dominates(more, hidden));
  EXPECT_FALSE(Dominates(told, hidden));
  EXPECT_FALSE(Dominates(hidden, told));
  EXPECT_FALSE(Dominates(Holding("a", 3), Holding("b", 3)));
}

}  // namespace
}  // namespace quoin::linearizability
