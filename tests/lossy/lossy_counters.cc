#include "tests/lossy/lossy_counters.h"

#include <glog/logging.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "base/text.h"
#include "net/http_client.h"
#include "tests/process/child_process.h"

namespace quoin::tests {

std::string CounterName(int number) { return "counter-" + std::to_string(number); }

LossyProxy::Draw Fates(std::uint64_t seed, std::size_t most_answer_bytes) {
  return [=](std::uint64_t number) { return DrawFate(seed, number, most_answer_bytes); };
}

std::map<std::string, std::int64_t> ReadCounters(std::uint16_t node_port) {
  net::HttpClient client({"127.0.0.1", node_port});
  std::map<std::string, std::int64_t> ends;
  for (int i = 0; i < kCounters; ++i) {
    const auto answer =
        client.Do({"GET", "/v1/kv/" + CounterName(i), {}, ""}, std::chrono::steady_clock::now() + kPatience);
    CHECK(answer.ok()) << answer.status();
    if (answer->status == 404) {
      ends[CounterName(i)] = 0;
      continue;
    }
    const auto end = ParseInt64(answer->body);
    CHECK(answer->status == 200 && end) << answer->status << " " << Printable(answer->body, 1000);
    ends[CounterName(i)] = *end;
  }
  return ends;
}

void KillWhile(NodeProcess& node, LossyProxy& proxy, CounterLedger& ledger, int increments,
               const std::function<void()>& count) {
  constexpr int kKills = 5;
  std::thread counting(count);
  for (int kill = 1; kill <= kKills; ++kill) {
    ledger.WaitForSettled(static_cast<std::size_t>(kill * increments / (2 * kKills)));
    node.Kill9();
    node.Start();
    proxy.SetNodePort(node.port());
  }
  counting.join();
}

void ExpectExact(const CounterLedger& ledger, std::uint16_t node_port) {
  for (const std::string& complaint : ledger.Complaints(ReadCounters(node_port))) ADD_FAILURE() << complaint;
}

void ExpectLosses(const LossyProxy& proxy) {
  const LossyProxy::Counts counts = proxy.counts();
  LOG(INFO) << counts.connections << " connections, " << counts.cut << " cut, " << counts.swallowed_bytes
            << " bytes of answers lost, " << counts.late_bytes << " bytes of requests late";
  EXPECT_GE(counts.cut, 20u);
  EXPECT_GT(counts.swallowed_bytes, 0u);
  EXPECT_GT(counts.late_bytes, 0u);
}

}  // namespace quoin::tests
