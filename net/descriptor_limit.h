// The limit of files that the process may have open (RLIMIT_NOFILE; sockets count), and who may take how many of them.
//
// Clients come in whatever number they like. Without a share of their own they would take the descriptor with which the
// storage engine opens its next log; that write fails, and the node writes nothing any more until it is restarted.
//
// Invariants of a plan for a limit:
//   D1  what the plan gives and what is reserved add up to no more than the limit;
//   D2  it never gives more than was wished for, and all of it where the limit suffices;
//   D3  connections that were wished for, and an engine, get at least what a node can live with, or there is no plan.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/status.h"

namespace quoin::net {

struct DescriptorWishes {
  std::size_t connections = 0;   // Of clients.
  std::size_t engine_files = 0;  // Tables that the engine keeps open; 0: there is no engine that has any.
  std::size_t shards = 1;
};

struct DescriptorPlan {
  std::size_t connections = 0;
  std::size_t engine_files = 0;
  std::size_t greeting_peers = 0;  // Who is connected to the peers' address and has not said who it is.
};

// Pure. kInvalid: the limit is too low for any sane plan, and the message says which one would do.
Result<DescriptorPlan> PlanDescriptors(std::uint64_t limit, const DescriptorWishes& wishes);
// The lowest limit that grants all wishes. Pure.
std::uint64_t LimitThatSuffices(const DescriptorWishes& wishes);

// Raises the soft limit to the hard one: the soft one is low for programs that use select(), which this isn't. Returns
// what holds now. Any thread; all threads of the process are concerned.
std::uint64_t RaiseDescriptorLimit();

}  // namespace quoin::net
