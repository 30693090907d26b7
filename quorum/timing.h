// The times that the protocol is told, and the intervals that it goes by.
#pragma once

#include <chrono>

#include "kv/record.h"
#include "ring/monotonic_time.h"

namespace quoin::quorum {

// The time, as a node is told it.
struct Moment {
  ring::MonotonicTime now;  // Never goes back while the process lives.
  kv::WallTime wall;        // May jump either way.
};

// Every interval that the protocol has, so that the simulator can draw them and a deployment can set them.
struct NodeTiming {
  ring::Duration tick = std::chrono::milliseconds(10);
  ring::Duration heartbeat = std::chrono::milliseconds(25);
  ring::Duration resend = std::chrono::milliseconds(100);           // Of what a replica has not acknowledged.
  ring::Duration attempt = std::chrono::milliseconds(200);          // How long a coordinator waits for one copy.
  ring::Duration request = std::chrono::seconds(5);                 // How long it tries altogether.
  ring::Duration takeover_stagger = std::chrono::milliseconds(30);  // Per place in the preference list.
  ring::Duration handover_after = std::chrono::milliseconds(500);   // The preferred leader must be well for so long.
  ring::Duration scrub = std::chrono::seconds(60);                  // Between two comparisons of equal replicas.
  ring::Duration sweep = std::chrono::seconds(1);                   // Between two looks for expired keys.
  ring::Duration move_timeout = std::chrono::minutes(10);           // A move that makes no progress is cancelled.
  ring::Duration dead_node_timeout = std::chrono::minutes(10);
};

}  // namespace quoin::quorum
