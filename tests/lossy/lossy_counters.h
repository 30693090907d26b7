// What the tests of lost answers have in common: how much they count, from what seed, and what they say at the end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>

#include "tests/lossy/counter_ledger.h"
#include "tests/lossy/lossy_proxy.h"
#include "tests/process/node_process.h"

namespace quoin::tests {

// Few counters, so that clients meet at each, and each forgets old operation ids again and again.
inline constexpr int kCounters = 4;
std::string CounterName(int number);

// Fates drawn from the seed.
LossyProxy::Draw Fates(std::uint64_t seed, std::size_t most_answer_bytes);

// Reads the counters' ends straight from the node, and fails the test with all that the ledger says against them.
void ExpectExact(const CounterLedger& ledger, std::uint16_t node_port);
// Fails the test when the proxy has not lost anything: then nothing was shown.
void ExpectLosses(const LossyProxy& proxy);

// Kills the node again and again while `count` makes `increments` settle, on a thread of its own; the last time when half of
// them are.
void KillWhile(NodeProcess& node, LossyProxy& proxy, CounterLedger& ledger, int increments,
               const std::function<void()>& count);

// What each counter holds.
std::map<std::string, std::int64_t> ReadCounters(std::uint16_t node_port);

}  // namespace quoin::tests
