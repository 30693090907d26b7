// WorkloadPlan: how the clients of one run behave. The seed draws it once.
#pragma once

#include <cstddef>

#include "quorum/operation.h"
#include "ring/monotonic_time.h"
#include "ring/random.h"

namespace quoin::simulation {

// Percentages are of requests, unless said otherwise.
struct WorkloadPlan {
  std::size_t clients = 3;
  std::size_t lanes = 1;  // Requests, or batches, that one client has under way.

  // Keys by what is done to them. Even contended keys count, odd ones hold text.
  std::size_t contended_keys = 2;
  std::size_t expiring_keys = 1;
  std::size_t wide_keys = 50;
  unsigned expiring_percent = 15;
  unsigned wide_percent = 20;  // The rest is contended.

  unsigned get_percent = 35;
  unsigned delete_percent = 5;
  unsigned conditional_percent = 25;
  unsigned read_one_percent = 5;   // Of gets.
  unsigned all_percent = 3;        // Consistency `all`.
  unsigned write_one_percent = 2;  // On keys of their own.
  unsigned scan_permille = 0;      // Of what a lane begins: a page of keys, in place of requests.
  unsigned batch_percent = 10;     // Several requests at once, each on its own key.
  std::size_t max_batch = 5;

  std::size_t max_value_bytes = 1024;  // What the nodes are to allow; appends run into it.
  std::size_t max_padding_bytes = 0;   // By which values are longer than they need to be.
  quorum::TimeToLive min_ttl = std::chrono::milliseconds(50);
  quorum::TimeToLive max_ttl = std::chrono::milliseconds(2000);

  ring::Duration max_think = std::chrono::milliseconds(20);
  ring::Duration copy_timeout = std::chrono::milliseconds(800);  // Until the next copy is sent.
  std::size_t max_copies = 3;
  bool sticky = false;                  // A client stays with its node until that fails it.
  unsigned anonymous_percent = 3;       // No operation id of its own; sent once.
  unsigned repeated_first_percent = 5;  // The first copy already says that it may be repeated.
  unsigned send_again_percent = 50;     // Of errors: send another copy rather than take it for the answer.
  unsigned duplicate_percent = 10;      // Of answered writes: another copy, though nobody needs it.
};

WorkloadPlan DrawWorkloadPlan(ring::Random& random);

}  // namespace quoin::simulation
