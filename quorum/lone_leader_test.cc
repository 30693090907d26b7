#include "quorum/lone_leader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace quoin::quorum {
namespace {

using std::chrono::milliseconds;

constexpr PartitionId kPartition{0};
const kv::Ballot kBallot{3, NodeId{7}};

// A storage that holds records in a map, and in which the test decides what is in memory.
class MapStorage : public kv::Storage {
 public:
  const kv::Identity& identity() const override { return identity_; }
  std::string_view engine_name() const override { return "map"; }
  Result<kv::RecordPtr> Get(PartitionId, std::string_view key) const override {
    if (damaged.contains(std::string(key))) return Status(Code::kDamaged, "checksum");
    const auto found = records.find(std::string(key));
    return found == records.end() ? kv::RecordPtr() : found->second;
  }
  std::optional<Result<kv::RecordPtr>> TryGet(PartitionId partition, std::string_view key) const override {
    if (on_disk.contains(std::string(key))) return std::nullopt;
    return Get(partition, key);
  }
  Result<std::optional<kv::PartitionState>> GetPartitionState(PartitionId) const override { return state; }
  std::unique_ptr<kv::Snapshot> TakeSnapshot() const override { return nullptr; }
  Status Write(const kv::Batch& batch) override {
    for (const kv::Batch::Change& change : batch.changes()) {
      switch (change.kind) {
        case kv::Batch::Change::Kind::kPutRecord:
          records[change.key] =
              std::make_shared<const kv::Record>(*kv::DecodeRecord(change.partition, change.key, change.bytes));
          break;
        case kv::Batch::Change::Kind::kEraseRecord:
          records.erase(change.key);
          break;
        case kv::Batch::Change::Kind::kPutPartitionState:
          state = *kv::DecodePartitionState(change.partition, change.bytes);
          break;
        case kv::Batch::Change::Kind::kPutDue:
          due.insert({change.due, change.partition, change.key});
          break;
        case kv::Batch::Change::Kind::kEraseDue:
          due.erase({change.due, change.partition, change.key});
          break;
        case kv::Batch::Change::Kind::kEraseRange:
          ADD_FAILURE() << "no leader erases ranges";
      }
    }
    return Status::Ok();
  }
  Result<std::vector<kv::DueKey>> ReadDue(kv::WallTime, const std::optional<kv::DueKey>&, std::size_t) const override {
    return std::vector<kv::DueKey>(due.begin(), due.end());
  }
  kv::Health health() const override { return {}; }
  std::uint64_t size_bytes() const override { return 0; }

  std::map<std::string, kv::RecordPtr> records;
  std::set<std::string> on_disk;
  std::set<std::string> damaged;
  std::optional<kv::PartitionState> state;
  std::set<kv::DueKey> due;

 private:
  kv::Identity identity_;
};

class LoneLeaderTest : public testing::Test, public LoneEnvironment {
 protected:
  kv::WallTime Now() override { return now_; }
  void Persist(kv::Batch batch, std::function<void(const Status&)> done) override {
    ASSERT_FALSE(persist_) << "a second round was handed over before the first came back (L4)";
    persist_.emplace(std::move(batch), std::move(done));
  }
  void Load(PartitionId partition, std::string key, std::function<void(Result<kv::RecordPtr>)> done) override {
    loads_.push_back([this, partition, key, done] { done(storage_.Get(partition, key)); });
  }
  void ScheduleFlush(std::size_t writes) override { scheduled_with_.push_back(writes); }

  LoneLeader& leader() {
    if (!leader_) {
      kv::PartitionState state;
      state.promised = kBallot;
      leader_.emplace(storage_, *this, LoneLeader::Options{kBallot, {state}, 1000});
    }
    return *leader_;
  }

  // The reply arrives in the returned place; nullopt until then.
  using Told = std::shared_ptr<std::optional<Reply>>;
  Told Submit(std::string key, Operation operation, std::vector<Condition> conditions = {}) {
    auto told = std::make_shared<std::optional<Reply>>();
    Request request;
    request.key = std::move(key);
    request.operation = std::move(operation);
    request.conditions = std::move(conditions);
    leader().Submit(kPartition, std::move(request), [told](Reply reply) {
      EXPECT_FALSE(*told) << "told twice";
      *told = std::move(reply);
    });
    return told;
  }

  // Ends the round that is under way: writes it to the storage unless it fails.
  void EndRound(const Status& status = Status::Ok()) {
    ASSERT_TRUE(persist_) << "no round is under way";
    auto [batch, done] = *std::exchange(persist_, std::nullopt);
    if (status.ok()) {
      ASSERT_TRUE(storage_.Write(batch).ok());
    }
    done(status);
  }
  void EndLoads() {
    for (auto& load : std::exchange(loads_, {})) load();
  }
  // As the environment does: whatever asked for a flush gets it, until nothing asks any more.
  void Commit() {
    leader().Flush();
    while (persist_) {
      EndRound();
      leader().Flush();
    }
  }
  // Has the leader look at all notes, as a sweep does.
  void SweepAll() {
    for (const kv::DueKey& due : std::set<kv::DueKey>(storage_.due)) leader().Sweep(due);
    Commit();
  }
  static std::string ValueOf(const Told& told) {
    if (!*told) return "<nothing told>";
    return (*told)->record == nullptr ? "<absent>" : (*told)->record->value;
  }

  MapStorage storage_;
  kv::WallTime now_{milliseconds(1'000'000)};
  std::optional<std::pair<kv::Batch, std::function<void(const Status&)>>> persist_;
  std::vector<std::function<void()>> loads_;
  std::vector<std::size_t> scheduled_with_;
  std::optional<LoneLeader> leader_;
};

TEST_F(LoneLeaderTest, NoWriteIsToldBeforeItIsDurable) {
  const Told put = Submit("k", Put{"v", "", {}});
  EXPECT_FALSE(*put);
  leader().Flush();
  EXPECT_FALSE(*put);
  EndRound();
  ASSERT_TRUE(*put);
  EXPECT_EQ((*put)->outcome, Outcome::kDone);
  EXPECT_TRUE((*put)->created);
  EXPECT_EQ((*put)->changed, (kv::Version{kBallot, 1}));
  EXPECT_TRUE(leader().idle());
}

TEST_F(LoneLeaderTest, AReadOfWhatIsDurableIsToldAtOnce) {
  Submit("k", Put{"v", "", {}});
  Commit();
  EXPECT_EQ(ValueOf(Submit("k", Get{})), "v");
  EXPECT_EQ((*Submit("other", Get{}))->outcome, Outcome::kAbsent);
}

TEST_F(LoneLeaderTest, AReadSeesTheNewestProposedStateAndWaitsUntilItIsDurable) {
  const Told put = Submit("k", Put{"v", "", {}});
  const Told get = Submit("k", Get{});
  EXPECT_FALSE(*get);
  leader().Flush();
  EXPECT_FALSE(*get);
  EndRound();
  EXPECT_EQ(ValueOf(get), "v");
}

TEST_F(LoneLeaderTest, AReadIsToldTheStateItCapturedNotALaterOne) {
  Submit("k", Put{"1", "", {}});
  leader().Flush();
  const Told get = Submit("k", Get{});
  Submit("k", Put{"2", "", {}});
  const Told later = Submit("k", Get{});
  EndRound();
  EXPECT_EQ(ValueOf(get), "1");
  EXPECT_FALSE(*later);
  Commit();
  EXPECT_EQ(ValueOf(later), "2");
}

TEST_F(LoneLeaderTest, ARefusedConditionWaitsLikeARead) {
  Submit("k", Put{"v", "", {}});
  const Told refused = Submit("k", Put{"w", "", {}}, {{Condition::Kind::kAbsent, {}, ""}});
  EXPECT_FALSE(*refused);
  Commit();
  ASSERT_TRUE(*refused);
  EXPECT_EQ((*refused)->outcome, Outcome::kConditionFailed);
}

TEST_F(LoneLeaderTest, WritesOnOneKeyBuildOnEachOther) {
  std::vector<Told> told;
  for (int i = 0; i < 10; ++i) told.push_back(Submit("counter", Increment{1}));
  leader().Flush();
  for (int i = 0; i < 10; ++i) told.push_back(Submit("counter", Increment{1}));
  Commit();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(ValueOf(told[i]), std::to_string(i + 1));
}

TEST_F(LoneLeaderTest, EveryVersionIsUsedOnce) {
  std::set<kv::Version> versions;
  for (int i = 0; i < 10; ++i) {
    const Told put = Submit("k" + std::to_string(i % 3), Put{"v", "", {}});
    if (i % 4 == 0) Commit();
    Commit();
    EXPECT_TRUE(versions.insert((*put)->changed).second);
  }
}

TEST_F(LoneLeaderTest, EverythingProposedDuringARoundGoesIntoTheNext) {
  Submit("a", Put{"1", "", {}});
  leader().Flush();
  EndRound();
  Submit("a", Put{"1", "", {}});
  leader().Flush();
  const Told b = Submit("b", Put{"2", "", {}});
  const Told c = Submit("c", Put{"3", "", {}});
  scheduled_with_.clear();
  EndRound();
  EXPECT_FALSE(*b);
  EXPECT_EQ(scheduled_with_, (std::vector<std::size_t>{2})) << "asked for as soon as the first is durable";
  leader().Flush();
  ASSERT_TRUE(persist_);
  EXPECT_EQ(persist_->first.count(), 2u);
  EndRound();
  EXPECT_TRUE(*b);
  EXPECT_TRUE(*c);
}

TEST_F(LoneLeaderTest, AsksForAFlushWithEveryWriteUnlessARoundIsUnderWay) {
  for (int i = 0; i < 3; ++i) Submit("k", Increment{1});
  EXPECT_EQ(scheduled_with_, (std::vector<std::size_t>{1, 2, 3}));
  leader().Flush();
  Submit("k", Increment{1});
  EXPECT_EQ(scheduled_with_.size(), 3u);
  Commit();
  EXPECT_EQ(ValueOf(Submit("k", Get{})), "4");
}

TEST_F(LoneLeaderTest, TheFirstWriteOfAPartitionCarriesItsPromise) {
  EXPECT_FALSE(storage_.state);
  Submit("k", Put{"v", "", {}});
  leader().Flush();
  EXPECT_EQ(persist_->first.count(), 2u);
  EndRound(Status(Code::kDiskFull, "full"));
  EXPECT_FALSE(storage_.state);
  Submit("k", Put{"v", "", {}});
  Commit();
  ASSERT_TRUE(storage_.state);
  EXPECT_EQ(storage_.state->promised, kBallot);
  Submit("k", Put{"w", "", {}});
  leader().Flush();
  EXPECT_EQ(persist_->first.count(), 1u) << "once is enough";
  Commit();
}

TEST_F(LoneLeaderTest, ARefusedRoundTakesAllThatBuildsOnItAlong) {
  Submit("counter", Increment{1});
  Commit();
  const Told first = Submit("counter", Increment{1});
  leader().Flush();
  const Told second = Submit("counter", Increment{1});
  const Told read = Submit("counter", Get{});
  EndRound(Status(Code::kDiskFull, "full"));
  EXPECT_FALSE(persist_) << "what builds on a refused state must never reach the disk";
  EXPECT_EQ((*first)->status.code(), Code::kDiskFull);
  EXPECT_EQ((*second)->status.code(), Code::kDiskFull);
  EXPECT_EQ(ValueOf(read), "1") << "reads go on, with the state that holds";
  const Told third = Submit("counter", Increment{1});
  Commit();
  EXPECT_EQ(ValueOf(third), "2");
  EXPECT_TRUE(leader().idle());
}

TEST_F(LoneLeaderTest, AnUnknownOutcomeIsToldToItsOwnWritersOnly) {
  const Told first = Submit("k", Put{"1", "", {}});
  leader().Flush();
  const Told second = Submit("k", Put{"2", "", {}});
  EndRound(Status(Code::kUnknown, "sync failed"));
  EXPECT_EQ((*first)->status.code(), Code::kUnknown);
  EXPECT_EQ((*second)->status.code(), Code::kReadOnly) << "never handed over, so certainly not applied";
}

TEST_F(LoneLeaderTest, AConditionRefusedByAStateThatNeverCameIsTriedAgain) {
  Submit("k", Put{"v", "", {}});
  leader().Flush();
  const Told create = Submit("k", Put{"w", "", {}}, {{Condition::Kind::kAbsent, {}, ""}});
  EndRound(Status(Code::kDiskFull, "full"));
  EXPECT_FALSE(*create);
  Commit();
  ASSERT_TRUE(*create);
  EXPECT_EQ((*create)->outcome, Outcome::kDone);
  EXPECT_EQ(ValueOf(Submit("k", Get{})), "w");
}

TEST_F(LoneLeaderTest, WhatMissesMemoryIsLoadedWithoutBlockingAndInOrder) {
  Submit("k", Put{"1", "", {}});
  Commit();
  storage_.on_disk.insert("k");
  const Told get = Submit("k", Get{});
  const Told increment = Submit("k", Increment{1});
  const Told again = Submit("k", Get{});
  EXPECT_EQ(loads_.size(), 1u) << "one load serves all that wait";
  EXPECT_FALSE(*get);
  EndLoads();
  EXPECT_EQ(ValueOf(get), "1");
  EXPECT_FALSE(*increment);
  Commit();
  EXPECT_EQ(ValueOf(increment), "2");
  EXPECT_EQ(ValueOf(again), "2");
  EXPECT_TRUE(leader().idle());
}

TEST_F(LoneLeaderTest, WhatAnAnswerBringsInQueuesBehindThoseThatWait) {
  Submit("k", Put{"1", "", {}});
  Commit();
  storage_.on_disk.insert("k");
  Told late;
  Request request;
  request.key = "k";
  request.operation = Get{};
  leader().Submit(kPartition, request, [&](const Reply&) { late = Submit("k", Get{}); });
  Submit("k", Put{"2", "", {}});
  EndLoads();
  Commit();
  EXPECT_EQ(ValueOf(late), "2");
}

TEST_F(LoneLeaderTest, ADamagedRecordIsAnErrorAndNeverAbsent) {
  storage_.damaged.insert("k");
  EXPECT_EQ((*Submit("k", Get{}))->status.code(), Code::kDamaged);
  storage_.on_disk.insert("k");
  const Told get = Submit("k", Get{});
  const Told put = Submit("k", Put{"v", "", {}});
  EndLoads();
  EXPECT_EQ((*get)->status.code(), Code::kDamaged);
  EXPECT_EQ((*put)->status.code(), Code::kDamaged);
  EXPECT_TRUE(leader().idle());
}

TEST_F(LoneLeaderTest, AnExpiredKeyIsAbsentOnlyOnceItsTombstoneIsDurable) {
  Submit("k", Put{"v", "", milliseconds(10)});
  Commit();
  now_ += milliseconds(9);
  EXPECT_EQ(ValueOf(Submit("k", Get{})), "v");
  now_ += milliseconds(1);
  const Told get = Submit("k", Get{});
  EXPECT_FALSE(*get);
  Commit();
  EXPECT_EQ((*get)->outcome, Outcome::kAbsent);
  EXPECT_TRUE(storage_.records.at("k")->tombstone);
  now_ -= milliseconds(10);
  EXPECT_EQ((*Submit("k", Get{}))->outcome, Outcome::kAbsent) << "a clock that jumps back revives nothing";
}

TEST_F(LoneLeaderTest, AWriteOnAnExpiredKeyFindsItAbsent) {
  Submit("k", Put{"41", "", milliseconds(10)});
  Commit();
  now_ += milliseconds(10);
  const Told increment = Submit("k", Increment{1});
  Commit();
  EXPECT_EQ(ValueOf(increment), "1");
  EXPECT_TRUE((*increment)->created);
}

TEST_F(LoneLeaderTest, ASweepBuriesTheExpiredAndTheNextPurgesThem) {
  Submit("k", Put{"v", "", milliseconds(10)});
  Commit();
  SweepAll();
  EXPECT_EQ(ValueOf(Submit("k", Get{})), "v") << "not due yet";
  now_ += milliseconds(10);
  SweepAll();
  EXPECT_TRUE(storage_.records.at("k")->tombstone);
  const kv::Version tombstone = storage_.records.at("k")->accepted;
  SweepAll();
  EXPECT_TRUE(storage_.records.empty());
  EXPECT_TRUE(storage_.due.empty());
  EXPECT_EQ(storage_.state->purge_floor, tombstone);
  EXPECT_EQ(storage_.state->promised, kBallot);
  EXPECT_TRUE(leader().idle());
}

TEST_F(LoneLeaderTest, ASweepPurgesWhatWasDeleted) {
  Submit("k", Put{"v", "", {}});
  Submit("k", Delete{});
  Commit();
  SweepAll();
  EXPECT_TRUE(storage_.records.empty());
  EXPECT_TRUE(storage_.due.empty());
}

TEST_F(LoneLeaderTest, ASweepTakesStaleNotesAndLeavesTheRecord) {
  Submit("later", Put{"v", "", milliseconds(10)});
  Submit("persisted", Put{"v", "", milliseconds(10)});
  Submit("revived", Delete{});
  Submit("revived", Put{"v", "", {}});
  Submit("revived", Delete{});
  Commit();
  Submit("later", Put{"v", "", milliseconds(1000)});
  Submit("persisted", SetDeadline{});
  Submit("revived", Put{"v", "", {}});
  Commit();
  now_ += milliseconds(10);
  SweepAll();
  for (const char* key : {"later", "persisted", "revived"}) EXPECT_EQ(ValueOf(Submit(key, Get{})), "v") << key;
  EXPECT_EQ(storage_.due.size(), 1u) << "of the one that still has a deadline";
}

TEST_F(LoneLeaderTest, ASweepKeepsAwayFromAKeyThatIsBusyOrOnTheDisk) {
  Submit("busy", Put{"v", "", {}});
  Submit("busy", Delete{});
  Submit("far", Put{"v", "", {}});
  Submit("far", Delete{});
  Commit();
  storage_.on_disk.insert("far");
  Submit("busy", Put{"again", "", {}});
  const std::size_t notes = storage_.due.size();
  SweepAll();
  EXPECT_EQ(storage_.due.size(), notes) << "the notes stay for the next time";
  EXPECT_EQ(ValueOf(Submit("busy", Get{})), "again");
  EXPECT_TRUE(storage_.records.contains("far"));
}

TEST_F(LoneLeaderTest, AWriteInTheSameRoundAsThePurgeWins) {
  Submit("k", Put{"v", "", {}});
  Submit("k", Delete{});
  Commit();
  leader().Sweep(*storage_.due.begin());
  const Told put = Submit("k", Put{"again", "", milliseconds(5)});
  Commit();
  EXPECT_TRUE((*put)->created);
  EXPECT_EQ(ValueOf(Submit("k", Get{})), "again");
  EXPECT_EQ(storage_.due.size(), 1u);
}

}  // namespace
}  // namespace quoin::quorum
