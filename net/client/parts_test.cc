// The library's pure parts: what may be concluded from sendings, ballots, due times, routes, handlers, messages.
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "net/client/ballots.h"
#include "net/client/codec.h"
#include "net/client/due_heap.h"
#include "net/client/handler.h"
#include "net/client/sendings.h"

namespace quoin::client {
namespace {

using Next = Sendings::Next;
using std::chrono::milliseconds;

kv::Version B(std::uint64_t round, std::uint64_t sequence = 0) { return {{round, NodeId{7}}, sequence}; }

SendingAnswer Of(Outcome outcome, bool repeated = false, kv::Version known = {}) {
  SendingAnswer answer;
  answer.outcome = outcome;
  answer.repeated = repeated;
  answer.known = known;
  return answer;
}
SendingAnswer Retryable(bool repeated = false) {
  SendingAnswer answer = Of(Outcome::kNotApplied, repeated);
  answer.retryable = true;
  return answer;
}
SendingAnswer BallotRequired(kv::Version known) {
  SendingAnswer answer = Of(Outcome::kNotApplied, false, known);
  answer.ballot_required = true;
  return answer;
}

TEST(Sendings, TellsWhatTheOnlySendingIsTold) {
  for (const Outcome outcome :
       {Outcome::kDone, Outcome::kAbsent, Outcome::kConditionFailed, Outcome::kRejected, Outcome::kNotApplied}) {
    Sendings sendings(true, {});
    sendings.OnSent();
    EXPECT_EQ(sendings.OnAnswer(Of(outcome)), Next::kTell);
  }
}

TEST(Sendings, ALostWriteIsRepeatedAndStaysUnknownR1) {
  Sendings sendings(true, B(3));
  EXPECT_FALSE(sendings.repeated());
  sendings.OnSent();
  EXPECT_EQ(sendings.OnLost(), Next::kAgain);
  EXPECT_FALSE(sendings.certain());
  EXPECT_TRUE(sendings.repeated());
  sendings.OnSent();
  // Of the second sending it is certain; the first one may still be on its way.
  EXPECT_EQ(sendings.OnAnswer(Of(Outcome::kNotApplied, true)), Next::kEnd);
  EXPECT_FALSE(sendings.certain());
}

TEST(Sendings, ALostReadLeavesNothingOpen) {
  Sendings sendings(false, {});
  sendings.OnSent();
  EXPECT_EQ(sendings.OnLost(), Next::kAgain);
  EXPECT_TRUE(sendings.certain());
  EXPECT_FALSE(sendings.repeated());
}

TEST(Sendings, AWriteThatWasCertainlyRefusedIsSentAsIfForTheFirstTimeR1) {
  Sendings sendings(true, B(3));
  sendings.OnSent();
  EXPECT_EQ(sendings.OnAnswer(Retryable()), Next::kAgain);
  EXPECT_TRUE(sendings.certain());
  EXPECT_FALSE(sendings.repeated());
  sendings.Refresh(B(4));
  EXPECT_EQ(sendings.known(), B(4));
}

TEST(Sendings, NamesTheSameBallotWhileASendingIsOpenR2) {
  Sendings sendings(true, B(3));
  sendings.OnSent();
  sendings.OnLost();
  sendings.Refresh(B(4));
  EXPECT_EQ(sendings.known(), B(3));
}

TEST(Sendings, NamesTheBallotThatIsRequiredAtOnce) {
  Sendings sendings(true, {});
  sendings.OnSent();
  EXPECT_EQ(sendings.OnAnswer(BallotRequired(B(5))), Next::kAgainAtOnce);
  EXPECT_EQ(sendings.known(), B(5));
  EXPECT_FALSE(sendings.repeated());
  // Told the same again, at once is no use.
  sendings.OnSent();
  EXPECT_EQ(sendings.OnAnswer(BallotRequired(B(5))), Next::kAgain);
  for (std::uint64_t round = 6; round < 8; ++round) {
    sendings.OnSent();
    EXPECT_EQ(sendings.OnAnswer(BallotRequired(B(round))), Next::kAgainAtOnce);
  }
  sendings.OnSent();
  EXPECT_EQ(sendings.OnAnswer(BallotRequired(B(8))), Next::kAgain);
}

TEST(Sendings, WhatIsRepairedAtOnceIsNotCharged) {
  Sendings sendings(true, {});
  sendings.OnSent();
  EXPECT_EQ(sendings.charged(), 1u);
  EXPECT_EQ(sendings.OnAnswer(BallotRequired(B(5))), Next::kAgainAtOnce);
  EXPECT_EQ(sendings.charged(), 0u);
  sendings.OnSent();
  EXPECT_EQ(sendings.OnAnswer(BallotRequired(B(5))), Next::kAgain) << "no use at once";
  EXPECT_EQ(sendings.charged(), 1u);
  EXPECT_EQ(sendings.count(), 2u);
}

TEST(Sendings, AStoredBallotIsNamedByAllR2) {
  Sendings sendings(Sendings::Ticketed{}, B(3));
  sendings.Refresh(B(4));
  EXPECT_EQ(sendings.known(), B(3));
  EXPECT_FALSE(sendings.repeated());
  sendings.OnSent();
  EXPECT_EQ(sendings.OnAnswer(BallotRequired(B(5))), Next::kTell) << "it can't be named";
  EXPECT_EQ(sendings.known(), B(3));
  EXPECT_TRUE(sendings.certain());
}

TEST(Sendings, ANegativeAnswerToAFirstSendingIsNotTheLastWordWhileAnotherIsOpenR3) {
  Sendings sendings(true, {});
  sendings.OnSent();  // Slow.
  sendings.OnSent();  // Repeated.
  EXPECT_EQ(sendings.OnAnswer(Of(Outcome::kConditionFailed, false)), Next::kWait);
  EXPECT_EQ(sendings.OnAnswer(Of(Outcome::kDone, true)), Next::kTell);
}

TEST(Sendings, DoneIsTheLastWordFromWhicheverSending) {
  Sendings sendings(true, {});
  sendings.OnSent();
  sendings.OnSent();
  EXPECT_EQ(sendings.OnAnswer(Of(Outcome::kDone, false)), Next::kTell);
}

TEST(Sendings, AnUnknownOutcomeIsAskedForAgainUntilTheKeyHasForgottenIt) {
  Sendings sendings(true, B(3));
  sendings.OnSent();
  EXPECT_EQ(sendings.OnAnswer(Of(Outcome::kUnknown)), Next::kAgain);
  sendings.OnSent();
  EXPECT_EQ(sendings.OnAnswer(Of(Outcome::kUnknown, true)), Next::kAgain);
  sendings.OnSent();
  EXPECT_EQ(sendings.OnAnswer(Of(Outcome::kUnknown, true, B(9))), Next::kEnd);
  EXPECT_FALSE(sendings.certain());
}

TEST(Sendings, WhatIsResumedIsRepeatedFromTheFirstR1) {
  Sendings sendings(Sendings::Ticketed{.resumed = true}, B(3));
  EXPECT_TRUE(sendings.repeated());
  sendings.OnSent();
  EXPECT_EQ(sendings.OnAnswer(Of(Outcome::kNotApplied, true)), Next::kEnd);
  EXPECT_FALSE(sendings.certain());
}

// Random histories: whatever happens, an end that is told as certain has no sending open that nobody spoke of.
TEST(Sendings, NeverConcludesNotAppliedWhileASendingIsOpenR1) {
  std::mt19937 random(7);
  for (int history = 0; history < 20'000; ++history) {
    Sendings sendings(true, {});
    std::vector<bool> awaited;  // Whether each said that it was repeated.
    int open = 0;
    for (int step = 0; step < 12; ++step) {
      if (awaited.empty() || random() % 3 == 0) {
        EXPECT_EQ(sendings.repeated(), open > 0);
        awaited.push_back(sendings.repeated());
        sendings.OnSent();
        ++open;
        continue;
      }
      const bool repeated = awaited.back();
      awaited.pop_back();
      const auto pick = random() % 4;
      Next next;
      if (pick == 0) {
        next = sendings.OnLost();
      } else if (pick == 1) {
        next = sendings.OnAnswer(Of(Outcome::kUnknown, repeated, random() % 2 == 0 ? B(1) : kv::Version()));
      } else {
        SendingAnswer refused = Retryable(repeated);
        refused.retryable = pick == 2;
        --open;
        next = sendings.OnAnswer(refused);
      }
      EXPECT_EQ(sendings.certain(), open == 0);
      if (next == Next::kTell) {
        EXPECT_EQ(open, 0);
        break;
      }
      if (next == Next::kEnd) break;
      EXPECT_EQ(next == Next::kWait, !awaited.empty());
    }
  }
}

TEST(Ballots, AreReadAndWritten) {
  const kv::Ballot ballot{3, NodeId{0xc0ffee00c0ffee}};
  EXPECT_EQ(FormatBallot({ballot, 41}), "3.00c0ffee00c0ffee.41");
  EXPECT_EQ(FormatBallot({ballot, 0}), "3.00c0ffee00c0ffee") << "of nodes that name no sequence";
  EXPECT_EQ(FormatBallot({}), "");
  EXPECT_EQ(ParseBallot("3.00c0ffee00c0ffee.41"), (kv::Version{ballot, 41}));
  EXPECT_EQ(ParseBallot("3.00c0ffee00c0ffee"), (kv::Version{ballot, 0}));
  for (const char* const bad :
       {"", "3", ".00c0ffee00c0ffee", "3.c0ffee", "x.00c0ffee00c0ffee", "3.00c0ffee00c0ffeg", "3.00c0ffee00c0ffee.",
        "3.00c0ffee00c0ffee.x", "3.00c0ffee00c0ffee41", "3.00c0ffee00c0ffee.4.1"}) {
    EXPECT_FALSE(ParseBallot(bad).has_value()) << bad;
  }
}

TEST(Ballots, RemembersTheNewestOfTheKeysUsedLately) {
  Ballots ballots(8);
  ballots.Learn("a", B(5));
  ballots.Learn("a", B(4, 9));
  EXPECT_EQ(ballots.Find("a"), B(5));
  ballots.Learn("a", B(5, 41));
  ballots.Learn("a", B(5, 40));
  EXPECT_EQ(ballots.Find("a"), B(5, 41));
  EXPECT_EQ(ballots.Find("b"), kv::Version{});
  for (int i = 0; i < 6; ++i) {
    ballots.Learn("key" + std::to_string(i), B(1));
    ballots.Learn("a", B(2));  // In use, so it stays, and stays the newest.
  }
  EXPECT_EQ(ballots.Find("a"), B(5, 41));
  for (int i = 0; i < 8; ++i) ballots.Learn("other" + std::to_string(i), B(1));
  EXPECT_EQ(ballots.Find("a"), kv::Version{});
}

TEST(DueHeap, GivesTheFirstWhateverIsMovedAndRemoved) {
  std::mt19937 random(3);
  DueHeap heap;
  std::vector<std::pair<DueHeap::Time, std::uint32_t>> expected;
  for (int step = 0; step < 20'000; ++step) {
    const auto slot = static_cast<std::uint32_t>(random() % 50);
    std::erase_if(expected, [&](const auto& entry) { return entry.second == slot; });
    if (random() % 3 == 0) {
      heap.Remove(slot);
    } else {
      // A time that no other slot has, so that the order is one.
      const DueHeap::Time due{milliseconds(random() % 1000 * 50 + slot)};
      heap.Set(slot, due);
      expected.emplace_back(due, slot);
    }
    ASSERT_EQ(heap.size(), expected.size());
    if (expected.empty()) continue;
    const auto first = *std::ranges::min_element(expected);
    ASSERT_EQ(heap.first(), first.second);
    ASSERT_EQ(heap.first_due(), first.first);
  }
}

TEST(Handler, HoldsWhatCanOnlyBeMovedSmallAndLarge) {
  int sum = 0;
  auto number = std::make_unique<int>(5);
  Handler<int> small = [&sum, number = std::move(number)](int more) { sum += *number + more; };
  Handler<int> moved = std::move(small);
  EXPECT_FALSE(small);  // NOLINT: that is the question.
  std::move(moved)(1);
  EXPECT_FALSE(moved);  // NOLINT
  EXPECT_EQ(sum, 6);
  const auto token = std::make_shared<int>(0);
  {
    std::array<char, 200> bulk{};
    bulk[7] = 7;
    Handler<int> large = [&sum, bulk, token](int more) { sum += bulk[7] + more; };
    EXPECT_EQ(token.use_count(), 2);
    Handler<int> taken;
    taken = std::move(large);
    std::move(taken)(10);
    EXPECT_EQ(token.use_count(), 1);
    Handler<int> never_called = [token](int) {};
    EXPECT_EQ(token.use_count(), 2);
  }
  EXPECT_EQ(token.use_count(), 1);
  EXPECT_EQ(sum, 23);
}

v1::Operation Fill(const Operation& operation) {
  v1::Operation filled;
  SendingFields sending;
  if (operation.is_write()) sending.operation_id = "00c0ffee00c0ffee-17";
  FillOperation(operation, Consistency::kQuorum, sending, &filled);
  return filled;
}

TEST(Codec, PutsOperationsIntoMessages) {
  EXPECT_EQ(Fill(Operation::Get("k")).ShortDebugString(), "key: \"k\" get { }");
  EXPECT_EQ(
      Fill(Operation::Put("k", "v").As("text/plain").For(milliseconds(5)).If(Condition::Absent())).ShortDebugString(),
      "key: \"k\" put { value: \"v\" content_type: \"text/plain\" ttl_ms: 5 } conditions { absent: true } "
      "operation_id: \"00c0ffee00c0ffee-17\"");
  EXPECT_EQ(Fill(Operation::Increment("k", -3).If(Condition::VersionIs("1.2.3"))).ShortDebugString(),
            "key: \"k\" increment { by: -3 } conditions { version_in { versions: \"1.2.3\" } } "
            "operation_id: \"00c0ffee00c0ffee-17\"");
  EXPECT_EQ(Fill(Operation::Persist("k")).ShortDebugString(),
            "key: \"k\" set_deadline { } operation_id: \"00c0ffee00c0ffee-17\"");
  EXPECT_TRUE(Fill(Operation::GetAndSet("k", "v")).has_swap());
  EXPECT_TRUE(Fill(Operation::Delete("k")).has_delete_());
  EXPECT_EQ(Fill(Operation::Append("k", "v")).append().value(), "v");
  v1::Operation repeated;
  FillOperation(Operation::Delete("k"), Consistency::kAll, {"1-9", "3.00c0ffee00c0ffee", true, 7}, &repeated);
  EXPECT_EQ(repeated.ShortDebugString(),
            "key: \"k\" delete { } consistency: ALL operation_id: \"1-9\" ballot: \"3.00c0ffee00c0ffee\" "
            "repeated: true finished_below: 7");
}

TEST(Codec, RefusesWhatNoMessageCanHold) {
  PageRequest page;
  page.limit = 1001;
  EXPECT_TRUE(FindUnsendable(page).has_value());
  EXPECT_TRUE(FindUnsendable(Operation::Put("k", "v").As("\xff")).has_value());
  EXPECT_TRUE(FindUnsendable(Operation::Expire("k", milliseconds(0))).has_value());
  EXPECT_TRUE(FindUnsendable(Operation::Get("k").If(Condition::VersionIs("\xff"))).has_value());
  EXPECT_FALSE(FindUnsendable(Operation::Put("\xff", "\xff")).has_value());
}

TEST(Codec, TakesAnswersThatMakeNoSenseAsUnknown) {
  v1::ServerFrame page;
  page.mutable_page();
  EXPECT_EQ(TakeAnswer(Operation::Delete("k"), page).outcome, Outcome::kUnknown);
  EXPECT_EQ(TakeAnswer(Operation::Get("k"), page).outcome, Outcome::kNotApplied);
  v1::ServerFrame result;
  result.mutable_result()->set_outcome(v1::DONE);
  EXPECT_EQ(TakeAnswer(Operation::Get("k"), result).problem.type, "bad-answer");
  EXPECT_EQ(TakePage(result).problem.type, "bad-answer");
  result.mutable_result()->set_outcome(v1::OUTCOME_UNSPECIFIED);
  EXPECT_EQ(TakeAnswer(Operation::Delete("k"), result).outcome, Outcome::kUnknown);
}

}  // namespace
}  // namespace quoin::client
