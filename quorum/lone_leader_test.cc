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
        case kv::Batch::Change::Kind::kEraseRange:
          ADD_FAILURE() << "no leader erases ranges";
      }
    }
    return Status::Ok();
  }
  kv::Health health() const override { return {}; }
  std::uint64_t size_bytes() const override { return 0; }

  std::map<std::string, kv::RecordPtr> records;
  std::set<std::string> on_disk;
  std::set<std::string> damaged;
  std::optional<kv::PartitionState> state;

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
  void ScheduleFlush() override { ++flushes_scheduled_; }

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
  void Commit() {
    leader().Flush();
    while (persist_) EndRound();
  }
  static std::string ValueOf(const Told& told) {
    if (!*told) return "<nothing told>";
    return (*told)->record == nullptr ? "<absent>" : (*told)->record->value;
  }

  MapStorage storage_;
  kv::WallTime now_{milliseconds(1'000'000)};
  std::optional<std::pair<kv::Batch, std::function<void(const Status&)>>> persist_;
  std::vector<std::function<void()>> loads_;
  int flushes_scheduled_ = 0;
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
  EndRound();
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
  const Told b = Submit("b", Put{"2", "", {}});
  const Told c = Submit("c", Put{"3", "", {}});
  EndRound();
  EXPECT_FALSE(*b);
  ASSERT_TRUE(persist_) << "the next round is handed over as soon as the first is durable";
  EXPECT_EQ(persist_->first.count(), 2u);
  EndRound();
  EXPECT_TRUE(*b);
  EXPECT_TRUE(*c);
}

TEST_F(LoneLeaderTest, FlushIsScheduledOncePerRound) {
  for (int i = 0; i < 5; ++i) Submit("k", Increment{1});
  EXPECT_EQ(flushes_scheduled_, 1);
  leader().Flush();
  Submit("k", Increment{1});
  EXPECT_EQ(flushes_scheduled_, 1) << "the completion hands the next round over by itself";
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

TEST_F(LoneLeaderTest, PurgeRemovesExactlyThatTombstoneAndRaisesTheFloor) {
  Submit("k", Put{"v", "", {}});
  Commit();
  const Told removed = Submit("k", Delete{});
  Commit();
  leader().Purge(kPartition, "k", kv::Version{kBallot, 1});
  Commit();
  EXPECT_TRUE(storage_.records.contains("k")) << "another version";
  leader().Purge(kPartition, "k", (*removed)->changed);
  Commit();
  EXPECT_FALSE(storage_.records.contains("k"));
  EXPECT_EQ(storage_.state->purge_floor, (*removed)->changed);
  EXPECT_EQ(storage_.state->promised, kBallot);
  EXPECT_TRUE(leader().idle());
}

TEST_F(LoneLeaderTest, PurgeLeavesAloneWhatIsLiveOrUnderWay) {
  const Told put = Submit("live", Put{"v", "", {}});
  Commit();
  leader().Purge(kPartition, "live", (*put)->changed);
  const Told removed = Submit("k", Put{"v", "", {}});
  Submit("k", Delete{});
  Commit();
  Submit("k", Put{"again", "", {}});
  leader().Purge(kPartition, "k", kv::Version{kBallot, 3});
  Commit();
  EXPECT_EQ(ValueOf(Submit("live", Get{})), "v");
  EXPECT_EQ(ValueOf(Submit("k", Get{})), "again");
}

TEST_F(LoneLeaderTest, AWriteInTheSameTickAsThePurgeWins) {
  Submit("k", Put{"v", "", {}});
  Submit("k", Delete{});
  Commit();
  leader().Purge(kPartition, "k", kv::Version{kBallot, 2});
  Submit("k", Put{"again", "", {}});
  Commit();
  EXPECT_EQ(ValueOf(Submit("k", Get{})), "again");
}

}  // namespace
}  // namespace quoin::quorum
