// Chaos in short, on the loopback: nodes are killed, paused and restarted, and join and leave, under a verified load.
// QUOIN_SEED=<number> draws the same faults again; `bazel run //tests/cluster:chaos` does it for as long as you like.
#include "tests/cluster/chaos.h"

#include <glog/logging.h>
#include <gtest/gtest.h>

#include "tests/process/seed.h"

namespace quoin::tests {
namespace {

const std::vector<std::string> kSmall = {"--partitions=16", "--cache_size=16MiB", "--scrub_interval=1s"};

TEST(Chaos, KilledPausedAndRestartedNodesLoseNothing) {
  ChaosPlan plan;
  plan.seed = DrawSeed();
  plan.rounds = 2;
  plan.membership = false;
  plan.first = {"kill-one", "pause-one", "restart-one", "kill-all"};
  plan.flags = kSmall;
  const ChaosReport report = RunChaos(plan, nullptr);
  EXPECT_EQ(report.wrong, "") << "QUOIN_SEED=" << plan.seed;
  EXPECT_EQ(report.rounds, plan.rounds);
  EXPECT_EQ(report.Unwatched(), "");
  for (const std::string& kind : plan.first) EXPECT_TRUE(report.counts.contains(kind)) << kind;
  LOG(INFO) << report.ToString();
}

TEST(Chaos, NodesThatComeAndGoLoseNothing) {
  ChaosPlan plan;
  plan.seed = DrawSeed();
  plan.rounds = 3;
  plan.hurting = std::chrono::seconds(3);
  plan.nodes = 4;
  plan.most_nodes = 4;  // So that some leave, and then one joins.
  plan.flags = kSmall;
  const ChaosReport report = RunChaos(plan, nullptr);
  EXPECT_EQ(report.wrong, "") << "QUOIN_SEED=" << plan.seed;
  EXPECT_EQ(report.rounds, plan.rounds);
  EXPECT_EQ(report.Unwatched(), "");
  LOG(INFO) << report.ToString();
}

}  // namespace
}  // namespace quoin::tests
