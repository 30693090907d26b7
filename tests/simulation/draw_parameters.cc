// What a seed stands for.
#include <algorithm>

#include "tests/simulation/parameters.h"
#include "tests/simulation/seeded_random.h"
#include "tests/simulation/workload_plan.h"

namespace quoin::simulation {
namespace {

class Draw {
 public:
  explicit Draw(std::uint64_t seed) : random_(seed, "parameters") { drawn_.seed = seed; }

  Parameters Run() {
    Cluster();
    Intervals();
    Clients();
    Network();
    Disks();
    Processes();
    Membership();
    Scans();
    Watches();
    Copying();
    Finished();
    return drawn_;
  }

 private:
  std::uint64_t Between(std::uint64_t low, std::uint64_t high) { return random_.Between(low, high); }
  // Off in half of the seeds.
  std::uint64_t Perhaps(std::uint64_t low, std::uint64_t high) { return random_.Percent(50) ? Between(low, high) : 0; }
  std::uint64_t Seldom(std::uint64_t low, std::uint64_t high) { return random_.Percent(20) ? Between(low, high) : 0; }

  void Cluster() {
    // Three and five are what people run, so they are what is tried most.
    static constexpr std::uint64_t kNodes[] = {1, 2, 3, 3, 3, 3, 3, 4, 4, 5, 5, 5, 6, 7, 9};
    drawn_.nodes = kNodes[random_.Below(std::size(kNodes))];
    drawn_.zones = random_.Percent(30) ? Between(2, 3) : 1;
    drawn_.partitions = std::uint64_t{1} << random_.Below(random_.Percent(70) ? 3 : 4);
    static constexpr std::uint64_t kFactors[] = {1, 2, 3, 3, 3, 3, 3, 3, 4, 5, 5};
    drawn_.replication_factor = std::min(kFactors[random_.Below(std::size(kFactors))], drawn_.nodes);
    if (random_.Percent(25)) {
      const std::uint64_t n = drawn_.replication_factor;
      drawn_.write_quorum = Between(n / 2 + 1, n);
      drawn_.read_quorum = Between(n - drawn_.write_quorum + 1, n);
    }
    drawn_.max_moves = Between(1, 4);
    drawn_.max_ids = random_.Percent(50) ? Between(1, 20) : 1000;
    drawn_.max_idle_keys = random_.Percent(50) ? Between(1, 20) : 1000;
  }

  void Intervals() {
    drawn_.tick_ms = Between(5, 25);
    drawn_.heartbeat_ms = Between(drawn_.tick_ms, 100);
    drawn_.resend_ms = Between(30, 200);
    drawn_.attempt_ms = Between(60, 300);
    drawn_.request_ms = Between(1000, 5000);
    drawn_.takeover_stagger_ms = Between(5, 80);
    drawn_.handover_after_ms = Between(100, 1500);
    drawn_.scrub_ms = Between(300, 3000);
    drawn_.sweep_ms = Between(50, 1000);
    drawn_.move_timeout_ms = random_.Percent(30) ? Between(1000, 4000) : Between(5000, 20'000);
    drawn_.gossip_ms = Between(200, 1000);
  }

  void Clients() {
    SeededRandom workload(drawn_.seed, "workload");
    const WorkloadPlan plan = DrawWorkloadPlan(workload);
    drawn_.clients = plan.clients;
    drawn_.lanes = plan.lanes;
    drawn_.wide_keys = plan.wide_keys;
    drawn_.requests = Between(200, 600);
    drawn_.liveness_requests = Between(20, 60);
    drawn_.client_delay_us = Between(20, 2000);
    drawn_.safety_ms = Between(2000, 8000);
  }

  void Network() {
    drawn_.delay_us = Between(50, 3000);
    drawn_.jitter_us = Perhaps(10, 3000);
    drawn_.slow_link_percent = Seldom(5, 30);
    drawn_.reorder = random_.Below(2);
    drawn_.drop_permille = Perhaps(1, 60);
    drawn_.duplicate_permille = Perhaps(1, 100);
    drawn_.cut_every_ms = Perhaps(400, 4000);
    drawn_.clog_every_ms = Perhaps(200, 2000);
    drawn_.link_reset_every_ms = Perhaps(100, 2000);
    drawn_.network_fault_ms = Between(50, 2000);
  }

  void Disks() {
    drawn_.write_us = Between(20, 4000);
    drawn_.read_us = Between(10, 1000);
    drawn_.cold_read_percent = Perhaps(1, 100);
    drawn_.slow_disk_every_ms = Seldom(300, 3000);
    drawn_.hang_every_ms = Seldom(400, 4000);
    drawn_.write_error_every_ms = Seldom(500, 4000);
    drawn_.full_every_ms = Seldom(500, 4000);
    drawn_.rot_every_ms = Seldom(100, 2000);
    drawn_.wipe_every_ms = Seldom(1000, 5000);
    drawn_.disk_fault_ms = Between(50, 1500);
  }

  void Processes() {
    drawn_.kill_every_ms = Perhaps(300, 4000);
    drawn_.kill_all_percent = Seldom(1, 40);
    drawn_.pause_every_ms = Perhaps(300, 4000);
    drawn_.down_ms = Between(20, 2000);
    drawn_.clock_error_ms = Perhaps(1, 500);
    drawn_.clock_jump_every_ms = Perhaps(100, 3000);
    drawn_.clock_drift_ppm = Perhaps(1, 20'000);
  }

  void Membership() {
    drawn_.join_every_ms = Seldom(1000, 6000);
    drawn_.drain_every_ms = Seldom(1000, 6000);
    drawn_.cancel_percent = Perhaps(10, 90);
    drawn_.replace_every_ms = Seldom(1500, 6000);
    // Removal by itself, which may meet nodes that are merely down for long.
    if (random_.Percent(10)) drawn_.dead_node_timeout_ms = Between(1500, 6000);
  }

  // From a stream of its own: a seed without scans is the run that it was before there were any.
  void Scans() {
    SeededRandom random(drawn_.seed, "scans");
    if (random.Percent(60)) drawn_.scan_permille = random.Between(5, 150);
  }

  // In the same way.
  void Watches() {
    SeededRandom random(drawn_.seed, "watches");
    if (random.Percent(60)) drawn_.watchers = random.Between(1, 5);
  }

  void Finished() {
    SeededRandom random(drawn_.seed, "finished");
    drawn_.tell_finished = random.Below(2);
  }

  void Copying() {
    SeededRandom random(drawn_.seed, "copying");
    if (random.Percent(30)) drawn_.copy_keys_per_s = random.Between(20, 500);
  }

  SeededRandom random_;
  Parameters drawn_;
};

}  // namespace

Parameters DrawParameters(std::uint64_t seed) { return Draw(seed).Run(); }

}  // namespace quoin::simulation
