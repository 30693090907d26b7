#include "tests/simulation/adapter.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace quoin::simulation {
namespace {

namespace checker = linearizability;
using std::chrono::milliseconds;

kv::Version At(std::uint64_t sequence) { return {{3, NodeId{7}}, sequence}; }
checker::Version Seen(std::uint64_t sequence) { return {3, 7, sequence}; }

kv::RecordPtr RecordOf(std::string value, std::uint64_t changed, std::uint64_t accepted) {
  kv::Record record;
  record.value = std::move(value);
  record.changed = At(changed);
  record.accepted = At(accepted);
  return std::make_shared<const kv::Record>(record);
}

quorum::Request Ask(quorum::Operation operation) {
  quorum::Request request;
  request.id = {1, 1};
  request.key = "k";
  request.operation = std::move(operation);
  return request;
}

TEST(Adapter, TranslatesEveryOperation) {
  EXPECT_EQ(ToOperation(Ask(quorum::Get{})).action, checker::Action::kGet);
  EXPECT_EQ(ToOperation(Ask(quorum::Delete{})).action, checker::Action::kDelete);
  const auto put = ToOperation(Ask(quorum::Put{"v", "", milliseconds(5)}));
  EXPECT_EQ(put.action, checker::Action::kPut);
  EXPECT_EQ(put.value, "v");
  EXPECT_EQ(put.ttl, checker::Time(milliseconds(5)));
  EXPECT_EQ(ToOperation(Ask(quorum::Increment{-4})).by, -4);
  EXPECT_EQ(ToOperation(Ask(quorum::Append{"tail"})).value, "tail");
  EXPECT_EQ(ToOperation(Ask(quorum::SetDeadline{milliseconds(2)})).ttl, checker::Time(milliseconds(2)));
  EXPECT_EQ(ToOperation(Ask(quorum::SetDeadline{})).ttl, std::nullopt);
  EXPECT_EQ(ToOperation(Ask(quorum::Swap{{"w", "", {}}})).action, checker::Action::kSwap);
}

TEST(Adapter, TranslatesEveryCondition) {
  using Kind = quorum::Condition::Kind;
  quorum::Request request = Ask(quorum::Get{});
  request.conditions = {{Kind::kAbsent, {}, {}},
                        {Kind::kPresent, {}, {}},
                        {Kind::kVersionIn, {At(1), At(2)}, {}},
                        {Kind::kVersionNotIn, {At(3)}, {}},
                        {Kind::kValueIs, {}, "v"}};
  using Checked = checker::Condition::Kind;
  const std::vector<checker::Condition> expected = {{Checked::kAbsent, {}, {}},
                                                    {Checked::kPresent, {}, {}},
                                                    {Checked::kVersionIn, {Seen(1), Seen(2)}, {}},
                                                    {Checked::kVersionNotIn, {Seen(3)}, {}},
                                                    {Checked::kValueIs, {}, "v"}};
  EXPECT_EQ(ToOperation(request).conditions, expected);
}

TEST(Adapter, TellsTheChangedVersionNotTheAcceptedOne) {
  quorum::Reply reply;
  reply.record = RecordOf("v", 2, 9);
  reply.changed = At(2);
  EXPECT_EQ(ToAnswer(Ask(quorum::Get{}), reply).state, (checker::Seen{true, "v", Seen(2)}));
}

TEST(Adapter, TellsOfADoneDeleteThatTheKeyIsGoneAtItsVersion) {
  quorum::Reply reply;
  reply.changed = At(4);
  const auto answer = ToAnswer(Ask(quorum::Delete{}), reply);
  EXPECT_EQ(answer.state, (checker::Seen{false, std::nullopt, Seen(4)}));
  EXPECT_EQ(answer.created, false);
}

TEST(Adapter, DoesNotTakeAWriteWithoutItsRecordForAnAbsentKey) {
  quorum::Reply reply;
  reply.changed = At(4);
  EXPECT_EQ(ToAnswer(Ask(quorum::Append{"x"}), reply).state, (checker::Seen{true, std::nullopt, Seen(4)}));
}

TEST(Adapter, TellsWhatASwapFound) {
  quorum::Reply reply;
  reply.record = RecordOf("new", 5, 5);
  reply.previous = RecordOf("old", 3, 3);
  EXPECT_EQ(ToAnswer(Ask(quorum::Swap{{"new", "", {}}}), reply).previous, (checker::Seen{true, "old", Seen(3)}));
  reply.previous = nullptr;
  EXPECT_EQ(ToAnswer(Ask(quorum::Swap{{"new", "", {}}}), reply).previous, std::nullopt);
  reply.created = true;
  EXPECT_EQ(ToAnswer(Ask(quorum::Swap{{"new", "", {}}}), reply).previous, (checker::Seen{.present = false}));
}

TEST(Adapter, SaysWhatAFailedConditionFoundOnlyIfTheReplyDoes) {
  quorum::Reply reply;
  reply.outcome = quorum::Outcome::kConditionFailed;
  EXPECT_EQ(ToAnswer(Ask(quorum::Put{"v", "", {}}), reply).state, std::nullopt);
  reply.record = RecordOf("other", 3, 3);
  EXPECT_EQ(ToAnswer(Ask(quorum::Put{"v", "", {}}), reply).state, (checker::Seen{true, "other", Seen(3)}));
}

TEST(Adapter, KeepsUnknownApartFromEveryOtherErrorI10) {
  for (const Code code : {Code::kInvalid, Code::kUnavailable, Code::kDiskFull, Code::kReadOnly, Code::kUnknown,
                          Code::kDamaged, Code::kIo}) {
    quorum::Reply reply;
    reply.outcome = quorum::Outcome::kError;
    reply.status = Status(code, "why");
    EXPECT_EQ(ToAnswer(Ask(quorum::Delete{}), reply).outcome,
              code == Code::kUnknown ? checker::Outcome::kUnknown : checker::Outcome::kNotApplied);
  }
}

TEST(Adapter, TellsTheSumThatARecordRemembersOfAnIncrement) {
  quorum::Reply reply;
  reply.record = RecordOf("42", 6, 6);  // Made from the remembered sum; the key's record is another by now.
  reply.changed = At(6);
  EXPECT_EQ(ToAnswer(Ask(quorum::Increment{2}), reply).state, (checker::Seen{true, "42", Seen(6)}));
}

}  // namespace
}  // namespace quoin::simulation
