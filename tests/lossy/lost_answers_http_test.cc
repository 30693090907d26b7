// Lost answers over HTTP: clients increment counters through a proxy that loses answers, and send again what they have
// no answer to. The counters end exactly at what was acknowledged.
//
// The proxy's faults are drawn from a seed, which the test prints; QUOIN_SEED=<number> draws them again. (The threads'
// timing stays the machine's own.)
#include <glog/logging.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "tests/lossy/http_counter_client.h"
#include "tests/lossy/lossy_counters.h"
#include "tests/process/node_process.h"
#include "tests/process/seed.h"

namespace quoin::tests {
namespace {

using Ids = HttpCounterClient::Ids;

constexpr int kClients = 8;
constexpr int kIncrementsOfEach = 100;
// An answer has about 500 bytes, so a connection brings none to a handful of them.
constexpr std::size_t kMostAnswerBytes = 3000;

class LostAnswersHttp : public testing::Test {
 protected:
  LostAnswersHttp() : random_(seed_), proxy_(node_.port(), Fates(seed_, kMostAnswerBytes)) {}

  // All clients count at the same time, each on its own thread; what they have sent in all.
  void Count(Ids ids) {
    std::vector<std::unique_ptr<HttpCounterClient>> clients;
    std::vector<std::thread> threads;
    for (int i = 0; i < kClients; ++i) {
      clients.push_back(std::make_unique<HttpCounterClient>(proxy_.port(), random_(), ids));
      threads.emplace_back([this, &client = *clients.back(), seed = random_()] {
        std::mt19937_64 random(seed);
        for (int counter = 0; counter < kCounters; ++counter) client.Read(CounterName(counter));
        for (int n = 0; n < kIncrementsOfEach; ++n) {
          client.Increment(CounterName(static_cast<int>(random() % kCounters)), ledger_);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    for (const auto& client : clients) {
      sendings_ += client->sendings();
      resolved_by_repetition_ += client->resolved_by_repetition();
    }
    LOG(INFO) << ledger_.acknowledged() << " increments acknowledged, " << resolved_by_repetition_
              << " of them to a second or later sending, " << ledger_.unresolved() << " unresolved, " << sendings_
              << " sendings";
  }

  const std::uint64_t seed_ = DrawSeed();
  std::mt19937_64 random_;
  NodeProcess node_;
  LossyProxy proxy_;
  CounterLedger ledger_;
  int sendings_ = 0;
  int resolved_by_repetition_ = 0;
};

TEST_F(LostAnswersHttp, CountersEndExactlyAtWhatWasAcknowledged) {
  Count(Ids::kSameForAllSendings);
  ExpectExact(ledger_, node_.port());
  ExpectLosses(proxy_);
  EXPECT_EQ(ledger_.acknowledged() + ledger_.unresolved(), std::size_t{kClients * kIncrementsOfEach});
  // While one leadership lasts, it knows every id, so that sending again always finds out.
  EXPECT_EQ(ledger_.unresolved(), 0u);
  EXPECT_GT(resolved_by_repetition_, 20);
}

// The same with clients that make a new id for each sending: so the losses are such that ids are needed, and the ledger
// sees it.
TEST_F(LostAnswersHttp, WithoutIdsIncrementsApplyTwice) {
  Count(Ids::kNewForEachSending);
  ExpectLosses(proxy_);
  EXPECT_THAT(ledger_.Complaints(ReadCounters(node_.port())), testing::Not(testing::IsEmpty()));
}

// The node is killed while they count, again and again, and each time it begins a new leadership, which knows no more
// ids than its records hold. What can't be known then is told as unknown, and never as anything else.
TEST_F(LostAnswersHttp, StayExactWhileTheNodeIsKilledAndComesBack) {
  KillWhile(node_, proxy_, ledger_, kClients * kIncrementsOfEach, [this] { Count(Ids::kSameForAllSendings); });
  ExpectExact(ledger_, node_.port());
  ExpectLosses(proxy_);
  EXPECT_EQ(ledger_.acknowledged() + ledger_.unresolved(), std::size_t{kClients * kIncrementsOfEach});
}

}  // namespace
}  // namespace quoin::tests
