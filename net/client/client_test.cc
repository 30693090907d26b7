// The client library against a whole node in this process: what it does when nothing goes wrong.
#include "net/client/client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "net/client/client_testing.h"

namespace quoin::client {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ClientTest : public testing::Test {
 protected:
  std::unique_ptr<Client> NewClient(Options options = {}) {
    if (options.servers.empty()) options.servers = {AddressOf(*node_)};
    auto client = Client::Create(context_.get_executor(), Patient(std::move(options)));
    CHECK(client.ok()) << client.status();
    return *std::move(client);
  }
  Answer Do(Client& client, Operation operation, CallOptions options = {}) {
    return RunToEnd(context_, client.Do(std::move(operation), std::move(options)));
  }
  // All entries of a stream as "key=value".
  static asio::awaitable<std::vector<std::string>> Gather(ScanStream stream) {
    std::vector<std::string> entries;
    while (std::optional<Entry> entry = co_await stream.Next())
      entries.push_back(entry->key + "=" + entry->state.value);
    if (!stream.status().ok()) entries.push_back(stream.status().ToString());
    co_return entries;
  }

  std::unique_ptr<net::Node> node_ = StartTestNode();
  asio::io_context context_;
};

TEST_F(ClientTest, DoesEveryOperation) {
  const auto client = NewClient();
  const auto story = [&]() -> asio::awaitable<bool> {
    EXPECT_EQ((co_await client->Get("k")).outcome, Outcome::kAbsent);
    Answer put = co_await client->Put("k", "1");
    EXPECT_EQ(put.outcome, Outcome::kDone) << ToString(put);
    EXPECT_TRUE(put.created);
    EXPECT_EQ(put.sendings, 1u);
    EXPECT_EQ(put.responder->node, node_->id().ToString());
    EXPECT_EQ(put.responder->server, AddressOf(*node_));
    Answer get = co_await client->Get("k");
    EXPECT_EQ(get.value(), "1");
    EXPECT_EQ(get.version, put.version);
    EXPECT_EQ(get.state->content_type, "application/octet-stream");
    EXPECT_FALSE(get.state->expires.has_value());
    EXPECT_EQ((co_await client->Increment("k", 41)).value(), "42");
    EXPECT_TRUE((co_await client->Append("k", "!")).done());
    Answer rejected = co_await client->Increment("k");
    EXPECT_EQ(rejected.outcome, Outcome::kRejected);
    EXPECT_EQ(rejected.problem.type, "wrong-value");
    EXPECT_EQ((co_await client->CompareAndSet("k", Condition::ValueIs("42"), "x")).outcome, Outcome::kConditionFailed);
    EXPECT_TRUE((co_await client->CompareAndSet("k", Condition::ValueIs("42!"), "y")).done());
    EXPECT_EQ((co_await client->CompareAndSet("k", Condition::VersionIs(put.version), "z")).outcome,
              Outcome::kConditionFailed);
    EXPECT_EQ((co_await client->CompareAndSet("k", Condition::Absent(), "z")).outcome, Outcome::kConditionFailed);
    EXPECT_TRUE((co_await client->Expire("k", seconds(60))).done());
    EXPECT_TRUE((co_await client->Get("k")).state->expires.has_value());
    EXPECT_TRUE((co_await client->Persist("k")).done());
    EXPECT_FALSE((co_await client->Get("k")).state->expires.has_value());
    Answer swapped = co_await client->GetAndSet("k", "new");
    EXPECT_EQ(swapped.previous->value, "y");
    EXPECT_TRUE((co_await client->Delete("k")).done());
    EXPECT_EQ((co_await client->Delete("k")).outcome, Outcome::kAbsent);
    EXPECT_FALSE((co_await client->GetAndSet("k", "new")).previous.has_value());
    EXPECT_TRUE(
        (co_await client->Do(Operation::Put("p", "<p>").As("text/html").For(seconds(9)).If(Condition::Absent())))
            .done());
    Answer page = co_await client->Get("p", {.consistency = Consistency::kAll});
    EXPECT_EQ(page.state->content_type, "text/html");
    EXPECT_TRUE(page.state->expires.has_value());
    co_return true;
  };
  RunToEnd(context_, story());
  EXPECT_EQ(client->counts().under_way, 0u);
}

TEST_F(ClientTest, CarriesAnyBytesAndLargeValues) {
  const auto client = NewClient();
  std::string key = "k/";
  for (int i = 0; i < 256; ++i) key.push_back(static_cast<char>(i));
  const std::string value(1 << 20, '\xff');
  EXPECT_TRUE(Do(*client, Operation::Put(key, value)).done());
  EXPECT_EQ(Do(*client, Operation::Get(key)).value(), value);
  EXPECT_TRUE(Do(*client, Operation::Put("empty", "")).done());
  EXPECT_EQ(Do(*client, Operation::Get("empty")).value(), "");
}

TEST_F(ClientTest, HasThousandsUnderWayAndFewWrites) {
  const auto client = NewClient();
  constexpr int kOperations = 20'000;
  int done = 0;
  for (int i = 0; i < kOperations; ++i) {
    const std::string key = "k" + std::to_string(i % 997);
    client->Start(i % 2 == 0 ? Operation::Increment(key) : Operation::Get(key), {}, [&](Answer answer) {
      EXPECT_TRUE(answer.done() || answer.outcome == Outcome::kAbsent) << ToString(answer);
      ++done;
    });
  }
  EXPECT_EQ(done, 0);  // Never from within Start.
  EXPECT_EQ(client->counts().under_way, static_cast<std::size_t>(kOperations));
  RunUntil(context_, [&] { return done == kOperations; });
  EXPECT_EQ(client->counts().under_way, 0u);
  EXPECT_EQ(client->counts().resendings, 0u);
  EXPECT_LT(client->counts().writes, static_cast<std::uint64_t>(kOperations) / 10);
}

TEST_F(ClientTest, KeepsTheOrderOfOneKeyL3) {
  Options options;
  options.connections_per_server = 4;
  const auto client = NewClient(options);
  std::map<std::string, std::string> expected;
  int left = 0;
  for (int i = 0; i < 3000; ++i) {
    const std::string key = "k" + std::to_string(i % 7);
    const std::string word = std::to_string(i) + " ";
    expected[key] += word;
    ++left;
    client->Start(Operation::Append(key, word), {}, [&](Answer answer) {
      EXPECT_TRUE(answer.done()) << ToString(answer);
      --left;
    });
  }
  RunUntil(context_, [&] { return left == 0; });
  for (const auto& [key, value] : expected) EXPECT_EQ(Do(*client, Operation::Get(key)).value(), value);
}

TEST_F(ClientTest, GivesEachOperationOfABatchItsOwnAnswer) {
  const auto client = NewClient();
  std::vector<Operation> operations;
  operations.push_back(Operation::Put("a", "1"));
  operations.push_back(Operation::Increment("a"));
  operations.push_back(Operation::Get("missing"));
  operations.push_back(Operation::Put("b", "x").If(Condition::Present()));
  operations.push_back(Operation::Get(""));
  const std::vector<Answer> answers = RunToEnd(context_, client->Batch(std::move(operations)));
  ASSERT_EQ(answers.size(), 5u);
  EXPECT_TRUE(answers[0].done());
  EXPECT_EQ(answers[1].value(), "2");
  EXPECT_EQ(answers[2].outcome, Outcome::kAbsent);
  EXPECT_EQ(answers[3].outcome, Outcome::kConditionFailed);
  EXPECT_EQ(answers[4].outcome, Outcome::kNotApplied);
  EXPECT_EQ(answers[4].problem.type, "bad-key");
  EXPECT_THAT(RunToEnd(context_, client->Batch({})), IsEmpty());
}

TEST_F(ClientTest, ScansInPagesAsAStream) {
  const auto client = NewClient();
  std::vector<std::string> expected;
  for (int i = 100; i < 350; ++i) {
    ASSERT_TRUE(Do(*client, Operation::Put("user/" + std::to_string(i), "v" + std::to_string(i))).done());
    expected.push_back("user/" + std::to_string(i) + "=v" + std::to_string(i));
  }
  ASSERT_TRUE(Do(*client, Operation::Put("zebra", "z")).done());
  EXPECT_EQ(RunToEnd(context_, Gather(client->Scan({.prefix = "user/", .page_entries = 10}))), expected);
  EXPECT_EQ(RunToEnd(context_, Gather(client->Scan({.prefix = "user/", .page_entries = 250}))), expected);
  expected.resize(23);
  EXPECT_EQ(RunToEnd(context_, Gather(client->Scan({.prefix = "user/", .page_entries = 10, .max_entries = 23}))),
            expected);
  EXPECT_THAT(RunToEnd(context_, Gather(client->Scan({.prefix = "user/", .max_entries = 0}))), IsEmpty());
  EXPECT_THAT(RunToEnd(context_, Gather(client->Scan({.prefix = "nobody"}))), IsEmpty());
  EXPECT_THAT(RunToEnd(context_, Gather(client->Scan({.prefix = "z", .keys_only = true}))), ElementsAre("zebra="));
  EXPECT_THAT(RunToEnd(context_, Gather(client->Scan({.page_entries = 5000}))),
              ElementsAre(HasSubstr("bad-operation: page_entries is 1 to 1000, not 5000")));
  EXPECT_THAT(RunToEnd(context_, Gather(client->Scan({.page_entries = 0, .max_entries = 5}))),
              ElementsAre(HasSubstr("bad-operation: page_entries is 1 to 1000, not 0")));
}

// Keys that stay are shown exactly once, whatever comes and goes around them.
TEST_F(ClientTest, ScansWhileKeysChange) {
  const auto client = NewClient();
  for (int i = 0; i < 100; ++i) {
    ASSERT_TRUE(Do(*client, Operation::Put("stays/" + std::to_string(1000 + i), "v")).done());
  }
  const auto story = [&]() -> asio::awaitable<std::vector<std::string>> {
    std::vector<std::string> seen;
    ScanStream stream = client->Scan({.prefix = "stays/", .page_entries = 7});
    for (int i = 0; std::optional<Entry> entry = co_await stream.Next(); ++i) {
      if (entry->key.size() == std::string("stays/1000").size()) seen.push_back(entry->key);
      // Before and behind the place where the scan is.
      EXPECT_TRUE((co_await client->Put("stays/1000-" + std::to_string(i), "new")).done());
      EXPECT_TRUE((co_await client->Put("stays/1099-" + std::to_string(i % 5), "new")).done());
      Answer deleted = co_await client->Delete("stays/1099-" + std::to_string(i % 3));
      EXPECT_TRUE(deleted.done() || deleted.outcome == Outcome::kAbsent);
    }
    EXPECT_TRUE(stream.status().ok()) << stream.status();
    co_return seen;
  };
  const std::vector<std::string> seen = RunToEnd(context_, story());
  EXPECT_EQ(seen.size(), 100u);
  EXPECT_EQ(std::set<std::string>(seen.begin(), seen.end()).size(), 100u);
}

TEST_F(ClientTest, RefusesWhatItCannotSend) {
  const auto client = NewClient();
  const auto problem = [&](Operation operation, CallOptions options = {}) {
    const Answer answer = Do(*client, std::move(operation), std::move(options));
    EXPECT_EQ(answer.outcome, Outcome::kNotApplied);
    EXPECT_EQ(answer.sendings, 0u);
    return answer.problem.type + ": " + answer.problem.detail;
  };
  EXPECT_EQ(problem(Operation::Expire("k", milliseconds(0))), "bad-operation: a time to live is at least 1 ms");
  EXPECT_EQ(problem(Operation::Get("k"), {.ticket = client->NewTicket("k")}),
            "bad-operation: tickets are for writes, and this is a get");
  EXPECT_EQ(problem(Operation::Delete("k"), {.resumed = true}),
            "bad-operation: what is resumed needs the ticket of the earlier try");
  EXPECT_THAT(problem(Operation::Delete("k"), {.ticket = Ticket{"00c0ffee00c0ffee-1", "7"}}), HasSubstr("ballot"));
  EXPECT_THAT(problem(Operation::Put("k", std::string(9 << 20, 'x'))), HasSubstr("body-too-large"));
  // The connection has survived all that.
  EXPECT_TRUE(Do(*client, Operation::Put("k", "v")).done());
  EXPECT_EQ(client->counts().connections_lost, 0u);
}

TEST_F(ClientTest, TellsTheNodesRefusalsAtOnce) {
  const auto client = NewClient();
  const Answer large = Do(*client, Operation::Put("k", std::string((1 << 20) + 1, 'x')));
  EXPECT_EQ(large.outcome, Outcome::kNotApplied);
  EXPECT_EQ(large.problem.type, "value-too-large");
  EXPECT_EQ(large.problem.limit, "max_value_size");
  EXPECT_EQ(large.problem.status, 413u);
  EXPECT_EQ(large.sendings, 1u);
}

TEST_F(ClientTest, BoundsWhatIsUnderWay) {
  Options options;
  options.max_operations = 2;
  const auto client = NewClient(options);
  std::vector<Answer> answers;
  for (int i = 0; i < 3; ++i) {
    client->Start(Operation::Get("k"), {}, [&](Answer answer) { answers.push_back(std::move(answer)); });
  }
  RunUntil(context_, [&] { return answers.size() == 3; });
  EXPECT_EQ(answers[0].problem.type, "too-many-operations");
  EXPECT_EQ(answers[1].outcome, Outcome::kAbsent);
}

TEST_F(ClientTest, SaysWhichOptionIsWrong) {
  const auto fault = [&](const std::function<void(Options&)>& spoil) {
    Options options;
    options.servers = {"127.0.0.1:8080"};
    spoil(options);
    return Client::Create(context_.get_executor(), options).status().message();
  };
  EXPECT_THAT(fault([](Options& options) { options.servers.clear(); }), HasSubstr("servers"));
  EXPECT_THAT(fault([](Options& options) { options.servers = {"nonsense"}; }), HasSubstr("servers: "));
  EXPECT_THAT(fault([](Options& options) { options.connections_per_server = 0; }), HasSubstr("connections_per_server"));
  EXPECT_THAT(fault([](Options& options) { options.ring_interval = milliseconds(0); }), HasSubstr("ring_interval"));
  EXPECT_THAT(fault([](Options& options) { options.timeout = milliseconds(0); }), HasSubstr("timeout"));
  EXPECT_THAT(fault([](Options& options) { options.retry.max_backoff = milliseconds(1); }), HasSubstr("backoff"));
  EXPECT_THAT(fault([](Options& options) { options.user_agent = "a\r\nb"; }), HasSubstr("user_agent"));
}

TEST_F(ClientTest, EndsEverythingWhenItIsClosedL1) {
  auto client = NewClient();
  ASSERT_TRUE(Do(*client, Operation::Put("k", "v")).done());
  std::vector<Answer> answers;
  const auto keep = [&](Answer answer) { answers.push_back(std::move(answer)); };
  client->Start(Operation::Put("k", "w"), {}, keep);
  client->Start(Operation::Get("k"), {}, keep);
  client.reset();
  EXPECT_TRUE(answers.empty());  // In later turns.
  RunUntil(context_, [&] { return answers.size() == 2; });
  for (const Answer& answer : answers) {
    EXPECT_EQ(answer.outcome, Outcome::kNotApplied);  // Neither had left.
    EXPECT_EQ(answer.problem.type, "closed");
  }
}

TEST_F(ClientTest, MayBeDestroyedByItsOwnHandler) {
  auto client = NewClient();
  ASSERT_TRUE(Do(*client, Operation::Put("k", "v")).done());
  int told = 0;
  for (int i = 0; i < 10; ++i) {
    client->Start(Operation::Get("k"), {}, [&](Answer answer) {
      EXPECT_TRUE(answer.done() || answer.problem.type == "closed") << ToString(answer);
      ++told;
      client.reset();
    });
  }
  RunUntil(context_, [&] { return told == 10; });
}

TEST_F(ClientTest, SpreadsKeysOverServersAndStaysWithThem) {
  const auto other = StartTestNode();
  Options options;
  options.servers = {AddressOf(*node_), AddressOf(*other)};
  options.routing = Routing::kSpread;
  const auto client = NewClient(options);
  std::map<std::string, int> keys_of;
  for (int i = 0; i < 100; ++i) {
    const std::string key = "k" + std::to_string(i);
    const Answer put = Do(*client, Operation::Put(key, key));
    ASSERT_TRUE(put.done());
    ++keys_of[put.responder->node];
    // The nodes know nothing of each other, so only the same one has it.
    EXPECT_EQ(Do(*client, Operation::Get(key)).value(), key);
  }
  EXPECT_GE(keys_of[node_->id().ToString()], 20);
  EXPECT_GE(keys_of[other->id().ToString()], 20);
}

}  // namespace
}  // namespace quoin::client
