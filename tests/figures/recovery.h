// How long a client goes without an answer after a fault, and what the time is spent on.
//
// One client at a surviving node asks one thing after another, each as soon as the last is answered. What is measured
// is the longest time without a success around the fault: that is what a user sees, the request that was under way when
// it happened included. Faults come at different moments between two heartbeats; the median and the worst are told.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "quorum/timing.h"
#include "tests/figures/measured_cluster.h"

namespace quoin::figures {

enum class Client { kWriter, kReader };

struct Fault {
  std::string name;
  bool outsider = false;  // The client asks a node that holds nothing; otherwise the last follower.
  // What happens to the cluster, whose client asks node `client`.
  std::function<void(MeasuredCluster* cluster, std::uint64_t client)> strike;
};
std::vector<Fault> AllFaults();

struct Recovery {
  ring::Duration gap{0};  // The longest time without a success.
  // From the fault to the first Prepare of another node, and from there to the next success; nullopt: no takeover came
  // before that.
  std::optional<ring::Duration> detection;
  std::optional<ring::Duration> takeover;
  std::uint64_t unknown = 0;  // Requests whose outcome the client was not told.
  bool recovered = false;
};
// The fault strikes so long after a heartbeat.
Recovery Measure(const Fault& fault, std::uint32_t replicas, Client client, ring::Duration phase);

void PrintRecovery(std::ostream& out);

}  // namespace quoin::figures
