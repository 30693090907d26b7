// The client library when connections break, answers get lost and servers are away. A proxy in front of a real node
// does the damage, on the test's own thread, so that each thing happens when the test says so.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "net/client/client.h"
#include "net/client/client_testing.h"
#include "net/scripted_server.h"

namespace quoin::client {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;

class ClientFaultsTest : public testing::Test {
 protected:
  std::unique_ptr<Client> NewClient(std::vector<std::string> servers, Options options = {}) {
    options.servers = std::move(servers);
    auto client = Client::Create(context_.get_executor(), Patient(std::move(options)));
    CHECK(client.ok()) << client.status();
    return *std::move(client);
  }
  // Starts it; the answer is in answers_ once it has come.
  void Start(Client& client, Operation operation, CallOptions options = {}) {
    client.Start(std::move(operation), std::move(options),
                 [this](Answer answer) { answers_.push_back(std::move(answer)); });
  }
  Answer Do(Client& client, Operation operation, CallOptions options = {}) {
    return RunToEnd(context_, client.Do(std::move(operation), std::move(options)));
  }
  Answer TheAnswer() {
    RunUntil(context_, [&] { return answers_.size() == 1; });
    Answer answer = std::move(answers_[0]);
    answers_.clear();
    return answer;
  }
  // Past the proxy.
  std::string ValueOf(const std::string& key) {
    const Answer answer = Do(*direct_, Operation::Get(key));
    return answer.done() ? answer.value() : std::string(OutcomeName(answer.outcome));
  }
  void WaitForValue(const std::string& key, const std::string& value) {
    while (ValueOf(key) != value) {
    }
  }
  // Through the proxy, so that the connection is there.
  void Warm(Client& client) { ASSERT_EQ(Do(client, Operation::Get("nothing")).outcome, Outcome::kAbsent); }

  std::unique_ptr<net::Node> node_ = StartTestNode();
  asio::io_context context_;
  Proxy proxy_{context_, node_->port()};
  std::unique_ptr<Client> direct_ = NewClient({AddressOf(*node_)});
  std::vector<Answer> answers_;
};

TEST_F(ClientFaultsTest, AWriteWhoseConnectionBrokeIsSentAgainAndAppliedOnceL2) {
  const auto client = NewClient({proxy_.address()});
  Warm(*client);
  proxy_.swallow_answers = true;
  Start(*client, Operation::Increment("n"));
  WaitForValue("n", "1");
  EXPECT_TRUE(answers_.empty());
  proxy_.swallow_answers = false;
  proxy_.Cut();
  const Answer answer = TheAnswer();
  EXPECT_EQ(answer.outcome, Outcome::kDone) << ToString(answer);
  EXPECT_EQ(answer.value(), "1");
  EXPECT_EQ(answer.sendings, 2u);
  EXPECT_EQ(ValueOf("n"), "1");
  EXPECT_EQ(client->counts().connections_lost, 1u);
  EXPECT_EQ(client->counts().resendings, 1u);
}

TEST_F(ClientFaultsTest, AReadWhoseConnectionBrokeIsSentAgain) {
  const auto client = NewClient({proxy_.address()});
  Warm(*client);
  proxy_.on_client_bytes = [&](std::size_t) {
    proxy_.on_client_bytes = nullptr;
    proxy_.Cut();
  };
  const Answer answer = Do(*client, Operation::Get("nothing"));
  EXPECT_EQ(answer.outcome, Outcome::kAbsent) << ToString(answer);
  EXPECT_EQ(answer.sendings, 2u);
}

TEST_F(ClientFaultsTest, AWriteWithoutAnAnswerInTimeIsUnknownAndCanBeResumedL2) {
  const auto client = NewClient({proxy_.address()});
  Warm(*client);
  proxy_.swallow_answers = true;
  const Answer unknown = Do(*client, Operation::Increment("n"), {.timeout = milliseconds(50)});
  ASSERT_EQ(unknown.outcome, Outcome::kUnknown) << ToString(unknown);
  EXPECT_FALSE(unknown.certain());
  EXPECT_EQ(unknown.problem.type, "timed-out");
  EXPECT_THAT(unknown.ticket.operation_id, testing::MatchesRegex("[0-9a-f]{16}-[0-9]+"));
  WaitForValue("n", "1");
  proxy_.swallow_answers = false;
  // By another client, as after a crash of the program.
  const Answer resumed = RunToEnd(context_, direct_->Resume(Operation::Increment("n"), unknown.ticket));
  EXPECT_EQ(resumed.outcome, Outcome::kDone) << ToString(resumed);
  EXPECT_EQ(resumed.value(), "1");
  EXPECT_EQ(ValueOf("n"), "1");
}

TEST_F(ClientFaultsTest, AReadWithoutAnAnswerInTimeIsNotApplied) {
  const auto client = NewClient({proxy_.address()});
  Warm(*client);
  proxy_.swallow_answers = true;
  const Answer answer = Do(*client, Operation::Get("n"), {.timeout = milliseconds(50)});
  EXPECT_EQ(answer.outcome, Outcome::kNotApplied);
  EXPECT_EQ(answer.problem.type, "timed-out");
}

TEST_F(ClientFaultsTest, ATicketMayBeStoredBeforeItIsUsed) {
  const Ticket ticket = direct_->NewTicket("n");
  EXPECT_EQ(Do(*direct_, Operation::Increment("n"), {.ticket = ticket}).value(), "1");
  const Answer again = RunToEnd(context_, direct_->Resume(Operation::Increment("n"), ticket));
  EXPECT_EQ(again.value(), "1");
}

TEST_F(ClientFaultsTest, AClientThatIsNewToAnOldKeyIsToldTheBallot) {
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(Do(*direct_, Operation::Increment("n")).done());
  const auto newcomer = NewClient({AddressOf(*node_)});
  const Answer first = Do(*newcomer, Operation::Increment("n"));
  EXPECT_EQ(first.value(), "41");
  EXPECT_LE(first.sendings, 2u);
  const Answer second = Do(*newcomer, Operation::Increment("n"));
  EXPECT_EQ(second.value(), "42");
  EXPECT_EQ(second.sendings, 1u);
}

TEST_F(ClientFaultsTest, WhatNoServerTookIsCertainlyNotAppliedL2) {
  const net::RefusingPort nobody;
  const net::RefusingPort nobody_either;
  Options options;
  options.retry.wait_for_servers = false;
  const auto client = NewClient({nobody.address(), nobody_either.address()}, options);
  for (int i = 0; i < 3; ++i) {
    const Answer answer = Do(*client, Operation::Put("k", "v"));
    EXPECT_EQ(answer.outcome, Outcome::kNotApplied);
    EXPECT_EQ(answer.problem.type, "unreachable");
    EXPECT_THAT(answer.problem.detail, HasSubstr(nobody.address() + ": Connection refused"));
    EXPECT_EQ(answer.sendings, 0u);
  }
  const auto patient = NewClient({nobody.address()});
  Start(*patient, Operation::Get("k"));
  RunUntil(context_, [&] { return patient->counts().connections_lost > 0; });
  const Answer answer = Do(*patient, Operation::Put("k", "v"), {.timeout = milliseconds(50)});
  EXPECT_EQ(answer.outcome, Outcome::kNotApplied);
  EXPECT_EQ(answer.problem.type, "unreachable");
}

TEST_F(ClientFaultsTest, WaitsForAServerToComeUp) {
  const auto client = NewClient({proxy_.address()});
  proxy_.refuse = true;
  Start(*client, Operation::Put("k", "v"));
  RunUntil(context_, [&] { return proxy_.accepted() >= 3; });
  EXPECT_TRUE(answers_.empty());
  proxy_.refuse = false;
  const Answer answer = TheAnswer();
  EXPECT_TRUE(answer.done()) << ToString(answer);
  EXPECT_EQ(answer.sendings, 1u);
}

TEST_F(ClientFaultsTest, GoesToTheNextServerAndStaysThere) {
  const net::RefusingPort nobody;
  const auto client = NewClient({nobody.address(), proxy_.address()});
  for (int i = 0; i < 3; ++i) {
    const Answer answer = Do(*client, Operation::Increment("n"));
    EXPECT_TRUE(answer.done()) << ToString(answer);
    EXPECT_EQ(answer.responder->server, proxy_.address());
  }
  EXPECT_EQ(client->counts().connections_lost, 1u);
}

TEST_F(ClientFaultsTest, TakesAnOpenWriteToTheNextServerL2) {
  Proxy second(context_, node_->port());
  const auto client = NewClient({proxy_.address(), second.address()});
  Warm(*client);
  proxy_.swallow_answers = true;
  Start(*client, Operation::Increment("n"));
  WaitForValue("n", "1");
  proxy_.refuse = true;
  proxy_.Cut();
  const Answer answer = TheAnswer();
  EXPECT_EQ(answer.value(), "1");
  EXPECT_EQ(answer.responder->server, second.address());
  EXPECT_EQ(ValueOf("n"), "1");
}

TEST_F(ClientFaultsTest, MaySendOnlyOnce) {
  Options options;
  options.retry.max_sendings = 1;
  const auto client = NewClient({proxy_.address()}, options);
  Warm(*client);
  proxy_.swallow_answers = true;
  Start(*client, Operation::Increment("n"));
  WaitForValue("n", "1");
  proxy_.swallow_answers = false;
  proxy_.Cut();
  const Answer answer = TheAnswer();
  EXPECT_EQ(answer.outcome, Outcome::kUnknown);
  EXPECT_EQ(answer.problem.type, "connection-lost");
  EXPECT_EQ(answer.sendings, 1u);
}

TEST_F(ClientFaultsTest, GivesUpASilentConnection) {
  Options options;
  options.ping_interval = milliseconds(50);
  const auto client = NewClient({proxy_.address()}, options);
  Warm(*client);
  proxy_.swallow_answers = true;
  const std::uint64_t lost = client->counts().connections_lost;
  Start(*client, Operation::Increment("n"));
  RunUntil(context_, [&] { return client->counts().connections_lost > lost; });
  proxy_.swallow_answers = false;
  proxy_.Cut();  // The next one may have been swallowed already.
  EXPECT_EQ(TheAnswer().value(), "1");
  EXPECT_EQ(ValueOf("n"), "1");
}

// Much longer than after what silence a connection is given up.
TEST_F(ClientFaultsTest, WaitsForALongUploadAndSendsItOnce) {
  proxy_.SlowClients(2 << 10);
  Options options;
  options.ping_interval = milliseconds(1000);
  const auto client = NewClient({proxy_.address()}, options);
  Warm(*client);
  const std::string value(1 << 20, 'v');
  const auto begin = std::chrono::steady_clock::now();
  const Answer answer = Do(*client, Operation::Put("k", value));
  EXPECT_GT(std::chrono::steady_clock::now() - begin, 2 * options.ping_interval) << "the link was not slow";
  EXPECT_TRUE(answer.done()) << ToString(answer);
  EXPECT_EQ(answer.sendings, 1u);
  EXPECT_EQ(client->counts().connections_lost, 0u);
  EXPECT_EQ(ValueOf("k"), value);
}

TEST_F(ClientFaultsTest, SendsAgainWhatALivingConnectionDidNotAnswer) {
  Options options;
  options.answer_timeout = milliseconds(50);
  const auto client = NewClient({proxy_.address()}, options);
  Warm(*client);
  proxy_.swallow_answers = true;
  int sent = 0;
  // From the second sending on, the proxy is honest.
  proxy_.on_client_bytes = [&](std::size_t) {
    if (++sent == 2) proxy_.swallow_answers = false;
  };
  const Answer answer = Do(*client, Operation::Increment("n"));
  EXPECT_EQ(answer.value(), "1");
  EXPECT_GE(answer.sendings, 2u);
  EXPECT_EQ(ValueOf("n"), "1");
  EXPECT_EQ(client->counts().connections_lost, 0u);
}

TEST_F(ClientFaultsTest, LostAnswersDoNotUseUpAConnectionForGood) {
  net::NodeOptions node_options = TestNodeOptions();
  node_options.max_websocket_requests = 4;
  const auto node = StartTestNode(node_options);
  Proxy proxy(context_, node->port());
  const auto client = NewClient({proxy.address()});
  Warm(*client);
  proxy.swallow_answers = true;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(Do(*client, Operation::Get("k"), {.timeout = milliseconds(20)}).problem.type, "timed-out");
  }
  proxy.swallow_answers = false;
  EXPECT_EQ(Do(*client, Operation::Get("k")).outcome, Outcome::kAbsent);
  EXPECT_EQ(client->counts().connections_lost, 1u);
}

TEST_F(ClientFaultsTest, ClosingLeavesSentWritesUnknownL1) {
  auto client = NewClient({proxy_.address()});
  Warm(*client);
  proxy_.swallow_answers = true;
  Start(*client, Operation::Increment("n"));
  WaitForValue("n", "1");
  client.reset();
  const Answer answer = TheAnswer();
  EXPECT_EQ(answer.outcome, Outcome::kUnknown);
  EXPECT_EQ(answer.problem.type, "closed");
  EXPECT_NE(answer.ticket.operation_id, "");
}

TEST_F(ClientFaultsTest, AScanSaysThatItBrokeOff) {
  Options options;
  options.retry.wait_for_servers = false;
  const auto client = NewClient({proxy_.address()}, options);
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(Do(*client, Operation::Put("k" + std::to_string(100 + i), "v")).done());
  const auto story = [&]() -> asio::awaitable<std::size_t> {
    ScanStream stream = client->Scan({.prefix = "k", .page_entries = 5});
    std::size_t seen = 0;
    while (std::optional<Entry> entry = co_await stream.Next()) {
      if (++seen == 12) {
        proxy_.refuse = true;
        proxy_.Cut();
      }
    }
    EXPECT_THAT(stream.status().message(), HasSubstr("the scan broke off: unreachable"));
    co_return seen;
  };
  const std::size_t seen = RunToEnd(context_, story());
  EXPECT_GE(seen, 12u);
  EXPECT_LT(seen, 50u);
}

TEST_F(ClientFaultsTest, AScanSurvivesALostConnection) {
  const auto client = NewClient({proxy_.address()});
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(Do(*client, Operation::Put("k" + std::to_string(100 + i), "v")).done());
  const auto story = [&]() -> asio::awaitable<std::size_t> {
    ScanStream stream = client->Scan({.prefix = "k", .page_entries = 5});
    std::size_t seen = 0;
    while (std::optional<Entry> entry = co_await stream.Next()) {
      if (++seen % 10 == 0) proxy_.Cut();
    }
    EXPECT_TRUE(stream.status().ok()) << stream.status();
    co_return seen;
  };
  EXPECT_EQ(RunToEnd(context_, story()), 50u);
  EXPECT_GE(client->counts().connections_lost, 2u);
}

TEST_F(ClientFaultsTest, SurvivesTheNodesEnd) {
  const auto other = StartTestNode();
  const auto client = NewClient({AddressOf(*node_), AddressOf(*other)});
  Warm(*client);
  EXPECT_TRUE(node_->Stop(seconds(10)));
  const Answer answer = Do(*client, Operation::Put("k", "v"));
  EXPECT_TRUE(answer.done()) << ToString(answer);
  EXPECT_EQ(answer.responder->server, AddressOf(*other));
}

// Counters through a proxy that cuts the connections again and again: nothing acknowledged is lost, nothing is applied
// twice, and what is unknown is within what is found at the end.
TEST_F(ClientFaultsTest, CountsExactlyThroughCutConnectionsL2) {
  constexpr int kIncrements = 4000;
  constexpr int kKeys = 400;
  Options options;
  options.connections_per_server = 2;
  const auto client = NewClient({proxy_.address()}, options);
  std::mt19937 random(11);
  std::size_t until_cut = 2000;
  const auto count = [&](std::size_t bytes) {
    if (bytes < until_cut) {
      until_cut -= bytes;
    } else {
      until_cut = 500 + random() % 20'000;
      proxy_.Cut();
    }
  };
  proxy_.on_client_bytes = count;
  proxy_.on_server_bytes = count;
  std::map<std::string, int> done, unknown;
  int started = 0, ended = 0;
  const std::function<void()> start = [&] {
    const std::string key = "n" + std::to_string(started++ % kKeys);
    client->Start(Operation::Increment(key), {}, [&, key](Answer answer) {
      ++ended;
      if (answer.done()) {
        ++done[key];
      } else {
        EXPECT_EQ(answer.outcome, Outcome::kUnknown) << ToString(answer);
        ++unknown[key];
      }
      if (started < kIncrements) start();
    });
  };
  for (int i = 0; i < 100; ++i) start();
  RunUntil(context_, [&] { return ended == kIncrements; });
  proxy_.on_client_bytes = proxy_.on_server_bytes = nullptr;
  int left_unknown = 0;
  for (int i = 0; i < kKeys; ++i) {
    const std::string key = "n" + std::to_string(i);
    const int value = std::stoi(ValueOf(key));
    EXPECT_GE(value, done[key]) << key;
    EXPECT_LE(value, done[key] + unknown[key]) << key;
    left_unknown += unknown[key];
  }
  EXPECT_GE(client->counts().connections_lost, 10u);
  EXPECT_GE(client->counts().resendings, 100u);
  // A key remembers more ids than are under way here, so that every question has an answer.
  EXPECT_EQ(left_unknown, 0);
}

}  // namespace
}  // namespace quoin::client
