#include "tools/bench_flags.h"

#include <gflags/gflags.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "net/http_client.h"
#include "tools/bench_verify_limit.h"
#include "tools/flag_types.h"

// Shared with the terminal client, which --stress-test makes a stress test; client_flags.cc defines them.
DECLARE_string(server);
DECLARE_string(timeout);
DECLARE_string(output);
DECLARE_string(consistency);

namespace quoin::bench {
namespace {

using tools::RejectFlag;

constexpr std::uint64_t kMaxKeyBytes = 4096;
constexpr std::uint64_t kMaxValueBytes = 64 << 20;
constexpr std::uint64_t kMaxSlots = 1'000'000;
constexpr std::uint64_t kMaxThreads = 256;

bool ValidateWorkload(const char*, const std::string& value) {
  if (FindWorkload(value, 0.5)) return true;
  std::string names;
  for (const WorkloadInfo& info : Workloads()) names += (names.empty() ? "" : ", ") + std::string(info.name);
  return RejectFlag("the value is one of " + names);
}

bool ValidateDistribution(const char*, const std::string& value) {
  return value.empty() || ParseDistribution(value) || RejectFlag("the value is uniform, zipfian or latest");
}

bool ValidateSizes(const char*, const std::string& value) {
  if (value.empty()) return true;
  const auto range = ParseSizeRange(value);
  return range.ok() || RejectFlag(range.status().message());
}

bool ValidatePreload(const char*, const std::string& value) {
  return value == "auto" || value == "yes" || value == "no" || RejectFlag("the value is auto, yes or no");
}

bool ValidateRouting(const char*, const std::string& value) {
  return value == "leaders" || value == "failover" || RejectFlag("the value is leaders or failover");
}

bool ValidateTheta(const char*, double value) {
  return (value > 0 && value < 1) || RejectFlag("the value is above 0 and below 1");
}

bool ValidateShare(const char*, double value) {
  return (value >= 0 && value <= 1) || RejectFlag("the value is a share, from 0 to 1");
}

bool ValidateRate(const char*, double value) {
  return (std::isfinite(value) && value >= 0 && value <= 1e9) ||
         RejectFlag("the value is a number of operations per second, at most a billion; 0: as fast as answers come");
}

bool ValidatePositive(const char*, std::uint64_t value) { return value >= 1 || RejectFlag("the value is at least 1"); }

}  // namespace
}  // namespace quoin::bench

namespace bench = quoin::bench;
namespace tools = quoin::tools;

DEFINE_string(workload, "mixed", "what is done; see below");
DEFINE_validator(workload, &bench::ValidateWorkload);
DEFINE_double(reads, 0.5, "share of gets in mixed, hot and large, 0 to 1");
DEFINE_validator(reads, &bench::ValidateShare);
DEFINE_uint64(keys, 0, "how many keys; 0: as the workload says (most: 10000)");
DEFINE_string(distribution, "", "which keys are chosen: uniform, zipfian or latest; empty: as the workload says");
DEFINE_validator(distribution, &bench::ValidateDistribution);
DEFINE_double(theta, 0.99, "how uneven zipfian and latest are, above 0 and below 1");
DEFINE_validator(theta, &bench::ValidateTheta);
DEFINE_string(key_size, "", "bytes of a key, such as 24 or 20-200; empty: as short as its number allows");
DEFINE_validator(key_size, &bench::ValidateSizes);
DEFINE_string(value_size, "", "bytes of a value, such as 1KiB or 10-2000; empty: as the workload says (most: 100)");
DEFINE_validator(value_size, &bench::ValidateSizes);
DEFINE_string(key_prefix, "bench/", "what all keys begin with");
DEFINE_string(preload, "auto", "store all keys before: yes, no, or auto for workloads that read");
DEFINE_validator(preload, &bench::ValidatePreload);
DEFINE_uint64(seed, 1, "what the operations, keys and sizes are drawn from");

DEFINE_uint64(connections, 16, "connections, each a client of its own");
DEFINE_validator(connections, &bench::ValidatePositive);
DEFINE_string(
    routing, "leaders",
    "where a connection sends an operation: leaders, to the node that leads its key, over more connections if "
    "need be; failover, to its one server, and to another one only when that is lost");
DEFINE_validator(routing, &bench::ValidateRouting);
DEFINE_uint64(depth, 1, "operations under way on each connection");
DEFINE_validator(depth, &bench::ValidatePositive);
DEFINE_uint64(threads, 1, "threads of this program; the connections are shared out among them");
DEFINE_validator(threads, &bench::ValidatePositive);
DEFINE_double(rate, 0,
              "open loop: operations that are due per second, whatever the answers do; latency counts from when they "
              "were due. 0: closed loop, the next one when one has ended");
DEFINE_validator(rate, &bench::ValidateRate);
DEFINE_string(warmup, "2s", "how long to run before measuring");
DEFINE_validator(warmup, &tools::ValidateDuration);
DEFINE_string(duration, "10s", "how long to measure");
DEFINE_validator(duration, &tools::ValidatePositiveDuration);
DEFINE_uint64(operations, 0,
              "measure so many operations, however long that takes unless --duration is given; 0: no limit");

DEFINE_bool(verify, false, "record everything, read all keys back, and check that it is linearizable");
DEFINE_uint64(verify_limit, 1'000'000, "with --verify: the run ends after so many operations");
DEFINE_validator(verify_limit, &bench::ValidatePositive);

namespace quoin::bench {
namespace {

Status Wrong(std::string message) { return Status(Code::kInvalid, std::move(message)); }

Result<std::vector<std::string>> Servers() {
  std::vector<std::string> servers;
  for (const std::string& part : tools::SplitList(FLAGS_server)) {
    const auto endpoint = net::ParseHttpEndpoint(part);
    if (!endpoint.ok()) return endpoint.status();
    servers.push_back(endpoint->ToString());
  }
  if (servers.empty()) return net::ParseHttpEndpoint("").status();
  return servers;
}

bool IsDefault(const char* flag) { return gflags::GetCommandLineFlagInfoOrDie(flag).is_default; }

Result<Workload> ReadWorkload() {
  Workload workload = *FindWorkload(FLAGS_workload, FLAGS_reads);
  if (FLAGS_keys > 0) workload.keys = FLAGS_keys;
  if (workload.name == "hot" && workload.keys != 1) return Wrong("--keys: the workload hot has one key.");
  if (workload.keys > KeyNames::kMaxIndex / 2) {
    return Wrong("--keys=" + std::to_string(workload.keys) + ": at most " + std::to_string(KeyNames::kMaxIndex / 2) +
                 ".");
  }
  if (!FLAGS_distribution.empty()) workload.distribution = *ParseDistribution(FLAGS_distribution);
  if (!FLAGS_value_size.empty()) workload.value_size = *ParseSizeRange(FLAGS_value_size);
  if (workload.value_size.max > kMaxValueBytes) return Wrong("--value_size=" + FLAGS_value_size + ": at most 64MiB.");
  if (FLAGS_preload != "auto") workload.preload = FLAGS_preload == "yes";
  if (workload.increments > 0 && workload.preload) {
    return Wrong("--preload=yes: the values that it stores are no counters; leave it out with --workload=counters.");
  }
  return workload;
}

Status CheckKeySize(const Plan& plan) {
  const std::size_t least = NamesFor(plan, 0).min_bytes();
  if (!FLAGS_key_size.empty() && plan.key_size.min < least) {
    return Wrong("--key_size=" + FLAGS_key_size + ": at least " + std::to_string(least) + ", for --key_prefix and " +
                 (plan.verify ? "the numbers that --verify needs." : "12 digits."));
  }
  if (std::max<std::uint64_t>(plan.key_size.max, least) > kMaxKeyBytes) {
    return Wrong("--key_size, --key_prefix: a key has at most 4096 bytes.");
  }
  return Status::Ok();
}

Status CheckVerify(const Plan& plan) {
  if (!plan.verify) return Status::Ok();
  const Workload& workload = plan.workload;
  if (workload.scans == 1) {
    return Wrong("--verify: a page of keys promises nothing about its moment, so --workload=" + workload.name +
                 " has nothing to verify.");
  }
  if (FLAGS_consistency == "one") return Wrong("--verify: --consistency=one does not promise linearizability.");
  if (workload.value_size.min < kValueIdBytes) {
    return Wrong("--verify: values need at least " + std::to_string(kValueIdBytes) +
                 " bytes, to tell which write they came from; --value_size is " + ToString(workload.value_size) + ".");
  }
  return CheckVerifyLimit(plan);
}

}  // namespace

std::vector<std::string> OwnFlagNames() {
  const std::vector<std::string> shared = {"server", "timeout", "output", "consistency"};
  std::vector<std::string> names;
  for (const tools::FlagGroup& group : BenchHelp().groups) {
    for (const std::string& flag : group.flags) {
      if (std::ranges::find(shared, flag) == shared.end()) names.push_back(flag);
    }
  }
  return names;
}

tools::ProgramHelp BenchHelp() {
  tools::ProgramHelp help;
  help.summary =
      "A stress test for Quoin: how much a node or cluster takes, how long answers take, and, with --verify, whether\n"
      "they are right.\n"
      "\n"
      "  bazel run -c opt //tools:bench -- --workload=ycsb-a --connections=64\n"
      "  bazel run -c opt //tools:bench -- --workload=get --rate=20000 --duration=1m\n"
      "  bazel run -c opt //tools:bench -- --workload=counters --verify\n"
      "  client --stress-test [flags]     the same\n";
  help.groups = {
      {"Where", {"server", "routing", "connections", "depth", "threads", "timeout", "consistency"}},
      {"What",
       {"workload", "reads", "keys", "distribution", "theta", "key_size", "value_size", "key_prefix", "preload",
        "seed"}},
      {"How long, how fast", {"warmup", "duration", "operations", "rate"}},
      {"Result", {"output", "verify", "verify_limit"}},
  };
  help.described = {
      {"server",
       "host:port of a node; several are separated by commas, and share the connections; those of one that is lost go "
       "to the others"},
      {"timeout", "how long an operation may take, with all its sendings"},
      {"output", "json: one object; auto and human: for people"},
  };
  help.foreign = {"quiet"};
  help.environment = {"server", "timeout", "consistency"};
  help.epilogue = "Workloads:\n";
  for (const WorkloadInfo& info : Workloads()) {
    help.epilogue +=
        "  " + std::string(info.name) + std::string(12 - info.name.size(), ' ') + std::string(info.summary) + "\n";
  }
  help.epilogue +=
      "\nCtrl-C ends the measurement early, with a report. Exit codes:\n"
      "  0 measured, and with --verify nothing wrong  1 --verify: a violation, a lost or duplicated write\n"
      "  2 bad usage  3 --verify: nothing wrong was found, but not everything could be decided\n"
      "  5 nothing was measured: no connection, or the keys could not be stored  6 every operation failed\n"
      "  7 the report could not be written\n";
  help.bad_usage_exit_code = static_cast<int>(ExitCode::kBadUsage);
  return help;
}

Result<BenchFlags> ReadBenchFlags() {
  BenchFlags flags;
  Plan& plan = flags.plan;
  auto servers = Servers();
  if (!servers.ok()) return servers.status();
  plan.servers = *std::move(servers);
  auto workload = ReadWorkload();
  if (!workload.ok()) return workload.status();
  plan.workload = *std::move(workload);
  plan.theta = FLAGS_theta;
  if (!FLAGS_key_size.empty()) plan.key_size = *ParseSizeRange(FLAGS_key_size);
  plan.connections = FLAGS_connections;
  plan.depth = FLAGS_depth;
  plan.threads = FLAGS_threads;
  plan.rate = FLAGS_rate;
  plan.warmup = tools::DurationOf(FLAGS_warmup);
  if (FLAGS_operations > 0) plan.operations = FLAGS_operations;
  if (FLAGS_operations == 0 || !IsDefault("duration")) plan.duration = tools::DurationOf(FLAGS_duration);
  plan.seed = FLAGS_seed;
  plan.key_prefix = FLAGS_key_prefix;
  plan.verify = FLAGS_verify;
  plan.verify_limit = FLAGS_verify_limit;

  if (plan.threads > std::min<std::uint64_t>(plan.connections, kMaxThreads)) {
    return Wrong("--threads=" + std::to_string(plan.threads) + ": at most --connections (" +
                 std::to_string(plan.connections) + "), since each thread has its own, and at most " +
                 std::to_string(kMaxThreads) + ".");
  }
  if (plan.depth > kMaxSlots || plan.connections > kMaxSlots || plan.slots() > kMaxSlots) {
    return Wrong("--connections times --depth: at most " + std::to_string(kMaxSlots) + ".");
  }
  if (FLAGS_output == "raw") return Wrong("--output=raw: a stress test writes human or json.");
  QUOIN_RETURN_IF_ERROR(CheckKeySize(plan));
  QUOIN_RETURN_IF_ERROR(CheckVerify(plan));

  flags.json = FLAGS_output == "json";
  flags.run.timeout = std::chrono::ceil<std::chrono::milliseconds>(tools::DurationOf(FLAGS_timeout));
  if (FLAGS_routing == "failover") flags.run.routing = client::Routing::kFailover;
  if (FLAGS_consistency == "one") flags.run.consistency = client::Consistency::kOne;
  if (FLAGS_consistency == "all") flags.run.consistency = client::Consistency::kAll;
  return flags;
}

}  // namespace quoin::bench
