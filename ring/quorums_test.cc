#include "ring/quorums.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace quoin::ring {
namespace {

// The oracle: quorums by their definition in the design, with sets of nodes instead of masks.
using Nodes = std::set<NodeId>;

std::size_t CountIn(const ReplicaSet& set, const Nodes& who) {
  std::size_t count = 0;
  for (const NodeId node : set.nodes) count += who.contains(node);
  return count;
}
bool ReadMet(const Configuration& c, const Nodes& who) {
  return CountIn(c.replicas, who) >= c.replicas.read_quorum &&
         (c.phase != Phase::kJoint || CountIn(c.incoming, who) >= c.incoming.read_quorum);
}
bool WriteMet(const Configuration& c, const Nodes& who) {
  return CountIn(c.replicas, who) >= c.replicas.write_quorum &&
         (c.phase != Phase::kJoint || CountIn(c.incoming, who) >= c.incoming.write_quorum);
}

constexpr int kUniverse = 5;

// Every non-empty set of nodes from 1 to kUniverse with every legal R and W.
std::vector<ReplicaSet> AllSets() {
  std::vector<ReplicaSet> sets;
  for (int members = 1; members < 1 << kUniverse; ++members) {
    ReplicaSet set;
    for (int i = 0; i < kUniverse; ++i) {
      if (members >> i & 1) set.nodes.push_back(NodeId{static_cast<std::uint64_t>(i + 1)});
    }
    for (set.read_quorum = 1; set.read_quorum <= set.nodes.size(); ++set.read_quorum) {
      for (set.write_quorum = 1; set.write_quorum <= set.nodes.size(); ++set.write_quorum) {
        if (set.Check().ok()) sets.push_back(set);
      }
    }
  }
  return sets;
}

std::vector<Nodes> AllAnswers() {
  std::vector<Nodes> all;
  for (int bits = 0; bits < 1 << kUniverse; ++bits) {
    Nodes who;
    for (int i = 0; i < kUniverse; ++i) {
      if (bits >> i & 1) who.insert(NodeId{static_cast<std::uint64_t>(i + 1)});
    }
    all.push_back(who);
  }
  return all;
}

ReplicaMask MaskOf(const Quorums& quorums, const Nodes& who) {
  ReplicaMask mask = 0;
  for (const NodeId node : who) mask |= quorums.MaskOf(node);
  return mask;
}

// Which answers (bits over the universe, node 1 lowest) are read and write quorums, told by the code under test.
struct Table {
  std::vector<std::uint32_t> reads;
  std::vector<std::uint32_t> writes;
};
Table TableOf(const Configuration& configuration) {
  const Quorums quorums(configuration);
  Table table;
  for (std::uint32_t bits = 0; bits < 1u << kUniverse; ++bits) {
    ReplicaMask mask = 0;
    for (int i = 0; i < kUniverse; ++i) {
      if (bits >> i & 1) mask |= quorums.MaskOf(NodeId{static_cast<std::uint64_t>(i + 1)});
    }
    if (quorums.IsReadQuorum(mask)) table.reads.push_back(bits);
    if (quorums.IsWriteQuorum(mask)) table.writes.push_back(bits);
  }
  return table;
}
// I8, and two writes meet as well.
bool Intersect(const Table& a, const Table& b) {
  for (const std::uint32_t write : a.writes) {
    for (const std::uint32_t read : b.reads) {
      if ((write & read) == 0) return false;
    }
    for (const std::uint32_t other : b.writes) {
      if ((write & other) == 0) return false;
    }
  }
  for (const std::uint32_t write : b.writes) {
    for (const std::uint32_t read : a.reads) {
      if ((write & read) == 0) return false;
    }
  }
  return true;
}

Configuration StableOf(const ReplicaSet& set) { return {.version = 1, .replicas = set}; }
Configuration JointOf(const ReplicaSet& a, const ReplicaSet& b) {
  return {.version = 2, .phase = Phase::kJoint, .replicas = a, .incoming = b};
}

TEST(Quorums, AreWhatTheDefinitionSays) {
  const std::vector<ReplicaSet> sets = AllSets();
  const std::vector<Nodes> answers = AllAnswers();
  for (std::size_t i = 0; i < sets.size(); ++i) {
    // A sparse choice of partners keeps the test short; each set still meets dozens of others.
    for (std::size_t k = i % 7; k < sets.size(); k += 7) {
      for (const Phase phase : {Phase::kStable, Phase::kFilling, Phase::kJoint}) {
        Configuration c{.version = 1, .phase = phase, .replicas = sets[i]};
        if (phase != Phase::kStable) c.incoming = sets[k];
        if (!c.Check().ok()) continue;
        const Quorums quorums(c);
        for (const Nodes& who : answers) {
          ASSERT_EQ(quorums.IsReadQuorum(MaskOf(quorums, who)), ReadMet(c, who)) << c;
          ASSERT_EQ(quorums.IsWriteQuorum(MaskOf(quorums, who)), WriteMet(c, who)) << c;
        }
      }
    }
  }
}

// Every pair of replica sets over five nodes, every legal R and W on both sides.
TEST(Quorums, OfNeighbouringConfigurationsIntersectI8) {
  const std::vector<ReplicaSet> sets = AllSets();
  int pairs = 0, needing_the_joint = 0;
  for (const ReplicaSet& a : sets) {
    const Table stable_a = TableOf(StableOf(a));
    ASSERT_TRUE(Intersect(stable_a, stable_a)) << a;
    for (const ReplicaSet& b : sets) {
      if (SameQuorums(a, b)) continue;
      const Table stable_b = TableOf(StableOf(b));
      const Table joint = TableOf(JointOf(a, b));
      ASSERT_TRUE(Intersect(stable_a, joint)) << a << " " << b;
      ASSERT_TRUE(Intersect(joint, stable_b)) << a << " " << b;
      ASSERT_TRUE(Intersect(joint, joint)) << a << " " << b;
      ++pairs;
      needing_the_joint += !Intersect(stable_a, stable_b);
    }
  }
  EXPECT_GT(pairs, 10000);
  // Were there no such pair, the test couldn't tell a joint from none.
  EXPECT_GT(needing_the_joint, pairs / 4);
}

TEST(Quorums, SealTheOldConfigurationExactlyWhenItHasNoQuorumLeft) {
  for (const ReplicaSet& a : AllSets()) {
    const Configuration joint = JointOf(a, a.Contains(NodeId{5}) ? MajoritySet({NodeId{6}}) : MajoritySet({NodeId{5}}));
    const Quorums quorums(joint);
    for (const Nodes& seen : AllAnswers()) {
      Nodes rest;
      for (const NodeId node : a.nodes) {
        if (!seen.contains(node)) rest.insert(node);
      }
      const bool quorum_left = ReadMet(StableOf(a), rest) || WriteMet(StableOf(a), rest);
      ASSERT_EQ(quorums.SealsOld(MaskOf(quorums, seen)), !quorum_left) << joint;
    }
  }
}

TEST(Quorums, CountNeitherStrangersNorReplicasBeingFilled) {
  const Configuration filling{.version = 2,
                              .phase = Phase::kFilling,
                              .replicas = MajoritySet({NodeId{1}, NodeId{2}, NodeId{3}}),
                              .incoming = MajoritySet({NodeId{1}, NodeId{4}, NodeId{5}})};
  const Quorums quorums(filling);
  EXPECT_EQ(quorums.nodes(), (std::vector<NodeId>{NodeId{1}, NodeId{2}, NodeId{3}, NodeId{4}, NodeId{5}}));
  EXPECT_EQ(quorums.MaskOf(NodeId{99}), 0u);
  EXPECT_FALSE(
      quorums.IsWriteQuorum(quorums.MaskOf(NodeId{1}) | quorums.MaskOf(NodeId{4}) | quorums.MaskOf(NodeId{5})));
  EXPECT_TRUE(quorums.IsWriteQuorum(quorums.MaskOf(NodeId{1}) | quorums.MaskOf(NodeId{3})));
  EXPECT_TRUE(quorums.IsAll(quorums.MaskOf(NodeId{1}) | quorums.MaskOf(NodeId{2}) | quorums.MaskOf(NodeId{3})));
}

TEST(Quorums, TellWhoKnowsOfWhateverWasChosen) {
  const Quorums one(StableOf(MajoritySet({NodeId{1}})));
  EXPECT_FALSE(one.MeetEveryWriteQuorum(0));
  EXPECT_TRUE(one.MeetEveryWriteQuorum(one.MaskOf(NodeId{1})));
  const Quorums two(StableOf(MajoritySet({NodeId{1}, NodeId{2}})));
  EXPECT_FALSE(two.MeetEveryWriteQuorum(0));
  EXPECT_TRUE(two.MeetEveryWriteQuorum(two.MaskOf(NodeId{2}))) << "each write is at both";
  const Quorums three(StableOf(MajoritySet({NodeId{1}, NodeId{2}, NodeId{3}})));
  EXPECT_FALSE(three.MeetEveryWriteQuorum(three.MaskOf(NodeId{2})));
  EXPECT_TRUE(three.MeetEveryWriteQuorum(three.MaskOf(NodeId{2}) | three.MaskOf(NodeId{3})));
}

TEST(Quorums, OfAJointHaveWhatWasChosenAmongItsReplicas) {
  const Quorums joint(JointOf(MajoritySet({NodeId{1}, NodeId{2}}), MajoritySet({NodeId{2}, NodeId{3}, NodeId{4}})));
  EXPECT_TRUE(joint.MeetEveryWriteQuorum(joint.MaskOf(NodeId{1})));
  EXPECT_TRUE(joint.MeetEveryWriteQuorum(joint.MaskOf(NodeId{2})));
  EXPECT_FALSE(joint.MeetEveryWriteQuorum(joint.MaskOf(NodeId{3}) | joint.MaskOf(NodeId{4})));
}

TEST(QuorumsDeathTest, RefuseAConfigurationWhoseQuorumsDoNotIntersect) {
  EXPECT_DEATH(Quorums(StableOf({{NodeId{1}, NodeId{2}, NodeId{3}}, 1, 2})), "R \\+ W must be more than N");
}

}  // namespace
}  // namespace quoin::ring
