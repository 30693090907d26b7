#include "tests/simulation/simulation.h"

#include <optional>
#include <utility>

#include "tests/simulation/client_crowd.h"
#include "tests/simulation/client_verdict.h"
#include "tests/simulation/convergence.h"
#include "tests/simulation/fault_injector.h"
#include "tests/simulation/observer.h"
#include "tests/simulation/operator.h"
#include "tests/simulation/watchers.h"
#include "tests/simulation/world.h"

namespace quoin::simulation {
namespace {

using std::chrono::milliseconds;

WorkloadPlan PlanOf(const Parameters& parameters) {
  SeededRandom random(parameters.seed, "workload");
  WorkloadPlan plan = DrawWorkloadPlan(random);
  plan.clients = std::max<std::uint64_t>(parameters.clients, 1);
  plan.lanes = std::max<std::uint64_t>(parameters.lanes, 1);
  plan.wide_keys = parameters.wide_keys;
  plan.scan_permille = static_cast<unsigned>(parameters.scan_permille);
  return plan;
}

class Run {
 public:
  Run(const Parameters& parameters, std::ostream* lines)
      : parameters_(parameters),
        plan_(PlanOf(parameters)),
        random_(parameters.seed, "clients"),
        observer_(static_cast<std::uint32_t>(parameters.partitions), quorum::kSystemPartition),
        world_(parameters, plan_.max_value_bytes, lines),
        operator_(world_),
        injector_(world_, operator_),
        crowd_(plan_, world_, random_),
        watchers_(parameters.watchers, parameters.seed, crowd_.keys(), world_, watched_) {
    world_.AddWitness(&observer_);
    world_.OnNodeDown([this](std::size_t node) {
      crowd_.OnNodeDown(node);
      watchers_.OnNodeDown(node);
    });
  }

  SimulationResult Go() {
    if (Bootstrap() && Safety() && Heal() && Liveness()) Rest();
    return Judge();
  }

 private:
  void Phase(const char* name) {
    world_.trace().Line(world_.now(), [&](std::ostream& out) { out << "==== " << name; });
  }
  bool broken() const {
    return world_.failure() || !observer_.complaints().empty() || !crowd_.findings().complaints.empty() ||
           !watched_.complaints.empty();
  }
  // Lets time go by until `done`, or for `most`, or until something is broken. Whether it was done.
  template <typename Done>
  bool RunUntil(ring::Duration most, ring::Duration step, const Done& done) {
    const ring::MonotonicTime end = world_.now() + most;
    while (!broken()) {
      if (done()) return true;
      if (world_.now() >= end) return false;
      world_.queue().RunUntil(world_.now() + step);
    }
    return false;
  }

  bool Bootstrap() {
    Phase("bootstrap");
    world_.AddNode(std::nullopt);
    for (std::uint64_t node = 1; node < parameters_.nodes; ++node) {
      world_.queue().RunUntil(world_.now() + ring::Duration(random_.Below(50'000)));
      world_.AddNode(0);
    }
    std::string missing;
    const bool up = RunUntil(milliseconds(parameters_.bootstrap_ms), milliseconds(20), [&] {
      missing = MissingForBootstrap(world_);
      return missing.empty();
    });
    if (!up && !broken()) world_.Fail("bootstrap: " + missing);
    return up;
  }

  bool Safety() {
    Phase("safety");
    injector_.Start();
    watchers_.Start();
    crowd_.Start(parameters_.requests);
    RunUntil(milliseconds(parameters_.safety_ms), milliseconds(50), [&] { return crowd_.idle(); });
    injector_.Stop();
    crowd_.Stop();
    return !broken();
  }

  bool Heal() {
    Phase("healing");
    world_.Heal();
    const ring::Duration most = (plan_.max_copies + 1) * (plan_.copy_timeout + milliseconds(1000));
    const bool idle = RunUntil(most, milliseconds(10), [&] { return crowd_.idle(); });
    if (!idle && !broken()) world_.Fail("healing: the clients don't come to an end");
    return idle;
  }

  bool Liveness() {
    Phase("liveness");
    crowd_.BeginLiveness(milliseconds(parameters_.liveness_ms));
    crowd_.Start(parameters_.liveness_requests);
    const ring::Duration most = milliseconds(parameters_.liveness_ms) * (parameters_.liveness_requests + 1);
    const bool idle = RunUntil(most, milliseconds(20), [&] { return crowd_.idle(); });
    if (!idle && !broken()) world_.Fail("liveness: the clients don't come to an end");
    return idle;
  }

  void Rest() {
    Phase("rest");
    watchers_.Stay();
    std::string missing;
    const bool at_rest = RunUntil(milliseconds(parameters_.quiescence_ms), milliseconds(100), [&] {
      missing = MissingForRest(world_, operator_);
      if (missing.empty()) missing = watchers_.MissingForRest();
      return missing.empty();
    });
    if (!at_rest && !broken()) world_.Fail((missing.starts_with("W3: ") ? "" : "I9: after everything healed, ") + missing);
  }

  SimulationResult Judge() {
    SimulationResult result;
    if (world_.failure()) result.failures.push_back(*world_.failure());
    for (const std::string& complaint : observer_.complaints()) result.failures.push_back(complaint);
    for (const std::string& complaint : crowd_.findings().complaints) result.failures.push_back(complaint);
    for (const std::string& complaint : watched_.complaints) result.failures.push_back(complaint);
    VerdictOptions options;
    // Two clocks may be off to either side; then both are cut to whole milliseconds.
    options.clock_uncertainty = milliseconds(2 * parameters_.clock_error_ms + 2);
    options.max_value_bytes = plan_.max_value_bytes;
    ClientVerdict verdict = simulation::Judge(crowd_.history().events(), options);
    for (std::string& violation : verdict.violations) result.failures.push_back(std::move(violation));
    result.undecided = std::move(verdict.undecided_keys);
    result.operations = verdict.operations;
    result.trace_hash = world_.trace().hash();
    result.counts = world_.FinalCounts();
    result.counts.outcomes = crowd_.history().CountOutcomes();
    for (const auto& [name, count] : crowd_.findings().counts) result.counts.totals["clients: " + name] = count;
    for (const auto& [name, count] : watched_.counts) result.counts.totals["clients: " + name] = count;
    result.counts.totals["operations checked"] = result.operations;
    return result;
  }

  const Parameters parameters_;
  const WorkloadPlan plan_;
  SeededRandom random_;
  Observer observer_;
  World world_;
  Operator operator_;
  FaultInjector injector_;
  ClientCrowd crowd_;
  ClientFindings watched_;
  Watchers watchers_;
};

}  // namespace

SimulationResult Simulate(const Parameters& parameters, std::ostream* lines) { return Run(parameters, lines).Go(); }

}  // namespace quoin::simulation
