// The sentences of design sections 4.2, 4.5 and 4.6 that one leader can keep, one test each.
#include "quorum/leader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "quorum/cluster_testing.h"
#include "quorum/watch_testing.h"

namespace quoin::quorum {
namespace {

using std::chrono::milliseconds;
using Flight = TestCluster::Flight;
using Phase = Leader::Phase;

Request Make(std::string key, Operation operation, std::uint64_t id = 0) {
  Request request;
  request.key = std::move(key);
  request.operation = std::move(operation);
  if (id != 0) request.id = {.client = 9, .number = id};
  return request;
}
Request PutOf(std::string key, std::string value, std::uint64_t id = 0) {
  return Make(std::move(key), Put{.value = std::move(value), .content_type = {}, .ttl = {}}, id);
}
Request GetOf(std::string key) { return Make(std::move(key), Get{}); }
Request PutIfAbsent(std::string key, std::string value, std::uint64_t id = 0) {
  Request request = PutOf(std::move(key), std::move(value), id);
  request.conditions.push_back({.kind = Condition::Kind::kAbsent, .versions = {}, .value = {}});
  return request;
}
Request With(Consistency consistency, Request request) {
  request.consistency = consistency;
  return request;
}

template <typename T>
bool Is(const Flight& flight) {
  return std::holds_alternative<T>(flight.message);
}
// "Alice", "absent", "error", ...
std::string Told(const std::optional<Reply>& reply) {
  if (!reply) return "nothing";
  switch (reply->outcome) {
    case Outcome::kDone:
      return reply->record != nullptr ? reply->record->value : "done";
    case Outcome::kAbsent:
      return "absent";
    case Outcome::kConditionFailed:
      return "condition failed";
    case Outcome::kRejected:
      return "rejected";
    case Outcome::kError:
      return std::string(CodeName(reply->status.code()));
  }
  return "?";
}

class LeaderTest : public testing::Test {
 protected:
  // Copies of a request that may have been sent before.
  static Copy Repeated(Request request, const kv::Ballot& meant_for, const kv::Ballot& lowest) {
    return {.request = std::move(request), .meant_for = meant_for, .repeated = true, .lowest = {lowest, 0}};
  }
  TestCluster three_{3};
};

// --- Leadership

TEST_F(LeaderTest, PreparesOnlyAfterItsOwnPromiseIsDurable) {
  three_.hung_disks = {1};
  EXPECT_FALSE(three_.Lead(1));
  EXPECT_EQ(three_.sent["prepare"], 1) << "to itself";
  three_.hung_disks.clear();
  three_.Run();
  EXPECT_EQ(three_.sent["prepare"], 3);
  EXPECT_EQ(three_.leader(1).phase(), Phase::kLeading);
}

TEST_F(LeaderTest, LeadsOnceReadQuorumPromised) {
  three_.down = {3};
  EXPECT_TRUE(three_.Lead(1));
  three_.down = {1, 3};
  EXPECT_FALSE(three_.Lead(2));
}

TEST_F(LeaderTest, ItsOwnPromiseAboveEndsIt) {
  ASSERT_TRUE(three_.Lead(1));
  three_.hold = [](const Flight& flight) { return Is<Promise>(flight) || Is<Nack>(flight); };
  three_.Begin(2);
  three_.Run();
  EXPECT_EQ(three_.leader(1).phase(), Phase::kLeading) << "node 2 has not asked yet: its own promise is held";
  three_.hold = [](const Flight& flight) { return Is<Promise>(flight) && flight.from != 2; };
  three_.Run();
  EXPECT_EQ(three_.leader(1).phase(), Phase::kIdle);
}

TEST_F(LeaderTest, NeverResumesABallotAfterARestart) {
  ASSERT_TRUE(three_.Lead(1));
  const kv::Ballot before = three_.leader(1).ballot();
  three_.Restart(1);
  ASSERT_TRUE(three_.Lead(1));
  EXPECT_GT(three_.leader(1).ballot(), before);
}

TEST_F(LeaderTest, OfTwoContendersOneLeadsAndTheOtherPreparesAbove) {
  three_.Begin(1);
  three_.Begin(2);
  three_.Run();
  EXPECT_EQ(three_.leader(2).phase(), Phase::kLeading);
  EXPECT_EQ(three_.leader(1).phase(), Phase::kIdle);
  EXPECT_TRUE(three_.Lead(1));
  EXPECT_GT(three_.leader(1).ballot().round, three_.leader(2).ballot().round);
}

// --- First touch

TEST_F(LeaderTest, ProposesAHalfWrittenValueAgain) {
  ASSERT_TRUE(three_.Lead(1));
  three_.drop = [](const Flight& flight) { return Is<Accept>(flight); };
  const auto token = three_.Submit(1, PutOf("k", "half"));
  three_.Run();
  EXPECT_EQ(Told(three_.AnswerTo(token)), "nothing");
  EXPECT_EQ(three_.Stored(1, "k"), "half");
  three_.drop = nullptr;
  ASSERT_TRUE(three_.Lead(2));
  EXPECT_EQ(Told(three_.AnswerTo(token)), "outcome unknown");
  three_.down = {3};  // So that node 1 is among those that are read.
  const Reply reply = three_.Do(2, GetOf("k"));
  EXPECT_EQ(Told(reply), "half");
  EXPECT_EQ(three_.Stored(2, "k"), "half") << "it was told, so it is chosen";
  EXPECT_LT(reply.changed.ballot, three_.leader(2).ballot()) << "proposing again keeps `changed`";
}

TEST_F(LeaderTest, DoesNotProposeAgainWhatAWriteQuorumHolds) {
  ASSERT_TRUE(three_.Lead(1));
  three_.Do(1, PutOf("k", "v"));
  ASSERT_TRUE(three_.Lead(2));
  const int accepts = three_.sent["accept"];
  EXPECT_EQ(Told(three_.Do(2, GetOf("k"))), "v");
  EXPECT_EQ(three_.sent["accept"], accepts);
}

TEST_F(LeaderTest, AReplicaThatHoldsLessThanWhatIsChosenIsRepaired) {
  ASSERT_TRUE(three_.Lead(1));
  three_.Do(1, PutOf("k", "old"));
  three_.Do(1, PutOf("j", "old"));
  three_.down = {3};
  three_.Do(1, PutOf("k", "new"));
  three_.Do(1, PutOf("j", "new"));
  three_.down.clear();
  ASSERT_TRUE(three_.Lead(2));
  three_.Do(2, GetOf("k"));
  EXPECT_EQ(three_.Stored(3, "k"), "new") << "it answered too late to be counted";
  three_.hold = [](const Flight& flight) { return Is<Held>(flight) && flight.from == 1; };
  const auto token = three_.Submit(2, GetOf("j"));
  three_.Run();
  EXPECT_EQ(Told(three_.AnswerTo(token)), "new");
  EXPECT_EQ(three_.Stored(3, "j"), "new") << "its answer was one of those that counted";
}

TEST_F(LeaderTest, TheFirstKeyRidesOnPrepare) {
  ASSERT_TRUE(three_.Lead(1));
  three_.Do(1, PutOf("k", "v"));
  three_.Begin(2, "k");
  three_.Run();
  EXPECT_EQ(Told(three_.Do(2, GetOf("k"))), "v");
  EXPECT_EQ(three_.sent["read"], 3) << "those of node 1 only";
}

TEST_F(LeaderTest, AnOwnedKeyNeedsNoSecondTouch) {
  ASSERT_TRUE(three_.Lead(1));
  EXPECT_EQ(Told(three_.Do(1, GetOf("k"))), "absent");
  three_.Do(1, PutOf("k", "v"));
  three_.Do(1, GetOf("k"));
  EXPECT_EQ(three_.sent["read"], 3);
}

TEST_F(LeaderTest, AnAnswerToAnEarlierTouchDoesNotCount) {
  ASSERT_TRUE(three_.Lead(1));
  three_.hold = [](const Flight& flight) { return Is<Held>(flight) && flight.from == 3; };
  three_.Do(1, GetOf("k"));
  three_.Do(1, PutOf("k", "v"));
  for (int i = 0; i < 40; ++i) three_.Do(1, GetOf("z" + std::to_string(i)));
  const int reads = three_.sent["read"];
  // Of what the others say, only what node 3 said before the write comes through.
  three_.hold = [](const Flight& flight) {
    const auto* held = std::get_if<Held>(&flight.message);
    return held != nullptr && held->key == "k" && flight.from != 1 && held->content.record != nullptr;
  };
  const auto token = three_.Submit(1, GetOf("k"));
  three_.Run();
  EXPECT_EQ(three_.sent["read"], reads + 3) << "the key had been forgotten";
  EXPECT_EQ(Told(three_.AnswerTo(token)), "nothing");
  three_.hold = nullptr;
  three_.Run();
  EXPECT_EQ(Told(three_.AnswerTo(token)), "v");
}

TEST_F(LeaderTest, ADamagedRecordCountsInNoQuorumAndIsRefilled) {
  ASSERT_TRUE(three_.Lead(1));
  three_.Do(1, PutOf("k", "v"));
  three_.storage(3).damaged = {"k"};
  three_.down = {1};
  ASSERT_TRUE(three_.Lead(2));
  const auto token = three_.Submit(2, GetOf("k"));
  three_.Run();
  EXPECT_EQ(Told(three_.AnswerTo(token)), "nothing") << "one good replica is no read quorum";
  three_.down.clear();
  three_.Resend(2);
  three_.Run();
  three_.Resend(2);
  three_.Run();
  EXPECT_EQ(Told(three_.AnswerTo(token)), "v");
  EXPECT_EQ(three_.Stored(3, "k"), "v");
}

// With W = 2 of 2, each of the two has whatever was chosen.
TEST_F(LeaderTest, ADamagedRecordOfOneOfTwoIsRefilledFromTheOther) {
  TestCluster two(2);
  ASSERT_TRUE(two.Lead(1));
  two.Do(1, PutOf("k", "v"));
  for (const std::uint64_t damaged : {1, 2}) {
    two.storage(damaged).damaged = {"k"};
    two.Restart(2);
    ASSERT_TRUE(two.Lead(2));
    EXPECT_EQ(Told(two.Do(2, GetOf("k"))), "v") << damaged;
    two.Resend(2);
    two.Run();
    EXPECT_EQ(two.Stored(damaged, "k"), "v") << damaged;
  }
  two.storage(1).damaged = two.storage(2).damaged = {"k"};
  two.Restart(2);
  ASSERT_TRUE(two.Lead(2));
  EXPECT_EQ(Told(two.Do(2, GetOf("k"))), "damaged");
}

TEST_F(LeaderTest, TooMuchDamageIsAnErrorAndNeverAbsent) {
  ASSERT_TRUE(three_.Lead(1));
  three_.Do(1, PutOf("k", "v"));
  three_.storage(1).damaged = three_.storage(3).damaged = {"k"};
  ASSERT_TRUE(three_.Lead(2));
  EXPECT_EQ(Told(three_.Do(2, GetOf("k"))), "damaged");
}

// --- Writes

TEST_F(LeaderTest, AnswersAWriteWhenAWriteQuorumIsDurable) {
  ASSERT_TRUE(three_.Lead(1));
  three_.hung_disks = {2, 3};
  const auto token = three_.Submit(1, PutOf("k", "v"));
  three_.Run();
  EXPECT_EQ(Told(three_.AnswerTo(token)), "nothing");
  three_.hung_disks = {3};
  three_.Run();
  EXPECT_EQ(Told(three_.AnswerTo(token)), "v");
}

TEST_F(LeaderTest, WritesPipelineOnOneKey) {
  ASSERT_TRUE(three_.Lead(1));
  three_.Do(1, GetOf("n"));
  three_.hung_disks = {1, 2, 3};
  std::vector<std::uint64_t> tokens;
  for (int i = 0; i < 3; ++i) tokens.push_back(three_.Submit(1, Make("n", Increment{})));
  three_.Run();
  three_.hung_disks.clear();
  three_.Run();
  EXPECT_EQ(Told(three_.AnswerTo(tokens[0])), "1");
  EXPECT_EQ(Told(three_.AnswerTo(tokens[1])), "2");
  EXPECT_EQ(Told(three_.AnswerTo(tokens[2])), "3");
}

TEST_F(LeaderTest, WhatIsMissingIsSentAgain) {
  ASSERT_TRUE(three_.Lead(1));
  three_.down = {3};
  three_.Do(1, PutOf("k", "old"));
  three_.Do(1, PutOf("k", "new"));
  three_.down.clear();
  const int accepts = three_.sent["accept"];
  three_.Resend(1);
  three_.Run();
  EXPECT_EQ(three_.Stored(3, "k"), "new");
  EXPECT_EQ(three_.sent["accept"], accepts + 1) << "the newest state, to whom it misses";
  three_.Resend(1);
  three_.Run();
  EXPECT_EQ(three_.sent["accept"], accepts + 1);
}

// A replica that is behind would only fall further behind.
TEST_F(LeaderTest, WhatASlowReplicaDoesNotAcknowledgeIsSentAgainLessAndLessOften) {
  ASSERT_TRUE(three_.Lead(1));
  three_.hung_disks = {3};
  const int before = three_.sent["accept"];
  three_.Do(1, PutOf("k", "v"));
  const auto resend = [&](bool reached) {
    Effects effects;
    three_.leader(1).Resend([&](NodeId node) { return reached || node != NodeId{3}; }, &effects);
    return std::count_if(effects.now.begin(), effects.now.end(), [](const Envelope& envelope) {
      return std::holds_alternative<Accept>(envelope.message);
    });
  };
  EXPECT_EQ(three_.sent["accept"], before + 3);
  std::string sent;
  for (int i = 0; i < 16; ++i) sent += resend(true) > 0 ? 'x' : '.';
  EXPECT_EQ(sent, ".xx.x...x...x...") << "not before it had time to be acknowledged";
  EXPECT_EQ(resend(false), 0);
  EXPECT_EQ(resend(true), 1) << "at once when its link is back";
}

TEST_F(LeaderTest, WritesOneAndAll) {
  ASSERT_TRUE(three_.Lead(1));
  three_.Do(1, GetOf("k"));
  three_.down = {2, 3};
  const auto one = three_.Submit(1, With(Consistency::kOne, PutOf("k", "one")));
  three_.Run();
  EXPECT_EQ(Told(three_.AnswerTo(one)), "one");
  three_.down = {3};
  const auto all = three_.Submit(1, With(Consistency::kAll, PutOf("k", "all")));
  three_.Run();
  EXPECT_EQ(Told(three_.AnswerTo(all)), "nothing");
  three_.down.clear();
  three_.Resend(1);
  three_.Run();
  EXPECT_EQ(Told(three_.AnswerTo(all)), "all");
}

// --- Reads

TEST_F(LeaderTest, AReadTellsTheCapturedStateOnceThatIsChosen) {
  ASSERT_TRUE(three_.Lead(1));
  three_.Do(1, PutOf("k", "old"));
  three_.hold = [](const Flight& flight) { return Is<Accepted>(flight); };
  const auto write = three_.Submit(1, PutOf("k", "new"));
  const auto read = three_.Submit(1, GetOf("k"));
  const auto later = three_.Submit(1, PutOf("k", "newer"));
  three_.Run();
  EXPECT_EQ(Told(three_.AnswerTo(read)), "nothing") << "what it would tell isn't chosen";
  three_.hold = nullptr;
  three_.Run();
  EXPECT_EQ(Told(three_.AnswerTo(write)), "new");
  EXPECT_EQ(Told(three_.AnswerTo(read)), "new");
  EXPECT_EQ(Told(three_.AnswerTo(later)), "newer");
}

TEST_F(LeaderTest, AReadNeedsABarrierIssuedAfterItsArrival) {
  ASSERT_TRUE(three_.Lead(1));
  three_.Do(1, PutOf("k", "v"));
  three_.hold = [](const Flight& flight) { return Is<BarrierOk>(flight); };
  const auto first = three_.Submit(1, GetOf("k"));
  const auto second = three_.Submit(1, GetOf("k"));
  const auto third = three_.Submit(1, GetOf("k"));
  three_.Run();
  const int barriers = three_.sent["barrier"];
  // Only the answers to the first barrier come through.
  three_.hold = [](const Flight& flight) {
    const auto* ok = std::get_if<BarrierOk>(&flight.message);
    return ok != nullptr && ok->nonce > 1;
  };
  three_.Run();
  EXPECT_EQ(Told(three_.AnswerTo(first)), "v");
  EXPECT_EQ(Told(three_.AnswerTo(second)), "nothing") << "that barrier was issued before its arrival";
  EXPECT_EQ(three_.sent["barrier"], barriers + 2) << "one more serves both, and the leader needn't ask itself";
  three_.hold = nullptr;
  three_.Run();
  EXPECT_EQ(Told(three_.AnswerTo(second)), "v");
  EXPECT_EQ(Told(three_.AnswerTo(third)), "v");
}

TEST_F(LeaderTest, ADeposedLeaderDoesNotAnswerReads) {
  ASSERT_TRUE(three_.Lead(1));
  three_.Do(1, PutOf("k", "old"));
  three_.down = {1};
  ASSERT_TRUE(three_.Lead(2));
  three_.Do(2, PutOf("k", "new"));
  three_.down.clear();
  ASSERT_EQ(three_.leader(1).phase(), Phase::kLeading) << "it doesn't know yet";
  EXPECT_EQ(Told(three_.Do(1, GetOf("k"))), "unavailable");
}

TEST(LeaderQuorumTest, ABarrierMeetsEveryPromiseQuorum) {
  ring::Configuration configuration;
  configuration.version = 1;
  configuration.replicas = {.nodes = {NodeId{1}, NodeId{2}, NodeId{3}}, .read_quorum = 1, .write_quorum = 3};
  TestCluster cluster(configuration);
  ASSERT_TRUE(cluster.Lead(1));
  cluster.Do(1, PutOf("k", "old"));
  cluster.down = {1};
  ASSERT_TRUE(cluster.Lead(2)) << "one promise is enough";
  const auto token = cluster.Submit(1, GetOf("k"));
  cluster.Run();
  EXPECT_EQ(Told(cluster.AnswerTo(token)), "nothing") << "node 1 alone can't know that nobody else leads";
}

TEST_F(LeaderTest, ReadAllWaitsForEveryReplica) {
  ASSERT_TRUE(three_.Lead(1));
  three_.down = {3};
  three_.Do(1, PutOf("k", "v"));
  const auto token = three_.Submit(1, With(Consistency::kAll, GetOf("k")));
  three_.Run();
  EXPECT_EQ(Told(three_.AnswerTo(token)), "nothing");
  three_.down.clear();
  three_.Resend(1);
  three_.Run();
  EXPECT_EQ(Told(three_.AnswerTo(token)), "v");
}

// --- The end

TEST_F(LeaderTest, ANackMakesWhatIsProposedUnknown) {
  ASSERT_TRUE(three_.Lead(1));
  three_.Do(1, GetOf("k"));
  three_.Do(1, GetOf("j"));
  three_.down = {1};
  ASSERT_TRUE(three_.Lead(2));
  const auto proposed = three_.Submit(1, PutOf("k", "v"));
  const auto read = three_.Submit(1, GetOf("j"));
  const auto touching = three_.Submit(1, PutOf("i", "v"));
  three_.Run();
  three_.down.clear();
  three_.Resend(1);
  three_.Run();
  EXPECT_EQ(three_.leader(1).phase(), Phase::kIdle);
  EXPECT_EQ(Told(three_.AnswerTo(proposed)), "outcome unknown");
  EXPECT_EQ(Told(three_.AnswerTo(read)), "unavailable");
  EXPECT_EQ(Told(three_.AnswerTo(touching)), "unavailable");
}

TEST_F(LeaderTest, ALeaderWhoseDiskFailedIsGone) {
  ASSERT_TRUE(three_.Lead(1));
  three_.failing_disks[1] = Code::kUnknown;
  three_.Do(1, PutOf("k", "v"));
  three_.Run();
  EXPECT_EQ(three_.leader(1).phase(), Phase::kIdle);
}

TEST(LoneReplicaTest, AFullDiskSaysCertainlyNotAppliedAndReadsGoOn) {
  TestCluster lone(1);
  ASSERT_TRUE(lone.Lead(1));
  lone.Do(1, PutOf("k", "old", 1));
  lone.failing_disks[1] = Code::kDiskFull;
  EXPECT_EQ(Told(lone.Do(1, PutOf("k", "new", 2))), "disk full");
  EXPECT_EQ(Told(lone.Do(1, GetOf("k"))), "old");
  lone.failing_disks.clear();
  EXPECT_EQ(Told(lone.Do(1, PutOf("k", "new", 2))), "new") << "the refused copy is forgotten";
}

TEST(LoneReplicaTest, AFailedSyncIsUnknownAndReadsGoOn) {
  TestCluster lone(1);
  ASSERT_TRUE(lone.Lead(1));
  lone.Do(1, PutOf("k", "old"));
  lone.failing_disks[1] = Code::kUnknown;
  EXPECT_EQ(Told(lone.Do(1, PutOf("k", "new"))), "outcome unknown");
  EXPECT_EQ(Told(lone.Do(1, PutOf("k", "newer"))), "read-only");
  EXPECT_EQ(Told(lone.Do(1, GetOf("k"))), "old");
}

// After a restart it may be there under its old version, and a watch that went on from above wouldn't be told of it.
TEST(LoneReplicaTest, TheFeedPassesNothingThatMayBeThereAfterARestart) {
  const auto subscribe = [](Leader& leader) {
    Effects effects;
    WatchPacket packet;
    packet.subscription = 10;
    packet.begins = true;
    packet.filter = std::make_shared<const WatchFilter>(WatchFilter{1, {PrefixTarget("")}});
    leader.Subscribe(NodeId{1}, packet, ring::MonotonicTime(), &effects);
    ASSERT_TRUE(leader.feed().begun());
  };
  for (const bool before : {true, false}) {
    TestCluster lone(1);
    lone.compares = true;
    ASSERT_TRUE(lone.Lead(1));
    lone.Do(1, PutOf("k", "old"));
    Leader& leader = lone.leader(1);
    const kv::Version certain = leader.newest_proposed();
    if (before) subscribe(leader);
    lone.failing_disks[1] = Code::kUnknown;
    lone.Do(1, PutOf("k", "new"));
    lone.Do(1, PutOf("l", "newer"));  // Which is refused for certain.
    EXPECT_GT(leader.newest_proposed(), certain);
    if (!before) subscribe(leader);
    EXPECT_EQ(leader.feed().position(), certain) << before;
  }
}

// --- Expiry

TEST_F(LeaderTest, AnExpiredKeyIsAbsentOnceItsTombstoneIsChosen) {
  ASSERT_TRUE(three_.Lead(1));
  three_.Do(1, Make("k", Put{.value = "v", .content_type = {}, .ttl = milliseconds(100)}));
  three_.now += milliseconds(100);
  three_.hung_disks = {1, 2, 3};
  const auto token = three_.Submit(1, GetOf("k"));
  three_.Run();
  EXPECT_EQ(Told(three_.AnswerTo(token)), "nothing");
  three_.hung_disks.clear();
  three_.Run();
  EXPECT_EQ(Told(three_.AnswerTo(token)), "absent");
  EXPECT_EQ(three_.Stored(1, "k"), "tombstone");
  three_.now -= milliseconds(100);
  ASSERT_TRUE(three_.Lead(2));
  EXPECT_EQ(Told(three_.Do(2, GetOf("k"))), "absent") << "whatever the next leader's clock says";
}

// --- Operation ids

TEST_F(LeaderTest, ACopyGetsTheFirstResult) {
  ASSERT_TRUE(three_.Lead(1));
  three_.Do(1, GetOf("n"));
  three_.hung_disks = {1, 2, 3};
  const auto first = three_.Submit(1, Make("n", Increment{}, 7));
  const auto second = three_.Submit(1, Make("n", Increment{}, 7));
  three_.Run();
  EXPECT_EQ(Told(three_.AnswerTo(second)), "nothing");
  three_.hung_disks.clear();
  three_.Run();
  EXPECT_EQ(Told(three_.AnswerTo(first)), "1");
  EXPECT_EQ(Told(three_.AnswerTo(second)), "1");
  EXPECT_EQ(Told(three_.Do(1, Make("n", Increment{}, 7))), "1");
  EXPECT_EQ(Told(three_.Do(1, GetOf("n"))), "1");
}

// Nothing keeps a client from using a name for several keys: each of them is a request of its own.
TEST_F(LeaderTest, AnIdIsOfOneKey) {
  ASSERT_TRUE(three_.Lead(1));
  EXPECT_EQ(Told(three_.Do(1, PutOf("a", "x", 7))), "x");
  EXPECT_EQ(Told(three_.Do(1, PutOf("b", "y", 7))), "y");
  EXPECT_EQ(Told(three_.Do(1, GetOf("b"))), "y");
  EXPECT_EQ(Told(three_.Do(1, PutOf("a", "z", 7))), "x") << "a copy";
  EXPECT_EQ(Told(three_.Do(1, PutOf("b", "z", 7))), "y") << "a copy";
  // A negative result, too, and one that a second copy makes it write.
  EXPECT_EQ(Told(three_.Do(1, PutIfAbsent("a", "w", 8))), "condition failed");
  const kv::Ballot ballot = three_.leader(1).ballot();
  const auto token = three_.SubmitCopy(1, Repeated(PutIfAbsent("c", "w", 8), ballot, ballot));
  three_.Run();
  EXPECT_EQ(Told(three_.AnswerTo(token)), "w");
  EXPECT_EQ(Told(three_.Do(1, GetOf("c"))), "w");
}

TEST_F(LeaderTest, ANegativeResultIsRememberedWithinALeadership) {
  ASSERT_TRUE(three_.Lead(1));
  three_.Do(1, PutOf("k", "v"));
  EXPECT_EQ(Told(three_.Do(1, PutIfAbsent("k", "w", 7))), "condition failed");
  three_.Do(1, Make("k", Delete{}));
  EXPECT_EQ(Told(three_.Do(1, PutIfAbsent("k", "w", 7))), "condition failed");
}

TEST_F(LeaderTest, ARetryAcrossLeadershipsIsNotAppliedTwice) {
  ASSERT_TRUE(three_.Lead(1));
  const kv::Ballot first = three_.leader(1).ballot();
  three_.Do(1, Make("n", Increment{}, 7));
  three_.Do(1, Make("n", Increment{}, 8));
  ASSERT_TRUE(three_.Lead(2));
  const auto token = three_.SubmitCopy(2, Repeated(Make("n", Increment{}, 7), three_.leader(2).ballot(), first));
  three_.Run();
  EXPECT_EQ(Told(three_.AnswerTo(token)), "1");
  EXPECT_EQ(Told(three_.Do(2, GetOf("n"))), "2");
}

TEST_F(LeaderTest, ARetryThatWasCertainlyNotAppliedIsApplied) {
  ASSERT_TRUE(three_.Lead(1));
  const kv::Ballot first = three_.leader(1).ballot();
  three_.Do(1, Make("n", Increment{}, 6));
  ASSERT_TRUE(three_.Lead(2));
  const auto token = three_.SubmitCopy(2, Repeated(Make("n", Increment{}, 7), three_.leader(2).ballot(), first));
  three_.Run();
  EXPECT_EQ(Told(three_.AnswerTo(token)), "2");
}

TEST_F(LeaderTest, ARetryOfWhatMayHaveBeenForgottenIsUnknown) {
  ASSERT_TRUE(three_.Lead(1));
  const kv::Ballot first = three_.leader(1).ballot();
  for (std::uint64_t id = 1; id <= kv::kMaxRememberedOperations + 1; ++id) three_.Do(1, Make("n", Increment{}, id));
  ASSERT_TRUE(three_.Lead(2));
  const kv::Ballot second = three_.leader(2).ballot();
  const auto forgotten = three_.SubmitCopy(2, Repeated(Make("n", Increment{}, 1), second, first));
  const auto later = three_.SubmitCopy(2, Repeated(Make("n", Increment{}, 99), second, second));
  three_.Run();
  EXPECT_EQ(Told(three_.AnswerTo(forgotten)), "outcome unknown");
  EXPECT_EQ(Told(three_.AnswerTo(later)), "18") << "nothing was forgotten since its first copy";
}

// Seed 4414: a third copy may be on its way to the next leader when the second one gets the first one's result.
TEST_F(LeaderTest, ANegativeResultThatASecondCopyGetsIsWrittenToo) {
  ASSERT_TRUE(three_.Lead(1));
  three_.Do(1, PutOf("k", "v"));
  three_.Do(1, GetOf("k"));
  const kv::Ballot ballot = three_.leader(1).ballot();
  const Copy first{.request = PutIfAbsent("k", "w", 7), .meant_for = ballot, .lowest = {}};
  const auto alone = three_.SubmitCopy(1, first);
  three_.Run();
  EXPECT_EQ(Told(three_.AnswerTo(alone)), "condition failed");
  three_.hung_disks = {1, 2, 3};
  const auto second = three_.SubmitCopy(1, Repeated(PutIfAbsent("k", "w", 7), ballot, ballot));
  const auto third = three_.SubmitCopy(1, Repeated(PutIfAbsent("k", "w", 7), ballot, ballot));
  three_.Run();
  EXPECT_EQ(Told(three_.AnswerTo(second)), "nothing");
  EXPECT_EQ(Told(three_.AnswerTo(third)), "nothing");
  three_.hung_disks.clear();
  three_.Run();
  EXPECT_EQ(Told(three_.AnswerTo(second)), "condition failed");
  EXPECT_EQ(Told(three_.AnswerTo(third)), "condition failed");
  three_.Do(1, Make("k", Delete{}));
  ASSERT_TRUE(three_.Lead(2));
  const auto late = three_.SubmitCopy(2, Repeated(PutIfAbsent("k", "w", 7), three_.leader(2).ballot(), ballot));
  three_.Run();
  EXPECT_EQ(Told(three_.AnswerTo(late)), "condition failed") << "as the client was told";
}

TEST_F(LeaderTest, ARetryThatKnewTheNewestStateIsNotUnknownHoweverManyCameBefore) {
  ASSERT_TRUE(three_.Lead(1));
  const kv::Ballot first = three_.leader(1).ballot();
  std::vector<kv::Version> versions;
  for (std::uint64_t id = 1; id <= 3 * kv::kMaxRememberedOperations; ++id) {
    versions.push_back(three_.Do(1, Make("n", Increment{}, id)).changed);
  }
  ASSERT_TRUE(three_.Lead(2));
  const kv::Ballot second = three_.leader(2).ballot();
  const auto submit = [&](std::uint64_t id, const kv::Version& seen) {
    Copy copy = Repeated(Make("n", Increment{}, id), second, first);
    copy.lowest = seen;
    const auto token = three_.SubmitCopy(2, std::move(copy));
    three_.Run();
    return Told(three_.AnswerTo(token));
  };
  const std::size_t last_forgotten = versions.size() - kv::kMaxRememberedOperations - 1;
  EXPECT_EQ(submit(97, versions[last_forgotten - 1]), "outcome unknown") << "it may be the one that was forgotten";
  EXPECT_EQ(submit(98, versions[last_forgotten]), "49") << "that one was there before it was sent";
}

TEST_F(LeaderTest, ANegativeResultOfARepeatedRequestIsWrittenBeforeItIsTold) {
  ASSERT_TRUE(three_.Lead(1));
  three_.Do(1, PutOf("k", "v"));
  const Reply before = three_.Do(1, GetOf("k"));
  const kv::Ballot ballot = three_.leader(1).ballot();
  three_.hung_disks = {1, 2, 3};
  const auto token = three_.SubmitCopy(1, Repeated(PutIfAbsent("k", "w", 7), ballot, ballot));
  three_.Run();
  EXPECT_EQ(Told(three_.AnswerTo(token)), "nothing");
  three_.hung_disks.clear();
  three_.Run();
  EXPECT_EQ(Told(three_.AnswerTo(token)), "condition failed");
  EXPECT_EQ(three_.Do(1, GetOf("k")).changed, before.changed) << "users see no change";
  three_.Do(1, Make("k", Delete{}));
  ASSERT_TRUE(three_.Lead(2));
  const auto again = three_.SubmitCopy(2, Repeated(PutIfAbsent("k", "w", 7), three_.leader(2).ballot(), ballot));
  three_.Run();
  EXPECT_EQ(Told(three_.AnswerTo(again)), "condition failed");
}

TEST_F(LeaderTest, ACopyForAnotherBallotIsRefused) {
  ASSERT_TRUE(three_.Lead(1));
  const kv::Ballot first = three_.leader(1).ballot();
  ASSERT_TRUE(three_.Lead(2));
  const auto late = three_.SubmitCopy(2, {.request = PutOf("k", "v", 7), .meant_for = first, .lowest = {}});
  EXPECT_EQ(Told(three_.AnswerTo(late)), "unavailable");
  EXPECT_EQ(Told(three_.Do(2, GetOf("k"))), "absent");
}

TEST_F(LeaderTest, ATakeoverServesTheCopyThatNamesTheSupersededBallot) {
  ASSERT_TRUE(three_.Lead(1));
  const kv::Ballot first = three_.leader(1).ballot();
  three_.Do(1, PutOf("k", "v"));
  three_.Begin(2, "k");
  const auto token = three_.SubmitCopy(2, {.request = GetOf("k"), .meant_for = first, .take_over = true, .lowest = {}});
  const auto stale = three_.SubmitCopy(2, {.request = GetOf("k"), .meant_for = {}, .take_over = true, .lowest = {}});
  three_.Run();
  EXPECT_EQ(Told(three_.AnswerTo(token)), "v");
  EXPECT_EQ(Told(three_.AnswerTo(stale)), "unavailable");
}

TEST_F(LeaderTest, FinishedIdsNeedNoRoomAndTheirLateCopiesAreRefused) {
  ASSERT_TRUE(three_.Lead(1));
  const kv::Ballot ballot = three_.leader(1).ballot();
  for (std::uint64_t id = 1; id <= 300; ++id) {
    Copy copy{.request = Make("n", Increment{}, id), .meant_for = ballot, .lowest = {}, .finished_below = id};
    const auto token = three_.SubmitCopy(1, std::move(copy));
    three_.Run();
    ASSERT_EQ(Told(three_.AnswerTo(token)), std::to_string(id)) << "the table has room for a hundred ids";
  }
  EXPECT_EQ(three_.leader(1).ballot(), ballot);
  EXPECT_EQ(Told(three_.Do(1, Make("n", Increment{}, 299))), "unavailable");
  EXPECT_EQ(Told(three_.Do(1, Make("n", Increment{}, 300))), "300") << "the last one isn't finished";
  EXPECT_EQ(Told(three_.Do(1, GetOf("n"))), "300");
}

TEST_F(LeaderTest, ALeaderBelowTheBallotThatTheClientKnewRefusesAndLeadsOn) {
  ASSERT_TRUE(three_.Lead(1));
  const kv::Ballot ballot = three_.leader(1).ballot();
  const kv::Ballot later{ballot.round + 5, NodeId{2}};
  const auto token = three_.SubmitCopy(1, Repeated(PutOf("k", "v", 7), ballot, later));
  three_.Run();
  EXPECT_EQ(Told(three_.AnswerTo(token)), "unavailable");
  EXPECT_EQ(Told(three_.Do(1, GetOf("k"))), "absent");
  EXPECT_EQ(three_.leader(1).ballot(), ballot);
}

// What a client names wrongly is so for all of its copies: wherever one is executed, it is above that.
TEST_F(LeaderTest, ALeaderExecutesNoCopyBeforeItHasComeToTheVersionThatTheClientNames) {
  ASSERT_TRUE(three_.Lead(1));
  const kv::Ballot ballot = three_.leader(1).ballot();
  three_.Do(1, PutOf("k", "v"));
  const kv::Version invented{ballot, three_.leader(1).newest_proposed().sequence + 2};
  const auto submit = [&](std::uint64_t node) {
    Copy copy = Repeated(Make("n", Increment{}, 7), three_.leader(node).ballot(), {});
    copy.lowest = invented;
    const auto token = three_.SubmitCopy(node, std::move(copy));
    three_.Run();
    return Told(three_.AnswerTo(token));
  };
  EXPECT_EQ(submit(1), "unavailable");
  three_.Do(1, PutOf("k", "w"));
  EXPECT_EQ(submit(1), "unavailable") << "it would have that very version";
  three_.Do(1, PutOf("k", "x"));
  EXPECT_EQ(submit(1), "1");
  EXPECT_EQ(three_.leader(1).ballot(), ballot) << "and it leads on";
  for (std::uint64_t id = 8; id <= 8 + kv::kMaxRememberedOperations; ++id) three_.Do(1, Make("n", Increment{}, id));
  ASSERT_TRUE(three_.Lead(2));
  EXPECT_EQ(submit(2), "outcome unknown") << "it was forgotten above the version named";
}

TEST_F(LeaderTest, AFullTableWaitsForWhatWasProposed) {
  ASSERT_TRUE(three_.Lead(1));
  for (std::uint64_t id = 1; id <= 99; ++id) three_.Do(1, Make("n", Increment{}, id));
  three_.hung_disks = {1, 2, 3};
  const auto last = three_.Submit(1, Make("n", Increment{}, 100));
  EXPECT_EQ(Told(three_.Do(1, Make("n", Increment{}, 101))), "unavailable");
  three_.hung_disks.clear();
  three_.Run();
  EXPECT_EQ(Told(three_.AnswerTo(last)), "100") << "it would be unknown if the leadership had just ended";
  EXPECT_EQ(three_.leader(1).phase(), Leader::Phase::kIdle);
  EXPECT_TRUE(three_.leader(1).ran_full());
}

TEST_F(LeaderTest, AFullTableOfIdsEndsTheLeadership) {
  ASSERT_TRUE(three_.Lead(1));
  for (std::uint64_t id = 1; id <= 100; ++id) three_.Do(1, Make("n", Increment{}, id));
  EXPECT_EQ(Told(three_.Do(1, Make("n", Increment{}, 101))), "unavailable");
  EXPECT_EQ(three_.leader(1).phase(), Phase::kIdle);
  ASSERT_TRUE(three_.Lead(1));
  EXPECT_EQ(Told(three_.Do(1, Make("n", Increment{}, 101))), "101");
}

// --- Any number of replicas, a network that loses, doubles and delays

class LossyLeaderTest : public testing::TestWithParam<std::uint64_t> {};

TEST_P(LossyLeaderTest, SucceedsOverALossyNetwork) {
  TestCluster cluster(GetParam());
  std::uint64_t state = 12345;
  const auto chance = [&state](std::uint64_t of) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (state >> 33) % of == 0;
  };
  cluster.drop = [&](const Flight&) { return chance(4); };
  cluster.twice = [&](const Flight& flight) { return flight.from != flight.to && chance(4); };
  std::int64_t sum = 0;
  for (std::uint64_t round = 0; round < 40; ++round) {
    const std::uint64_t node = 1 + round % GetParam();
    while (cluster.leader(node).phase() != Phase::kLeading) {
      if (cluster.leader(node).phase() == Phase::kIdle) cluster.Begin(node);
      cluster.Resend(node);
      cluster.Run();
    }
    for (int i = 0; i < 5; ++i) {
      const auto token = cluster.Submit(node, Make("n", Increment{}, round * 5 + i + 1));
      for (cluster.Run(); !cluster.AnswerTo(token); cluster.Run()) cluster.Resend(node);
      EXPECT_EQ(Told(cluster.AnswerTo(token)), std::to_string(++sum));
    }
    if (round % 3 == 0) cluster.Restart(node);
  }
  cluster.drop = nullptr;
  ASSERT_TRUE(cluster.leader(1).phase() == Phase::kLeading || cluster.Lead(1));
  EXPECT_EQ(Told(cluster.Do(1, GetOf("n"))), std::to_string(sum));
  cluster.Resend(1);
  cluster.Run();
  for (std::uint64_t node = 1; node <= GetParam(); ++node) EXPECT_EQ(cluster.Stored(node, "n"), std::to_string(sum));
}

INSTANTIATE_TEST_SUITE_P(Replicas, LossyLeaderTest, testing::Values(1, 3, 5));

}  // namespace
}  // namespace quoin::quorum
