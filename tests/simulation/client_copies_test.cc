#include "tests/simulation/client_copies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace quoin::simulation {
namespace {

using quorum::Outcome;
using quorum::Reply;
using testing::HasSubstr;
using testing::Optional;

Reply Done(std::uint64_t sequence) {
  Reply reply;
  reply.changed = {{1, NodeId{1}}, sequence};
  return reply;
}
Reply Negative(Outcome outcome = Outcome::kConditionFailed) {
  Reply reply;
  reply.outcome = outcome;
  return reply;
}
Reply Error(Code code) {
  Reply reply;
  reply.outcome = Outcome::kError;
  reply.status = Status(code, "why");
  return reply;
}

TEST(ClientCopies, BelieveDoneOfAnyCopyY1) {
  ClientCopies copies(true);
  copies.Send(false);
  copies.Send(true);
  EXPECT_TRUE(copies.Counts(0, Done(1)));
  EXPECT_TRUE(copies.Counts(1, Done(1)));
}

TEST(ClientCopies, BelieveTheNegativeResultOfAnyCopyY2) {
  ClientCopies copies(true);
  copies.Send(false);
  copies.Send(true);
  EXPECT_TRUE(copies.Counts(0, Negative()));
  EXPECT_TRUE(copies.Counts(1, Negative()));
  copies.Settle(0, Negative());
  EXPECT_TRUE(copies.BindsLaterCopies());
}

TEST(ClientCopies, BelieveTheErrorOfTheLatestCopyOnlyY3) {
  ClientCopies copies(true);
  copies.Send(false);
  EXPECT_TRUE(copies.Counts(0, Error(Code::kUnavailable)));
  copies.Send(true);
  EXPECT_FALSE(copies.Counts(0, Error(Code::kUnavailable)));
  EXPECT_FALSE(copies.Counts(0, Error(Code::kUnknown)));
  EXPECT_TRUE(copies.Counts(1, Error(Code::kUnavailable)));
}

TEST(ClientCopies, BelieveAnyResultOfAReadY4) {
  ClientCopies copies(false);
  copies.Send(false);
  copies.Send(true);
  EXPECT_TRUE(copies.Counts(0, Negative(Outcome::kAbsent)));
}

// What a copy hears after the answer, given what the answer was.
std::optional<std::string> After(const Reply& answer, const Reply& heard, std::size_t heard_by) {
  ClientCopies copies(true);
  copies.Send(false);
  copies.Send(true);
  copies.Send(true);
  EXPECT_EQ(copies.Contradiction(answer.outcome == Outcome::kError ? 2 : 1, answer), std::nullopt);
  copies.Settle(answer.outcome == Outcome::kError ? 2 : 1, answer);
  return copies.Contradiction(heard_by, heard);
}

TEST(ClientCopies, ComplainOfARetryThatWasAppliedTwiceI6) {
  EXPECT_THAT(After(Done(1), Done(2), 2), Optional(HasSubstr("I6: it took effect twice")));
  EXPECT_EQ(After(Done(1), Done(1), 2), std::nullopt);
}

TEST(ClientCopies, ComplainOfANegativeResultBesideADoneI6) {
  EXPECT_THAT(After(Done(1), Negative(), 2), Optional(HasSubstr("I6")));
  EXPECT_THAT(After(Done(1), Negative(), 0), Optional(HasSubstr("I6")));
  EXPECT_THAT(After(Negative(), Done(1), 0), Optional(HasSubstr("I6")));
  EXPECT_THAT(After(Negative(), Negative(Outcome::kAbsent), 2), Optional(HasSubstr("I6")));
  EXPECT_EQ(After(Negative(), Negative(), 2), std::nullopt);
}

TEST(ClientCopies, ComplainOfNotAppliedBesideADoneI10) {
  EXPECT_THAT(After(Done(1), Error(Code::kUnavailable), 2), Optional(HasSubstr("I10")));
  EXPECT_EQ(After(Done(1), Error(Code::kUnavailable), 1), std::nullopt) << "a later copy may have acted";
  EXPECT_THAT(After(Error(Code::kDiskFull), Done(1), 0), Optional(HasSubstr("I10")));
}

TEST(ClientCopies, LetAnythingFollowUnknown) {
  EXPECT_EQ(After(Error(Code::kUnknown), Done(1), 0), std::nullopt);
  EXPECT_EQ(After(Error(Code::kUnknown), Negative(), 1), std::nullopt);
  EXPECT_EQ(After(Done(1), Error(Code::kUnknown), 2), std::nullopt);
}

TEST(ClientCopies, CompareTwoLateDonesAfterGivingUp) {
  ClientCopies copies(true);
  copies.Send(false);
  copies.Send(true);
  EXPECT_EQ(copies.Contradiction(0, Done(1)), std::nullopt);
  EXPECT_THAT(copies.Contradiction(1, Done(2)), Optional(HasSubstr("I6")));
}

}  // namespace
}  // namespace quoin::simulation
