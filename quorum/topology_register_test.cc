// The register's sentences (design section 6; docs/protocol.md, "The ring"), one test each.
#include "quorum/topology_register.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <utility>
#include <variant>

#include "quorum/leader_replies.h"
#include "quorum/packet.h"
#include "quorum/replica_testing.h"
#include "ring/topology_codec.h"

namespace quoin::quorum {
namespace {

ring::Topology RingOf(std::uint64_t epoch) {
  ring::Topology topology =
      ring::Bootstrap(ClusterId{7}, NodeId{1}, {.peer_address = "one:7080", .client_address = "one:8080"}, 4, {});
  topology.epoch = epoch;
  return topology;
}

Reply Absent() {
  Reply reply;
  reply.outcome = Outcome::kAbsent;
  return reply;
}
Reply Done(const kv::Version& changed, const ring::Topology* topology) {
  Reply reply;
  reply.outcome = Outcome::kDone;
  reply.changed = changed;
  if (topology != nullptr) reply.record = RecordOf(changed, ring::EncodeTopology(*topology));
  return reply;
}

class TopologyRegisterTest : public testing::Test {
 protected:
  // A leadership that has found the register so.
  void Lead(const Reply& reply) {
    register_.OnLeading(BallotOf(1, 1));
    ASSERT_TRUE(register_.Read());
    register_.OnReply(reply);
  }
  static const Condition& ConditionOf(const Request& request) {
    CHECK_EQ(request.conditions.size(), 1u);
    return request.conditions[0];
  }

  TopologyRegister register_;
};

TEST_F(TopologyRegisterTest, ReadsBeforeAnythingIsWritten) {
  EXPECT_FALSE(register_.Read()) << "it doesn't lead";
  register_.OnLeading(BallotOf(1, 1));
  EXPECT_FALSE(register_.ready());
  const std::optional<Request> read = register_.Read();
  ASSERT_TRUE(read);
  EXPECT_EQ(read->key, kTopologyKey);
  EXPECT_TRUE(std::holds_alternative<Get>(read->operation));
  EXPECT_EQ(read->consistency, Consistency::kQuorum) << "a linearizable one";
  EXPECT_FALSE(register_.Read()) << "one at a time";
  EXPECT_FALSE(register_.ready());
  register_.OnReply(Absent());
  EXPECT_TRUE(register_.ready());
  EXPECT_FALSE(register_.Read());
}

TEST_F(TopologyRegisterTest, AReadShowsARingThatIsChosen) {
  register_.OnLeading(BallotOf(1, 1));
  register_.Read();
  const ring::Topology ring = RingOf(5);
  const auto shown = register_.OnReply(Done(VersionOf(1, 1, 9), &ring));
  ASSERT_NE(shown, nullptr);
  EXPECT_EQ(*shown, ring);
}

TEST_F(TopologyRegisterTest, AnEmptyRegisterHoldsTheRingOfTheBootstrap) {
  Lead(Absent());
  const Request write = register_.Write(RingOf(2));
  EXPECT_EQ(ConditionOf(write).kind, Condition::Kind::kAbsent);
  EXPECT_EQ(std::get<Put>(write.operation).value, ring::EncodeTopology(RingOf(2)));
}

TEST_F(TopologyRegisterTest, ARingIsWrittenOnConditionThatTheOneBeforeIsStillThere) {
  const ring::Topology before = RingOf(5);
  Lead(Done(VersionOf(1, 1, 9), &before));
  const Request write = register_.Write(RingOf(6));
  EXPECT_EQ(ConditionOf(write).kind, Condition::Kind::kVersionIn);
  EXPECT_EQ(ConditionOf(write).versions, std::vector<kv::Version>{VersionOf(1, 1, 9)});
}

TEST_F(TopologyRegisterTest, TheNextIsProposedOnlyWhenTheOneBeforeIsChosen) {
  Lead(Absent());
  register_.Write(RingOf(2));
  EXPECT_FALSE(register_.ready());
  EXPECT_FALSE(register_.Read());
  const auto chosen = register_.OnReply(Done(VersionOf(1, 1, 3), nullptr));
  ASSERT_NE(chosen, nullptr);
  EXPECT_EQ(chosen->epoch, 2u);
  ASSERT_TRUE(register_.ready());
  EXPECT_EQ(ConditionOf(register_.Write(RingOf(3))).versions, std::vector<kv::Version>{VersionOf(1, 1, 3)});
}

TEST_F(TopologyRegisterTest, AWriteWhoseEndIsNotKnownShowsNoRingAndIsReadAgain) {
  Lead(Absent());
  register_.Write(RingOf(2));
  EXPECT_EQ(register_.OnReply(Unknown("the leadership ended")), nullptr) << "it may not be chosen";
  EXPECT_FALSE(register_.ready());
  EXPECT_TRUE(register_.Read());
  const ring::Topology chosen = RingOf(2);
  const auto shown = register_.OnReply(Done(VersionOf(1, 1, 3), &chosen));
  ASSERT_NE(shown, nullptr) << "it was";
  EXPECT_EQ(shown->epoch, 2u);
}

TEST_F(TopologyRegisterTest, AFailedConditionShowsNoRing) {
  Lead(Absent());
  register_.Write(RingOf(2));
  Reply reply;
  reply.outcome = Outcome::kConditionFailed;
  EXPECT_EQ(register_.OnReply(reply), nullptr);
  EXPECT_FALSE(register_.ready());
  EXPECT_TRUE(register_.Read());
}

TEST_F(TopologyRegisterTest, ANewLeadershipKnowsNothingOfTheOneBefore) {
  Lead(Absent());
  register_.OnLeading(BallotOf(3, 1));
  EXPECT_FALSE(register_.ready());
  EXPECT_TRUE(register_.Read());
  register_.OnReply(Absent());
  register_.OnLeading(BallotOf(3, 1));
  EXPECT_TRUE(register_.ready()) << "the same one goes on";
  register_.OnLeading({});
  EXPECT_FALSE(register_.ready());
  EXPECT_FALSE(register_.Read()) << "it leads no more";
}

TEST(TopologyRegisterDeathTest, DiesOfASecondWriteBeforeTheFirstIsChosen) {
  TopologyRegister reg;
  reg.OnLeading(BallotOf(1, 1));
  reg.Read();
  reg.OnReply(Absent());
  reg.Write(RingOf(2));
  EXPECT_DEATH(reg.Write(RingOf(3)), "ready");
}

}  // namespace
}  // namespace quoin::quorum
