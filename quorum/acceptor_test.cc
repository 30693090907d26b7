// The sentences of design section 4.1, one test each.
#include "quorum/acceptor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "quorum/replica_testing.h"
#include "quorum/rounds.h"

namespace quoin::quorum {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

constexpr PartitionId kPartition{0};
constexpr NodeId kPeer{2};

class AcceptorTest : public testing::Test {
 protected:
  AcceptorTest() { Restart(); }

  // What isn't durable is lost, and so is what waited for it.
  void Restart() {
    rounds_ = Rounds();
    acceptor_.emplace(storage_, kPartition, *storage_.GetPartitionState(kPartition));
    acceptor_->Learn(kConfiguration, false, &rounds_.open());
  }

  // What left at once.
  std::vector<Message> Receive(Message message) {
    acceptor_->Receive(kPeer, message, &rounds_.open());
    return TakeNow();
  }
  std::vector<Message> TakeNow() { return Unpack(std::exchange(rounds_.open().now, {})); }
  std::vector<Message> Load(const std::string& key) {
    std::erase_if(rounds_.open().loads, [&](const LoadWanted& load) { return load.key == key; });
    acceptor_->OnLoaded(key, storage_.Get(kPartition, key), &rounds_.open());
    return TakeNow();
  }
  void Seal() {
    sealed_ = rounds_.Seal();
    acceptor_->Seal(&sealed_);
  }
  std::vector<Message> EndRound() {
    EXPECT_TRUE(storage_.Write(sealed_).ok());
    acceptor_->OnDurable();
    return Unpack(rounds_.OnDurable());
  }
  std::vector<Message> Refuse(Code code) {
    acceptor_->OnRefused(code);
    return Unpack(rounds_.OnRefused(code));
  }
  // What left once everything so far was durable.
  std::vector<Message> Commit() {
    Seal();
    return EndRound();
  }

  Message PrepareAt(std::uint64_t round, std::optional<std::string> key = {}) {
    return Prepare{kConfiguration, BallotOf(round, 2), std::move(key)};
  }
  Message AcceptAt(std::uint64_t round, std::uint64_t sequence, std::string key, std::string value) {
    return Accept{kConfiguration, std::move(key), RecordOf(VersionOf(round, 2, sequence), std::move(value))};
  }
  Message InstallAt(std::uint64_t round, std::uint64_t sequence, std::string key, std::string value) {
    return Install{kConfiguration, std::move(key), RecordOf(VersionOf(round, 2, sequence), std::move(value))};
  }
  Message ReadAt(std::uint64_t round, std::string key) {
    return Read{kConfiguration, BallotOf(round, 2), std::move(key), 0};
  }
  Message LeaderlessRead(std::string key) { return Read{kConfiguration, std::nullopt, std::move(key), 77}; }

  std::string Stored(const std::string& key) {
    const auto record = storage_.Get(kPartition, key);
    if (!record.ok()) return "damaged";
    return *record == nullptr ? "absent" : (*record)->value;
  }

  static std::vector<Message> Unpack(std::vector<Envelope> envelopes) {
    std::vector<Message> messages;
    for (Envelope& envelope : envelopes) {
      EXPECT_EQ(envelope.to, kPeer);
      messages.push_back(std::move(envelope.message));
    }
    return messages;
  }

  static constexpr std::uint64_t kConfiguration = 5;
  TestStorage storage_{NodeId{1}};
  std::optional<Acceptor> acceptor_;
  Rounds rounds_;
  kv::Batch sealed_;
};

template <typename T>
const T& Only(const std::vector<Message>& messages) {
  CHECK_EQ(messages.size(), 1u);
  CHECK(std::holds_alternative<T>(messages[0])) << "message kind " << messages[0].index();
  return std::get<T>(messages[0]);
}

// --- Prepare

TEST_F(AcceptorTest, PromisesAHigherBallotOnceThatIsDurable) {
  EXPECT_THAT(Receive(PrepareAt(3)), IsEmpty());
  Seal();
  EXPECT_NE((*storage_.GetPartitionState(kPartition)).value_or(kv::PartitionState()).promised, BallotOf(3, 2));
  const auto sent = EndRound();
  EXPECT_EQ(Only<Promise>(sent).ballot, BallotOf(3, 2));
  EXPECT_EQ((*storage_.GetPartitionState(kPartition))->promised, BallotOf(3, 2));
}

TEST_F(AcceptorTest, TellsThePreviousPromise) {
  Receive(PrepareAt(3));
  Receive(PrepareAt(5));
  const auto sent = Commit();
  ASSERT_THAT(sent, SizeIs(2));
  EXPECT_EQ(std::get<Promise>(sent[0]).previous, kv::Ballot());
  EXPECT_EQ(std::get<Promise>(sent[1]).previous, BallotOf(3, 2));
}

TEST_F(AcceptorTest, AnswersARepeatedPrepareAlike) {
  Receive(PrepareAt(3));
  Receive(PrepareAt(5));
  Commit();
  Receive(PrepareAt(5));
  EXPECT_EQ(Only<Promise>(Commit()).previous, BallotOf(3, 2));
}

TEST_F(AcceptorTest, AfterARestartDoesNotGuessThePreviousPromise) {
  Receive(PrepareAt(5));
  Commit();
  Restart();
  Receive(PrepareAt(5));
  EXPECT_EQ(Only<Promise>(Commit()).previous, std::nullopt);
}

TEST_F(AcceptorTest, NeverLowersItsPromise) {
  Receive(PrepareAt(5));
  const auto sent = Receive(PrepareAt(4));
  EXPECT_EQ(Only<Nack>(sent).promised, BallotOf(5, 2));
  EXPECT_EQ(acceptor_->promised(), BallotOf(5, 2));
}

TEST_F(AcceptorTest, PromiseSurvivesARestart) {
  Receive(PrepareAt(5));
  Commit();
  Restart();
  EXPECT_EQ(Only<Nack>(Receive(PrepareAt(4))).promised, BallotOf(5, 2));
}

TEST_F(AcceptorTest, APromiseCarriesTheKeyThatRodeOnPrepare) {
  Receive(AcceptAt(3, 1, "k", "v"));
  Commit();
  Receive(PrepareAt(5, "k"));
  const auto sent = Commit();
  ASSERT_TRUE(Only<Promise>(sent).held);
  EXPECT_EQ(Only<Promise>(sent).held->content.record->value, "v");
}

// --- Accept

TEST_F(AcceptorTest, RefusesAcceptBelowItsPromise) {
  Receive(PrepareAt(5));
  EXPECT_EQ(Only<Nack>(Receive(AcceptAt(4, 1, "k", "v"))).promised, BallotOf(5, 2));
  Commit();
  EXPECT_EQ(Stored("k"), "absent");
}

TEST_F(AcceptorTest, AnAcceptIsAPromiseToo) {
  Receive(AcceptAt(4, 1, "k", "v"));
  Commit();
  Restart();
  EXPECT_EQ(Only<Nack>(Receive(AcceptAt(3, 9, "j", "v"))).promised, BallotOf(4, 2));
}

TEST_F(AcceptorTest, AnswersAnAcceptOnlyOnceDurable) {
  EXPECT_THAT(Receive(AcceptAt(4, 1, "k", "v")), IsEmpty());
  Seal();
  EXPECT_EQ(Stored("k"), "absent");
  EXPECT_EQ(Only<Accepted>(EndRound()).version, VersionOf(4, 2, 1));
  EXPECT_EQ(Stored("k"), "v");
}

TEST_F(AcceptorTest, StoresOnlyWhatIsNewer) {
  Receive(AcceptAt(4, 7, "k", "new"));
  Receive(AcceptAt(4, 6, "k", "old"));
  EXPECT_THAT(Commit(), SizeIs(2)) << "what needn't be stored is accepted, too: the later state contains it";
  EXPECT_EQ(Stored("k"), "new");
}

TEST_F(AcceptorTest, DiesOfTwoRecordsUnderOneVersion) {
  Receive(AcceptAt(4, 7, "k", "one"));
  Receive(AcceptAt(4, 7, "k", "one"));
  EXPECT_DEATH(Receive(AcceptAt(4, 7, "k", "other")), "I2");
}

TEST_F(AcceptorTest, StoresAboveTheHighestVersionWithoutARead) {
  storage_.on_disk = {"k"};
  Receive(AcceptAt(4, 1, "k", "v"));
  EXPECT_THAT(rounds_.open().loads, IsEmpty());
  EXPECT_THAT(Commit(), SizeIs(1));
}

TEST_F(AcceptorTest, AfterARestartComparesUnderTheOldPromiseAndNotAboveIt) {
  Receive(AcceptAt(4, 7, "k", "new"));
  Commit();
  storage_.on_disk = {"k"};
  Restart();
  Receive(AcceptAt(4, 6, "k", "old"));
  EXPECT_THAT(rounds_.open().loads, SizeIs(1));
  Load("k");
  Commit();
  EXPECT_EQ(Stored("k"), "new");
  Receive(AcceptAt(5, 1, "k", "next"));
  EXPECT_THAT(rounds_.open().loads, IsEmpty());
  Commit();
  EXPECT_EQ(Stored("k"), "next");
}

// --- Install

TEST_F(AcceptorTest, InstallStoresWhatIsNewerAndRaisesThePromise) {
  Receive(PrepareAt(3));
  Receive(InstallAt(5, 2, "k", "v"));
  EXPECT_EQ(acceptor_->promised(), BallotOf(5, 2));
  Receive(InstallAt(4, 9, "k", "older"));
  Commit();
  EXPECT_EQ(Stored("k"), "v");
}

TEST_F(AcceptorTest, InstallIsTakenBelowThePromiseAndNeverAnsweredAsAnAccept) {
  Receive(PrepareAt(9));
  Receive(InstallAt(5, 2, "k", "v"));
  const auto sent = Commit();
  ASSERT_THAT(sent, SizeIs(2));
  EXPECT_TRUE(std::holds_alternative<Installed>(sent[1]));
  EXPECT_EQ(acceptor_->promised(), BallotOf(9, 2));
  EXPECT_EQ(Stored("k"), "v");
}

// --- Barrier

TEST_F(AcceptorTest, BarrierNeedsNoDiskAndFailsAboveItsBallot) {
  Receive(PrepareAt(5));
  EXPECT_EQ(Only<BarrierOk>(Receive(Barrier{kConfiguration, BallotOf(5, 2), 11})).nonce, 11u);
  EXPECT_EQ(Only<BarrierOk>(Receive(Barrier{kConfiguration, BallotOf(6, 2), 12})).nonce, 12u);
  EXPECT_EQ(Only<Nack>(Receive(Barrier{kConfiguration, BallotOf(4, 2), 13})).promised, BallotOf(5, 2));
}

// --- Admission order

TEST_F(AcceptorTest, WhatIsToldOfRecordsIncludesAllAdmittedAndLeavesWhenDurable) {
  Receive(AcceptAt(4, 1, "k", "v"));
  Seal();
  EXPECT_THAT(Receive(LeaderlessRead("k")), IsEmpty());
  EXPECT_THAT(Receive(ReadAt(4, "k")), IsEmpty());
  EXPECT_THAT(Receive(PrepareAt(5, "k")), IsEmpty());
  EXPECT_THAT(EndRound(), SizeIs(1)) << "they were asked after this round had been handed over";
  const auto sent = Commit();
  ASSERT_THAT(sent, SizeIs(3));
  EXPECT_EQ(std::get<Held>(sent[0]).content.record->value, "v");
  EXPECT_EQ(std::get<Held>(sent[0]).nonce, 77u);
  EXPECT_EQ(std::get<Held>(sent[1]).ballot, BallotOf(4, 2));
  EXPECT_EQ(std::get<Promise>(sent[2]).held->content.record->value, "v");
}

TEST_F(AcceptorTest, ReadsForALeaderOnlyUnderExactlyItsPromise) {
  Receive(PrepareAt(5));
  EXPECT_EQ(Only<Nack>(Receive(ReadAt(4, "k"))).promised, BallotOf(5, 2));
  EXPECT_EQ(Only<Nack>(Receive(ReadAt(6, "k"))).promised, BallotOf(5, 2));
}

TEST_F(AcceptorTest, MessagesOfAKeyWaitForItsLoadInOrderAndOthersDoNot) {
  Receive(AcceptAt(4, 1, "k", "first"));
  Receive(AcceptAt(4, 2, "j", "other"));
  Commit();
  storage_.on_disk = {"k"};
  Receive(LeaderlessRead("k"));
  Receive(AcceptAt(4, 3, "k", "second"));  // Above all versions, and still not ahead of the read.
  Receive(LeaderlessRead("k"));
  EXPECT_THAT(rounds_.open().loads, SizeIs(1)) << "one load serves all";
  Receive(LeaderlessRead("j"));
  EXPECT_EQ(Only<Held>(Commit()).key, "j");
  Load("k");
  const auto sent = Commit();
  ASSERT_THAT(sent, SizeIs(3));
  EXPECT_EQ(std::get<Held>(sent[0]).content.record->value, "first");
  EXPECT_EQ(std::get<Held>(sent[2]).content.record->value, "second");
}

TEST_F(AcceptorTest, AMessageThatWaitedMeetsThePromiseOfItsAdmission) {
  Receive(AcceptAt(4, 2, "k", "v"));
  Commit();
  storage_.on_disk = {"k"};
  Receive(AcceptAt(4, 1, "k", "late"));
  Receive(PrepareAt(5));
  EXPECT_EQ(Only<Nack>(Load("k")).promised, BallotOf(5, 2));
}

TEST_F(AcceptorTest, WaitingMessagesAreBounded) {
  Receive(AcceptAt(4, 2, "k", "v"));
  Commit();
  storage_.on_disk = {"k"};
  for (std::size_t i = 0; i < Acceptor::kMaxWaiting + 5; ++i) Receive(LeaderlessRead("k"));
  EXPECT_EQ(Only<Refused>(Receive(AcceptAt(4, 3, "k", "w"))).version, VersionOf(4, 2, 3)) << "answered, not dropped";
  Load("k");
  EXPECT_THAT(Commit(), SizeIs(Acceptor::kMaxWaiting));
}

// --- Configuration

TEST_F(AcceptorTest, RefusesAnotherConfiguration) {
  const auto older = Receive(Prepare{kConfiguration - 1, BallotOf(3, 2), {}});
  EXPECT_EQ(Only<OtherConfiguration>(older).mine, kConfiguration);
  const auto newer = Receive(Prepare{kConfiguration + 1, BallotOf(3, 2), {}});
  EXPECT_EQ(Only<OtherConfiguration>(newer).yours, kConfiguration + 1);
  EXPECT_EQ(acceptor_->promised(), kv::Ballot());
  acceptor_->Learn(kConfiguration + 1, false, &rounds_.open());
  Receive(Prepare{kConfiguration + 1, BallotOf(3, 2), {}});
  Commit();
  EXPECT_EQ((*storage_.GetPartitionState(kPartition))->configuration_version, kConfiguration + 1);
}

// --- Damage

TEST_F(AcceptorTest, ADamagedRecordIsNeverMissing) {
  Receive(AcceptAt(4, 2, "k", "v"));
  Commit();
  storage_.damaged = {"k"};
  Receive(LeaderlessRead("k"));
  EXPECT_EQ(Only<Held>(Commit()).content.kind, Content::Kind::kDamaged);
}

TEST_F(AcceptorTest, ADamagedRecordIsRefilledOnlyFromAboveAllVersions) {
  Receive(AcceptAt(4, 2, "k", "v"));
  Commit();
  storage_.damaged = {"k"};
  EXPECT_EQ(Only<Damaged>(Receive(AcceptAt(4, 1, "k", "maybe older"))).bound, VersionOf(4, 2, 2));
  EXPECT_EQ(Only<Damaged>(Receive(InstallAt(4, 2, "k", "maybe older"))).bound, VersionOf(4, 2, 2));
  EXPECT_EQ(Stored("k"), "damaged");
  Receive(AcceptAt(4, 3, "k", "newer"));
  Commit();
  EXPECT_EQ(Stored("k"), "newer");
}

TEST_F(AcceptorTest, AReadErrorCountsAsDamage) {
  Receive(AcceptAt(4, 2, "k", "v"));
  Commit();
  storage_.on_disk = {"k"};
  Receive(LeaderlessRead("k"));
  acceptor_->OnLoaded("k", Status(Code::kIo, "the disk"), &rounds_.open());
  EXPECT_EQ(Only<Held>(Commit()).content.kind, Content::Kind::kDamaged);
}

// --- Rounds that fail

TEST_F(AcceptorTest, ARefusedRoundIsForgottenWithAllThatBuildsOnIt) {
  Receive(AcceptAt(4, 1, "k", "v"));
  Commit();
  Receive(AcceptAt(4, 2, "k", "w"));
  Seal();
  Receive(AcceptAt(4, 3, "k", "x"));
  Receive(LeaderlessRead("k"));
  const auto sent = Refuse(Code::kDiskFull);
  ASSERT_THAT(sent, SizeIs(2)) << "the read had told of what isn't there";
  EXPECT_EQ(std::get<Refused>(sent[0]).version, VersionOf(4, 2, 2));
  EXPECT_EQ(std::get<Refused>(sent[1]).version, VersionOf(4, 2, 3));
  Receive(LeaderlessRead("k"));
  EXPECT_EQ(Only<Held>(Commit()).content.record->value, "v");
  Receive(AcceptAt(4, 2, "k", "w"));
  Commit();
  EXPECT_EQ(Stored("k"), "w") << "space came back";
}

TEST_F(AcceptorTest, ARefusedRoundKeepsThePromiseAndWritesItWithTheNext) {
  Receive(AcceptAt(4, 1, "k", "v"));
  Seal();
  Refuse(Code::kDiskFull);
  EXPECT_EQ(acceptor_->promised(), BallotOf(4, 2));
  Receive(AcceptAt(4, 2, "j", "v"));
  EXPECT_THAT(Commit(), SizeIs(1));
  Restart();
  EXPECT_EQ(acceptor_->promised(), BallotOf(4, 2)) << "an Accepted left without its promise";
}

TEST_F(AcceptorTest, AfterAFailedSyncStoresNothingAndReadsOn) {
  Receive(AcceptAt(4, 1, "k", "v"));
  Commit();
  Receive(AcceptAt(4, 2, "k", "w"));
  Seal();
  Receive(AcceptAt(4, 3, "j", "x"));
  const auto sent = Refuse(Code::kUnknown);
  ASSERT_THAT(sent, SizeIs(2));
  EXPECT_EQ(std::get<Refused>(sent[0]).code, Code::kUnknown);
  EXPECT_EQ(std::get<Refused>(sent[1]).code, Code::kReadOnly) << "it was never handed over";
  EXPECT_EQ(Only<Refused>(Receive(AcceptAt(4, 4, "k", "y"))).code, Code::kReadOnly);
  EXPECT_THAT(Receive(PrepareAt(6)), IsEmpty());
  Receive(LeaderlessRead("k"));
  EXPECT_EQ(Only<Held>(Commit()).content.record->value, "v");
}

}  // namespace
}  // namespace quoin::quorum
