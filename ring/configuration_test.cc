#include "ring/configuration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace quoin::ring {
namespace {

using testing::HasSubstr;

std::vector<NodeId> Nodes(std::vector<std::uint64_t> ids) {
  std::vector<NodeId> nodes;
  for (const std::uint64_t id : ids) nodes.push_back(NodeId{id});
  return nodes;
}
ReplicaSet Set(std::vector<std::uint64_t> ids) { return MajoritySet(Nodes(std::move(ids))); }

Configuration Stable(std::uint64_t version, ReplicaSet replicas) {
  return {.version = version, .phase = Phase::kStable, .replicas = std::move(replicas)};
}
Configuration Moving(std::uint64_t version, Phase phase, ReplicaSet replicas, ReplicaSet incoming) {
  return {.version = version, .phase = phase, .replicas = std::move(replicas), .incoming = std::move(incoming)};
}

TEST(ReplicaSet, AcceptsExactlyTheNumbersOfTheDesign) {
  // R + W > N and 2 W > N, spelt out against every choice of numbers.
  for (std::uint32_t n = 1; n <= 5; ++n) {
    for (std::uint32_t r = 0; r <= n + 1; ++r) {
      for (std::uint32_t w = 0; w <= n + 1; ++w) {
        std::vector<NodeId> nodes;
        for (std::uint64_t id = 1; id <= n; ++id) nodes.push_back(NodeId{id});
        const bool right = r >= 1 && r <= n && w <= n && r + w > n && 2 * w > n;
        EXPECT_EQ((ReplicaSet{nodes, r, w}.Check().ok()), right) << n << " " << r << " " << w;
      }
    }
  }
}

TEST(ReplicaSet, SaysWhichNumberIsWrong) {
  EXPECT_THAT((ReplicaSet{Nodes({1, 2, 3}), 1, 2}.Check().message()), HasSubstr("R + W must be more than N"));
  EXPECT_THAT((ReplicaSet{Nodes({1, 2, 3, 4}), 3, 2}.Check().message()), HasSubstr("W must be a majority"));
  EXPECT_THAT((ReplicaSet{Nodes({1, 2, 3}), 4, 2}.Check().message()), HasSubstr("between 1 and N"));
}

TEST(ReplicaSet, RefusesANodeThatIsListedTwice) { EXPECT_THAT(Set({1, 2, 1}).Check().message(), HasSubstr("twice")); }

TEST(ReplicaSet, RefusesNoneAndTooMany) {
  EXPECT_EQ(Set({}).Check().code(), Code::kInvalid);
  EXPECT_TRUE(Set({1, 2, 3, 4, 5, 6, 7, 8, 9}).Check().ok());
  EXPECT_EQ(Set({1, 2, 3, 4, 5, 6, 7, 8, 9, 10}).Check().code(), Code::kInvalid);
}

TEST(ReplicaSet, IsNotFooledByNumbersThatOverflow) {
  EXPECT_FALSE((ReplicaSet{Nodes({1, 2, 3}), 0xffffffffu, 0xffffffffu}.Check().ok()));
  EXPECT_FALSE((ReplicaSet{Nodes({1, 2, 3}), 2, 0x80000002u}.Check().ok()));
}

TEST(Configuration, HasIncomingExactlyWhileItMoves) {
  EXPECT_TRUE(Stable(1, Set({1})).Check().ok());
  EXPECT_FALSE(Moving(1, Phase::kStable, Set({1}), Set({2})).Check().ok());
  EXPECT_FALSE(Moving(1, Phase::kFilling, Set({1}), {}).Check().ok());
  EXPECT_FALSE(Moving(1, Phase::kJoint, Set({1}), {}).Check().ok());
  EXPECT_TRUE(Moving(1, Phase::kJoint, Set({1}), Set({2})).Check().ok());
}

TEST(Configuration, RefusesVersionZeroAndUnknownPhases) {
  EXPECT_FALSE(Stable(0, Set({1})).Check().ok());
  EXPECT_FALSE(Moving(1, static_cast<Phase>(3), Set({1}), Set({2})).Check().ok());
}

TEST(Configuration, RefusesAMoveThatChangesNothing) {
  EXPECT_FALSE(Moving(1, Phase::kJoint, Set({1, 2, 3}), Set({3, 2, 1})).Check().ok());
  const ReplicaSet read_one_write_all{Nodes({1, 2, 3}), 1, 3};
  EXPECT_TRUE(Moving(1, Phase::kJoint, Set({1, 2, 3}), read_one_write_all).Check().ok());
}

TEST(ConfigurationStep, GoesFromStableThroughFillingAndJointToStable) {
  const ReplicaSet a = Set({1, 2, 3}), b = Set({1, 2, 4});
  const Configuration one = Stable(1, a), two = Moving(2, Phase::kFilling, a, b),
                      three = Moving(3, Phase::kJoint, a, b), four = Stable(4, b);
  EXPECT_TRUE(one.CheckNext(two).ok());
  EXPECT_TRUE(two.CheckNext(three).ok());
  EXPECT_TRUE(three.CheckNext(four).ok());
}

TEST(ConfigurationStep, MayEnterTheJointAtOnce) {
  EXPECT_TRUE(Stable(1, Set({1, 2, 3})).CheckNext(Moving(2, Phase::kJoint, Set({1, 2, 3}), Set({1}))).ok());
}

TEST(ConfigurationStep, MayBeCancelledAtAnyPhase) {
  const ReplicaSet a = Set({1, 2, 3}), b = Set({4, 5, 6});
  EXPECT_TRUE(Moving(2, Phase::kFilling, a, b).CheckNext(Stable(3, a)).ok());
  EXPECT_TRUE(Moving(3, Phase::kJoint, a, b).CheckNext(Stable(4, a)).ok());
}

TEST(ConfigurationStep, NeverSkipsTheJoint) {
  const ReplicaSet a = Set({1, 2, 3}), b = Set({1, 2, 4});
  EXPECT_FALSE(Stable(1, a).CheckNext(Stable(2, b)).ok());
  EXPECT_FALSE(Moving(2, Phase::kFilling, a, b).CheckNext(Stable(3, b)).ok());
}

TEST(ConfigurationStep, ChangesQuorumSizesThroughAJointOnly) {
  const ReplicaSet majorities = Set({1, 2, 3});
  const ReplicaSet read_one{Nodes({1, 2, 3}), 1, 3};
  EXPECT_FALSE(Stable(1, majorities).CheckNext(Stable(2, read_one)).ok());
  EXPECT_TRUE(Stable(1, majorities).CheckNext(Moving(2, Phase::kJoint, majorities, read_one)).ok());
}

TEST(ConfigurationStep, MayReorderPreferencesAtOnce) {
  EXPECT_TRUE(Stable(1, Set({1, 2, 3})).CheckNext(Stable(2, Set({2, 3, 1}))).ok());
  EXPECT_FALSE(Stable(1, Set({1, 2, 3})).CheckNext(Stable(1, Set({2, 3, 1}))).ok());
}

TEST(ConfigurationStep, TakesTheNextVersionForAnyChange) {
  const Configuration stable = Stable(4, Set({1, 2, 3}));
  EXPECT_TRUE(stable.CheckNext(stable).ok());
  for (const std::uint64_t version : {3u, 4u, 6u}) {
    EXPECT_FALSE(stable.CheckNext(Moving(version, Phase::kJoint, stable.replicas, Set({1, 2}))).ok()) << version;
  }
}

TEST(ConfigurationStep, DoesNotChangeItsGoalUnderWay) {
  const ReplicaSet a = Set({1, 2, 3}), b = Set({1, 2, 4}), c = Set({1, 2, 5});
  EXPECT_FALSE(Moving(2, Phase::kFilling, a, b).CheckNext(Moving(3, Phase::kJoint, a, c)).ok());
  EXPECT_FALSE(Moving(2, Phase::kFilling, a, b).CheckNext(Moving(3, Phase::kFilling, a, c)).ok());
  EXPECT_FALSE(Moving(2, Phase::kJoint, a, b).CheckNext(Moving(3, Phase::kJoint, a, c)).ok());
  EXPECT_FALSE(Moving(2, Phase::kJoint, a, b).CheckNext(Moving(3, Phase::kFilling, a, b)).ok());
  EXPECT_FALSE(Moving(2, Phase::kJoint, a, b).CheckNext(Stable(3, c)).ok());
  EXPECT_FALSE(Stable(1, a).CheckNext(Moving(2, Phase::kJoint, b, a)).ok());
}

TEST(Configuration, PrintsItselfForLogsAndScripts) {
  EXPECT_EQ(Moving(4, Phase::kJoint, Set({1}), Set({2, 3})).ToString(),
            "v4 joint {0000000000000001} R=1 W=1 -> {0000000000000002, 0000000000000003} R=2 W=2");
}

}  // namespace
}  // namespace quoin::ring
