// The load of tests/bench/peers.sh: one kind of server, one kind of work; prints one line of JSON.
#include <gflags/gflags.h>
#include <glog/logging.h>

#include <algorithm>
#include <cstdio>
#include <sstream>
#include <string>
#include <vector>

#include "base/text.h"
#include "tests/bench/peer_run.h"
#include "tests/bench/processes.h"
#include "tests/bench/websocket_client.h"

DEFINE_string(kind, "quoin", "etcd, redis or quoin");
DEFINE_string(work, "get", "fill, put, get or gap");
DEFINE_string(ports, "", "of the servers on 127.0.0.1, with commas; the connections are shared out among them");
DEFINE_string(pids, "", "of the servers, with commas: whose processor time, memory and writes are told");
DEFINE_string(
    leaders, "",
    "by partition, with commas: the number of its leader's port, from 1, or 0; a connection asks only for keys "
    "that its server leads. Empty: for all");
DEFINE_uint32(connections, 64, "with one request unanswered each");
DEFINE_uint32(keys, 10000, "that are read or written, drawn evenly");
DEFINE_uint32(value_size, 100, "bytes, at most 50000");
DEFINE_double(seconds, 5, "that are measured");
DEFINE_double(warm_up, 1, "seconds before them");

namespace quoin::bench {
namespace {

std::vector<std::uint32_t> Numbers(const std::string& flag, const std::string& text) {
  std::vector<std::uint32_t> numbers;
  std::istringstream split(text);
  for (std::string word; std::getline(split, word, ',');) {
    const auto number = ParseUint64(word);
    CHECK(number && *number > 0 && *number <= 0xffffffff)
        << flag << "=" << text << ": numbers with commas between them";
    numbers.push_back(static_cast<std::uint32_t>(*number));
  }
  return numbers;
}

// Every connection must have keys to ask for.
void CheckLeaders(const PeerPlan& plan) {
  const std::size_t partitions = plan.leaders.size();
  CHECK(partitions == 0 || (partitions & (partitions - 1)) == 0) << "--leaders: their number is a power of two";
  for (std::size_t port = 1; partitions > 0 && port <= plan.ports.size(); ++port) {
    CHECK(std::ranges::any_of(plan.leaders, [&](std::uint32_t leader) { return leader == 0 || leader == port; }))
        << "--leaders: server " << port << " leads nothing";
  }
}

PeerPlan ReadPlan() {
  PeerPlan plan;
  CHECK(FLAGS_kind == "etcd" || FLAGS_kind == "redis" || FLAGS_kind == "quoin") << "--kind is etcd, redis or quoin";
  plan.kind = FLAGS_kind == "etcd"    ? PeerPlan::Kind::kEtcd
              : FLAGS_kind == "redis" ? PeerPlan::Kind::kRedis
                                      : PeerPlan::Kind::kQuoin;
  CHECK(FLAGS_work == "fill" || FLAGS_work == "put" || FLAGS_work == "get" || FLAGS_work == "gap")
      << "--work is fill, put, get or gap";
  plan.work = FLAGS_work == "fill"  ? PeerPlan::Work::kFill
              : FLAGS_work == "put" ? PeerPlan::Work::kPut
              : FLAGS_work == "get" ? PeerPlan::Work::kGet
                                    : PeerPlan::Work::kGap;
  for (const std::uint32_t port : Numbers("--ports", FLAGS_ports)) {
    CHECK(port >= 1 && port <= 65535) << "--ports: a port is 1 to 65535";
    plan.ports.push_back(static_cast<std::uint16_t>(port));
  }
  CHECK(!plan.ports.empty()) << "--ports names the servers' ports";
  plan.leaders = Numbers("--leaders", FLAGS_leaders);
  CheckLeaders(plan);
  CHECK(FLAGS_connections >= 1 && FLAGS_keys >= 1 && FLAGS_keys <= 100'000'000 && FLAGS_seconds > 0)
      << "--connections and --keys are at least 1, --keys at most 100000000, --seconds more than 0";
  CHECK(FLAGS_value_size >= 64 && FLAGS_value_size <= 50'000) << "--value_size is 64 to 50000";
  plan.connections = FLAGS_connections;
  plan.keys = FLAGS_keys;
  plan.value_bytes = FLAGS_value_size;
  return plan;
}

int Run() {
  const PeerPlan plan = ReadPlan();
  const std::vector<std::uint32_t> pids = Numbers("--pids", FLAGS_pids);
  AllowOpenFiles(FLAGS_connections + 100);
  PeerRun run(plan);
  using Seconds = std::chrono::duration<double>;
  const bool fills = plan.work == PeerPlan::Work::kFill;
  if (!fills && FLAGS_warm_up > 0) run.Run(Seconds(FLAGS_warm_up));
  const ProcessUse before = pids.empty() ? ProcessUse{} : UseOf(pids);
  const double own_before = OwnCpuSeconds();
  const auto begin = Clock::now();
  run.Run(Seconds(FLAGS_seconds));
  const double seconds = Seconds(Clock::now() - begin).count();
  const double own = OwnCpuSeconds() - own_before;
  // Of a gap one server may have been killed.
  const bool measures = !pids.empty() && plan.work != PeerPlan::Work::kGap;
  const ProcessUse after = measures ? UseOf(pids) : before;
  const auto done = static_cast<double>(run.done());
  const double user_bytes = done * static_cast<double>(PeerRun::kKeyBytes + plan.value_bytes);
  const auto written = static_cast<double>(after.written_bytes - before.written_bytes);
  std::uint64_t failed = 0;
  for (const auto& [failure, count] : run.failures()) {
    failed += count;
    std::fprintf(stderr, "%llu were no success: %s\n", static_cast<unsigned long long>(count), failure.c_str());
  }
  std::printf(
      "{\"per_s\": %.0f, \"p50_us\": %.0f, \"p99_us\": %.0f, \"cpu_s_per_million\": %.2f, \"written_per_byte\": %.2f, "
      "\"longest_gap_ms\": %.1f, \"failed\": %llu, \"load_cores\": %.2f, \"resident_mib\": %.1f}\n",
      done / seconds, run.LatencyMicroseconds(0.5), run.LatencyMicroseconds(0.99),
      done > 0 ? (after.cpu_seconds - before.cpu_seconds) / done * 1e6 : 0, user_bytes > 0 ? written / user_bytes : 0,
      run.longest_gap_seconds() * 1e3, static_cast<unsigned long long>(failed), own / seconds,
      static_cast<double>(after.resident_bytes) / (1 << 20));
  return plan.work == PeerPlan::Work::kGap || failed == 0 ? 0 : 1;
}

}  // namespace
}  // namespace quoin::bench

int main(int argc, char** argv) {
  FLAGS_logtostderr = true;
  gflags::ParseCommandLineFlags(&argc, &argv, true);
  google::InitGoogleLogging(argv[0]);
  return quoin::bench::Run();
}
