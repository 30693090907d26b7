#include "tests/linearizability/checker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "tests/linearizability/history_text.h"
#include "tests/linearizability/search.h"
#include "tests/linearizability/shrink.h"
#include "tests/linearizability/timeline.h"
#include "tests/linearizability/workload.h"

namespace quoin::linearizability {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

History Parse(const std::string& text) {
  const Result<History> history = ParseHistory(text);
  CHECK(history.ok()) << history.status();
  return *history;
}

// Many clients write and read at once, without versions: nothing to go by, and everything is possible.
History Hard(int clients) {
  std::string text;
  for (int i = 0; i < clients; ++i) {
    const std::string client = std::to_string(i);
    text += client + " k 0ms..100ms append \"" + static_cast<char>('a' + i) + "\" -> done\n";
  }
  // One letter twice: no order does that, and it takes all orders to see it.
  return Parse(text + "99 k 200ms..201ms get -> done \"aa\"\n");
}

TEST(Checker, DecidesEachKeyForItself) {
  const CheckReport report = Check(Parse("1 x 0ms..1ms put \"a\" -> done @1\n"
                                         "1 y 2ms..3ms get -> done \"a\"\n"
                                         "1 x 4ms..5ms get -> absent\n"
                                         "1 z 4ms..5ms get -> absent\n"),
                                   {});
  EXPECT_EQ(report.verdict, Verdict::kViolation);
  EXPECT_EQ(report.keys, 3u);
  EXPECT_EQ(report.operations, 4u);
  ASSERT_EQ(report.violations.size(), 2u);
  EXPECT_EQ(report.violations[0].key, "x");
  EXPECT_EQ(report.violations[1].key, "y");
}

TEST(Checker, NeverCallsTheUndecidedLinearizable) {
  CheckOptions options;
  options.search.max_steps = 200;
  History history = Hard(8);
  const CheckReport report = Check(history, options);
  EXPECT_EQ(report.verdict, Verdict::kUndecided);
  EXPECT_THAT(report.undecided_keys, ElementsAre("k"));
  EXPECT_THAT(report.Text(), HasSubstr("undecided"));
  // Given the steps, it decides.
  options.search.max_steps = 50'000'000;
  EXPECT_EQ(Check(history, options).verdict, Verdict::kViolation);
  // A violation elsewhere outweighs it.
  options.search.max_steps = 200;
  history.push_back(*ParseEvent("1 other 0ms..1ms get -> done \"x\""));
  EXPECT_EQ(Check(history, options).verdict, Verdict::kViolation);
}

TEST(Checker, ShowsTheTwoAnswersThatContradictEachOther) {
  const CheckReport report = Check(Parse("1 k 0ms..1ms put \"a\" -> done @1 created\n"
                                         "1 k 2ms..3ms put \"b\" -> done @2 replaced\n"
                                         "2 k 4ms..5ms get -> done \"a\" @1\n"
                                         "2 k 6ms..7ms get -> done \"b\" @2\n"),
                                   {});
  ASSERT_EQ(report.violations.size(), 1u);
  EXPECT_THAT(report.violations[0].why, HasSubstr("began after the first was over, but shows an earlier version"));
  EXPECT_EQ(report.Text(),
            "key \"k\" is not linearizable: the second began after the first was over, but shows an earlier version\n"
            "  client 1   [........>  1 k 0s.. put \"a\" -> unknown\n"
            "  client 1     [=]       1 k 2ms..3ms put \"b\" -> done @2 replaced\n"
            "  client 2         [=]   2 k 4ms..5ms get -> done \"a\" @1\n"
            "4 operations on 1 keys: NOT linearizable, by 1 keys\n");
}

TEST(Shrink, LeavesOnlyWhatIsNeeded) {
  // A long true history, and in its middle one answer from the past, without versions to tell.
  std::string text;
  for (int i = 0; i < 60; ++i) {
    const std::string begin = std::to_string(10 * i);
    text += "1 k " + begin + "ms.." + std::to_string(10 * i + 2) + "ms put \"" + std::to_string(i) + "\" -> done\n";
    text += "2 k " + std::to_string(10 * i + 4) + "ms.." + std::to_string(10 * i + 6) + "ms get -> done \"" +
            std::to_string(i == 40 ? 38 : i) + "\"\n";
  }
  const CheckReport report = Check(Parse(text), {});
  ASSERT_EQ(report.violations.size(), 1u);
  const Violation& violation = report.violations[0];
  int known = 0;
  for (const Event& event : violation.core) known += IsKnown(event) ? 1 : 0;
  // The write of 39 (or 40), the read of 38; that 38 had been read, so that its unknown write is used up.
  EXPECT_LE(known, 3);
  EXPECT_LE(violation.core.size(), 5u);
  EXPECT_GT(violation.left_out, 20u);
}

TEST(Shrink, NeverMakesAViolationOfATrueHistory) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Workload workload;
    workload.seed = seed;
    workload.operations = 60;
    workload.untold = 10;
    const History history = Simulate(workload);
    for (int cut = 0; cut < 600; cut += 40) {
      EXPECT_EQ(CheckKey(CutAt(history, Time(cut)), {}).verdict, Verdict::kLinearizable) << seed << ", " << cut;
    }
  }
}

TEST(Shrink, KeepsTheViolationAndNeedsEveryKnownEvent) {
  int shrunk_histories = 0;
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    Workload workload;
    workload.seed = seed;
    workload.operations = 40;
    workload.told_versions = seed % 2 == 0 ? 100 : 0;
    History history = Simulate(workload);
    std::mt19937_64 random(seed);
    for (int i = 0; i < 4; ++i) Falsify(&history, &random);
    const KeyCheckOptions options;
    const KeyVerdict verdict = CheckKey(history, options);
    if (verdict.verdict != Verdict::kViolation) continue;
    const Shrunk shrunk = Shrink(history, verdict, options, 20'000'000);
    ++shrunk_histories;
    EXPECT_EQ(CheckKey(shrunk.history, options).verdict, Verdict::kViolation) << seed;
    EXPECT_FALSE(shrunk.verdict.why.empty());
    if (!shrunk.complete) continue;
    for (std::size_t i = 0; i < shrunk.history.size(); ++i) {
      if (!IsKnown(shrunk.history[i])) continue;
      History less = shrunk.history;
      const bool changes = MayChange(less[i]);
      less[i] = WithoutAnswer(less[i]);
      if (!changes) less.erase(less.begin() + static_cast<std::ptrdiff_t>(i));
      EXPECT_NE(CheckKey(less, options).verdict, Verdict::kViolation) << seed << "\n" << HistoryText(shrunk.history);
    }
  }
  EXPECT_GT(shrunk_histories, 60);
}

TEST(Explains, RefusesOrdersThatDoNotExplain) {
  const History history = Parse(
      "1 k 0ms..1ms put \"a\" -> done @1\n"
      "1 k 2ms..9ms put \"b\" -> done @2\n"
      "2 k 3ms..4ms get -> done \"a\" @1\n"
      "3 k 3ms.. put \"c\" -> unknown\n");
  Values values;
  const Model model({}, values);
  std::vector<Call> calls;
  for (const Event& event : history) calls.push_back(model.Prepare(event));
  EXPECT_TRUE(Explains(model, calls, {0, 2, 1}));
  EXPECT_TRUE(Explains(model, calls, {0, 2, 1, 3}));
  EXPECT_FALSE(Explains(model, calls, {0, 1, 2})) << "the read saw what was no longer there";
  EXPECT_FALSE(Explains(model, calls, {0, 2})) << "a known call is missing";
  EXPECT_FALSE(Explains(model, calls, {2, 0, 1})) << "against time";
  EXPECT_FALSE(Explains(model, calls, {0, 0, 2, 1})) << "a call twice";
  EXPECT_FALSE(Explains(model, calls, {0, 2, 3, 1})) << "no room for a version between @1 and @2";
  EXPECT_FALSE(Explains(model, calls, {0, 2, 1, 4})) << "no such call";
}

TEST(Timeline, DrawsOneLinePerOperationByClient) {
  EXPECT_EQ(Timeline(Parse("2 k 1ms..3ms get -> absent\n"
                           "1 k 0ms..2ms put \"a\" -> done\n"
                           "1 k 4ms.. delete -> unknown\n")),
            "  client 1   [===]       1 k 0s..2ms put \"a\" -> done\n"
            "  client 1           [>  1 k 4ms.. delete -> unknown\n"
            "  client 2     [===]     2 k 1ms..3ms get -> absent\n");
  EXPECT_THAT(Timeline(Hard(9), 4), HasSubstr("and 6 more"));
  EXPECT_THAT(Timeline({}), IsEmpty());
}

}  // namespace
}  // namespace quoin::linearizability
