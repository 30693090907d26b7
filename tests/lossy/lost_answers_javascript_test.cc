// Lost answers over WebSocket, with quoin.js under Node.js: the same as lost_answers_client_test, in the other
// language. What the clients were told comes as lines from counters.mjs.
//
// The proxy's faults are drawn from a seed, which the test prints; QUOIN_SEED=<number> draws them again.
#include <glog/logging.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <string>

#include "base/text.h"
#include "tests/lossy/lossy_counters.h"
#include "tests/process/node_process.h"
#include "tests/process/seed.h"

namespace quoin::tests {
namespace {

constexpr int kClients = 4;
constexpr int kUnderWay = 4;
constexpr int kIncrementsOfEach = 50;
constexpr int kIncrements = kClients * kUnderWay * kIncrementsOfEach;
// The handshake and the hello have about 400 bytes, an answer in JSON 250.
constexpr std::size_t kMostAnswerBytes = 4000;

class LostAnswersJavaScript : public testing::Test {
 protected:
  LostAnswersJavaScript() : proxy_(node_.port(), Fates(seed_, kMostAnswerBytes)) {
    // Node.js takes a file for a module by its name.
    std::filesystem::copy_file("net/quoin.js", Module());
  }

  std::string Module() const { return folder_.path() / "quoin.mjs"; }

  // Runs the clients to their end. After each increment that is settled, `after` gets the number of those so far.
  void Count(const std::function<void(int)>& after) {
    ChildProcess clients(
        {.argv = {"/usr/bin/env", "node", std::filesystem::absolute("tests/lossy/counters.mjs"), Module(),
                  "http://127.0.0.1:" + std::to_string(proxy_.port()), std::to_string(kClients),
                  std::to_string(kUnderWay), std::to_string(kIncrementsOfEach), std::to_string(kCounters)},
         .environment = {},
         .stderr_file = folder_.path() / "errors"});
    int settled = 0;
    while (const auto line = clients.ReadLine()) {
      const std::size_t space = line->find(' ');
      const std::string counter = line->substr(0, space);
      const std::string told = space == std::string::npos ? "" : line->substr(space + 1);
      if (told == "unknown") {
        ledger_.LeaveUnresolved(counter);
      } else if (const auto sum = ParseInt64(told)) {
        ledger_.Acknowledge(counter, *sum);
      } else {
        ADD_FAILURE() << "counters.mjs said: " << *line;
      }
      after(++settled);
    }
    EXPECT_EQ(clients.Wait().code, 0) << ReadFile(folder_.path() / "errors");
    EXPECT_EQ(settled, kIncrements);
    LOG(INFO) << ledger_.acknowledged() << " increments acknowledged, " << ledger_.unresolved() << " unresolved";
  }

  const std::uint64_t seed_ = DrawSeed();
  TemporaryFolder folder_{"javascript"};
  NodeProcess node_;
  LossyProxy proxy_;
  CounterLedger ledger_;
};

TEST_F(LostAnswersJavaScript, CountersEndExactlyAtWhatWasAcknowledged) {
  Count([](int) {});
  ExpectExact(ledger_, node_.port());
  ExpectLosses(proxy_);
  EXPECT_EQ(ledger_.unresolved(), 0u);
}

TEST_F(LostAnswersJavaScript, StayExactWhileTheNodeIsKilledAndComesBack) {
  constexpr int kEach = kIncrements / 10;
  constexpr int kKills = 5;
  Count([&](int settled) {
    if (settled % kEach != 0 || settled > kKills * kEach) return;
    node_.Kill9();
    node_.Start();
    proxy_.SetNodePort(node_.port());
  });
  ExpectExact(ledger_, node_.port());
  ExpectLosses(proxy_);
}

}  // namespace
}  // namespace quoin::tests
