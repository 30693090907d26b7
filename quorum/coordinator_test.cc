// The sentences of design sections 4.3, 4.4, 4.6 and 4.7 that a coordinator keeps, one test each. Nodes are 1, 2, 3,
// ...; node 9 is the coordinator's own unless a test says otherwise, and holds nothing.
#include "quorum/coordinator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace quoin::quorum {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr kv::WallTime kWall{milliseconds(1'000'000)};

kv::Ballot B(std::uint64_t round, std::uint64_t node) { return {round, NodeId{node}}; }

struct FakeRoutes : Routes {
  NodeId self() const override { return own; }
  const ring::Topology* topology() const override { return joined ? &ring : nullptr; }
  bool Hears(NodeId node) const override { return node == own || !unheard.contains(node); }
  kv::Ballot PromisedBy(PartitionId) const override { return promised; }

  NodeId own{9};
  bool joined = true;
  ring::Topology ring = ring::Bootstrap(ClusterId{1}, NodeId{1}, {}, 1, {});
  std::set<NodeId> unheard;
  kv::Ballot promised;
};

ring::ReplicaSet SetOf(std::vector<NodeId> nodes, std::uint32_t r = 0, std::uint32_t w = 0) {
  ring::ReplicaSet set = ring::MajoritySet(std::move(nodes));
  if (r != 0) set.read_quorum = r;
  if (w != 0) set.write_quorum = w;
  return set;
}

Request Make(Operation operation, std::uint64_t id = 0) {
  Request request;
  request.key = "k";
  request.operation = std::move(operation);
  if (id != 0) request.id = {.client = 77, .number = id};
  return request;
}
Request GetOf(Consistency consistency = Consistency::kQuorum) {
  Request request = Make(Get{});
  request.consistency = consistency;
  return request;
}
Request PutOf(std::uint64_t id = 0) { return Make(Put{.value = "v", .content_type = {}, .ttl = {}}, id); }

Reply Done() { return {}; }
Reply Negative() {
  Reply reply;
  reply.outcome = Outcome::kConditionFailed;
  return reply;
}
Reply Error(Code code) {
  Reply reply;
  reply.outcome = Outcome::kError;
  reply.status = Status(code, "scripted");
  return reply;
}

kv::Record RecordOf(std::string value, std::uint64_t sequence) {
  kv::Record record;
  record.value = std::move(value);
  record.accepted = record.changed = {B(1, 1), sequence};
  return record;
}
Content Holds(kv::Record record) {
  return {Content::Kind::kRecord, std::make_shared<const kv::Record>(std::move(record)), {}};
}
Content Holds(std::string value, std::uint64_t sequence) { return Holds(RecordOf(std::move(value), sequence)); }
Content HoldsNothing(std::uint64_t floor = 0) {
  Content content;
  if (floor != 0) content.floor = {B(1, 1), floor};
  return content;
}
Content Damage() { return {Content::Kind::kDamaged, nullptr, {}}; }

class CoordinatorTest : public testing::Test {
 protected:
  CoordinatorTest() {
    Configure(SetOf({NodeId{1}, NodeId{2}, NodeId{3}}));
    routes_.promised = {};
    Restart();
  }

  void Configure(ring::ReplicaSet replicas, ring::Phase phase = ring::Phase::kStable, ring::ReplicaSet incoming = {}) {
    ring::Configuration& configuration = routes_.ring.partitions[0];
    ++configuration.version;
    configuration.replicas = std::move(replicas);
    configuration.phase = phase;
    configuration.incoming = std::move(incoming);
  }
  void Restart() {
    coordinator_.emplace(Options(), routes_);
    if (leader_ != kv::Ballot{}) Learn(leader_);
  }
  Coordinator::Options Options() const {
    return {.attempt = milliseconds(200),
            .request = milliseconds(2000),
            .boot = 0xb007,
            .max_under_way = max_under_way_,
            .hedge_percent = hedge_percent_};
  }
  // As if an answer had told of this leader.
  void Learn(kv::Ballot ballot) { routes_.promised = leader_ = ballot; }

  std::uint64_t Submit(Request request, bool repeated = false) {
    coordinator_->Submit(std::move(request), repeated, ++tokens_, now_, &effects_);
    return tokens_;
  }
  void Answer(const ForwardPacket& copy, Reply reply, kv::Ballot ballot = {}) {
    coordinator_->OnForwarded(NodeId{1}, {copy.number, std::move(reply), ballot}, now_, &effects_);
  }
  void Hold(std::uint64_t node, const Read& read, Content content) {
    coordinator_->OnHeld(NodeId{node}, PartitionId{0}, {std::nullopt, read.key, read.nonce, std::move(content)}, now_,
                         &effects_);
  }
  void Lose(std::uint64_t node) {
    routes_.unheard.insert(NodeId{node});
    coordinator_->OnUnreachable(NodeId{node}, now_, &effects_);
  }
  void Wait(milliseconds time) {
    const ring::MonotonicTime until = now_.now + time;
    while (now_.now < until) {
      now_.now += milliseconds(5);
      now_.wall += milliseconds(5);
      coordinator_->OnTick(now_, &effects_);
    }
  }

  // What was sent since the last look: "2 copy for 1.1 repeated since 0.0 take over", "1 read".
  std::vector<std::string> Sent() {
    std::vector<std::string> lines;
    const auto name = [](const kv::Ballot& ballot) {
      return std::to_string(ballot.round) + "." + std::to_string(ballot.node.value);
    };
    copies_.clear();
    reads_.clear();
    for (const Packet& packet : std::exchange(effects_.packets, {})) {
      std::string line = std::to_string(packet.to.value);
      if (const auto* copy = std::get_if<ForwardPacket>(&packet.body)) {
        line += " copy for " + name(copy->meant_for);
        if (copy->repeated) line += " repeated since " + name(copy->lowest);
        if (copy->take_over) line += " take over";
        copies_.push_back(*copy);
      } else {
        const auto& message = std::get<ReplicaPacket>(packet.body).message;
        EXPECT_FALSE(std::get<Read>(message).ballot.has_value());
        reads_.push_back(std::get<Read>(message));
        line += " read";
      }
      lines.push_back(line);
    }
    return lines;
  }
  // The only copy that was sent since the last look.
  ForwardPacket TheCopy() {
    const auto sent = Sent();
    EXPECT_EQ(sent.size(), 1u) << testing::PrintToString(sent);
    EXPECT_EQ(copies_.size(), 1u);
    return copies_.empty() ? ForwardPacket() : copies_[0];
  }
  // What was told since the last look: "7 absent", by token.
  std::vector<std::string> Told() {
    std::vector<std::string> lines;
    for (const auto& [token, reply] : std::exchange(effects_.answers, {})) {
      std::string line = std::to_string(token) + " ";
      switch (reply.outcome) {
        case Outcome::kDone:
          line += reply.record != nullptr ? reply.record->value : "done";
          break;
        case Outcome::kAbsent:
          line += "absent";
          break;
        case Outcome::kConditionFailed:
          line += "condition failed";
          break;
        case Outcome::kRejected:
          line += "rejected";
          break;
        case Outcome::kError:
          line += CodeName(reply.status.code());
          break;
      }
      lines.push_back(line);
    }
    return lines;
  }

  FakeRoutes routes_;
  std::optional<Coordinator> coordinator_;
  CoordinatorEffects effects_;
  Moment now_{ring::MonotonicTime(milliseconds(1000)), kWall};
  kv::Ballot leader_;
  std::uint64_t tokens_ = 0;
  std::size_t max_under_way_ = 100;
  unsigned hedge_percent_ = 100;
  std::vector<ForwardPacket> copies_;
  std::vector<Read> reads_;
};

// --- Whom a copy goes to.

TEST_F(CoordinatorTest, SendsAWriteToTheBelievedLeaderUnderItsBallot) {
  Learn(B(4, 2));
  Submit(PutOf());
  EXPECT_THAT(Sent(), ElementsAre("2 copy for 4.2"));
  Answer(copies_[0], Done());
  EXPECT_THAT(Told(), ElementsAre("1 done"));
  EXPECT_EQ(coordinator_->under_way(), 0u);
}

TEST_F(CoordinatorTest, GivesEveryWriteAnIdOfItsOwnUnlessTheClientDid) {
  Learn(B(4, 2));
  Submit(PutOf());
  const kv::OperationId first = TheCopy().request.id;
  Submit(PutOf());
  const kv::OperationId second = TheCopy().request.id;
  Submit(PutOf(5));
  EXPECT_EQ(first.client, 0xb007u);
  EXPECT_NE(first, second);
  EXPECT_EQ(TheCopy().request.id, (kv::OperationId{77, 5}));
}

TEST_F(CoordinatorTest, LeavesTheHighestBitOfItsNumbersToTheNode) {
  Coordinator::Options options = Options();
  options.boot = ~std::uint64_t{0};
  coordinator_.emplace(options, routes_);
  Submit(PutOf());
  EXPECT_LT(TheCopy().number, Coordinator::kNumbersEnd);
}

TEST_F(CoordinatorTest, AsksThePreferredReplicaToTakeOverWhenNobodyIsKnownToLead) {
  Submit(PutOf());
  EXPECT_THAT(Sent(), ElementsAre("1 copy for 0.0 take over"));
}

TEST_F(CoordinatorTest, AsksTheNextReplicaToTakeOverWhenTheLeaderIsNotHeard) {
  Learn(B(4, 1));
  routes_.unheard = {NodeId{1}};
  Submit(PutOf());
  EXPECT_THAT(Sent(), ElementsAre("2 copy for 4.1 take over"));
}

TEST_F(CoordinatorTest, AsksNobodyToTakeOverWhoIsOnlyBeingFilled) {
  Configure(SetOf({NodeId{1}, NodeId{2}, NodeId{3}}), ring::Phase::kFilling, SetOf({NodeId{4}, NodeId{5}, NodeId{6}}));
  routes_.unheard = {NodeId{1}, NodeId{2}, NodeId{3}};
  Submit(PutOf());
  EXPECT_THAT(Sent(), IsEmpty());
  Configure(SetOf({NodeId{1}, NodeId{2}, NodeId{3}}), ring::Phase::kJoint, SetOf({NodeId{4}, NodeId{5}, NodeId{6}}));
  Wait(milliseconds(25));
  EXPECT_THAT(Sent(), ElementsAre("4 copy for 0.0 take over"));
}

TEST_F(CoordinatorTest, TakesALeaderThatIsNoReplicaAnyMoreForGone) {
  Learn(B(4, 8));
  Submit(PutOf());
  EXPECT_THAT(Sent(), ElementsAre("1 copy for 4.8 take over"));
}

TEST_F(CoordinatorTest, FollowsTheHintToANewerLeaderAtOnce) {
  Learn(B(4, 2));
  Submit(PutOf());
  Answer(TheCopy(), Error(Code::kUnavailable), B(5, 3));
  EXPECT_THAT(Sent(), ElementsAre("3 copy for 5.3"));
  Submit(PutOf());  // The next request knows it, too.
  EXPECT_THAT(Sent(), ElementsAre("3 copy for 5.3"));
}

TEST_F(CoordinatorTest, AsksThoseThatItHearsEvenWhenTheyOnlyKnowALeaderThatItDoesNotHear) {
  Learn(B(4, 1));
  routes_.unheard = {NodeId{1}};
  Submit(PutOf());
  Answer(TheCopy(), Error(Code::kUnavailable), B(4, 1));
  EXPECT_THAT(Sent(), ElementsAre("3 copy for 4.1 take over"));
}

TEST_F(CoordinatorTest, AsksANodeThatLeadsNoMoreToTakeOver) {
  Learn(B(4, 1));  // It has restarted, and never resumes its ballot.
  Submit(PutOf());
  Answer(TheCopy(), Error(Code::kUnavailable), B(4, 1));
  EXPECT_THAT(Sent(), ElementsAre("1 copy for 4.1 take over"));
}

TEST_F(CoordinatorTest, TriesTheLeaderAgainWhenAnotherReplicaBelievesInIt) {
  Learn(B(4, 1));
  Submit(PutOf());
  Sent();
  Wait(milliseconds(200));
  EXPECT_THAT(Sent(), ElementsAre("2 copy for 4.1 repeated since 4.1 take over"));
  Answer(copies_[0], Error(Code::kUnavailable), B(4, 1));
  EXPECT_THAT(Sent(), ElementsAre("1 copy for 4.1 repeated since 4.1"));
}

TEST_F(CoordinatorTest, TriesEveryReplicaInTheOrderOfPreferenceAfterEachTimeOut) {
  Submit(PutOf());
  std::vector<std::string> all = Sent();
  for (int i = 0; i < 5; ++i) {
    Wait(milliseconds(200));
    for (const std::string& line : Sent()) all.push_back(line.substr(0, 1));
  }
  EXPECT_THAT(all, ElementsAre("1 copy for 0.0 take over", "2", "3", "1", "2", "3"));
}

TEST_F(CoordinatorTest, LeavesANodeThatIsNotHeardAnyMoreAtOnce) {
  Learn(B(4, 1));
  Submit(PutOf());
  Sent();
  Lose(1);
  EXPECT_THAT(Sent(), ElementsAre("2 copy for 4.1 repeated since 4.1 take over"));
  Lose(3);
  EXPECT_THAT(Sent(), IsEmpty());
}

TEST_F(CoordinatorTest, RestsLongerAndLongerOnceItWasRefusedAFewTimes) {
  Submit(PutOf());
  std::vector<int> after_ms;
  int waited = 0;
  for (int i = 0; i < 1500; i += 5) {
    if (!effects_.packets.empty()) {
      after_ms.push_back(waited);
      waited = 0;
      Answer(TheCopy(), Error(Code::kUnavailable));
      continue;
    }
    Wait(milliseconds(5));
    waited += 5;
  }
  EXPECT_THAT(after_ms, testing::ElementsAre(0, 0, 0, 0, 25, 50, 100, 200, 200, 200, 200, 200, 200));
}

TEST_F(CoordinatorTest, WaitsWhileItHearsNobodyAndGoesOnWhenItDoes) {
  routes_.unheard = {NodeId{1}, NodeId{2}, NodeId{3}};
  Submit(PutOf());
  Wait(milliseconds(500));
  EXPECT_THAT(Sent(), IsEmpty());
  routes_.unheard.clear();
  Wait(milliseconds(200));
  EXPECT_THAT(Sent(), ElementsAre("1 copy for 0.0 take over"));
}

// --- What copies say of each other (K4).

TEST_F(CoordinatorTest, RepeatsACopyThatWasNotAnsweredWithTheLowestBallotOfAllK4) {
  Learn(B(4, 1));
  Submit(PutOf());
  const ForwardPacket first = TheCopy();
  Learn(B(6, 2));
  Wait(milliseconds(200));
  EXPECT_THAT(Sent(), ElementsAre("2 copy for 6.2 repeated since 4.1"));
  EXPECT_EQ(copies_[0].request.id, first.request.id);
  EXPECT_NE(copies_[0].number, first.number);
}

TEST_F(CoordinatorTest, SendsAFreshCopyWhenAllBeforeWereCertainlyNotAppliedK4) {
  Learn(B(4, 1));
  Submit(PutOf());
  Answer(TheCopy(), Error(Code::kUnavailable), B(6, 2));
  EXPECT_THAT(Sent(), ElementsAre("2 copy for 6.2"));
}

TEST_F(CoordinatorTest, RepeatsAfterALeadershipEndedUnderACopyK4) {
  Learn(B(4, 1));
  Submit(PutOf());
  Answer(TheCopy(), Error(Code::kUnknown), B(6, 2));
  EXPECT_THAT(Sent(), ElementsAre("2 copy for 6.2 repeated since 4.1"));
  Answer(copies_[0], Done());
  EXPECT_THAT(Told(), ElementsAre("1 done"));
}

TEST_F(CoordinatorTest, KnowsNothingOfTheCopiesThatTheClientSentElsewhereK4) {
  Learn(B(4, 1));
  Submit(PutOf(5), true);
  EXPECT_THAT(Sent(), ElementsAre("1 copy for 4.1 repeated since 0.0"));
}

TEST_F(CoordinatorTest, ReckonsWithTheClientsOwnCopiesOnceAnAttemptHasPassedK4) {
  routes_.unheard = {NodeId{1}, NodeId{2}, NodeId{3}};
  Learn(B(4, 1));
  Submit(PutOf(5));
  Submit(PutOf());  // Without an id of the client there is no other copy.
  Wait(milliseconds(300));
  routes_.unheard.clear();
  Learn(B(6, 2));
  Wait(milliseconds(200));
  EXPECT_THAT(Sent(), ElementsAre("2 copy for 6.2 repeated since 4.1", "2 copy for 6.2"));
}

TEST_F(CoordinatorTest, TellsNoNegativeResultOfOneCopyWhileAnotherMayActK3) {
  Learn(B(4, 1));
  Submit(PutOf());
  const ForwardPacket first = TheCopy();
  Wait(milliseconds(200));
  const ForwardPacket second = TheCopy();
  Answer(first, Negative());  // It wasn't written: the second copy may still find otherwise in a later leadership.
  EXPECT_THAT(Told(), IsEmpty());
  Answer(second, Done());
  EXPECT_THAT(Told(), ElementsAre("1 done"));
}

TEST_F(CoordinatorTest, TellsTheNegativeResultOfARepeatedCopyK3) {
  Learn(B(4, 1));
  Submit(PutOf());
  Sent();
  Wait(milliseconds(200));
  Answer(TheCopy(), Negative());
  EXPECT_THAT(Told(), ElementsAre("1 condition failed"));
}

TEST_F(CoordinatorTest, TellsALateResultOfAnEarlierCopy) {
  Learn(B(4, 1));
  Submit(PutOf());
  const ForwardPacket first = TheCopy();
  Wait(milliseconds(200));
  const ForwardPacket second = TheCopy();
  Answer(first, Done());
  Answer(second, Done());
  EXPECT_THAT(Told(), ElementsAre("1 done"));  // K1
}

TEST_F(CoordinatorTest, TakesAnAnswerOnceK1) {
  Learn(B(4, 1));
  Submit(PutOf());
  const ForwardPacket copy = TheCopy();
  Answer(copy, Error(Code::kUnavailable), B(5, 2));
  Answer(copy, Done());
  EXPECT_THAT(Told(), IsEmpty());
  EXPECT_THAT(Sent(), ElementsAre("2 copy for 5.2"));
}

// --- Errors (K2, I10).

TEST_F(CoordinatorTest, SaysCertainlyNotAppliedAtTheDeadlineWhenEveryCopyWasRefusedK2) {
  Submit(PutOf());
  for (int i = 0; i < 400; ++i) {
    if (!effects_.packets.empty()) Answer(TheCopy(), Error(Code::kUnavailable));
    Wait(milliseconds(5));
  }
  EXPECT_THAT(Told(), ElementsAre("1 unavailable"));
}

TEST_F(CoordinatorTest, SaysUnknownAtTheDeadlineWhenACopyMayStillActK2) {
  Submit(PutOf());
  Wait(milliseconds(1999));
  EXPECT_THAT(Told(), ElementsAre("1 outcome unknown"));
  EXPECT_EQ(coordinator_->under_way(), 0u);
}

TEST_F(CoordinatorTest, SaysUnknownWhereTheClientHasSentItBeforeK2) {
  routes_.unheard = {NodeId{1}, NodeId{2}, NodeId{3}};
  Submit(PutOf(5), true);
  Submit(PutOf(6));
  Wait(milliseconds(2000));
  EXPECT_THAT(Told(), ElementsAre("1 outcome unknown", "2 unavailable"));
}

TEST_F(CoordinatorTest, NeverSaysUnknownOfAGetK2) {
  Request request = GetOf(Consistency::kAll);
  Submit(request);
  Answer(TheCopy(), Error(Code::kUnknown));
  Wait(milliseconds(2000));
  EXPECT_THAT(Told(), ElementsAre("1 unavailable"));
}

TEST_F(CoordinatorTest, AGetIsNeverRepeated) {
  Submit(GetOf(Consistency::kAll));
  Sent();
  Wait(milliseconds(200));
  EXPECT_THAT(Sent(), ElementsAre("2 copy for 0.0 take over"));
}

TEST_F(CoordinatorTest, TellsWhatTheDiskSaidWhenNoCopyCanAct) {
  Learn(B(4, 1));
  Submit(PutOf());
  Answer(TheCopy(), Error(Code::kDiskFull));
  EXPECT_THAT(Told(), ElementsAre("1 disk full"));
}

TEST_F(CoordinatorTest, SaysUnknownOfAFullDiskWhenAnEarlierCopyMayActK2) {
  Learn(B(4, 1));
  Submit(PutOf());
  Sent();
  Wait(milliseconds(200));
  for (int i = 0; i < 3; ++i) Answer(TheCopy(), Error(Code::kDiskFull));
  EXPECT_THAT(Told(), ElementsAre("1 outcome unknown"));
}

TEST_F(CoordinatorTest, BelievesTheThirdUnknown) {
  Learn(B(4, 1));
  Submit(PutOf());
  for (int i = 0; i < 3; ++i) {
    EXPECT_THAT(Told(), IsEmpty());
    Answer(TheCopy(), Error(Code::kUnknown), B(5 + i, 2));
  }
  EXPECT_THAT(Told(), ElementsAre("1 outcome unknown"));
}

TEST_F(CoordinatorTest, RefusesWhatIsMoreThanItCanHold) {
  max_under_way_ = 2;
  Restart();
  for (std::uint64_t i = 1; i <= 3; ++i) Submit(PutOf(i));
  EXPECT_THAT(Told(), ElementsAre("3 unavailable"));
  Submit(PutOf(1), true);
  EXPECT_THAT(Told(), ElementsAre("4 outcome unknown"));  // K2
  EXPECT_EQ(coordinator_->under_way(), 2u);
}

TEST_F(CoordinatorTest, RefusesEverythingBeforeItHasJoined) {
  routes_.joined = false;
  Submit(PutOf());
  Submit(GetOf());
  EXPECT_THAT(Told(), ElementsAre("1 unavailable", "2 unavailable"));
}

// --- Reads without the leader (K5).

TEST_F(CoordinatorTest, ReadsFromAQuorumInOneRoundTripK5) {
  Learn(B(4, 3));
  Submit(GetOf());
  EXPECT_THAT(Sent(), ElementsAre("1 read", "2 read"));
  Hold(1, reads_[0], Holds("Alice", 7));
  EXPECT_THAT(Told(), IsEmpty());
  Hold(2, reads_[1], Holds("Alice", 7));
  EXPECT_THAT(Told(), ElementsAre("1 Alice"));
  EXPECT_THAT(Sent(), IsEmpty());
}

TEST_F(CoordinatorTest, ReadsFromItselfFirstAndFromThoseThatItHears) {
  routes_.own = NodeId{3};
  routes_.unheard = {NodeId{1}};
  Learn(B(4, 1));
  Submit(GetOf());
  EXPECT_THAT(Sent(), ElementsAre("3 read", "2 read"));
}

TEST_F(CoordinatorTest, ReadsAsTheLeaderWhereItLeadsItself) {
  routes_.own = NodeId{3};
  Learn(B(4, 3));
  Submit(GetOf());
  EXPECT_THAT(Sent(), ElementsAre("3 copy for 4.3"));
}

TEST_F(CoordinatorTest, GoesToTheLeaderWithConditionsAndForAll) {
  Learn(B(4, 3));
  Request conditional = GetOf();
  conditional.conditions.push_back({.kind = Condition::Kind::kPresent, .versions = {}, .value = {}});
  Submit(conditional);
  Submit(GetOf(Consistency::kAll));
  EXPECT_THAT(Sent(), ElementsAre("3 copy for 4.3", "3 copy for 4.3"));
}

TEST_F(CoordinatorTest, GoesToTheLeaderWhenReplicasDisagreeK5) {
  Learn(B(4, 3));
  Submit(GetOf());
  Sent();
  Hold(1, reads_[0], Holds("Alice", 7));
  Hold(2, reads_[0], Holds("Bob", 8));  // Perhaps a leftover.
  EXPECT_THAT(Told(), IsEmpty());
  EXPECT_THAT(Sent(), ElementsAre("3 copy for 4.3"));
}

TEST_F(CoordinatorTest, AsksForAWriteQuorumWhereThatIsMoreK5) {
  Configure(SetOf({NodeId{1}, NodeId{2}, NodeId{3}}, 1, 3));
  Learn(B(4, 3));
  Submit(GetOf());
  EXPECT_THAT(Sent(), ElementsAre("1 read", "2 read", "3 read"));
  Hold(1, reads_[0], Holds("Alice", 7));
  Hold(2, reads_[0], Holds("Alice", 7));
  EXPECT_THAT(Told(), IsEmpty());
  Hold(3, reads_[0], Holds("Alice", 7));
  EXPECT_THAT(Told(), ElementsAre("1 Alice"));
}

TEST_F(CoordinatorTest, AsksForAReadQuorumWhereThatIsMoreK5) {
  Configure(SetOf({NodeId{1}, NodeId{2}, NodeId{3}}, 3, 2));
  Submit(GetOf());
  EXPECT_THAT(Sent(), ElementsAre("1 read", "2 read", "3 read"));
  Hold(1, reads_[0], Holds("Alice", 7));
  Hold(2, reads_[0], Holds("Alice", 7));
  EXPECT_THAT(Told(), IsEmpty());
  Hold(3, reads_[0], Holds("old", 6));
  EXPECT_THAT(Told(), ElementsAre("1 Alice"));
}

TEST_F(CoordinatorTest, MeetsBothSetsOfAJointConfigurationK5) {
  Configure(SetOf({NodeId{1}, NodeId{2}, NodeId{3}}), ring::Phase::kJoint, SetOf({NodeId{3}, NodeId{4}, NodeId{5}}));
  Submit(GetOf());
  EXPECT_THAT(Sent(), ElementsAre("1 read", "2 read", "3 read", "4 read"));
  Hold(1, reads_[0], Holds("Alice", 7));
  Hold(2, reads_[0], Holds("Alice", 7));
  Hold(3, reads_[0], Holds("Alice", 7));
  EXPECT_THAT(Told(), IsEmpty());
  Hold(4, reads_[0], Holds("Alice", 7));
  EXPECT_THAT(Told(), ElementsAre("1 Alice"));
}

TEST_F(CoordinatorTest, DoesNotReadFromThoseThatAreOnlyBeingFilledK5) {
  Configure(SetOf({NodeId{1}, NodeId{2}, NodeId{3}}), ring::Phase::kFilling, SetOf({NodeId{4}, NodeId{5}, NodeId{6}}));
  routes_.own = NodeId{4};
  Submit(GetOf());
  EXPECT_THAT(Sent(), ElementsAre("1 read", "2 read"));
}

TEST_F(CoordinatorTest, GoesToTheLeaderWhenTooFewAreHeard) {
  Learn(B(4, 3));
  routes_.unheard = {NodeId{1}, NodeId{2}};
  Submit(GetOf());
  EXPECT_THAT(Sent(), ElementsAre("3 copy for 4.3"));
}

TEST_F(CoordinatorTest, TellsAnAbsenceWhateverTheFloors) {
  Submit(GetOf());
  Sent();
  Hold(1, reads_[0], HoldsNothing(5));
  Hold(2, reads_[0], HoldsNothing(3));
  EXPECT_THAT(Told(), ElementsAre("1 absent"));
}

TEST_F(CoordinatorTest, GoesToTheLeaderWhenOneHasARecordAndOneHasNoneK5) {
  for (const std::uint64_t floor : {0, 9}) {
    SCOPED_TRACE(floor);
    Submit(GetOf());
    Sent();
    Hold(1, reads_[0], HoldsNothing(floor));
    Hold(2, reads_[0], Holds("Alice", 7));
    EXPECT_THAT(Told(), IsEmpty());
    EXPECT_EQ(Sent().size(), 1u);
    EXPECT_EQ(copies_.size(), 1u);
  }
}

TEST_F(CoordinatorTest, TellsATombstoneAsAbsent) {
  kv::Record tombstone = RecordOf("", 7);
  tombstone.tombstone = true;
  Submit(GetOf());
  Sent();
  Hold(1, reads_[0], Holds(tombstone));
  Hold(2, reads_[0], Holds(tombstone));
  EXPECT_THAT(Told(), ElementsAre("1 absent"));
}

TEST_F(CoordinatorTest, LetsTheLeaderSayThatADeadlineHasPassedK5) {
  kv::Record record = RecordOf("Alice", 7);
  record.deadline = kWall;
  Learn(B(4, 3));
  Submit(GetOf());
  Sent();
  Hold(1, reads_[0], Holds(record));
  Hold(2, reads_[0], Holds(record));
  EXPECT_THAT(Told(), IsEmpty());
  EXPECT_THAT(Sent(), ElementsAre("3 copy for 4.3"));
}

TEST_F(CoordinatorTest, LetsTheLeaderKnowOfDamage) {
  Learn(B(4, 3));
  Submit(GetOf());
  Sent();
  Hold(1, reads_[0], Damage());
  EXPECT_THAT(Sent(), ElementsAre("3 copy for 4.3"));
}

TEST_F(CoordinatorTest, CountsNoAnswerTwiceAndNoneOfAStrangerK5) {
  Submit(GetOf());
  Sent();
  Hold(1, reads_[0], Holds("Alice", 7));
  Hold(1, reads_[0], Holds("Alice", 7));
  Hold(3, reads_[0], Holds("Alice", 7));  // Wasn't asked.
  Hold(8, reads_[0], Holds("Alice", 7));
  EXPECT_THAT(Told(), IsEmpty());
  Read earlier = reads_[0];
  --earlier.nonce;
  Hold(2, earlier, Holds("Alice", 7));
  EXPECT_THAT(Told(), IsEmpty());
  Hold(2, reads_[0], Holds("Alice", 7));
  EXPECT_THAT(Told(), ElementsAre("1 Alice"));
}

TEST_F(CoordinatorTest, AsksOneMoreReplicaWhenOneIsLateAndThenTheLeader) {
  Learn(B(4, 3));
  Submit(GetOf());
  Sent();
  Hold(1, reads_[0], Holds("Alice", 7));
  const Read read = reads_[0];
  Wait(milliseconds(50));
  EXPECT_THAT(Sent(), ElementsAre("3 read"));
  Wait(milliseconds(50));
  EXPECT_THAT(Sent(), ElementsAre("3 copy for 4.3"));
  Hold(3, read, Holds("Alice", 7));  // Too late: the leader has the word.
  EXPECT_THAT(Told(), IsEmpty());
}

TEST_F(CoordinatorTest, TakesTheHedgesAnswerForTheLateOnes) {
  Submit(GetOf());
  Sent();
  Hold(1, reads_[0], Holds("Alice", 7));
  const Read read = reads_[0];
  Wait(milliseconds(50));
  Hold(3, read, Holds("Alice", 7));
  EXPECT_THAT(Told(), ElementsAre("1 Alice"));
}

TEST_F(CoordinatorTest, HedgesNoMoreThanItsShareOfReadsK6) {
  hedge_percent_ = 5;
  max_under_way_ = 1000;
  Restart();
  for (int i = 0; i < 90; ++i) Submit(GetOf());
  EXPECT_EQ(Sent().size(), 180u);
  Wait(milliseconds(50));
  EXPECT_EQ(Sent().size(), 4u);
  EXPECT_EQ(reads_.size(), 4u);
}

TEST_F(CoordinatorTest, ReadsElsewhereWhenAReplicaIsNotHeardAnyMore) {
  Submit(GetOf());
  Sent();
  Lose(2);
  EXPECT_THAT(Sent(), ElementsAre("3 read"));
  Lose(1);
  EXPECT_EQ(Sent().size(), 1u);  // Not enough are left.
  EXPECT_EQ(copies_.size(), 1u);
}

TEST_F(CoordinatorTest, GoesToTheLeaderWhenTheConfigurationChangesUnderARead) {
  Learn(B(4, 3));
  Submit(GetOf());
  Sent();
  coordinator_->OnTopology(now_, &effects_);
  EXPECT_THAT(Sent(), IsEmpty());
  Configure(SetOf({NodeId{2}, NodeId{1}, NodeId{3}}));
  coordinator_->OnTopology(now_, &effects_);
  EXPECT_THAT(Sent(), ElementsAre("3 copy for 4.3"));
}

// --- Reads from one.

TEST_F(CoordinatorTest, TellsWhatAnyOneReplicaHoldsWhereThatIsEnough) {
  Submit(GetOf(Consistency::kOne));
  EXPECT_THAT(Sent(), ElementsAre("1 read"));
  Hold(1, reads_[0], Holds("Alice", 7));
  EXPECT_THAT(Told(), ElementsAre("1 Alice"));
}

TEST_F(CoordinatorTest, ReadsFromItsOwnReplicaWhereOneIsEnough) {
  routes_.own = NodeId{2};
  Learn(B(4, 2));
  Submit(GetOf(Consistency::kOne));
  EXPECT_THAT(Sent(), ElementsAre("2 read"));
}

TEST_F(CoordinatorTest, TellsAnExpiredRecordOfOneReplicaAsAbsent) {
  kv::Record record = RecordOf("Alice", 7);
  record.deadline = kWall;
  Submit(GetOf(Consistency::kOne));
  Sent();
  Hold(1, reads_[0], Holds(record));
  EXPECT_THAT(Told(), ElementsAre("1 absent"));
}

TEST_F(CoordinatorTest, ReadsFromTheNextOneWhenItIsLateOrDamagedAndFromTheLeaderInTheEnd) {
  Learn(B(4, 3));
  Submit(GetOf(Consistency::kOne));
  Sent();
  Hold(1, reads_[0], Damage());
  EXPECT_THAT(Sent(), ElementsAre("2 read"));
  Wait(milliseconds(100));
  EXPECT_THAT(Sent(), ElementsAre("3 read"));
  Wait(milliseconds(100));
  EXPECT_THAT(Sent(), ElementsAre("3 copy for 4.3"));
}

// --- K7.

TEST_F(CoordinatorTest, DoesTheSameOnTheSameCallsK7) {
  const auto run = [&] {
    now_ = {ring::MonotonicTime(milliseconds(1000)), kWall};
    routes_.unheard.clear();
    tokens_ = 0;
    effects_ = {};
    Restart();
    for (std::uint64_t i = 0; i < 20; ++i) Submit(i % 3 == 0 ? GetOf() : PutOf(i));
    Wait(milliseconds(300));
    Lose(1);
    Wait(milliseconds(2000));
    auto lines = Sent();
    for (const ForwardPacket& copy : copies_) lines.push_back(std::to_string(copy.number));
    for (const std::string& line : Told()) lines.push_back(line);
    return lines;
  };
  const auto first = run();
  EXPECT_GT(first.size(), 100u);
  EXPECT_EQ(first, run());
}

}  // namespace
}  // namespace quoin::quorum
