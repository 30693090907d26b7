// I7: purges, and what enters and leaves a configuration.
#include "tests/simulation/observer_testing.h"

namespace quoin::simulation {
namespace {

class FloorsTest : public ObserverTest {
 protected:
  void RaiseFloor(std::uint64_t node, const kv::Version& floor) {
    kv::PartitionState state = promised_[NodeId{node}];
    state.purge_floor = floor;
    StoreState(node, state);
  }
  void Erase(std::uint64_t node, const std::string& key) {
    kv::Batch batch;
    batch.EraseRecord(kPartition, key);
    observer_.OnDurable(NodeId{node}, batch);
  }
};

TEST_F(FloorsTest, APurgeOfWhatAllHaveIsFine) {
  for (const std::uint64_t node : {1, 2, 3}) {
    Store(node, "k", Tombstone(Version(1, 1)));
    Store(node, "l", Record(Version(1, 2)));
  }
  for (const std::uint64_t node : {1, 2, 3}) {
    RaiseFloor(node, Version(1, 2));
    Erase(node, "k");
  }
  Store(1, "k", Record(Version(1, 3)));
  ExpectNothing();
}

TEST_F(FloorsTest, IsNotRecordedWhileAReplicaLacksATombstoneI7) {
  Store(1, "k", Tombstone(Version(1, 2)));
  Store(2, "k", Tombstone(Version(1, 2)));
  Store(3, "k", Record(Version(1, 1)));
  RaiseFloor(1, Version(1, 2));
  ExpectComplaint("I7: node 0000000000000001 records floor 1.0000000000000001.2 in partition 0 though node");
}

TEST_F(FloorsTest, MayMeetATombstoneThatAnEarlierPurgeLeftBehind) {
  for (const std::uint64_t node : {1, 2, 3}) Store(node, "k", Tombstone(Version(1, 1)));
  for (const std::uint64_t node : {1, 2, 3}) RaiseFloor(node, Version(1, 1));
  Erase(1, "k");
  RaiseFloor(1, Version(1, 5));
  ExpectNothing();
}

TEST_F(FloorsTest, NothingButTombstonesUpToItIsErasedI7) {
  Store(1, "k", Record(Version(1, 1)));
  Erase(1, "k");
  ExpectComplaint("I7: node 0000000000000001 erases 1.0000000000000001.1 of key k");
}

TEST_F(FloorsTest, NothingReturnsFromBelowI7) {
  for (const std::uint64_t node : {1, 2, 3}) {
    Store(node, "k", Tombstone(Version(1, 2)));
  }
  RaiseFloor(1, Version(1, 2));
  Erase(1, "k");
  ExpectNothing();
  Store(1, "k", Record(Version(1, 1)));
  ExpectComplaint("I7: node 0000000000000001 stores 1.0000000000000001.1 of key k in partition 0 though its floor");
}

TEST_F(FloorsTest, WhoEntersAConfigurationErasesWhatItHadI7) {
  Store(3, "k", Record(Version(1, 1)));
  Adopt(1, RingOf(2, Stable(2, {1, 2, 4})));
  Know(3, 2);
  Adopt(1, RingOf(3, Joint(3, {1, 2, 4}, {1, 2, 3})));
  ExpectNothing();
  Know(3, 3);
  ExpectComplaint("I7: node 0000000000000003 enters configuration 3 of partition 0 with records of earlier times");
}

TEST_F(FloorsTest, WhoSleptThroughItsAbsenceErasesToo) {
  Store(3, "k", Record(Version(1, 1)));
  Adopt(1, RingOf(2, Stable(2, {1, 2, 4})));
  Adopt(1, RingOf(3, Joint(3, {1, 2, 4}, {1, 2, 3})));
  kv::Batch batch;
  batch.EraseRange(kPartition, "", std::nullopt);
  batch.PutPartitionState(kPartition, {.promised = Ballot(1), .configuration_version = 3});
  observer_.OnDurable(NodeId{3}, batch);
  ExpectNothing();
}

TEST_F(FloorsTest, APurgeMayShareABatchWithTheErasureOfWhoLeaves) {
  for (const std::uint64_t node : {1, 2, 3}) Store(node, "k", Tombstone(Version(1, 1)));
  for (const std::uint64_t node : {1, 2, 3}) RaiseFloor(node, Version(1, 1));
  Adopt(1, RingOf(2, Stable(2, {1, 2, 4})));
  kv::Batch batch;
  batch.EraseRecord(kPartition, "k");
  batch.EraseRange(kPartition, "", std::nullopt);
  batch.PutPartitionState(kPartition, {.promised = Ballot(1), .configuration_version = 2});
  observer_.OnDurable(NodeId{3}, batch);
  ExpectNothing();
}

TEST_F(FloorsTest, WhoStaysDropsNothingI4) {
  Store(3, "k", Record(Version(1, 1)));
  kv::Batch batch;
  batch.EraseRange(kPartition, "", std::nullopt);
  observer_.OnDurable(NodeId{3}, batch);
  ExpectComplaint("I4: node 0000000000000003 drops 1 records of partition 0");
}

}  // namespace
}  // namespace quoin::simulation
