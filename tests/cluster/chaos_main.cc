// Chaos for as long as you like: `bazel run //tests/cluster:chaos -- --minutes=30 --seed=7` (docs/cluster.md).
#include <gflags/gflags.h>
#include <glog/logging.h>

#include <cstdio>
#include <limits>
#include <random>

#include "tests/cluster/chaos.h"

DEFINE_double(minutes, 30, "no further round begins after this");
DEFINE_uint64(seed, 0, "what the faults are drawn from; 0: drawn, and said");
DEFINE_string(namespaces, "auto", "network namespaces, which cuts need: yes, no, or auto (where they can be made)");
DEFINE_uint64(nodes, 3, "to begin with");
DEFINE_uint64(least_nodes, 3, "at least; not below the replication factor, 3");
DEFINE_uint64(most_nodes, 6, "at most");
DEFINE_uint64(partitions, 32, "slices of the key space, a power of two");
DEFINE_double(hurting, 30, "seconds of each round in which things go wrong");
DEFINE_double(longest_fault, 4, "seconds");
DEFINE_double(patience, 120, "seconds within which the cluster must be at rest after a round");
DEFINE_double(rate, 1500, "operations per second");
DEFINE_bool(membership, true, "nodes join, are drained, replaced and removed");

namespace quoin::tests {
namespace {

std::chrono::milliseconds Milliseconds(double seconds) {
  return std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1000));
}

int Run() {
  CHECK(FLAGS_namespaces == "yes" || FLAGS_namespaces == "no" || FLAGS_namespaces == "auto")
      << "--namespaces is yes, no or auto, not '" << FLAGS_namespaces << "'";
  CHECK(FLAGS_least_nodes >= 1 && FLAGS_least_nodes <= FLAGS_nodes && FLAGS_nodes <= FLAGS_most_nodes &&
        FLAGS_least_nodes < FLAGS_most_nodes)
      << "--nodes is from --least_nodes to --most_nodes, and those two differ";
  CHECK(FLAGS_minutes > 0 && FLAGS_hurting > 0 && FLAGS_longest_fault >= 0.1 && FLAGS_patience > 0 && FLAGS_rate > 0)
      << "times and --rate are more than 0, --longest_fault at least 0.1";
  std::unique_ptr<NetworkLab> lab;
  if (FLAGS_namespaces != "no") {
    auto entered = NetworkLab::Enter();
    CHECK(entered.ok() || FLAGS_namespaces == "auto") << entered.status();
    if (entered.ok()) lab = *std::move(entered);
    if (!lab) LOG(WARNING) << "no cuts: " << entered.status().message();
  }
  ChaosPlan plan;
  plan.seed = FLAGS_seed != 0 ? FLAGS_seed : std::random_device{}();
  plan.rounds = std::numeric_limits<std::size_t>::max();
  plan.limit = std::chrono::ceil<std::chrono::seconds>(Milliseconds(FLAGS_minutes * 60));
  plan.hurting = Milliseconds(FLAGS_hurting);
  plan.longest_fault = Milliseconds(FLAGS_longest_fault);
  plan.patience = std::chrono::ceil<std::chrono::seconds>(Milliseconds(FLAGS_patience));
  plan.nodes = FLAGS_nodes;
  plan.least_nodes = FLAGS_least_nodes;
  plan.most_nodes = FLAGS_most_nodes;
  plan.membership = FLAGS_membership;
  plan.rate = FLAGS_rate;
  plan.flags = {"--partitions=" + std::to_string(FLAGS_partitions), "--cache_size=32MiB", "--scrub_interval=2s"};
  LOG(INFO) << "--seed=" << plan.seed;
  const ChaosReport report = RunChaos(plan, lab.get());
  std::printf("--seed=%llu: %s\n", static_cast<unsigned long long>(plan.seed), report.ToString().c_str());
  return report.wrong.empty() ? 0 : 1;
}

}  // namespace
}  // namespace quoin::tests

int main(int argc, char** argv) {
  FLAGS_logtostderr = true;
  gflags::SetUsageMessage("hurts a cluster of real processes under a verified load; see docs/cluster.md");
  gflags::ParseCommandLineFlags(&argc, &argv, true);
  google::InitGoogleLogging(argv[0]);
  return quoin::tests::Run();
}
