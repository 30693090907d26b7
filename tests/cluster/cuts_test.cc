// Chaos in short, with a network that is cut in every shape. Skipped where no network namespace can be made.
#include <glog/logging.h>
#include <gtest/gtest.h>

#include "tests/cluster/chaos.h"
#include "tests/process/seed.h"

namespace quoin::tests {
namespace {

TEST(Chaos, CutNetworksLoseNothing) {
  auto lab = NetworkLab::Enter();
  if (!lab.ok()) GTEST_SKIP() << lab.status().message();
  ChaosPlan plan;
  plan.seed = DrawSeed();
  plan.rounds = 2;
  plan.hurting = std::chrono::seconds(8);
  plan.membership = false;
  plan.first = {"cut-off", "cut-off-sending", "cut-off-hearing", "cut-pair", "cut-pair-one-way", "split"};
  plan.flags = {"--partitions=16", "--cache_size=16MiB", "--scrub_interval=1s"};
  const ChaosReport report = RunChaos(plan, lab->get());
  EXPECT_EQ(report.wrong, "") << "QUOIN_SEED=" << plan.seed;
  EXPECT_EQ(report.rounds, plan.rounds);
  EXPECT_EQ(report.Unwatched(), "");
  for (const std::string& kind : plan.first) EXPECT_TRUE(report.counts.contains(kind)) << kind;
  LOG(INFO) << report.ToString();
}

}  // namespace
}  // namespace quoin::tests
