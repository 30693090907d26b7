// kill -9 during load, a hundred times on one data directory: after each restart every acknowledged write is there and
// intact, and nothing else is but what was under way at the kill, which may be either.
//
// The moments and the load are drawn from a seed, which the test prints; QUOIN_SEED=<number> draws them again. (The
// threads' timing stays the machine's own.)
#include <glog/logging.h>
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>

#include "tests/load_writer.h"
#include "tests/process/node_process.h"
#include "tests/process/seed.h"

namespace quoin::tests {
namespace {

constexpr int kRounds = 100;
constexpr int kWriters = 8;
// Acknowledgements between a start and the kill: none to a few hundred milliseconds' worth.
constexpr int kMostAcknowledgements = 1500;

TEST(Kill9, LosesNoAcknowledgedWriteInAHundredRounds) {
  const std::uint64_t seed = DrawSeed();
  std::mt19937_64 random(seed);

  std::vector<LoadWriter> writers;
  for (int i = 0; i < kWriters; ++i) writers.emplace_back("w" + std::to_string(i) + "/", random());

  NodeProcess node({"--request_timeout=50s"});  // The disk may be busy.
  int killed_under_way = 0;
  for (int round = 0; round < kRounds; ++round) {
    const int acknowledgements = std::uniform_int_distribution<int>(0, kMostAcknowledgements)(random);
    AcknowledgementGate gate(acknowledgements);
    std::vector<std::thread> threads;
    for (LoadWriter& writer : writers) {
      threads.emplace_back([&writer, &gate, port = node.port()] { writer.RunUntilTheNodeIsGone(port, gate); });
    }
    gate.WaitUntilReached();
    // The writers are at it: the kill falls where it falls.
    node.Kill9();
    for (std::thread& thread : threads) thread.join();

    node.Start();
    std::set<std::string> keys;
    for (LoadWriter& writer : writers) {
      killed_under_way += writer.unsettled();
      writer.Verify(node.port());
      writer.AddPresentKeys(keys);
    }
    EXPECT_EQ(ListAllKeys(node.port()), keys);
    ASSERT_FALSE(testing::Test::HasFailure()) << "round " << round << " of QUOIN_SEED=" << seed << "\n" << node.Log();
  }
  EXPECT_EQ(node.Terminate().code, 0);

  int acknowledged = 0;
  for (const LoadWriter& writer : writers) acknowledged += writer.acknowledged();
  LOG(INFO) << kRounds << " kills, " << acknowledged << " writes acknowledged and found again, " << killed_under_way
            << " under way at a kill";
  // A load that was never caught in the act would have shown nothing.
  EXPECT_GE(killed_under_way, kRounds);
  EXPECT_GE(acknowledged, kRounds * kMostAcknowledgements / 4);
}

}  // namespace
}  // namespace quoin::tests
