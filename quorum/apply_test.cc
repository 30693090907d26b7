#include "quorum/apply.h"

#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace quoin::quorum {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kMaxValueBytes = 100;
const kv::WallTime kNow{milliseconds(1'000'000)};

kv::Version At(std::uint64_t sequence) { return {{1, NodeId{7}}, sequence}; }

kv::RecordPtr Live(std::string value, std::uint64_t sequence = 1) {
  kv::Record record;
  record.accepted = record.changed = At(sequence);
  record.value = std::move(value);
  record.content_type = "text/x";
  return std::make_shared<const kv::Record>(record);
}

kv::RecordPtr Tombstone() {
  kv::Record record;
  record.accepted = record.changed = At(9);
  record.tombstone = true;
  record.operations = {{{1, 2}, "r"}};
  record.forgot = At(3);
  return std::make_shared<const kv::Record>(record);
}

Applied Step(Operation operation, const kv::RecordPtr& current, std::vector<Condition> conditions = {}) {
  Request request;
  request.key = "k";
  request.operation = std::move(operation);
  request.conditions = std::move(conditions);
  return Apply(request, current, kNow, kMaxValueBytes);
}

Condition When(Condition::Kind kind, std::vector<kv::Version> versions = {}, std::string value = "") {
  return {kind, std::move(versions), std::move(value)};
}

TEST(Apply, GetShowsTheRecordAndNeverATombstone) {
  const kv::RecordPtr live = Live("v");
  EXPECT_EQ(Step(Get{}, live).reply.record, live);
  EXPECT_EQ(Step(Get{}, live).reply.changed, At(1));
  EXPECT_EQ(Step(Get{}, nullptr).reply.outcome, Outcome::kAbsent);
  EXPECT_EQ(Step(Get{}, Tombstone()).reply.outcome, Outcome::kAbsent);
  EXPECT_EQ(Step(Get{}, Tombstone()).reply.record, nullptr);
  EXPECT_FALSE(Step(Get{}, live).next);
}

TEST(Apply, PutTellsWhetherItCreated) {
  EXPECT_TRUE(Step(Put{"v", "t", {}}, nullptr).reply.created);
  EXPECT_TRUE(Step(Put{"v", "t", {}}, Tombstone()).reply.created);
  EXPECT_FALSE(Step(Put{"v", "t", {}}, Live("old")).reply.created);
}

TEST(Apply, PutReplacesValueTypeAndDeadline) {
  kv::Record old = *Live("old");
  old.deadline = kNow + milliseconds(5);
  const Applied applied = Step(Put{"v", "t", {}}, std::make_shared<const kv::Record>(old));
  EXPECT_EQ(applied.next->value, "v");
  EXPECT_EQ(applied.next->content_type, "t");
  EXPECT_FALSE(applied.next->deadline) << "a put without a ttl keeps the key until it is deleted";
  EXPECT_EQ(Step(Put{"v", "t", milliseconds(9)}, nullptr).next->deadline, kNow + milliseconds(9));
}

TEST(Apply, AnAbsurdTtlDoesNotWrapIntoThePast) {
  EXPECT_EQ(Step(Put{"v", "t", milliseconds::max()}, nullptr).next->deadline, kv::WallTime::max());
}

TEST(Apply, NewRecordsInheritWhatTheKeyRemembers) {
  const Applied applied = Step(Put{"v", "t", {}}, Tombstone());
  EXPECT_EQ(applied.next->operations, Tombstone()->operations);
  EXPECT_EQ(applied.next->forgot, At(3));
  EXPECT_FALSE(applied.next->tombstone);
}

TEST(Apply, DeleteOfWhatIsThereLeavesABareTombstone) {
  const Applied applied = Step(Delete{}, Live("v"));
  ASSERT_TRUE(applied.next);
  EXPECT_TRUE(applied.next->tombstone);
  EXPECT_EQ(applied.next->value, "");
  EXPECT_EQ(applied.next->content_type, "");
  EXPECT_FALSE(applied.next->deadline);
}

TEST(Apply, DeleteOfWhatIsAbsentChangesNothing) {
  for (const kv::RecordPtr& absent : {kv::RecordPtr(), Tombstone()}) {
    EXPECT_EQ(Step(Delete{}, absent).reply.outcome, Outcome::kAbsent);
    EXPECT_FALSE(Step(Delete{}, absent).next);
  }
}

TEST(Apply, IncrementCountsFromZeroAndKeepsTypeAndDeadline) {
  EXPECT_EQ(Step(Increment{5}, nullptr).next->value, "5");
  EXPECT_EQ(Step(Increment{5}, Tombstone()).next->value, "5");
  kv::Record counter = *Live("-3");
  counter.deadline = kNow + milliseconds(5);
  const Applied applied = Step(Increment{1}, std::make_shared<const kv::Record>(counter));
  EXPECT_EQ(applied.next->value, "-2");
  EXPECT_EQ(applied.next->content_type, "text/x");
  EXPECT_EQ(applied.next->deadline, counter.deadline);
}

TEST(Apply, IncrementRefusesWhatIsNoIntegerAndOverflow) {
  for (const char* value : {"", "x", "1.5", " 1", "+1", "9223372036854775808"}) {
    const Applied applied = Step(Increment{1}, Live(value));
    EXPECT_EQ(applied.reply.outcome, Outcome::kRejected) << value;
    EXPECT_FALSE(applied.next);
  }
  const std::string most = std::to_string(std::numeric_limits<std::int64_t>::max());
  const std::string least = std::to_string(std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(Step(Increment{1}, Live(most)).reply.outcome, Outcome::kRejected);
  EXPECT_EQ(Step(Increment{-1}, Live(least)).reply.outcome, Outcome::kRejected);
  EXPECT_EQ(Step(Increment{0}, Live(least)).next->value, least);
}

TEST(Apply, AppendAddsAtTheEndWithinTheLimit) {
  EXPECT_EQ(Step(Append{"b"}, Live("a")).next->value, "ab");
  EXPECT_EQ(Step(Append{"b"}, nullptr).next->value, "b");
  EXPECT_EQ(Step(Append{"b"}, Live(std::string(kMaxValueBytes - 1, 'x'))).next->value.size(), kMaxValueBytes);
  EXPECT_EQ(Step(Append{"b"}, Live(std::string(kMaxValueBytes, 'x'))).reply.outcome, Outcome::kRejected);
}

TEST(Apply, PutRefusesAValueOverTheLimit) {
  EXPECT_TRUE(Step(Put{std::string(kMaxValueBytes, 'x'), "", {}}, nullptr).next);
  EXPECT_EQ(Step(Put{std::string(kMaxValueBytes + 1, 'x'), "", {}}, nullptr).reply.outcome, Outcome::kRejected);
}

TEST(Apply, SetDeadlineKeepsTheValue) {
  const Applied expire = Step(SetDeadline{milliseconds(7)}, Live("v"));
  EXPECT_EQ(expire.next->value, "v");
  EXPECT_EQ(expire.next->deadline, kNow + milliseconds(7));
  EXPECT_FALSE(Step(SetDeadline{}, std::make_shared<const kv::Record>(*expire.next)).next->deadline);
  EXPECT_EQ(Step(SetDeadline{milliseconds(7)}, nullptr).reply.outcome, Outcome::kAbsent);
}

TEST(Apply, SwapShowsWhatWasThere) {
  const kv::RecordPtr old = Live("old");
  EXPECT_EQ(Step(Swap{{"new", "t", {}}}, old).reply.previous, old);
  EXPECT_EQ(Step(Swap{{"new", "t", {}}}, old).next->value, "new");
  EXPECT_EQ(Step(Swap{{"new", "t", {}}}, Tombstone()).reply.previous, nullptr);
}

TEST(Apply, ConditionsSpeakOfWhatUsersSee) {
  const kv::RecordPtr live = Live("v");
  struct Case {
    Condition condition;
    bool live, absent;
  };
  const Case cases[] = {
      {When(Condition::Kind::kAbsent), false, true},
      {When(Condition::Kind::kPresent), true, false},
      {When(Condition::Kind::kVersionIn, {At(5), At(1)}), true, false},
      {When(Condition::Kind::kVersionIn, {At(9)}), false, false},  // The tombstone's own version is nobody's ETag.
      {When(Condition::Kind::kVersionIn, {}), false, false},
      {When(Condition::Kind::kVersionNotIn, {At(1)}), false, true},
      {When(Condition::Kind::kVersionNotIn, {At(9)}), true, true},
      {When(Condition::Kind::kValueIs, {}, "v"), true, false},
      {When(Condition::Kind::kValueIs, {}, ""), false, false},
  };
  for (const Case& each : cases) {
    SCOPED_TRACE(static_cast<int>(each.condition.kind));
    EXPECT_EQ(Step(Put{"n", "", {}}, live, {each.condition}).next.has_value(), each.live);
    EXPECT_EQ(Step(Put{"n", "", {}}, Tombstone(), {each.condition}).next.has_value(), each.absent);
    EXPECT_EQ(Step(Put{"n", "", {}}, nullptr, {each.condition}).next.has_value(), each.absent);
  }
}

TEST(Apply, AFailedConditionShowsTheCurrentStateAndChangesNothing) {
  const kv::RecordPtr live = Live("v");
  const Applied applied = Step(Delete{}, live, {When(Condition::Kind::kPresent), When(Condition::Kind::kAbsent)});
  EXPECT_EQ(applied.reply.outcome, Outcome::kConditionFailed);
  EXPECT_EQ(applied.reply.record, live);
  EXPECT_EQ(applied.reply.changed, At(1));
  EXPECT_FALSE(applied.next);
}

TEST(ApplyDeathTest, AnExpiredRecordMustFirstGiveWayToATombstone) {
  kv::Record old = *Live("v");
  old.deadline = kNow;
  EXPECT_DEATH(Step(Get{}, std::make_shared<const kv::Record>(old)), "tombstone");
}

}  // namespace
}  // namespace quoin::quorum
