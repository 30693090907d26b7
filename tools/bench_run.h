// A whole run of a stress test: connect, store the keys, warm up and measure, and with --verify read everything back
// and check it.
//
// Threads: called from one thread, which waits, shows the live line and takes signals; `Plan::threads` threads do the
// work, each with connections and numbers of its own. All have ended when it returns.
// SIGINT and SIGTERM end the measurement early (the report is still made); a second one ends the process at once.
#pragma once

#include <chrono>
#include <cstdint>
#include <ostream>

#include "base/status.h"
#include "net/client/client.h"
#include "net/client/operation.h"
#include "tools/bench_data.h"
#include "tools/bench_report.h"

namespace quoin::bench {

struct RunOptions {
  std::chrono::milliseconds timeout{5000};
  client::Consistency consistency = client::Consistency::kQuorum;
  client::Routing routing = client::Routing::kLeaders;
  std::ostream* live = nullptr;  // A terminal for the live line; nullptr: none.
};

// The names of the plan's keys. Counters don't share keys with the values of other workloads. With --verify the names
// hold the run's number, since such a run needs keys that nobody has written before.
KeyNames NamesFor(const Plan& plan, std::uint32_t run);

// Errors: kInvalid, when a server's address is none; kUnavailable, when nothing could be measured: a connection that
// doesn't come about, a key that can't be stored before, or a signal before the measurement.
// REQUIRES: the plan makes sense (bench_flags.h).
Result<RunResult> RunPlan(const Plan& plan, const RunOptions& options);

}  // namespace quoin::bench
