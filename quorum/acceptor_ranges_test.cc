// Ranges at one replica: comparing, purging, erasing (docs/protocol.md, "Acceptor" 10 to 12), one rule at a time.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "quorum/acceptor.h"
#include "quorum/read_range.h"
#include "quorum/replica_testing.h"
#include "quorum/rounds.h"

namespace quoin::quorum {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr PartitionId kPartition{0};
constexpr NodeId kPeer{2};
constexpr std::uint64_t kConfiguration = 5;

class AcceptorRangesTest : public testing::Test {
 protected:
  AcceptorRangesTest() {
    Restart();
    Receive(Prepare{kConfiguration, BallotOf(4, 2), {}});
    Commit();
  }

  void Restart() {
    rounds_ = Rounds();
    ranges_.clear();
    acceptor_.emplace(storage_, kPartition, *storage_.GetPartitionState(kPartition));
    acceptor_->Learn(kConfiguration, false, &rounds_.open());
  }
  std::vector<Message> Receive(const Message& message) {
    acceptor_->Receive(kPeer, message, &rounds_.open());
    return TakeNow();
  }
  std::vector<Message> TakeNow() {
    std::vector<Message> messages;
    for (Envelope& envelope : std::exchange(rounds_.open().now, {})) messages.push_back(std::move(envelope.message));
    return messages;
  }
  void Seal() {
    for (RangeWanted& range : std::exchange(rounds_.open().ranges_when_durable, {})) ranges_.push_back(range);
    sealed_ = rounds_.Seal();
    acceptor_->Seal(&sealed_);
  }
  std::vector<Message> EndRound() {
    EXPECT_TRUE(storage_.Write(sealed_).ok());
    acceptor_->OnDurable();
    std::vector<Message> messages;
    for (Envelope& envelope : rounds_.OnDurable()) messages.push_back(std::move(envelope.message));
    return messages;
  }
  void Refuse(Code code) {
    acceptor_->OnRefused(code);
    rounds_.OnRefused(code);
  }
  std::vector<Message> Commit() {
    Seal();
    return EndRound();
  }
  // Reads the ranges of sealed rounds. What it tells of them waits for the open round.
  void ReadRanges() {
    for (const RangeWanted& range : std::exchange(ranges_, {})) {
      acceptor_->OnRange(range, ReadRange(*storage_.TakeSnapshot(), range), &rounds_.open());
    }
    EXPECT_THAT(TakeNow(), IsEmpty());
  }
  // What it told of the ranges of sealed rounds, and whatever else the open round lets go.
  std::vector<Message> TellRanges() {
    ReadRanges();
    return Commit();
  }
  Compared CompareNow(Compare compare) {
    EXPECT_THAT(Receive(compare), IsEmpty());
    Commit();
    const auto told = TellRanges();
    CHECK_EQ(told.size(), 1u);
    return std::get<Compared>(told[0]);
  }
  // Purges up to there, to the end.
  void PurgeUpTo(const kv::Version& floor) {
    Receive(Purge{kConfiguration, BallotOf(4, 2), floor});
    Finish();
  }
  void Finish() {
    for (int i = 0; i < 10; ++i) {
      Commit();
      ReadRanges();
    }
  }

  static Compare CompareAt(std::uint64_t round, std::string from = {}) {
    return {.configuration = kConfiguration,
            .ballot = BallotOf(round, 2),
            .nonce = 7,
            .salt = 11,
            .from = std::move(from),
            .limit = 100};
  }
  static Message AcceptAt(std::uint64_t sequence, std::string key, std::string value) {
    return Accept{kConfiguration, std::move(key), RecordOf(VersionOf(4, 2, sequence), std::move(value))};
  }
  static Message DeleteAt(std::uint64_t sequence, std::string key) {
    kv::Record record = *RecordOf(VersionOf(4, 2, sequence), "");
    record.tombstone = true;
    return Accept{kConfiguration, std::move(key), std::make_shared<const kv::Record>(std::move(record))};
  }
  std::string Stored(const std::string& key) {
    const auto record = storage_.Get(kPartition, key);
    if (!record.ok()) return "damaged";
    if (*record == nullptr) return "absent";
    return (*record)->tombstone ? "tombstone" : (*record)->value;
  }
  static std::vector<std::string> KeysOf(const Compared& compared) {
    std::vector<std::string> keys;
    for (const Compared::Entry& entry : compared.entries) keys.push_back(entry.key);
    return keys;
  }

  TestStorage storage_{NodeId{1}};
  std::optional<Acceptor> acceptor_;
  Rounds rounds_;
  kv::Batch sealed_;
  std::vector<RangeWanted> ranges_;
};

// --- Compare

TEST_F(AcceptorRangesTest, ListsARangeWithItsVersions) {
  for (int i = 1; i <= 4; ++i) Receive(AcceptAt(i, "k" + std::to_string(i), "v"));
  Compare compare = CompareAt(4, "k2");
  compare.to = "k4";
  const Compared compared = CompareNow(compare);
  EXPECT_THAT(KeysOf(compared), ElementsAre("k2", "k3"));
  EXPECT_EQ(compared.entries[0].version, VersionOf(4, 2, 2));
  EXPECT_EQ(compared.nonce, 7u);
  EXPECT_FALSE(compared.next);
}

TEST_F(AcceptorRangesTest, ALimitEndsTheRangeAndSaysWhereToGoOn) {
  for (int i = 1; i <= 4; ++i) Receive(AcceptAt(i, "k" + std::to_string(i), "v"));
  Compare compare = CompareAt(4);
  compare.limit = 3;
  const Compared compared = CompareNow(compare);
  EXPECT_THAT(KeysOf(compared), SizeIs(3));
  EXPECT_EQ(compared.next, "k4");
}

TEST_F(AcceptorRangesTest, ComparesOnlyUnderExactlyItsPromise) {
  EXPECT_EQ(std::get<Nack>(Receive(CompareAt(3)).at(0)).promised, BallotOf(4, 2));
  EXPECT_EQ(std::get<Nack>(Receive(CompareAt(5)).at(0)).promised, BallotOf(4, 2));
  EXPECT_THAT(rounds_.open().ranges_when_durable, IsEmpty());
}

TEST_F(AcceptorRangesTest, APromiseWhileTheRangeIsReadTakesTheAnswerBack) {
  Receive(AcceptAt(1, "k", "v"));
  Receive(CompareAt(4));
  Commit();
  Receive(Prepare{kConfiguration, BallotOf(5, 2), {}});
  const auto sent = TellRanges();
  ASSERT_THAT(sent, SizeIs(1)) << "the asker leads no more";
  EXPECT_TRUE(std::holds_alternative<Promise>(sent[0]));
}

TEST_F(AcceptorRangesTest, IncludesAllThatWasAdmittedBefore) {
  Receive(AcceptAt(1, "k", "v"));
  Seal();
  Receive(AcceptAt(2, "j", "v"));
  Receive(CompareAt(4));
  EndRound();
  EXPECT_THAT(ranges_, IsEmpty()) << "j isn't durable yet";
  Commit();
  EXPECT_THAT(KeysOf(std::get<Compared>(TellRanges().at(0))), ElementsAre("j", "k"));
}

TEST_F(AcceptorRangesTest, EqualDigestsNeedNoList) {
  Receive(AcceptAt(1, "k", "v"));
  Compare compare = CompareAt(4);
  compare.digest = CompareNow(compare).digest;
  const Compared equal = CompareNow(compare);
  EXPECT_TRUE(equal.equal);
  EXPECT_THAT(equal.entries, IsEmpty());
  Receive(AcceptAt(2, "k", "v"));
  const Compared differing = CompareNow(compare);
  EXPECT_FALSE(differing.equal);
  EXPECT_THAT(differing.entries, SizeIs(1));
  compare.list = false;
  EXPECT_THAT(CompareNow(compare).entries, IsEmpty());
}

// A disk that is slow must not be given more of the same to do.
TEST_F(AcceptorRangesTest, WhatIsAskedAgainMeanwhileIsReadOnce) {
  Receive(AcceptAt(1, "k", "v"));
  Compare compare = CompareAt(4);
  compare.nonce = 7;
  Receive(compare);
  Receive(compare);
  Commit();
  Receive(compare);
  Commit();
  EXPECT_THAT(ranges_, SizeIs(1));
  compare.nonce = 8;
  Receive(compare);
  Commit();
  EXPECT_THAT(ranges_, SizeIs(2)) << "another question";
  EXPECT_THAT(TellRanges(), SizeIs(2));
  Receive(compare);
  Commit();
  EXPECT_THAT(ranges_, SizeIs(1)) << "the answer was lost";
}

TEST_F(AcceptorRangesTest, ARangeNeedNotBeReadForWhoLeadsNoMore) {
  Receive(CompareAt(4));
  Commit();
  ASSERT_THAT(ranges_, SizeIs(1));
  EXPECT_TRUE(acceptor_->StillWants(ranges_[0]));
  Receive(Prepare{kConfiguration, BallotOf(5, 2), {}});
  EXPECT_FALSE(acceptor_->StillWants(ranges_[0]));
}

TEST_F(AcceptorRangesTest, LargeValuesEndARangeEarly) {
  const std::string value(std::size_t{3} << 20, 'v');
  for (std::uint64_t i = 1; i <= 4; ++i) Receive(AcceptAt(i, "k" + std::to_string(i), value));
  Compare compare = CompareAt(4);
  const Compared own = CompareNow(compare);
  EXPECT_THAT(KeysOf(own), ElementsAre("k1", "k2")) << "4 MiB were read";
  EXPECT_EQ(own.next, "k3");
  compare.digest = own.digest;
  compare.to = own.next;
  EXPECT_TRUE(CompareNow(compare).equal);
}

TEST_F(AcceptorRangesTest, ARangeThatGoesOnIsNotEqual) {
  Receive(AcceptAt(1, "j", "v"));
  Compare compare = CompareAt(4);
  compare.digest = CompareNow(compare).digest;
  Receive(AcceptAt(2, "k", "v"));
  compare.limit = 1;
  EXPECT_FALSE(CompareNow(compare).equal) << "the asker's range ended here";
}

TEST_F(AcceptorRangesTest, ADamagedRecordIsListedAsSuch) {
  Receive(AcceptAt(1, "k", "v"));
  Compare compare = CompareAt(4);
  compare.digest = CompareNow(compare).digest;
  storage_.damaged = {"k"};
  const Compared compared = CompareNow(compare);
  EXPECT_FALSE(compared.equal);
  ASSERT_THAT(compared.entries, SizeIs(1));
  EXPECT_TRUE(compared.entries[0].damaged);
}

TEST_F(AcceptorRangesTest, TombstonesUpToEitherFloorCountAsAbsent) {
  Receive(DeleteAt(1, "j"));
  Receive(DeleteAt(2, "k"));
  Compare compare = CompareAt(4);
  EXPECT_THAT(KeysOf(CompareNow(compare)), ElementsAre("j", "k"));
  compare.floor = VersionOf(4, 2, 1);
  const Compared compared = CompareNow(compare);
  EXPECT_THAT(KeysOf(compared), ElementsAre("k")) << "the asker's floor";
  EXPECT_TRUE(compared.tombstones);
  storage_.fails_ranges = true;  // So that nothing is taken away yet.
  PurgeUpTo(VersionOf(4, 2, 2));
  storage_.fails_ranges = false;
  const Compared own = CompareNow(compare);
  EXPECT_THAT(KeysOf(own), IsEmpty()) << "its own floor";
  EXPECT_EQ(own.floor, VersionOf(4, 2, 2));
  EXPECT_TRUE(own.tombstones) << "they are still there";
}

TEST_F(AcceptorRangesTest, TellsOfAFloorRaisedWhileTheRangeWasReadOnlyOnceThatIsDurable) {
  Receive(DeleteAt(1, "k"));
  Receive(CompareAt(4));
  Commit();
  Receive(Purge{kConfiguration, BallotOf(4, 2), VersionOf(4, 2, 1)});
  ReadRanges();
  Seal();
  EXPECT_EQ((*storage_.GetPartitionState(kPartition))->purge_floor, kv::Version());
  const auto sent = EndRound();
  EXPECT_EQ((*storage_.GetPartitionState(kPartition))->purge_floor, VersionOf(4, 2, 1));
  ASSERT_THAT(sent, SizeIs(2));
  EXPECT_TRUE(std::holds_alternative<Purged>(sent[0]));
  EXPECT_EQ(std::get<Compared>(sent[1]).floor, VersionOf(4, 2, 1));
}

TEST_F(AcceptorRangesTest, ARefusedRoundTakesItsComparisonsWithIt) {
  Receive(CompareAt(4));
  Commit();
  Receive(Purge{kConfiguration, BallotOf(4, 2), VersionOf(4, 2, 1)});
  ReadRanges();
  Seal();
  Refuse(Code::kDiskFull);
  EXPECT_THAT(Commit(), IsEmpty()) << "the asker asks again";
}

TEST_F(AcceptorRangesTest, AnErrorOfTheDiskTellsNothing) {
  Receive(AcceptAt(1, "k", "v"));
  Receive(CompareAt(4));
  Commit();
  storage_.fails_ranges = true;
  EXPECT_THAT(TellRanges(), IsEmpty());
}

TEST_F(AcceptorRangesTest, ComparisonsUnderWayAreBounded) {
  Compare compare = CompareAt(4);
  for (std::size_t i = 0; i < Acceptor::kMaxCompares + 5; ++i, ++compare.nonce) Receive(compare);
  EXPECT_THAT(rounds_.open().ranges_when_durable, SizeIs(Acceptor::kMaxCompares));
  Commit();
  EXPECT_THAT(TellRanges(), SizeIs(Acceptor::kMaxCompares));
  Receive(CompareAt(4));
  EXPECT_THAT(rounds_.open().ranges_when_durable, SizeIs(1)) << "there is room again";
}

// --- Purge

TEST_F(AcceptorRangesTest, TombstonesUpToTheFloorGoAndNothingElse) {
  Receive(AcceptAt(1, "alive", "v"));
  Receive(DeleteAt(2, "dead"));
  Receive(DeleteAt(3, "later"));
  PurgeUpTo(VersionOf(4, 2, 2));
  EXPECT_EQ(Stored("alive"), "v");
  EXPECT_EQ(Stored("dead"), "absent");
  EXPECT_EQ(Stored("later"), "tombstone");
}

TEST_F(AcceptorRangesTest, TheFloorIsDurableBeforeATombstoneGoesA6) {
  Receive(DeleteAt(1, "k"));
  Commit();
  EXPECT_THAT(Receive(Purge{kConfiguration, BallotOf(4, 2), VersionOf(4, 2, 1)}), IsEmpty());
  Seal();
  EXPECT_EQ(Stored("k"), "tombstone");
  EXPECT_EQ(std::get<Purged>(EndRound().at(0)).floor, VersionOf(4, 2, 1));
  EXPECT_EQ((*storage_.GetPartitionState(kPartition))->purge_floor, VersionOf(4, 2, 1));
  EXPECT_EQ(Stored("k"), "tombstone");
  Finish();
  EXPECT_EQ(Stored("k"), "absent");
}

TEST_F(AcceptorRangesTest, AMissingKeyHoldsTheFloorI7) {
  Receive(DeleteAt(3, "k"));
  PurgeUpTo(VersionOf(4, 2, 3));
  Receive(Read{kConfiguration, std::nullopt, "k", 1});
  EXPECT_EQ(std::get<Held>(Commit().at(0)).content.version(), VersionOf(4, 2, 3));
  Receive(AcceptAt(2, "k", "from below"));
  Commit();
  Receive(Install{kConfiguration, "k", RecordOf(VersionOf(3, 9, 9), "from below")});
  Commit();
  EXPECT_EQ(Stored("k"), "absent");
}

TEST_F(AcceptorRangesTest, TheFloorSurvivesARestart) {
  Receive(DeleteAt(3, "k"));
  PurgeUpTo(VersionOf(4, 2, 3));
  Restart();
  EXPECT_EQ(acceptor_->floor(), VersionOf(4, 2, 3));
  Receive(AcceptAt(2, "k", "from below"));
  Commit();
  EXPECT_EQ(Stored("k"), "absent");
}

TEST_F(AcceptorRangesTest, ARefusedRoundKeepsTheFloorAndWritesItWithTheNext) {
  Receive(DeleteAt(3, "k"));
  Commit();
  Receive(Purge{kConfiguration, BallotOf(4, 2), VersionOf(4, 2, 3)});
  Seal();
  Refuse(Code::kDiskFull);
  ReadRanges();  // Nothing of the floor is durable, and a tombstone is found.
  Finish();
  EXPECT_EQ((*storage_.GetPartitionState(kPartition))->purge_floor, VersionOf(4, 2, 3));
  EXPECT_EQ(Stored("k"), "absent");
}

TEST_F(AcceptorRangesTest, AKeyThatIsWrittenAnewMeanwhileIsNotPurged) {
  Receive(DeleteAt(1, "k"));
  Commit();
  Receive(Purge{kConfiguration, BallotOf(4, 2), VersionOf(4, 2, 1)});
  Commit();
  Receive(AcceptAt(2, "k", "anew"));
  Finish();
  EXPECT_EQ(Stored("k"), "anew");
}

TEST_F(AcceptorRangesTest, AClosedGateIsNotOvertakenByAPurge) {
  Receive(DeleteAt(1, "k"));
  Commit();
  storage_.on_disk = {"k"};
  Receive(Read{kConfiguration, std::nullopt, "k", 1});
  PurgeUpTo(VersionOf(4, 2, 1));
  EXPECT_EQ(Stored("k"), "tombstone") << "left for the next time";
  acceptor_->OnLoaded("k", storage_.Get(kPartition, "k"), &rounds_.open());
  storage_.on_disk.clear();
  Finish();
  PurgeUpTo(VersionOf(4, 2, 1));
  EXPECT_EQ(Stored("k"), "absent");
}

TEST_F(AcceptorRangesTest, APurgeOfManyRecordsGoesOnStepByStep) {
  for (std::size_t i = 0; i < 2 * Acceptor::kPurgeStep + 5; ++i) Receive(DeleteAt(i + 1, "k" + std::to_string(i)));
  PurgeUpTo(VersionOf(4, 2, 10'000));
  for (std::size_t i = 0; i < 2 * Acceptor::kPurgeStep + 5; ++i) EXPECT_EQ(Stored("k" + std::to_string(i)), "absent");
}

TEST_F(AcceptorRangesTest, APurgeOfADeposedLeaderIsRefused) {
  Receive(DeleteAt(1, "k"));
  Receive(Prepare{kConfiguration, BallotOf(5, 2), {}});
  const auto sent = Receive(Purge{kConfiguration, BallotOf(4, 2), VersionOf(4, 2, 1)});
  EXPECT_EQ(std::get<Nack>(sent.at(0)).promised, BallotOf(5, 2));
  EXPECT_EQ(acceptor_->floor(), kv::Version());
}

// --- Erasing

TEST_F(AcceptorRangesTest, EnteringErasesRecordsAndFloorAndNeverThePromise) {
  Receive(AcceptAt(1, "k", "v"));
  Receive(DeleteAt(2, "j"));
  PurgeUpTo(VersionOf(4, 2, 2));
  acceptor_->Learn(kConfiguration + 1, true, &rounds_.open());
  EXPECT_EQ(acceptor_->Find("k")->kind, Content::Kind::kAbsent);
  EXPECT_EQ(acceptor_->floor(), kv::Version());
  EXPECT_EQ(acceptor_->promised(), BallotOf(4, 2));
  Commit();
  EXPECT_EQ(Stored("k"), "absent");
  const kv::PartitionState state = **storage_.GetPartitionState(kPartition);
  EXPECT_EQ(state.promised, BallotOf(4, 2));
  EXPECT_EQ(state.purge_floor, kv::Version());
  EXPECT_EQ(state.configuration_version, kConfiguration + 1);
}

TEST_F(AcceptorRangesTest, ARefusedErasureIsPartOfTheNextRoundBeforeAnythingIsStored) {
  Receive(AcceptAt(1, "old", "v"));
  Commit();
  acceptor_->Learn(kConfiguration + 1, true, &rounds_.open());
  Seal();
  Refuse(Code::kDiskFull);
  EXPECT_EQ(acceptor_->Find("old")->kind, Content::Kind::kAbsent) << "it isn't seen again";
  Receive(Accept{kConfiguration + 1, "new", RecordOf(VersionOf(4, 2, 2), "v")});
  Commit();
  EXPECT_EQ(Stored("old"), "absent");
  EXPECT_EQ(Stored("new"), "v");
}

TEST_F(AcceptorRangesTest, ARoundUnderWayIsErasedToo) {
  Receive(AcceptAt(1, "k", "v"));
  Seal();
  acceptor_->Learn(kConfiguration + 1, true, &rounds_.open());
  EndRound();
  EXPECT_EQ(Stored("k"), "v");
  EXPECT_EQ(acceptor_->Find("k")->kind, Content::Kind::kAbsent);
  Commit();
  EXPECT_EQ(Stored("k"), "absent");
}

TEST_F(AcceptorRangesTest, ALoadThatBeganBeforeTheErasureBringsNothingBack) {
  Receive(AcceptAt(1, "k", "v"));
  Commit();
  storage_.on_disk = {"k"};
  Receive(Read{kConfiguration + 1, std::nullopt, "k", 1});
  const auto loaded = storage_.Get(kPartition, "k");
  acceptor_->Learn(kConfiguration + 1, true, &rounds_.open());
  acceptor_->OnLoaded("k", loaded, &rounds_.open());
  EXPECT_EQ(std::get<Held>(Commit().at(0)).content.kind, Content::Kind::kAbsent);
}

TEST_F(AcceptorRangesTest, AComparisonOfAnEarlierConfigurationIsNotAnswered) {
  Receive(CompareAt(4));
  Commit();
  acceptor_->Learn(kConfiguration + 1, false, &rounds_.open());
  EXPECT_THAT(TellRanges(), IsEmpty());
  EXPECT_TRUE(std::holds_alternative<OtherConfiguration>(Receive(CompareAt(4)).at(0)));
}

TEST_F(AcceptorRangesTest, APurgeUnderWayTakesNothingOfWhatCameAfterAnErasure) {
  Receive(DeleteAt(1, "k"));
  Commit();
  Receive(Purge{kConfiguration, BallotOf(4, 2), VersionOf(4, 2, 1)});
  Commit();
  acceptor_->Learn(kConfiguration + 1, true, &rounds_.open());
  Commit();
  kv::Record tombstone = *RecordOf(VersionOf(3, 2, 1), "");
  tombstone.tombstone = true;
  Receive(Install{kConfiguration + 1, "k", std::make_shared<const kv::Record>(tombstone)});
  Finish();
  EXPECT_EQ(Stored("k"), "tombstone") << "there is no floor any more";
}

TEST_F(AcceptorRangesTest, WhatIsErasedStaysErasedAcrossARestart) {
  Receive(AcceptAt(1, "k", "v"));
  Commit();
  acceptor_->Learn(kConfiguration + 1, true, &rounds_.open());
  Commit();
  Restart();  // It learns the older configuration again, which changes nothing.
  EXPECT_EQ(acceptor_->configuration_version(), kConfiguration + 1);
  EXPECT_EQ(acceptor_->Find("k")->kind, Content::Kind::kAbsent);
  EXPECT_EQ(acceptor_->promised(), BallotOf(4, 2));
}

}  // namespace
}  // namespace quoin::quorum
