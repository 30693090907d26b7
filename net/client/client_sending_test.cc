// What the client says with each sending of a write: its id, its ballot, and which of its ids are finished.
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "base/text.h"
#include "net/client/client.h"
#include "net/client/client_testing.h"
#include "net/client/scripted_node.h"

namespace quoin::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr char kOld[] = "3.00c0ffee00c0ffee.41";
constexpr char kNew[] = "3.00c0ffee00c0ffee.42";

class ClientSendingTest : public testing::Test {
 protected:
  enum class Fate { kDone, kBallotRequired, kSilence, kCut };

  std::optional<v1::ServerFrame> Serve(const v1::ClientFrame& request) {
    v1::ServerFrame answer;
    if (request.has_ring()) {
      answer.mutable_ring();
      return answer;
    }
    sendings_.push_back(request.operation());
    Fate fate = Fate::kDone;
    if (!fates_.empty()) {
      fate = fates_.front();
      fates_.pop_front();
    }
    v1::Result& result = *answer.mutable_result();
    result.set_outcome(v1::DONE);
    result.set_ballot(ballot_);
    if (request.operation().has_get()) result.mutable_state()->set_value("v");
    if (fate == Fate::kBallotRequired) {
      result.set_outcome(v1::ERROR);
      result.mutable_problem()->set_type("ballot-required");
      result.mutable_problem()->set_status(409);
    }
    if (fate == Fate::kCut) node_.Cut();
    if (fate == Fate::kSilence) return std::nullopt;
    return answer;
  }
  std::unique_ptr<Client> NewClient(Options options = {}) {
    options.servers = {node_.address()};
    options.client_id = 0xc0ffee00c0ffee;
    auto client = Client::Create(context_.get_executor(), Patient(std::move(options)));
    CHECK(client.ok()) << client.status();
    return *std::move(client);
  }
  Answer Do(Client& client, Operation operation, CallOptions options = {}) {
    return RunToEnd(context_, client.Do(std::move(operation), std::move(options)));
  }
  static std::uint64_t NumberOf(const v1::Operation& sending) {
    return ParseUint64(std::string_view(sending.operation_id()).substr(17)).value();
  }
  static std::string HalfOf(const std::string& id) { return id.substr(0, 16); }

  boost::asio::io_context context_;
  std::string ballot_ = kOld;  // What answers name.
  std::deque<Fate> fates_;     // Of the next sendings; behind them all is done.
  std::vector<v1::Operation> sendings_;
  ScriptedNode node_{context_, NodeId{0xc0ffee00c0ffee},
                     [this](const v1::ClientFrame& request) { return Serve(request); }};
};

TEST_F(ClientSendingTest, SaysWhichWritesAreFinished) {
  const auto client = NewClient();
  for (std::uint64_t i = 1; i <= 20; ++i) {
    ASSERT_TRUE(Do(*client, Operation::Put("k" + std::to_string(i % 3), "v")).done());
    EXPECT_EQ(sendings_.back().operation_id(), "00c0ffee00c0ffee-" + std::to_string(i));
    EXPECT_EQ(sendings_.back().finished_below(), i);
  }
  ASSERT_TRUE(Do(*client, Operation::Get("k1")).done());
  EXPECT_EQ(sendings_.back().finished_below(), 0u);
  EXPECT_EQ(sendings_.back().operation_id(), "");
}

TEST_F(ClientSendingTest, WhatTheProgramMayResumeIsNotFinished) {
  const auto client = NewClient();
  ASSERT_TRUE(Do(*client, Operation::Put("k", "v")).done());
  fates_ = {Fate::kSilence};
  const Answer unknown = Do(*client, Operation::Put("k", "v"), {.timeout = milliseconds(20)});
  ASSERT_EQ(unknown.outcome, Outcome::kUnknown);
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(Do(*client, Operation::Put("k", "v")).done());
    EXPECT_EQ(sendings_.back().finished_below(), 2u);
  }
  // Nor once it was resumed: the program may crash before it has noted that.
  ASSERT_TRUE(RunToEnd(context_, client->Resume(Operation::Put("k", "v"), unknown.ticket)).done());
  EXPECT_EQ(sendings_.back().operation_id(), unknown.ticket.operation_id);
  EXPECT_EQ(sendings_.back().finished_below(), 0u);
  EXPECT_TRUE(sendings_.back().repeated());
  ASSERT_TRUE(Do(*client, Operation::Put("k", "v")).done());
  EXPECT_EQ(sendings_.back().finished_below(), 2u);
}

TEST_F(ClientSendingTest, WhatRemainsUnknownDoesNotHoldBackTheRestForEver) {
  const auto client = NewClient();
  ASSERT_TRUE(Do(*client, Operation::Put("k", "v")).done());  // So that the connection is there.
  fates_ = {Fate::kSilence};
  ASSERT_EQ(Do(*client, Operation::Put("k", "v"), {.timeout = milliseconds(20)}).outcome, Outcome::kUnknown);
  while (HalfOf(sendings_.back().operation_id()) == "00c0ffee00c0ffee") {
    ASSERT_TRUE(Do(*client, Operation::Put("k", "v")).done());
    ASSERT_LE(sendings_.size(), 2000u);
  }
  ASSERT_TRUE(Do(*client, Operation::Put("k", "v")).done());
  EXPECT_EQ(sendings_.back().finished_below(), NumberOf(sendings_.back()));
}

TEST_F(ClientSendingTest, TicketsAreNotOfTheIdsThatAreFinished) {
  const auto client = NewClient();
  const Ticket ticket = client->NewTicket("k");
  ASSERT_TRUE(Do(*client, Operation::Put("k", "v")).done());
  EXPECT_EQ(sendings_.back().finished_below(), 1u);
  EXPECT_NE(HalfOf(sendings_.back().operation_id()), HalfOf(ticket.operation_id));
  ASSERT_TRUE(Do(*client, Operation::Put("k", "v"), {.ticket = ticket}).done());
  EXPECT_EQ(sendings_.back().operation_id(), ticket.operation_id);
  EXPECT_EQ(sendings_.back().finished_below(), 0u);
}

TEST_F(ClientSendingTest, AllSendingsOfATicketNameItsBallot) {
  const auto client = NewClient();
  ASSERT_TRUE(Do(*client, Operation::Get("k")).done());
  const Ticket ticket = client->NewTicket("k");
  EXPECT_EQ(ticket.ballot, kOld);
  ballot_ = kNew;
  ASSERT_TRUE(Do(*client, Operation::Get("k")).done());
  fates_ = {Fate::kCut, Fate::kDone};
  const Answer answer = Do(*client, Operation::Put("k", "v"), {.ticket = ticket});
  EXPECT_TRUE(answer.done()) << ToString(answer);
  ASSERT_EQ(sendings_.size(), 4u);
  EXPECT_EQ(sendings_[2].ballot(), kOld);
  EXPECT_FALSE(sendings_[2].repeated());
  EXPECT_EQ(sendings_[3].ballot(), kOld);
  EXPECT_TRUE(sendings_[3].repeated());
}

TEST_F(ClientSendingTest, ATicketWhoseBallotIsTooOldIsRefused) {
  const auto client = NewClient();
  const Ticket ticket = client->NewTicket("k");
  EXPECT_EQ(ticket.ballot, "");
  fates_ = {Fate::kBallotRequired};
  const Answer answer = Do(*client, Operation::Put("k", "v"), {.ticket = ticket});
  EXPECT_EQ(answer.outcome, Outcome::kNotApplied);
  EXPECT_EQ(answer.problem.type, "ballot-required");
  EXPECT_EQ(answer.sendings, 1u);
  const Ticket next = client->NewTicket("k");
  EXPECT_EQ(next.ballot, kOld) << "which is known now";
  EXPECT_TRUE(Do(*client, Operation::Put("k", "v"), {.ticket = next}).done());
}

TEST_F(ClientSendingTest, ASendingThatWasRepairedAtOnceCountsForNothing) {
  Options options;
  options.retry.max_sendings = 2;
  options.retry.first_backoff = options.retry.max_backoff = milliseconds(1);
  const auto client = NewClient(options);
  fates_ = {Fate::kBallotRequired, Fate::kCut, Fate::kDone};
  const Answer answer = Do(*client, Operation::Put("k", "v"));
  EXPECT_TRUE(answer.done()) << ToString(answer);
  EXPECT_EQ(answer.sendings, 3u);
  fates_ = {Fate::kCut, Fate::kCut};
  EXPECT_EQ(Do(*client, Operation::Put("k", "v")).outcome, Outcome::kUnknown) << "two sendings, both lost";
}

}  // namespace
}  // namespace quoin::client
