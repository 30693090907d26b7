#include "tools/bench_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace quoin::bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

// Ten seconds: 1000 gets of 1 ms, 10 puts refused, one unknown.
RunResult Some() {
  RunResult result{.plan = {.servers = {"127.0.0.1:8080"}, .workload = *FindWorkload("ycsb-a", 0.5)}};
  Tally tally{.window_from = seconds(5), .window_to = seconds(15)};
  tally.usage = {.cpu = seconds(4)};
  tally.usage_from = seconds(5);
  tally.usage_to = seconds(15);
  for (int i = 0; i < 1000; ++i) {
    tally.Count(StepKind::kGet, client::Outcome::kDone, {}, seconds(6), seconds(6), seconds(6) + milliseconds(1));
  }
  for (int i = 0; i < 10; ++i) {
    tally.Count(StepKind::kPut, client::Outcome::kNotApplied, {.type = "disk-full", .detail = "no \x1b space"},
                seconds(6), seconds(6), seconds(7));
  }
  tally.Count(StepKind::kPut, client::Outcome::kUnknown, {.type = "timed-out"}, seconds(6), seconds(6), seconds(11));
  tally.in_window = 1000;
  result.tally.Merge(tally);
  result.gap = {.length = milliseconds(1500), .from = seconds(8)};
  result.key_gap = {.length = milliseconds(2500), .from = seconds(7)};
  result.key_of_gap = "bench/7";
  result.slot_gap = {.length = milliseconds(2000), .from = seconds(7)};
  return result;
}

TEST(Report, ForPeopleSaysWhatMatters) {
  const std::string text = TextReport(Some());
  EXPECT_THAT(text, HasSubstr("ycsb-a on 127.0.0.1:8080: 16 connections, depth 1, closed loop"));
  EXPECT_THAT(text, HasSubstr("throughput         100 operations/s"));
  EXPECT_THAT(text, HasSubstr("10  disk-full: no \\x1b space"));
  EXPECT_THAT(text, HasSubstr("1  timed-out"));
  EXPECT_THAT(text, HasSubstr("errors             10 (put 10)\n"));
  EXPECT_THAT(text, HasSubstr("unknown            1 (put 1)\n"));
  EXPECT_THAT(text, HasSubstr("without a success  at most 1.50s, 3.00s into"));
  EXPECT_THAT(text, HasSubstr("  for one key      at most 2.50s, 2.00s into the measurement: bench/7\n"));
  EXPECT_THAT(text, HasSubstr("  for one place    at most 2.00s, 2.00s into the measurement\n"));
  EXPECT_THAT(text, AllOf(Not(HasSubstr("answered by")), Not(HasSubstr("under way at end"))));
  EXPECT_THAT(text, HasSubstr("0.40 cores; its busiest thread had 60% of its time to spare"));
  EXPECT_THAT(text, AllOf(Not(HasSubstr("WARNING")), Not(HasSubstr("\x1b")), Not(HasSubstr("verification"))));
}

TEST(Report, OfSeveralServersSaysWhoAnswered) {
  RunResult result = Some();
  result.plan.servers = {"127.0.0.1:1", "127.0.0.1:2"};
  EXPECT_THAT(TextReport(result), HasSubstr("answered by        nobody"));
  result.tally.answered_by = {{"127.0.0.1:1", 1200}, {"127.0.0.1:2", 7}};
  EXPECT_THAT(TextReport(result), HasSubstr("answered by        127.0.0.1:1 1,200, 127.0.0.1:2 7\n"));
  EXPECT_EQ(boost::json::parse(JsonReport(result)).at("answered_by").at("127.0.0.1:2").to_number<int>(), 7);
}

TEST(Report, LatencyHoldsWhatWasNeverBegun) {
  RunResult result = Some();
  result.plan.rate = 1000;
  result.tally.never_begun.AddEvenly(1'000'000'000, 2'000'000'000, 1000);
  const std::string text = TextReport(result);
  EXPECT_THAT(text, HasSubstr("never begun        1,000 operations that were due"));
  const boost::json::object report = boost::json::parse(JsonReport(result)).as_object();
  EXPECT_EQ(report.at("never_begun").to_number<int>(), 1000);
  const boost::json::object& latency = report.at("total").at("latency_us").as_object();
  EXPECT_EQ(latency.at("count").to_number<int>(), 2000);
  EXPECT_EQ(latency.at("max").to_number<double>(), 2e6);
  EXPECT_EQ(report.at("spectrum").as_array().back().at("count").to_number<int>(), 2000);
}

TEST(Report, TellsWhatWasUnderWayAtTheEnd) {
  RunResult result = Some();
  result.tally.late = 16;
  result.tally.latest = milliseconds(4900);
  EXPECT_THAT(TextReport(result), HasSubstr("under way at end   16 operations, the oldest for 4.90s"));
  const boost::json::object report = boost::json::parse(JsonReport(result)).as_object();
  EXPECT_EQ(report.at("under_way_at_end").at("count").to_number<int>(), 16);
  EXPECT_EQ(report.at("under_way_at_end").at("longest_us").to_number<double>(), 4.9e6);
}

TEST(Report, WarnsWhenTheBenchWasTheBottleneck) {
  RunResult result = Some();
  result.tally.busiest = 0.95;
  EXPECT_THAT(TextReport(result), HasSubstr("WARNING: the bench was the bottleneck"));
  EXPECT_THAT(TextReport(result), HasSubstr("Give it more --threads"));
  result.tally.usage.waited = seconds(5);
  EXPECT_THAT(TextReport(result), HasSubstr("run it on another machine"));
}

TEST(Report, BusiestCountsWaitingForACoreToo) {
  Tally tally{.usage = {.cpu = seconds(3), .waited = seconds(6)}, .usage_from = seconds(0), .usage_to = seconds(10)};
  Tally merged;
  merged.Merge(tally);
  EXPECT_DOUBLE_EQ(merged.busiest, 0.9);
}

TEST(Report, JsonHasTheSameNumbers) {
  RunResult result = Some();
  result.verification.emplace();
  result.verification->lost = 2;
  const boost::json::object report = boost::json::parse(JsonReport(result)).as_object();
  EXPECT_EQ(report.at("plan").at("workload"), "ycsb-a");
  EXPECT_EQ(report.at("operations_per_s").to_number<double>(), 100);
  EXPECT_EQ(report.at("steps").at("get").at("done").to_number<int>(), 1000);
  EXPECT_NEAR(report.at("steps").at("get").at("latency_us").at("p99_9").to_number<double>(), 1000, 2);
  EXPECT_EQ(report.at("errors").at("disk-full").at("count").to_number<int>(), 10);
  EXPECT_EQ(report.at("unknown").at("timed-out").at("count").to_number<int>(), 1);
  EXPECT_EQ(report.at("longest_gap_s").to_number<double>(), 1.5);
  EXPECT_EQ(report.at("longest_key_gap_s").to_number<double>(), 2.5);
  EXPECT_EQ(report.at("key_of_longest_gap"), "bench/7");
  EXPECT_EQ(report.at("longest_place_gap_s").to_number<double>(), 2);
  EXPECT_EQ(report.at("bench").at("bottleneck"), false);
  EXPECT_EQ(report.at("spectrum").as_array().back().at("count").to_number<int>(), 1000);
  EXPECT_EQ(report.at("verification").at("verdict"), "violation");
  EXPECT_EQ(report.at("verification").at("lost").to_number<int>(), 2);
  EXPECT_EQ(report.at("exit_code").to_number<int>(), 1);
}

TEST(Report, ExitCodes) {
  RunResult result = Some();
  EXPECT_EQ(result.exit_code(), ExitCode::kDone);
  result.verification.emplace();
  EXPECT_EQ(result.exit_code(), ExitCode::kDone);
  result.verification->undecided_keys = 1;
  EXPECT_EQ(result.exit_code(), ExitCode::kUndecided);
  result.verification->corrupt = 1;
  EXPECT_EQ(result.exit_code(), ExitCode::kViolation);
  result = Some();
  result.tally.steps = {};
  EXPECT_EQ(result.exit_code(), ExitCode::kDone) << "the answers of the window were to what was due before it";
  result.tally.in_window = 0;
  EXPECT_EQ(result.exit_code(), ExitCode::kAllFailed);
}

TEST(Report, VerdictNeverCallsUndecidedRight) {
  RunResult result = Some();
  result.verification.emplace();
  EXPECT_THAT(TextReport(result), HasSubstr("verification       linearizable"));
  result.verification->unread_keys = 3;
  EXPECT_THAT(TextReport(result), AllOf(HasSubstr("UNDECIDED"), HasSubstr("3  keys that could not be read")));
  result.verification->duplicated = 1;
  EXPECT_THAT(TextReport(result), HasSubstr("VIOLATION"));
}

TEST(Report, OfNothingIsStillAReport) {
  RunResult result{.plan = {.workload = *FindWorkload("list", 0.5)}, .interrupted = true};
  EXPECT_THAT(TextReport(result), HasSubstr("interrupted"));
  EXPECT_EQ(boost::json::parse(JsonReport(result)).at("operations_per_s").to_number<double>(), 0);
}

TEST(Report, DurationsHaveThreeDigits) {
  EXPECT_EQ(DurationText(Time(850)), "850ns");
  EXPECT_EQ(DurationText(Time(1'234)), "1.23us");
  EXPECT_EQ(DurationText(Time(12'345'678)), "12.3ms");
  EXPECT_EQ(DurationText(seconds(123)), "123s");
  EXPECT_EQ(CountText(1'234'567), "1,234,567");
  EXPECT_EQ(CountText(12), "12");
}

TEST(LiveLine, ShowsPartRateAndWhatIsLeft) {
  EXPECT_EQ(LiveLine({.phase = "run", .part = 0.25, .elapsed = seconds(30), .per_second = 12'345, .errors = 3}),
            "run       [=====>              ]  25%  12,345/s  errors 3  unknown 0  ETA 1:30");
  EXPECT_EQ(LiveLine({.phase = "preload", .part = 1}),
            "preload   [====================] 100%  0/s  errors 0  unknown 0");
}

}  // namespace
}  // namespace quoin::bench
