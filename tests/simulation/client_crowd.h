// ClientCrowd: all clients of one run, and what came of it. The world drives the clients through it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "ring/monotonic_time.h"
#include "ring/random.h"
#include "tests/simulation/client.h"
#include "tests/simulation/client_findings.h"
#include "tests/simulation/client_history.h"
#include "tests/simulation/client_port.h"
#include "tests/simulation/workload.h"
#include "tests/simulation/workload_values.h"

namespace quoin::simulation {

class ClientCrowd {
 public:
  // `port` and `random` outlive it; it outlives what the port was asked to call.
  ClientCrowd(const WorkloadPlan& plan, ClientPort& port, ring::Random& random);
  ClientCrowd(const ClientCrowd&) = delete;
  ClientCrowd& operator=(const ClientCrowd&) = delete;

  // Asks about so many requests in all, spread over the clients; idle() says when all have ended. REQUIRES: idle()
  void Start(std::uint64_t requests);
  // Begins nothing more; what is under way ends within max_copies times copy_timeout.
  void Stop();
  bool idle() const;
  // From now on every request must succeed within `bound`. Errors on the way are counted as "liveness errors".
  void BeginLiveness(ring::Duration bound);
  void OnNodeDown(std::size_t node);

  const WorkloadPlan& plan() const { return workload_.plan(); }
  // All that is asked for.
  const std::vector<std::string>& keys() const { return workload_.keys(); }
  const ClientHistory& history() const { return history_; }
  const ClientFindings& findings() const { return findings_; }

 private:
  Workload workload_;
  WorkloadValues values_;
  ClientHistory history_;
  ClientFindings findings_;
  std::vector<std::unique_ptr<Client>> clients_;
};

}  // namespace quoin::simulation
