// The stress test, tools:bench, as people run it, against real nodes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <boost/json.hpp>
#include <filesystem>

#include "tests/process/node_process.h"

namespace quoin::tests {
namespace {

using testing::AllOf;
using testing::HasSubstr;

std::string BenchProgram() { return std::filesystem::absolute("tools/bench"); }

class StressTest : public testing::Test {
 protected:
  std::vector<std::string> Command(std::vector<std::string> flags) const {
    flags.insert(flags.begin(), {BenchProgram(), "--server=" + node_.address(), "--warmup=0"});
    return flags;
  }
  Finished Bench(const std::vector<std::string>& flags) const { return RunToEnd(Command(flags)); }
  boost::json::object Json(const Finished& finished) const {
    EXPECT_EQ(finished.errors, "");
    return boost::json::parse(finished.output).as_object();
  }
  // On a terminal, where the live line tells that it measures.
  ChildProcess OnTerminal(const std::vector<std::string>& flags) const {
    return ChildProcess({.argv = Command(flags), .environment = {}, .terminal = true, .stderr_file = {}});
  }

  NodeProcess node_;
};

TEST_F(StressTest, EveryWorkloadRuns) {
  for (const char* workload : {"put", "get", "mixed", "ycsb-a", "ycsb-b", "ycsb-c", "ycsb-d", "ycsb-e", "ycsb-f", "hot",
                               "counters", "large", "list"}) {
    std::vector<std::string> flags = {"--workload=" + std::string(workload), "--operations=100", "--output=json"};
    if (std::string(workload) != "hot") flags.push_back("--keys=20");
    const Finished finished = Bench(flags);
    EXPECT_EQ(finished.exit.code, 0) << workload << finished.errors;
    const boost::json::object report = Json(finished);
    const boost::json::object& total = report.at("total").as_object();
    EXPECT_EQ(total.at("done").to_number<int>() + total.at("conflicts").to_number<int>() +
                  total.at("absent").to_number<int>(),
              100)
        << workload << finished.output;
    EXPECT_GT(report.at("operations_per_s").to_number<double>(), 0) << workload;
  }
}

TEST_F(StressTest, VerifiesARealNode) {
  for (const char* workload : {"counters", "ycsb-f", "hot"}) {
    const Finished finished = Bench({"--workload=" + std::string(workload), "--operations=1500", "--depth=4",
                                     "--connections=4", "--threads=2", "--verify", "--output=json"});
    EXPECT_EQ(finished.exit.code, 0) << workload << finished.output;
    const boost::json::object report = Json(finished);
    const boost::json::object& verification = report.at("verification").as_object();
    EXPECT_EQ(verification.at("verdict"), "linearizable") << workload;
    EXPECT_GE(verification.at("operations").to_number<int>(), 1500) << workload;
    EXPECT_EQ(verification.at("unread_keys").to_number<int>(), 0) << workload;
  }
}

// Two nodes that know nothing of each other are a store that forgets: what the first has acknowledged is not there when
// its clients turn to the second.
TEST_F(StressTest, VerificationCatchesAStoreThatForgets) {
  const NodeProcess other;
  ChildProcess bench = OnTerminal({"--server=" + node_.address() + "," + other.address(), "--workload=counters",
                                   "--verify", "--keys=10", "--duration=1m", "--connections=1"});
  bench.ReadUntil("run       [");
  bench.ReadUntil("ETA");  // It tells one only when some time is over, so it has counted.
  node_.Kill9();
  bench.Signal(SIGINT);
  const std::string report = bench.ReadAll();
  EXPECT_THAT(report, AllOf(HasSubstr("VIOLATION"), HasSubstr("is not linearizable")));
  EXPECT_EQ(bench.Wait().code, 1);
}

TEST_F(StressTest, SpreadsOverTheServersAndGoesOnWithoutOneOfThem) {
  NodeProcess second, third;
  ChildProcess bench =
      OnTerminal({"--server=" + node_.address() + "," + second.address() + "," + third.address(), "--workload=put",
                  "--connections=6", "--operations=10000", "--duration=1h", "--timeout=10s"});
  bench.ReadUntil("run       [");  // Before, it connects, and its first requests must not fail.
  bench.ReadUntil("ETA");
  second.Kill9();
  const std::string report = bench.ReadAll();
  EXPECT_THAT(report, AllOf(HasSubstr("answered by"), HasSubstr(node_.address() + " "),
                            HasSubstr(second.address() + " "), HasSubstr(third.address() + " ")));
  EXPECT_THAT(report, AllOf(HasSubstr("for one key"), HasSubstr("for one place")));
  EXPECT_EQ(bench.Wait().code, 0);
}

TEST_F(StressTest, AServerThatIsNotThereFromTheStartIsDoneWithout) {
  NodeProcess other;
  other.Kill9();
  const Finished finished = Bench(
      {"--server=" + other.address() + "," + node_.address(), "--workload=put", "--operations=100", "--output=json"});
  EXPECT_EQ(finished.exit.code, 0) << finished.errors;
  const boost::json::object report = Json(finished);
  EXPECT_EQ(report.at("total").at("done").to_number<int>(), 100);
  EXPECT_EQ(report.at("answered_by").at(node_.address()).to_number<int>(), 100);
}

TEST_F(StressTest, AHistoryThatIsFullBeforeTheMeasurementIsSaid) {
  const Finished finished =
      Bench({"--verify", "--workload=put", "--keys=10", "--verify_limit=100", "--warmup=1h", "--output=json"});
  EXPECT_EQ(finished.exit.code, 5);
  EXPECT_THAT(finished.errors, AllOf(HasSubstr("--verify_limit=100"), HasSubstr("shorten --warmup")));
  EXPECT_EQ(finished.output, "");
}

TEST_F(StressTest, CtrlCEndsItWithAReport) {
  ChildProcess bench = OnTerminal({"--workload=put", "--duration=1h"});
  bench.ReadUntil("run ");
  bench.Signal(SIGINT);
  EXPECT_THAT(bench.ReadAll(), AllOf(HasSubstr("interrupted"), HasSubstr("throughput")));
  EXPECT_EQ(bench.Wait().code, 0);
}

TEST_F(StressTest, OpenLoopKeepsItsRate) {
  const Finished finished = Bench({"--workload=put", "--rate=500", "--operations=100", "--output=json"});
  EXPECT_EQ(finished.exit.code, 0);
  const boost::json::object report = Json(finished);
  EXPECT_EQ(report.at("plan").at("loop"), "open");
  EXPECT_EQ(report.at("total").at("done").to_number<int>(), 100);
  // The last of 100 is due after 198 ms.
  EXPECT_GE(report.at("measured_s").to_number<double>(), 0.197);
}

TEST_F(StressTest, TheClientIsAStressTestToo) {
  const Finished finished = RunToEnd({ClientProgram(), "--stress-test", "--server=" + node_.address(), "--warmup=0",
                                      "--workload=get", "--keys=10", "--operations=50"});
  EXPECT_EQ(finished.exit.code, 0) << finished.errors;
  EXPECT_THAT(finished.output, AllOf(HasSubstr("throughput"), HasSubstr("50 done")));
  // Its flags are flags only then.
  EXPECT_EQ(RunToEnd({ClientProgram(), "--workload=get", "GET", "k"}).exit.code, 2);
}

TEST_F(StressTest, ANodeThatIsNotThereIsSaidAtOnce) {
  node_.Kill9();
  const Finished finished = Bench({"--timeout=200ms"});
  EXPECT_EQ(finished.exit.code, 5);
  EXPECT_THAT(finished.errors, AllOf(HasSubstr("16 of 16 first requests failed"), HasSubstr(node_.address())));
  EXPECT_EQ(finished.output, "");
}

TEST(StressTestFlags, SayWhatIsWrongAndWhatWouldBeRight) {
  struct Case {
    std::string flag, says;
  };
  for (const Case& wrong : std::vector<Case>{
           {"--workload=best", "ycsb-a, ycsb-b"},
           {"--theta=1", "above 0 and below 1"},
           {"--threads=17", "at most --connections (16)"},
           {"--key_size=5", "at least 18"},
           {"--rate=-1", "operations per second"},
           {"--value_size=20-10", "smaller one first"},
           {"--wrokload=put", "Did you mean --workload?"},
           {"--server=nowhere", "nowhere"},
           {"--routing=best", "leaders or failover"},
           {"word", "'word'"},
       }) {
    const Finished finished = RunToEnd({BenchProgram(), wrong.flag});
    EXPECT_EQ(finished.exit.code, 2) << wrong.flag;
    EXPECT_THAT(finished.errors, HasSubstr(wrong.says)) << wrong.flag;
  }
  for (const Case& wrong : std::vector<Case>{
           {"--workload=list", "nothing to verify"},
           {"--value_size=8", "at least 16 bytes"},
           {"--consistency=one", "does not promise"},
           {"--keys=1000000", "fewer --keys"},
           {"--keys=500001", "at most 500000, or --verify_limit=1000002"},
           {"--operations=1000000", "at most 990000"},
       }) {
    const Finished finished = RunToEnd({BenchProgram(), "--verify", wrong.flag});
    EXPECT_EQ(finished.exit.code, 2) << wrong.flag;
    EXPECT_THAT(finished.errors, HasSubstr(wrong.says)) << wrong.flag;
  }
}

}  // namespace
}  // namespace quoin::tests
