// I8: configurations that can be obeyed, and rings that nodes adopt.
#include "tests/simulation/observer_testing.h"

namespace quoin::simulation {
namespace {

class TopologiesTest : public ObserverTest {
 protected:
  void ProposeRing(std::uint64_t leader, const ring::Topology& topology, const kv::Version& version) {
    record_ = Record(version, ring::EncodeTopology(topology));
    Send(leader, leader % 3 + 1, quorum::Accept{1, "topology", Share(record_)}, kSystem);
  }
  void StoreRing(std::uint64_t node) { Store(node, "topology", record_, kSystem); }
  kv::Record record_;
};

TEST_F(TopologiesTest, AMoveByWayOfTheJointIsFine) {
  Adopt(1, RingOf(2, Joint(2, {1, 2, 3}, {1, 4, 5})));
  for (const std::uint64_t node : {1, 2, 4, 5}) Know(node, 2);
  Adopt(1, RingOf(3, Stable(3, {1, 4, 5})));
  for (const std::uint64_t node : {1, 4, 5}) Know(node, 3);
  ExpectNothing();
}

TEST_F(TopologiesTest, TwoConfigurationsAreNotObeyedAtOnceI8) {
  Adopt(1, RingOf(2, Joint(2, {1, 2, 3}, {1, 4, 5})));
  Adopt(1, RingOf(3, Stable(3, {1, 4, 5})));
  Know(4, 3);
  ExpectNothing();
  Know(5, 3);
  ExpectComplaint("I8: in partition 0 both v1 stable");
}

TEST_F(TopologiesTest, AVersionNamesOneConfigurationI8) {
  Adopt(1, RingOf(2, Stable(2, {1, 2, 3})));
  Adopt(2, RingOf(3, Stable(2, {1, 2, 4})));
  ExpectComplaint("I8: partition 0 has two configurations of one version");
}

TEST_F(TopologiesTest, AnEpochIsOneTopologyI8) {
  Adopt(1, RingOf(2, Stable(2, {1, 2, 3})));
  Adopt(2, RingOf(2, Stable(2, {1, 2, 4})));
  ExpectComplaint("I8: there are two topologies of epoch 2");
}

TEST_F(TopologiesTest, VersionsDoNotGoBackWithLaterEpochsI8) {
  Adopt(1, RingOf(5, Stable(5, {1, 2, 3})));
  Adopt(2, RingOf(6, Stable(4, {1, 2, 3})));
  ExpectComplaint("I8: the topology of epoch 6 can't follow that of epoch 5");
}

TEST_F(TopologiesTest, ANodeDoesNotGoBackButForARestartI8) {
  const auto earlier = RingOf(2, Stable(2, {2, 1, 3}));
  Adopt(1, earlier);
  Adopt(1, RingOf(3, Stable(3, {3, 1, 2})));
  observer_.OnStart(NodeId{1});
  Adopt(1, earlier);
  ExpectNothing();
  Adopt(1, RingOf(1, Stable(1, {1, 2, 3})));
  ExpectComplaint("I8: node 0000000000000001 goes back from epoch 2 to 1");
}

TEST_F(TopologiesTest, ARingIsAdoptedOnceChosen) {
  const auto next = RingOf(2, Stable(2, {2, 1, 3}));
  ProposeRing(1, next, Version(1, 1));
  StoreRing(1);
  StoreRing(3);
  Adopt(3, next);
  ExpectNothing();
}

TEST_F(TopologiesTest, ARingIsNotAdoptedFromAnAcceptI8) {
  const auto next = RingOf(2, Stable(2, {2, 1, 3}));
  ProposeRing(1, next, Version(1, 1));
  StoreRing(2);
  Adopt(2, next);
  ExpectComplaint("I8: node 0000000000000002 adopts the ring of epoch 2, which isn't chosen");
}

}  // namespace
}  // namespace quoin::simulation
