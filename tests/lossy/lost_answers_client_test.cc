// Lost answers over WebSocket, with the C++ client library: clients increment counters through a proxy that loses
// answers. The library sends again what it has no answer to; the counters end exactly at what it has said.
//
// The proxy's faults are drawn from a seed, which the test prints; QUOIN_SEED=<number> draws them again.
#include <glog/logging.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <random>
#include <vector>

#include "base/text.h"
#include "net/client/client.h"
#include "tests/lossy/lossy_counters.h"
#include "tests/process/node_process.h"
#include "tests/process/seed.h"

namespace quoin::tests {
namespace {

namespace asio = boost::asio;
using client::Answer;
using client::Client;
using client::Operation;
using client::Outcome;
using std::chrono::milliseconds;

constexpr int kClients = 4;
constexpr int kUnderWay = 4;  // Increments of one client at a time.
constexpr int kIncrementsOfEach = 50;
constexpr int kIncrements = kClients * kUnderWay * kIncrementsOfEach;
// The handshake and the hello have about 300 bytes, an answer 130.
constexpr std::size_t kMostAnswerBytes = 2000;
// How often an unknown outcome is asked for again.
constexpr int kMostResumptions = 3;

enum class Unknowns {
  kResumed,
  kTakenForFailures,  // Deliberately wrong: each sending is an operation of its own.
};

class LostAnswersClient : public testing::Test {
 protected:
  LostAnswersClient() : proxy_(node_.port(), Fates(seed_, kMostAnswerBytes)) {}

  // All clients count at the same time, on one thread.
  void Count(Unknowns unknowns) {
    asio::io_context context(1);
    std::vector<std::unique_ptr<Client>> clients;
    std::mt19937_64 random(seed_);
    counting_ = kClients * kUnderWay;
    for (int i = 0; i < kClients; ++i) {
      auto made = Client::Create(context.get_executor(), OptionsOf(i, unknowns));
      ASSERT_TRUE(made.ok()) << made.status();
      clients.push_back(*std::move(made));
      for (int k = 0; k < kUnderWay; ++k) {
        asio::co_spawn(context, CountInTurn(*clients.back(), unknowns, random(), clients), asio::detached);
      }
    }
    context.run();
    LOG(INFO) << ledger_.acknowledged() << " increments acknowledged, " << resent_ << " of them sent more than once, "
              << ledger_.unresolved() << " unresolved, " << resumed_ << " resumptions";
  }

  client::Options OptionsOf(int number, Unknowns unknowns) const {
    client::Options options;
    options.servers = {"127.0.0.1:" + std::to_string(proxy_.port())};
    options.timeout = std::chrono::duration_cast<milliseconds>(kPatience);
    options.connections_per_server = 1 + static_cast<std::size_t>(number % 2);
    options.retry.first_backoff = milliseconds(1);
    options.retry.max_backoff = milliseconds(20);
    // Some send again while their first sending is only held up, so that both reach the node.
    if (number >= 2) options.answer_timeout = milliseconds(10);
    if (unknowns == Unknowns::kTakenForFailures) {
      options.retry.max_sendings = 1;
      options.answer_timeout = milliseconds(0);
    }
    return options;
  }

  // The last one closes all clients, so that the context has nothing left to do.
  asio::awaitable<void> CountInTurn(Client& client, Unknowns unknowns, std::uint64_t seed,
                                    std::vector<std::unique_ptr<Client>>& clients) {
    std::mt19937_64 random(seed);
    // Learns who leads the counters. Whoever doesn't know it when an increment is sent first may never be told what
    // became of it, once the counter has forgotten others.
    for (int i = 0; unknowns == Unknowns::kResumed && i < kCounters; ++i) {
      const Answer answer = co_await client.Get(CounterName(i));
      EXPECT_TRUE(answer.done() || answer.outcome == Outcome::kAbsent) << ToString(answer);
    }
    for (int n = 0; n < kIncrementsOfEach; ++n) {
      co_await Increment(client, unknowns, CounterName(static_cast<int>(random() % kCounters)));
    }
    if (--counting_ == 0) {
      for (const auto& each : clients) each->Close();
    }
  }

  // One increment, until its outcome is certain or will never be.
  asio::awaitable<void> Increment(Client& client, Unknowns unknowns, std::string counter) {
    Answer answer = co_await client.Increment(counter);
    for (int i = 0; !answer.done(); ++i) {
      if (answer.outcome == Outcome::kUnknown && unknowns == Unknowns::kResumed) {
        if (i == kMostResumptions) {
          ledger_.LeaveUnresolved(counter);
          co_return;
        }
        ++resumed_;
        answer = co_await client.Resume(Operation::Increment(counter), answer.ticket);
      } else if (answer.outcome == Outcome::kUnknown || answer.outcome == Outcome::kNotApplied) {
        answer = co_await client.Increment(counter);
      } else {
        ADD_FAILURE() << ToString(answer);
        ledger_.LeaveUnresolved(counter);
        co_return;
      }
    }
    resent_ += answer.sendings > 1;
    const auto sum = ParseInt64(answer.value());
    if (!sum) ADD_FAILURE() << "no sum: " << answer.value();
    ledger_.Acknowledge(counter, sum.value_or(0));
  }

  const std::uint64_t seed_ = DrawSeed();
  NodeProcess node_;
  LossyProxy proxy_;
  CounterLedger ledger_;
  int counting_ = 0;  // Coroutines that have not ended.
  int resent_ = 0;
  int resumed_ = 0;
};

TEST_F(LostAnswersClient, CountersEndExactlyAtWhatWasAcknowledged) {
  Count(Unknowns::kResumed);
  ExpectExact(ledger_, node_.port());
  ExpectLosses(proxy_);
  EXPECT_EQ(ledger_.acknowledged(), std::size_t{kIncrements});
  EXPECT_EQ(ledger_.unresolved(), 0u);
  EXPECT_GT(resent_, 20);
}

// So the losses are such that ids are needed, and the ledger sees it.
TEST_F(LostAnswersClient, WithoutIdsIncrementsApplyTwice) {
  Count(Unknowns::kTakenForFailures);
  ExpectLosses(proxy_);
  EXPECT_THAT(ledger_.Complaints(ReadCounters(node_.port())), testing::Not(testing::IsEmpty()));
}

TEST_F(LostAnswersClient, StayExactWhileTheNodeIsKilledAndComesBack) {
  KillWhile(node_, proxy_, ledger_, kIncrements, [this] { Count(Unknowns::kResumed); });
  ExpectExact(ledger_, node_.port());
  ExpectLosses(proxy_);
  EXPECT_EQ(ledger_.acknowledged() + ledger_.unresolved(), std::size_t{kIncrements});
}

}  // namespace
}  // namespace quoin::tests
