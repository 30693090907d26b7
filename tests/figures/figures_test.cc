// Pins the figures, so that what makes an operation dearer, a recovery longer or a cluster noisier is seen at once.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <set>
#include <string>

#include "tests/figures/measured_cluster.h"
#include "tests/figures/recovery.h"
#include "tests/figures/scale.h"
#include "tests/figures/steady_state.h"

namespace quoin::figures {
namespace {

using std::chrono::milliseconds;

TEST(SteadyState, CostsExactlyWhatIsPromised) {
  for (const OperationCost& cost : MeasureSteadyState()) {
    EXPECT_EQ(cost.total(), cost.promised.packets) << cost.name << ": " << cost.Packets();
    EXPECT_EQ(cost.durable_rounds, cost.promised.durable_rounds) << cost.name;
    EXPECT_EQ(cost.round_trips, cost.promised.round_trips) << cost.name;
    // A replica makes a write durable once.
    EXPECT_LE(cost.most_by_a_node, 1u) << cost.name;
  }
}

TEST(SteadyState, CrowdsShareRoundsAndBarriers) {
  for (const OperationCost& cost : MeasureCrowds(100)) {
    EXPECT_LE(cost.most_by_a_node, 3u) << cost.name;
    if (cost.name == "100 gets at the leader") {
      EXPECT_LE(cost.total(), 12u) << cost.Packets();  // Of two barriers, one perhaps sent twice.
    }
  }
}

TEST(SteadyState, AFirstTouchCostsOneRoundTripMore) {
  const auto costs = MeasureFirstTouches();
  ASSERT_EQ(costs.size(), 4u);
  for (std::size_t i = 0; i < costs.size(); i += 2) {
    EXPECT_EQ(costs[i].round_trips, costs[i + 1].round_trips + 1) << costs[i].name;
    EXPECT_EQ(costs[i].total(), costs[i + 1].total() + 4) << costs[i].Packets();
  }
}

TEST(Recovery, OfACrashIsAMatterOfRoundTrips) {
  for (const Fault& fault : AllFaults()) {
    if (fault.name != "leader crashes, links reset") continue;
    for (const std::uint32_t replicas : {3u, 5u}) {
      EXPECT_LE(Measure(fault, replicas, Client::kWriter, milliseconds(7)).gap, 5 * kRoundTrip);
      EXPECT_LE(Measure(fault, replicas, Client::kReader, milliseconds(7)).gap, 3 * kRoundTrip);
    }
  }
}

TEST(Recovery, OfSilenceTakesAFewHeartbeats) {
  for (const Fault& fault : AllFaults()) {
    for (const Client client : {Client::kWriter, Client::kReader}) {
      const Recovery recovery = Measure(fault, 3, client, milliseconds(11));
      EXPECT_TRUE(recovery.recovered) << fault.name;
      EXPECT_LE(recovery.gap, 4 * quorum::NodeTiming().heartbeat) << fault.name;
    }
  }
}

// A disk that takes longer to read a range than the leader takes to ask again.
TEST(Recovery, CompletesWithSlowDisksToo) {
  MeasuredCluster cluster(3, 3);
  quorum::TestNodes& nodes = cluster.nodes;
  nodes.Do(cluster.leader, PutOf(cluster.NewKey(), "a"));
  for (std::uint64_t id = 1; id <= 3; ++id) nodes.SetReadTime(id, 3 * nodes.timing.resend);
  nodes.Kill(cluster.leader);
  nodes.Start(cluster.leader);
  EXPECT_TRUE(nodes.RunUntil([&] { return nodes.Settled(); }, std::chrono::seconds(10)));
}

void ExpectBalanced(const Range& range) { EXPECT_LE(range.most, range.least + 1); }
void ExpectFrugal(const Change& change) { EXPECT_LE(10 * change.moves, 11 * change.optimum); }

TEST(Scale, IsBalancedAndMovesLittle) {
  for (const std::size_t nodes : {5, 12}) {
    const ScaleFigures figures = MeasureScale(nodes, 64);
    EXPECT_LE(figures.gossip, 2.2);
    EXPECT_LE(figures.others, 0.1) << "a quiet cluster isn't quiet";
    ExpectBalanced(figures.replicas);
    ExpectBalanced(figures.leaders);
    ExpectFrugal(figures.join);
    ExpectFrugal(figures.drain);
  }
}

}  // namespace
}  // namespace quoin::figures
