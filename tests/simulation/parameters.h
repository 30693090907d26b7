// Parameters: everything about a run that its seed draws, and that a person or the shrinker may set otherwise.
//
// Swarm testing (Groce et al., ISSTA 2012): each kind of fault is off in about half of the seeds, since a fault that is
// always there hides what only happens without it.
//
// One line of text holds them all: "nodes=3 partitions=2 ...". Whole numbers with their unit in the name. A kind of
// fault is named by the mean time between two of its injections, 0: never.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace quoin::simulation {

struct Parameters {
  std::uint64_t seed = 0;

  // The cluster.
  std::uint64_t nodes = 3;
  std::uint64_t zones = 1;
  std::uint64_t partitions = 1;
  std::uint64_t replication_factor = 3;
  std::uint64_t read_quorum = 0;
  std::uint64_t write_quorum = 0;
  std::uint64_t max_moves = 4;
  std::uint64_t max_ids = 1000;
  std::uint64_t max_idle_keys = 100;
  std::uint64_t copy_keys_per_s = 0;  // 0: no limit.

  // Its intervals.
  std::uint64_t tick_ms = 10;
  std::uint64_t heartbeat_ms = 50;
  std::uint64_t resend_ms = 100;
  std::uint64_t attempt_ms = 200;
  std::uint64_t request_ms = 3000;
  std::uint64_t takeover_stagger_ms = 30;
  std::uint64_t handover_after_ms = 500;
  std::uint64_t scrub_ms = 1000;
  std::uint64_t sweep_ms = 300;
  std::uint64_t move_timeout_ms = 10'000;
  std::uint64_t dead_node_timeout_ms = 600'000;
  std::uint64_t gossip_ms = 500;

  // The clients. What isn't here, the seed draws as workload_plan.h says.
  std::uint64_t clients = 3;
  std::uint64_t lanes = 1;
  std::uint64_t requests = 400;
  std::uint64_t tell_finished = 1;  // 0: clients don't say which of their ids are finished.
  std::uint64_t liveness_requests = 40;
  std::uint64_t wide_keys = 50;
  std::uint64_t client_delay_us = 200;
  std::uint64_t scan_permille = 0;  // Of what clients begin: pages of keys.
  std::uint64_t watchers = 0;       // Clients that watch keys.

  // Phases.
  std::uint64_t bootstrap_ms = 60'000;  // The most that it may take.
  std::uint64_t safety_ms = 10'000;     // The most that faults go on for.
  std::uint64_t liveness_ms = 30'000;   // Within which each operation must succeed.
  std::uint64_t quiescence_ms = 120'000;

  // Network.
  std::uint64_t delay_us = 300;   // Mean.
  std::uint64_t jitter_us = 100;  // Mean of what comes on top, each time anew.
  std::uint64_t slow_link_percent = 0;
  std::uint64_t reorder = 0;  // 1: packets of one link may overtake each other.
  std::uint64_t drop_permille = 0;
  std::uint64_t duplicate_permille = 0;
  std::uint64_t cut_every_ms = 0;   // A partition of some shape.
  std::uint64_t clog_every_ms = 0;  // A link delivers nothing for a while, then all at once.
  std::uint64_t link_reset_every_ms = 0;
  std::uint64_t network_fault_ms = 500;  // How long such a fault lasts, on average.

  // Disks.
  std::uint64_t write_us = 300;  // Mean.
  std::uint64_t read_us = 100;
  std::uint64_t cold_read_percent = 10;  // Of reads: not in memory.
  std::uint64_t slow_disk_every_ms = 0;
  std::uint64_t hang_every_ms = 0;
  std::uint64_t write_error_every_ms = 0;
  std::uint64_t full_every_ms = 0;
  std::uint64_t rot_every_ms = 0;
  std::uint64_t wipe_every_ms = 0;
  std::uint64_t disk_fault_ms = 500;

  // Processes.
  std::uint64_t kill_every_ms = 0;
  std::uint64_t kill_all_percent = 0;  // Of kills: everybody at once.
  std::uint64_t pause_every_ms = 0;
  std::uint64_t down_ms = 500;  // How long a process is down, or paused, on average.

  // Clocks.
  std::uint64_t clock_error_ms = 0;  // Bound of every wall clock's distance from the true time.
  std::uint64_t clock_jump_every_ms = 0;
  std::uint64_t clock_drift_ppm = 0;

  // Membership.
  std::uint64_t join_every_ms = 0;
  std::uint64_t drain_every_ms = 0;
  std::uint64_t cancel_percent = 0;  // Of drains: cancelled after a while.
  std::uint64_t replace_every_ms = 0;

  friend bool operator==(const Parameters&, const Parameters&) = default;
};

struct ParameterField {
  std::string_view name;
  std::uint64_t Parameters::*value;
  bool fault;  // 0 switches it off.
};
// All but the seed, in the order above.
const std::vector<ParameterField>& ParameterFields();

Parameters DrawParameters(std::uint64_t seed);

// "nodes=3 zones=1 ...", and only what differs from `from` where that is given.
std::string ParametersText(const Parameters& parameters, const Parameters* from = nullptr);
// Sets what the text names. kInvalid: an unknown name, or no number.
Status ApplyParameters(std::string_view text, Parameters* parameters);

}  // namespace quoin::simulation
