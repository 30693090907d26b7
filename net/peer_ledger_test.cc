#include "net/peer_ledger.h"

#include <gtest/gtest.h>

namespace quoin::net {
namespace {

using std::chrono::milliseconds;

PeerIdentity Node(std::uint64_t node, std::uint64_t boot, std::uint64_t commit_number = 0) {
  PeerIdentity who;
  who.cluster = ClusterId{0xc};
  who.node = NodeId{node};
  who.boot = boot;
  who.partition_count = 256;
  who.commit_number = commit_number;
  return who;
}

class PeerLedgerTest : public testing::Test {
 protected:
  PeerRefusal Judge(const PeerIdentity& peer) const {
    const auto objection = ledger.Judge(self, peer, now);
    EXPECT_TRUE(!objection || !objection->text.empty());
    return objection ? objection->refusal : PeerRefusal::kNone;
  }

  const PeerIdentity self = Node(1, 11);
  SteadyTime now{milliseconds(1'000'000)};
  PeerLedger ledger{PeerLedger::Limits{milliseconds(2000), 3}};
};

TEST_F(PeerLedgerTest, WelcomesAPeerOfTheSameCluster) { EXPECT_EQ(Judge(Node(2, 22)), PeerRefusal::kNone); }

TEST_F(PeerLedgerTest, RefusesAnotherClusterUnlessOneOfTheTwoDoesNotKnowYet) {
  PeerIdentity peer = Node(2, 22);
  peer.cluster = ClusterId{0xd};
  EXPECT_EQ(Judge(peer), PeerRefusal::kAnotherCluster);
  peer.cluster = {};
  EXPECT_EQ(Judge(peer), PeerRefusal::kNone);
}

TEST_F(PeerLedgerTest, RefusesAnotherPartitionCount) {
  PeerIdentity peer = Node(2, 22);
  peer.partition_count = 512;
  EXPECT_EQ(Judge(peer), PeerRefusal::kAnotherPartitionCount);
  peer.partition_count = 0;
  EXPECT_EQ(Judge(peer), PeerRefusal::kNone);
}

TEST_F(PeerLedgerTest, RefusesFormatsThatDoNotMeet) {
  PeerIdentity peer = Node(2, 22);
  peer.oldest_format = kPeerFormat + 1;
  peer.format = kPeerFormat + 2;
  EXPECT_EQ(Judge(peer), PeerRefusal::kTooNew);
  peer.oldest_format = kPeerFormat;
  EXPECT_EQ(Judge(peer), PeerRefusal::kNone);
  PeerIdentity newer_self = self;
  newer_self.oldest_format = newer_self.format = kPeerFormat + 1;
  EXPECT_EQ(ledger.Judge(newer_self, Node(2, 22), now)->refusal, PeerRefusal::kTooOld);
}

TEST_F(PeerLedgerTest, RefusesItselfAndItsTwin) {
  EXPECT_EQ(Judge(self), PeerRefusal::kSelf);
  EXPECT_EQ(Judge(Node(1, 12)), PeerRefusal::kTwin);
}

// L1
TEST_F(PeerLedgerTest, RefusesASecondProcessWhileTheFirstIsHeard) {
  ledger.Welcome(Node(2, 22), true, now);
  EXPECT_EQ(Judge(Node(2, 23)), PeerRefusal::kOtherBootIsLive);
  EXPECT_EQ(Judge(Node(2, 22)), PeerRefusal::kNone);
  now += milliseconds(1999);
  EXPECT_EQ(Judge(Node(2, 23)), PeerRefusal::kOtherBootIsLive);
  ledger.Heard(NodeId{2}, 22, 0, now);
  now += milliseconds(1999);
  EXPECT_EQ(Judge(Node(2, 23)), PeerRefusal::kOtherBootIsLive);
  now += milliseconds(1);
  EXPECT_EQ(Judge(Node(2, 23)), PeerRefusal::kNone);
}

TEST_F(PeerLedgerTest, WelcomesTheNextProcessAtOnceWhenTheFirstIsGone) {
  ledger.Welcome(Node(2, 22), true, now);
  ledger.Gone(NodeId{2}, 21);  // The one before it.
  EXPECT_EQ(Judge(Node(2, 23)), PeerRefusal::kOtherBootIsLive);
  ledger.Gone(NodeId{2}, 22);
  EXPECT_EQ(Judge(Node(2, 23)), PeerRefusal::kNone);
  ledger.Welcome(Node(2, 23), true, now);
  EXPECT_EQ(Judge(Node(2, 22)), PeerRefusal::kOtherBootIsLive);
}

TEST_F(PeerLedgerTest, AnAnswerIsNoSignOfLife) {
  ledger.Welcome(Node(2, 22), false, now);
  EXPECT_EQ(Judge(Node(2, 23)), PeerRefusal::kNone);
}

// L2
TEST_F(PeerLedgerTest, RefusesANewProcessThatHasForgottenWhatAnEarlierOneTold) {
  ledger.Welcome(Node(2, 22, 10), true, now);
  ledger.Heard(NodeId{2}, 22, 50, now);
  ledger.Heard(NodeId{2}, 22, 40, now);  // Overtaken on another connection.
  ledger.Gone(NodeId{2}, 22);
  EXPECT_EQ(Judge(Node(2, 23, 49)), PeerRefusal::kRestoredBackup);
  EXPECT_EQ(Judge(Node(2, 23, 50)), PeerRefusal::kNone);
  ledger.Welcome(Node(2, 23, 60), true, now);
  ledger.Gone(NodeId{2}, 23);
  EXPECT_EQ(Judge(Node(2, 24, 50)), PeerRefusal::kRestoredBackup);
}

TEST_F(PeerLedgerTest, OneProcessMaySayItsNumbersOnTwoConnectionsInAnyOrder) {
  ledger.Welcome(Node(2, 22, 10), true, now);
  ledger.Heard(NodeId{2}, 22, 50, now);
  EXPECT_EQ(Judge(Node(2, 22, 45)), PeerRefusal::kNone);
}

TEST_F(PeerLedgerTest, KnowsSoManyAndNoMore) {
  for (std::uint64_t node = 2; node < 5; ++node) {
    EXPECT_EQ(Judge(Node(node, 1)), PeerRefusal::kNone);
    ledger.Welcome(Node(node, 1), true, now);
  }
  EXPECT_EQ(Judge(Node(5, 1)), PeerRefusal::kTooManyPeers);
  EXPECT_EQ(Judge(Node(4, 1)), PeerRefusal::kNone);
  ledger.Heard(NodeId{5}, 1, 7, now);  // Makes no entry.
  ledger.Gone(NodeId{5}, 1);
  EXPECT_EQ(Judge(Node(5, 1)), PeerRefusal::kTooManyPeers);
}

}  // namespace
}  // namespace quoin::net
