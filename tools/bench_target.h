// Target: what a stress test acts on: a store that takes operations, and the time. Over the network it is a client
// library (bench_client_target.h), in tests a store and a clock of their own.
//
// Threads: one, the one that made it. Its handlers are called there, and never before the call that they were given to
// has returned.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/client/handler.h"
#include "net/client/operation.h"

namespace quoin::bench {

// A moment on a clock that never steps, which all threads of a run share; or a length of time.
using Time = std::chrono::nanoseconds;

// A page of keys. Not part of what is verified: a page promises nothing about its moment.
struct PageOutcome {
  client::Outcome outcome = client::Outcome::kNotApplied;  // kDone or kNotApplied.
  std::size_t entries = 0;
  std::uint64_t bytes = 0;  // Of keys and values.
  client::Problem problem;
  std::uint32_t sendings = 0;
  std::shared_ptr<const client::Responder> responder;  // nullptr: nobody answered.
};

// What a thread has used so far.
struct Usage {
  Time cpu{0};
  Time waited{0};  // Ready to run, but the machine's cores were busy with others.
};

class Target {
 public:
  virtual ~Target() = default;

  // Slots are numbered from 0; each has at most one operation under way, and always uses the same connection.
  virtual void Start(std::size_t slot, client::Operation operation, client::Handler<client::Answer> done) = 0;
  virtual void StartPage(std::size_t slot, std::string prefix, std::uint32_t entries,
                         client::Handler<PageOutcome> done) = 0;

  virtual Time Now() = 0;
  // Calls once, at that moment or soon after it. Takes the place of the call before, if that is still to come.
  virtual void WakeAt(Time moment, std::function<void()> call) = 0;
  // Of this thread.
  virtual Usage ThreadUsage() = 0;
};

}  // namespace quoin::bench
