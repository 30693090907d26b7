// The parts of the simulated world keep their own promises; otherwise a run would prove nothing.
#include <gtest/gtest.h>

#include <vector>

#include "tests/simulation/event_queue.h"
#include "tests/simulation/fleet.h"
#include "tests/simulation/parameters.h"
#include "tests/simulation/result_text.h"
#include "tests/simulation/seeded_random.h"
#include "tests/simulation/shrink.h"
#include "tests/simulation/sim_clock.h"
#include "tests/simulation/sim_disk.h"
#include "tests/simulation/sim_network.h"

namespace quoin::simulation {
namespace {

using std::chrono::milliseconds;

constexpr PartitionId kPartition{1};

kv::Batch BatchOf(const std::string& key, std::uint64_t sequence) {
  kv::Record record;
  record.accepted = record.changed = {{1, NodeId{1}}, sequence};
  kv::Batch batch;
  batch.PutRecord(kPartition, key, record);
  return batch;
}

bool Holds(const SimDisk& disk, const std::string& key) {
  const Result<kv::RecordPtr> found = disk.Get(kPartition, key);
  return found.ok() && *found != nullptr;
}

TEST(EventQueue, RunsInOrderOfTimeAndThenOfAskingQ2) {
  EventQueue queue;
  std::vector<int> ran;
  queue.After(milliseconds(2), [&] { ran.push_back(3); });
  queue.After(milliseconds(1), [&] { ran.push_back(1); });
  queue.After(milliseconds(1), [&] {
    ran.push_back(2);
    queue.After(milliseconds(0), [&] { ran.push_back(20); });
  });
  queue.RunUntil(ring::MonotonicTime(milliseconds(5)));
  EXPECT_EQ(ran, (std::vector<int>{1, 2, 20, 3}));
  EXPECT_EQ(queue.now(), ring::MonotonicTime(milliseconds(5)));
}

TEST(SeededRandom, HasIndependentStreams) {
  SeededRandom a(1, "a"), again(1, "a"), b(1, "b"), other(1, "a", 1);
  const std::uint64_t first = a.Next();
  EXPECT_EQ(again.Next(), first);
  EXPECT_NE(b.Next(), first);
  EXPECT_NE(other.Next(), first);
}

TEST(SimDisk, ShowsAWriteOfUnknownOutcomeOnlyAfterTheRestartIfAtAllD1) {
  int surfaced = 0;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    SimDisk disk(NodeId{1}, 0, SeededRandom(seed));
    ASSERT_TRUE(disk.Write(BatchOf("a", 1)).ok());
    disk.FailNextWrite();
    EXPECT_EQ(disk.Write(BatchOf("b", 2)).code(), Code::kUnknown);
    EXPECT_FALSE(Holds(disk, "b"));
    EXPECT_EQ(disk.Write(BatchOf("c", 3)).code(), Code::kReadOnly);
    disk.OnCrash(nullptr);
    EXPECT_EQ(Holds(disk, "b"), disk.TakeSurfaced().has_value());
    surfaced += Holds(disk, "b") ? 1 : 0;
    EXPECT_TRUE(Holds(disk, "a"));
    EXPECT_FALSE(Holds(disk, "c"));
    EXPECT_TRUE(disk.Write(BatchOf("c", 4)).ok());
  }
  EXPECT_GT(surfaced, 5);
  EXPECT_LT(surfaced, 35);
}

TEST(SimDisk, ReadsADamagedRecordAsDamagedUntilItIsWrittenAnewD2) {
  SimDisk disk(NodeId{1}, 0, SeededRandom(1));
  ASSERT_TRUE(disk.Write(BatchOf("a", 1)).ok());
  disk.Damage(kPartition, "a");
  EXPECT_EQ(disk.Get(kPartition, "a").code(), Code::kDamaged);
  EXPECT_EQ(disk.TryGet(kPartition, "a")->code(), Code::kDamaged);
  {
    const auto snapshot = disk.TakeSnapshot();
    EXPECT_EQ(snapshot->Scan(kPartition, {})->record().code(), Code::kDamaged);
  }
  ASSERT_TRUE(disk.Write(BatchOf("a", 2)).ok());
  EXPECT_TRUE(Holds(disk, "a"));
  EXPECT_EQ(disk.refilled(), 1u);
}

TEST(SimDisk, AppliesNothingOfWhatItRefusedAsFull) {
  SimDisk disk(NodeId{1}, 0, SeededRandom(1));
  disk.SetFull(true);
  EXPECT_EQ(disk.Write(BatchOf("a", 1)).code(), Code::kDiskFull);
  disk.SetFull(false);
  disk.OnCrash(nullptr);
  EXPECT_FALSE(Holds(disk, "a"));
}

TEST(SimClock, StaysWithinItsBoundAndNeverGoesBackL1L2) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    SimClock clock(milliseconds(50), 20'000, SeededRandom(seed));
    SimClock exact(milliseconds(0), 0, SeededRandom(seed));
    ring::MonotonicTime last{};
    for (int ms = 0; ms < 20'000; ms += 10) {
      const ring::MonotonicTime now(milliseconds{ms});
      if (ms == 0) clock.Boot(now);
      if (ms % 1000 == 0) clock.Jump(now);
      if (ms == 15'000) clock.Mend(now);
      const quorum::Moment moment = clock.Read(now);
      EXPECT_LE(std::chrono::abs(moment.wall - exact.Read(now).wall), milliseconds(51));
      EXPECT_GE(moment.now, last);
      last = moment.now;
    }
  }
}

TEST(SimNetwork, LetsNothingThroughACutOrPastAResetL1L2) {
  EventQueue queue;
  Counts counts;
  int arrived = 0;
  Parameters parameters;
  parameters.seed = 1;
  SimNetwork network(parameters, queue, counts, [&](std::size_t, std::size_t, const PacketPtr&) { ++arrived; });
  network.AddNode();
  network.AddNode();
  const auto packet = std::make_shared<const quorum::PacketBody>(quorum::FetchTopologyPacket{});
  const auto wait = [&] { queue.RunUntil(queue.now() + milliseconds(100)); };
  network.Send(0, 1, packet);
  wait();
  EXPECT_EQ(arrived, 1);
  network.Send(0, 1, packet);
  network.Cut(0, 1);
  network.Send(0, 1, packet);
  wait();
  EXPECT_EQ(arrived, 1);
  network.Send(1, 0, packet);  // The other way is open.
  wait();
  EXPECT_EQ(arrived, 2);
  network.Mend(0, 1);
  network.Send(0, 1, packet);
  network.Reset(1, 0);
  wait();
  EXPECT_EQ(arrived, 2);
  network.Clog(0, 1, queue.now() + milliseconds(500));
  network.Send(0, 1, packet);
  wait();
  EXPECT_EQ(arrived, 2);
  queue.RunUntil(queue.now() + milliseconds(500));
  EXPECT_EQ(arrived, 3);
}

TEST(Parameters, AreReadAsTheyAreWritten) {
  for (std::uint64_t seed = 1; seed < 50; ++seed) {
    const Parameters drawn = DrawParameters(seed);
    Parameters read;
    read.seed = seed;
    ASSERT_TRUE(ApplyParameters(ParametersText(drawn), &read).ok());
    EXPECT_EQ(read, drawn);
    EXPECT_EQ(ParametersText(drawn, &read), "");
    const std::uint64_t n = drawn.replication_factor, r = drawn.read_quorum, w = drawn.write_quorum;
    EXPECT_TRUE((r == 0 && w == 0) || (r + w > n && 2 * w > n)) << ParametersText(drawn);
  }
  Parameters unchanged;
  EXPECT_EQ(ApplyParameters("nods=3", &unchanged).code(), Code::kInvalid);
  EXPECT_EQ(ApplyParameters("nodes=many", &unchanged).code(), Code::kInvalid);
}

TEST(Shrink, LeavesWhatTheFailureNeeds) {
  Parameters failing = DrawParameters(7);
  failing.nodes = 5;
  failing.kill_every_ms = 700;
  failing.cut_every_ms = 300;
  const Parameters shrunk = Shrink(
      failing, [](const Parameters& tried) { return tried.kill_every_ms > 0 && tried.nodes >= 2; },
      [](const Parameters&) {});
  EXPECT_EQ(shrunk.kill_every_ms, 700u);
  EXPECT_EQ(shrunk.cut_every_ms, 0u);
  EXPECT_EQ(shrunk.nodes, 2u);
  EXPECT_EQ(shrunk.requests, 1u);
}

TEST(Result, PassesFromOneProcessToAnotherWhole) {
  SimulationResult result;
  result.failures = {"I5: two\nlines \\ and all"};
  result.trace_hash = 0xabc;
  result.operations = 7;
  result.counts.faults["bit rot"] = 3;
  result.counts.totals["events"] = 9;
  SimulationResult read;
  const std::string text = ResultText(result);
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = text.find('\n', begin);
    ReadResultLine(std::string_view(text).substr(begin, end - begin), &read);
    begin = end + 1;
  }
  EXPECT_EQ(read.failures, result.failures);
  EXPECT_EQ(read.trace_hash, result.trace_hash);
  EXPECT_EQ(read.operations, result.operations);
  EXPECT_EQ(read.counts.faults, result.counts.faults);
  EXPECT_EQ(read.counts.totals, result.counts.totals);
}

TEST(Simulation, OfOneNodeAndOfThreeWithoutFaultsPasses) {
  for (const std::uint64_t nodes : {1, 3}) {
    Parameters parameters = DrawParameters(nodes);
    for (const ParameterField& field : ParameterFields()) {
      if (field.fault) parameters.*field.value = 0;
    }
    parameters.nodes = nodes;
    parameters.replication_factor = nodes;
    parameters.read_quorum = parameters.write_quorum = 0;
    const SimulationResult result = RunApart(parameters, std::chrono::seconds(60));
    EXPECT_TRUE(result.ok()) << result.failures.front();
    EXPECT_GT(result.counts.outcomes.at("done"), 50u);
  }
}

}  // namespace
}  // namespace quoin::simulation
