// The gap: how long the keys of a node are without service when the node dies, hangs or is cut off
// (tests/bench/gap.sh).
//
// Three real nodes; a steady client for one key of each partition, all through a node that survives. In each run
// another node, which leads some of the partitions, is hurt; told is the longest time without success among the keys
// that it led. Then the node comes back, all is at rest, and the next run begins. With puts, no acknowledged one may be
// lost.
#include <gflags/gflags.h>
#include <glog/logging.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>
#include <map>
#include <memory>
#include <random>
#include <vector>

#include "base/ids.h"
#include "net/http_client.h"
#include "ring/partition.h"
#include "tests/bench/gap_load.h"
#include "tests/cluster/agreement.h"
#include "tests/cluster/network_lab.h"
#include "tests/cluster/test_cluster.h"

DEFINE_string(fault, "kill",
              "kill (-9), stop (SIGSTOP) or cut (off from the other nodes, both ways; needs namespaces)");
DEFINE_string(work, "put", "put or get");
DEFINE_uint32(runs, 50, "how often");
DEFINE_uint32(partitions, 64, "slices of the key space, a power of two; so many clients ask");
DEFINE_uint32(pace_ms, 10, "between two requests of a client");
DEFINE_uint32(limit_s, 10, "a gap is not followed for longer");

namespace quoin::bench {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;
using tests::TestCluster;

// A key of each partition.
std::vector<std::string> KeysOfPartitions() {
  std::vector<std::string> keys(FLAGS_partitions);
  std::size_t missing = keys.size();
  for (std::uint64_t i = 0; missing > 0; ++i) {
    const std::string name = "gap/" + std::to_string(i);
    std::string& key = keys[ring::PartitionOf(name, FLAGS_partitions).value];
    if (!key.empty()) continue;
    key = name;
    --missing;
  }
  return keys;
}

// The partitions that each node leads, as one of them sees it. By the node's id.
std::map<std::string, std::vector<std::size_t>> LedByEach(TestCluster& cluster, const std::string& seen_by) {
  const auto ring = cluster.Get(seen_by, "/v1/cluster/ring");
  CHECK(ring.ok()) << ring.status();
  std::map<std::string, std::vector<std::size_t>> led;
  const json::array& partitions = ring->at("partitions").as_array();
  CHECK_EQ(partitions.size(), FLAGS_partitions);
  for (std::size_t i = 0; i < partitions.size(); ++i) {
    const json::value& leader = partitions[i].at("leader");
    if (leader.is_string()) led[std::string(leader.as_string())].push_back(i);
  }
  return led;
}

double Milliseconds(std::chrono::microseconds time) { return static_cast<double>(time.count()) / 1000; }

struct RunResult {
  double victims_ms = 0;  // The longest gap among the partitions that the victim led.
  double others_ms = 0;   // Among all others.
  std::size_t led = 0;
  std::uint64_t failed = 0;
};

class Gaps {
 public:
  explicit Gaps(std::unique_ptr<tests::NetworkLab> lab)
      : lab_(std::move(lab)),
        cluster_({.nodes = 3,
                  .flags = {"--partitions=" + std::to_string(FLAGS_partitions)},
                  .lab = lab_.get(),
                  .folder = {}}),
        keys_(KeysOfPartitions()) {}

  RunResult Run(const std::string& victim, const std::string& survivor) {
    RunResult result;
    std::vector<std::size_t> led;
    // A third each is what leadership evens out to.
    cluster_.Await("all is at rest, and all lead", std::chrono::seconds(120), [&]() -> std::string {
      auto each = LedByEach(cluster_, survivor);
      for (const std::string& name : cluster_.members()) {
        const std::size_t its = each[cluster_.node(name).id()].size();
        if (its == 0 || its < keys_.size() / 6) return name + " leads " + std::to_string(its);
      }
      led = each[cluster_.node(victim).id()];
      return tests::WhyNotAtRest(cluster_);
    });
    result.led = led.size();
    const auto endpoint = net::ParseHttpEndpoint(cluster_.node(survivor).address());
    CHECK(endpoint.ok()) << endpoint.status();
    GapLoad::Options options{endpoint->host, endpoint->port, FLAGS_work == "put", milliseconds(FLAGS_pace_ms)};
    if (!options.puts) Fill();
    GapLoad load(options, keys_);
    load.RunFor(milliseconds(500));
    load.BeginGaps();
    load.RunFor(milliseconds(500));
    Hurt(victim);
    load.RunUntilAllSucceed(led, std::chrono::seconds(FLAGS_limit_s));
    // What follows belongs to it: a second stumble would count, too.
    load.RunFor(milliseconds(500));
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      double& worst = std::ranges::find(led, i) != led.end() ? result.victims_ms : result.others_ms;
      worst = std::max(worst, Milliseconds(load.LongestGap(i)));
    }
    load.Finish(std::chrono::seconds(FLAGS_limit_s));
    result.failed = load.failed();
    Mend(victim);
    if (options.puts) CheckNothingLost(load);
    return result;
  }

 private:
  void Hurt(const std::string& victim) {
    // Without waiting for its end: the load goes on meanwhile.
    if (FLAGS_fault == "kill") cluster_.node(victim).Kill();
    if (FLAGS_fault == "stop") TestCluster::Must(cluster_.processes().Pause(victim));
    for (const std::string& other : cluster_.members()) {
      if (FLAGS_fault != "cut" || other == victim) continue;
      lab_->Cut(victim, other);
      lab_->Cut(other, victim);
    }
  }
  void Mend(const std::string& victim) {
    if (FLAGS_fault == "kill") {
      TestCluster::Must(cluster_.processes().Kill(victim));  // Waits for the end.
      TestCluster::Must(cluster_.processes().Start(victim));
    }
    if (FLAGS_fault == "stop") TestCluster::Must(cluster_.processes().Resume(victim));
    if (FLAGS_fault == "cut") lab_->HealAll();
    CHECK(cluster_.deaths().empty()) << cluster_.deaths().front();
  }

  void Fill() {
    for (const std::string& key : keys_) {
      const auto answer = cluster_.Ask("n1", {"PUT", "/v1/kv/" + Encoded(key), {}, "there"});
      CHECK(answer.ok() && answer->status < 300) << key;
    }
  }

  void CheckNothingLost(const GapLoad& load) {
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      for (const std::string& name : cluster_.members()) {
        const auto answer = cluster_.Ask(name, {"GET", "/v1/kv/" + Encoded(keys_[i]), {}, ""});
        CHECK(answer.ok()) << answer.status();
        CHECK_EQ(answer->status, 200u) << keys_[i] << " through " << name << ": " << answer->body;
        const std::string wrong = load.WrongWith(i, answer->body);
        CHECK(wrong.empty()) << wrong << " (through " << name << ")\n" << cluster_.Logs();
      }
    }
  }
  static std::string Encoded(std::string key) { return key.replace(key.find('/'), 1, "%2F"); }

  std::unique_ptr<tests::NetworkLab> lab_;
  TestCluster cluster_;
  const std::vector<std::string> keys_;
};

double Median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

int Main() {
  CHECK(FLAGS_fault == "kill" || FLAGS_fault == "stop" || FLAGS_fault == "cut") << "--fault is kill, stop or cut";
  CHECK(FLAGS_work == "put" || FLAGS_work == "get") << "--work is put or get";
  CHECK(FLAGS_runs >= 1 && FLAGS_pace_ms >= 1 && FLAGS_limit_s >= 1 && FLAGS_partitions >= 1)
      << "--runs, --pace_ms, --limit_s and --partitions are at least 1";
  std::unique_ptr<tests::NetworkLab> lab;
  if (FLAGS_fault == "cut") {
    auto entered = tests::NetworkLab::Enter();
    CHECK(entered.ok()) << "--fault=cut: " << entered.status();
    lab = *std::move(entered);
  }
  Gaps gaps(std::move(lab));
  std::vector<double> victims, others;
  for (std::uint32_t run = 0; run < FLAGS_runs; ++run) {
    // Each of the three in turn.
    const std::string victim = "n" + std::to_string(run % 3 + 1), survivor = "n" + std::to_string((run + 1) % 3 + 1);
    const RunResult result = gaps.Run(victim, survivor);
    victims.push_back(result.victims_ms);
    others.push_back(result.others_ms);
    LOG(INFO) << "run " << run + 1 << ": " << FLAGS_fault << " " << victim << ", which led " << result.led
              << " partitions: " << result.victims_ms << " ms, other partitions " << result.others_ms << " ms, "
              << result.failed << " failures";
  }
  std::printf(
      "{\"fault\": \"%s\", \"work\": \"%s\", \"runs\": %u, \"partitions\": %u, \"median_ms\": %.1f, \"worst_ms\": "
      "%.1f, "
      "\"others_median_ms\": %.1f, \"others_worst_ms\": %.1f}\n",
      FLAGS_fault.c_str(), FLAGS_work.c_str(), FLAGS_runs, FLAGS_partitions, Median(victims),
      *std::ranges::max_element(victims), Median(others), *std::ranges::max_element(others));
  return 0;
}

}  // namespace
}  // namespace quoin::bench

int main(int argc, char** argv) {
  FLAGS_logtostderr = true;
  gflags::ParseCommandLineFlags(&argc, &argv, true);
  google::InitGoogleLogging(argv[0]);
  return quoin::bench::Main();
}
