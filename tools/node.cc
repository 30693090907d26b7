// tools:node: runs one Quoin node until it is told to stop.
#include "net/node.h"

#include <gflags/gflags.h>
#include <glog/logging.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <future>
#include <limits>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

#include "base/text.h"
#include "kv/record.h"
#include "net/address.h"
#include "net/descriptor_limit.h"
#include "net/known_hosts.h"
#include "net/origin.h"
#include "ring/configuration.h"
#include "ring/partition.h"
#include "ring/topology.h"
#include "tools/flag_help.h"
#include "tools/flag_types.h"
#include "tools/version.h"
#include "tools/working_directory.h"

// Read by jemalloc when the process starts; MALLOC_CONF in the environment is read after it. Huge pages, because what is
// written goes to random places of a memtable, and with small ones each place costs a walk through the page tables. Two
// arenas, because each that is in use keeps huge pages.
extern "C" const char* malloc_conf;
const char* malloc_conf = "thp:always,narenas:2";

namespace quoin::tools {
namespace {

constexpr std::uint32_t kMostThreads = 256;

bool OneOf(const std::string& value, std::initializer_list<std::string_view> allowed, const char* reason) {
  return std::find(allowed.begin(), allowed.end(), value) != allowed.end() || RejectFlag(reason);
}

bool ValidateListen(const char*, const std::string& value) {
  const auto parsed = net::ParseAddress(value);
  return parsed.ok() || RejectFlag(parsed.status().message());
}

bool ValidateStorage(const char*, const std::string& value) {
  return OneOf(value, {"rocksdb", "memory"}, "the value is rocksdb or memory");
}

bool ValidateCluster(const char*, const std::string& value) {
  return value.empty() || (value.size() == 16 && ParseHex64(value).has_value()) ||
         RejectFlag("the value is a cluster id, 16 hexadecimal digits, or empty");
}

bool ValidateHostPort(const std::string& value) {
  const auto parsed = net::ParseHostPort(value);
  return parsed.ok() || RejectFlag(parsed.status().message());
}

bool ValidateAdvertised(const char*, const std::string& value) { return value.empty() || ValidateHostPort(value); }

bool ValidateJoin(const char*, const std::string& value) {
  for (const std::string& address : SplitList(value)) {
    if (!ValidateHostPort(address)) return false;
  }
  return true;
}

bool ValidateZone(const char*, const std::string& value) {
  return value.size() <= ring::kMaxZoneBytes ||
         RejectFlag("a zone's name has at most " + std::to_string(ring::kMaxZoneBytes) + " bytes");
}

bool ValidateWeight(const char*, std::uint32_t value) {
  return value <= ring::kMaxWeight || RejectFlag("the value is at most " + std::to_string(ring::kMaxWeight));
}

bool ValidateReplicas(const char*, std::uint32_t value) {
  return (value >= 1 && value <= ring::kMaxReplicas) ||
         RejectFlag("the value is from 1 to " + std::to_string(ring::kMaxReplicas));
}

bool ValidateOrigins(const char*, const std::string& value) {
  const auto parsed = net::AllowedOrigins::Parse(value);
  return parsed.ok() || RejectFlag(parsed.status().message());
}

bool ValidateHosts(const char*, const std::string& value) {
  const auto parsed = net::KnownHosts::Parse(value);
  return parsed.ok() || RejectFlag(parsed.status().message());
}

bool ValidatePartitions(const char*, std::uint32_t value) {
  // The formats allow more, but each one costs its replicas work all the time: with 16384 a cluster takes minutes to make
  // its second copies.
  constexpr std::uint32_t kMostPartitions = 4096;
  static_assert(kMostPartitions <= ring::kMaxPartitionCount);
  return (std::has_single_bit(value) && value <= kMostPartitions) ||
         RejectFlag("the value is a power of two, at most " + std::to_string(kMostPartitions));
}

bool ValidateThreads(const char*, std::uint32_t value) {
  return value <= kMostThreads || RejectFlag("the value is at most " + std::to_string(kMostThreads));
}

bool ValidatePositive(const char*, std::uint32_t value) { return value >= 1 || RejectFlag("the value is at least 1"); }

bool ValidateMaxValueSize(const char* flag, const std::string& value) {
  if (!ValidatePositiveSize(flag, value)) return false;
  return SizeOf(value) <= kv::kMaxValueBytes ||
         RejectFlag("the value is a size of at most " + HumanSize(kv::kMaxValueBytes));
}

}  // namespace
}  // namespace quoin::tools

namespace tools = quoin::tools;

DEFINE_string(listen, "127.0.0.1:8080",
              "address and port for clients (HTTP and WebSocket); port 0 takes a free one. Other machines reach the "
              "node only if the "
              "address is one of this machine's others, or 0.0.0.0 or [::] for all of them");
DEFINE_validator(listen, &tools::ValidateListen);
DEFINE_string(peer_listen, "127.0.0.1:7080",
              "address and port for the other nodes of the cluster; port 0 takes a free one. Only nodes of the same "
              "network that you trust may reach it");
DEFINE_validator(peer_listen, &tools::ValidateListen);
DEFINE_string(join, "",
              "addresses (--peer_listen) of nodes of the cluster that this node is to join, such as "
              "10.0.0.1:7080,10.0.0.2:7080; its own among them is passed over. Empty: with a new data folder, it makes "
              "a cluster of its own");
DEFINE_validator(join, &tools::ValidateJoin);
DEFINE_string(advertise_client, "",
              "host:port under which clients reach this node, for what tells them; empty: as --listen, with this "
              "machine's name for 0.0.0.0 and [::]");
DEFINE_validator(advertise_client, &tools::ValidateAdvertised);
DEFINE_string(advertise_peer, "",
              "host:port under which the other nodes reach this node; empty: as --peer_listen, which then must not be "
              "0.0.0.0 or [::]");
DEFINE_validator(advertise_peer, &tools::ValidateAdvertised);
DEFINE_string(zone, "", "what fails together with this node, such as a rack; copies go to different zones");
DEFINE_validator(zone, &tools::ValidateZone);
DEFINE_uint32(weight, 1, "this node's share of the data, relative to the other nodes'; 0: none");
DEFINE_validator(weight, &tools::ValidateWeight);
DEFINE_uint32(replication_factor, 3,
              "copies of each key, once there are so many nodes; fixed when the cluster is made");
DEFINE_validator(replication_factor, &tools::ValidateReplicas);
DEFINE_string(dead_node_timeout, "10m",
              "a node that was silent for so long is given up: what it had is copied to others");
DEFINE_validator(dead_node_timeout, &tools::ValidatePositiveDuration);
DEFINE_string(
    allowed_origins, "",
    "web pages that may use the node besides its own, such as https://app.example,http://localhost:3000; * for "
    "all, empty for none");
DEFINE_validator(allowed_origins, &tools::ValidateOrigins);
DEFINE_string(hosts, "",
              "names by which clients reach the node besides IP addresses, names of one label or of a local domain "
              "(.local, .internal and such), this machine's name, and those of --advertise_client and "
              "--allowed_origins: needed behind a public DNS name, such as db.example; * for all, which lets web pages "
              "of anybody use the node (DNS rebinding)");
DEFINE_validator(hosts, &tools::ValidateHosts);
DEFINE_string(data_dir, "quoin-data", "folder that holds the node's data; made if it isn't there");
DEFINE_string(storage, "rocksdb", "rocksdb: durable, in --data_dir; memory: gone when the node stops");
DEFINE_validator(storage, &tools::ValidateStorage);
DEFINE_string(cluster_id, "", "refuse to start unless --data_dir belongs to the cluster with this id (empty: any)");
DEFINE_validator(cluster_id, &tools::ValidateCluster);
DEFINE_uint32(partitions, quoin::ring::kDefaultPartitionCount,
              "slices of the key space, a power of two; fixed when the data folder is made, later ignored");
DEFINE_validator(partitions, &tools::ValidatePartitions);
DEFINE_string(cache_size, "256MiB", "memory for blocks read from the disk");
DEFINE_validator(cache_size, &tools::ValidatePositiveSize);
DEFINE_string(disk_reserve, "64MiB", "writes are refused while less than this is free on the disk; reads go on");
DEFINE_validator(disk_reserve, &tools::ValidateSize);
DEFINE_string(memory_limit, "0", "with --storage=memory: writes are refused beyond this size (0: no limit)");
DEFINE_validator(memory_limit, &tools::ValidateSize);
DEFINE_string(commit_delay, "0", "how long a write waits for others to share its sync with; 0 is best for most disks");
DEFINE_validator(commit_delay, &tools::ValidateDuration);
DEFINE_string(sweep_interval, "1s", "how often expired keys are cleared away");
DEFINE_validator(sweep_interval, &tools::ValidatePositiveDuration);
DEFINE_string(
    scrub_interval, "10m",
    "how often records are read again to verify them and to compare replicas; ten times as often while traces "
    "of deleted keys are left to clear away");
DEFINE_validator(scrub_interval, &tools::ValidatePositiveDuration);

DEFINE_uint32(copy_keys, 1000,
              "keys per second that this node brings to other replicas that lack them, as when partitions move (0: no "
              "limit); clients' requests share disks and processors with that");
DEFINE_string(copy_bytes, "16MiB", "the same in bytes per second (0: no limit)");
DEFINE_validator(copy_bytes, &tools::ValidateSize);

DEFINE_uint32(shards, 0, "event-loop threads; 0: one for every two cores, since the disk's threads need some, too");
DEFINE_validator(shards, &tools::ValidateThreads);
DEFINE_uint32(readers, 4, "threads for reads that miss memory");
DEFINE_validator(readers, &tools::ValidatePositive);

DEFINE_string(max_value_size, "1MiB", "largest value that is stored, at most 64MiB");
DEFINE_validator(max_value_size, &tools::ValidateMaxValueSize);
DEFINE_string(max_batch_size, "8MiB", "largest body of a batch");
DEFINE_validator(max_batch_size, &tools::ValidatePositiveSize);
DEFINE_string(max_page_size, "1MiB", "a page of a list ends at this many bytes of keys and values");
DEFINE_validator(max_page_size, &tools::ValidatePositiveSize);
DEFINE_string(max_header_size, "16KiB", "largest head of a request");
DEFINE_validator(max_header_size, &tools::ValidatePositiveSize);
DEFINE_string(header_timeout, "10s", "how long the head of a request may take to arrive");
DEFINE_validator(header_timeout, &tools::ValidatePositiveDuration);
DEFINE_string(body_timeout, "30s", "how long the body of a request may take to arrive");
DEFINE_validator(body_timeout, &tools::ValidatePositiveDuration);
DEFINE_string(idle_timeout, "75s", "a connection without a request, or that takes no answers, is closed after this");
DEFINE_validator(idle_timeout, &tools::ValidatePositiveDuration);
DEFINE_string(request_timeout, "5s", "a write that isn't known to be durable by then is reported as unknown (504)");
DEFINE_validator(request_timeout, &tools::ValidatePositiveDuration);
DEFINE_uint32(
    max_connections, 10000,
    "open connections of clients; fewer where the limit of open files (ulimit -n) leaves no room for so many");
DEFINE_validator(max_connections, &tools::ValidatePositive);
DEFINE_uint32(max_pipelined, 64, "unanswered requests on one connection; the node reads no further beyond");
DEFINE_validator(max_pipelined, &tools::ValidatePositive);
DEFINE_uint32(max_inflight_requests, 10000, "unanswered requests on the whole node; beyond, 429");
DEFINE_validator(max_inflight_requests, &tools::ValidatePositive);
DEFINE_uint32(max_websocket_requests, 1024, "unanswered requests on one WebSocket; beyond, it closes (1008)");
DEFINE_validator(max_websocket_requests, &tools::ValidatePositive);
DEFINE_uint32(max_watches, 20000, "watches on the whole node; beyond, 429");
DEFINE_validator(max_watches, &tools::ValidatePositive);
DEFINE_string(ping_interval, "20s", "a WebSocket whose client is silent for so long is pinged");
DEFINE_validator(ping_interval, &tools::ValidatePositiveDuration);
DEFINE_string(ping_timeout, "20s", "a WebSocket whose client does not answer a ping within this is closed");
DEFINE_validator(ping_timeout, &tools::ValidatePositiveDuration);
DEFINE_string(drain_timeout, "10s", "after SIGTERM: how long clients may take to receive what is in flight");
DEFINE_validator(drain_timeout, &tools::ValidateDuration);

namespace quoin::tools {
namespace {

constexpr char kSummary[] =
    "A Quoin node: a durable key-value store that speaks HTTP.\n"
    "\n"
    "  bazel run //tools:node                               on http://127.0.0.1:8080, data in ./quoin-data\n"
    "  bazel run //tools:node -- --listen=127.0.0.1:9000 --data_dir=/var/lib/quoin\n"
    "\n"
    "A second node of the same cluster, and a third:\n"
    "\n"
    "  bazel run //tools:node -- --listen=127.0.0.1:8081 --peer_listen=127.0.0.1:7081 --data_dir=quoin-data-2 \\\n"
    "      --join=127.0.0.1:7080\n"
    "\n"
    "Then: curl -X PUT http://127.0.0.1:8080/v1/kv/greeting -d hello; curl http://127.0.0.1:8080/v1/kv/greeting";

ProgramHelp Help() {
  ProgramHelp help;
  help.summary = kSummary;
  help.groups = {
      {"Address", {"listen", "advertise_client", "hosts", "allowed_origins"}},
      {"Cluster",
       {"peer_listen", "join", "advertise_peer", "zone", "weight", "replication_factor", "dead_node_timeout"}},
      {"Storage",
       {"storage", "data_dir", "cluster_id", "partitions", "cache_size", "disk_reserve", "memory_limit", "commit_delay",
        "sweep_interval", "scrub_interval", "copy_keys", "copy_bytes"}},
      {"Threads", {"shards", "readers"}},
      {"Limits",
       {"max_value_size", "max_batch_size", "max_page_size", "max_header_size", "max_connections", "max_pipelined",
        "max_inflight_requests", "max_websocket_requests", "max_watches"}},
      {"Times",
       {"header_timeout", "body_timeout", "idle_timeout", "request_timeout", "ping_interval", "ping_timeout",
        "drain_timeout"}},
  };
  help.epilogue =
      "The log goes to stderr; --logtostderr=false --log_dir=FOLDER sends it to files, --v=1 says more.\n"
      "SIGTERM and SIGINT finish what is in flight and stop the node with exit code 0.\n"
      "Exit codes: 0 stopped as told, 1 could not start or run, 2 bad usage.";
  help.bad_usage_exit_code = 2;
  return help;
}

template <typename Duration>
Duration DurationFlag(const std::string& value) {
  return std::chrono::ceil<Duration>(DurationOf(value));
}

net::NodeOptions OptionsFromFlags() {
  using std::chrono::milliseconds;
  net::NodeOptions options;
  options.version = kVersion;
  options.engine = FLAGS_storage == "memory" ? net::NodeOptions::Engine::kMemory : net::NodeOptions::Engine::kRocks;
  options.data_dir = FLAGS_data_dir;
  if (!FLAGS_cluster_id.empty()) options.expected_cluster = ClusterId{*ParseHex64(FLAGS_cluster_id)};
  options.partition_count = FLAGS_partitions;
  options.cache_bytes = SizeOf(FLAGS_cache_size);
  options.disk_reserve_bytes = SizeOf(FLAGS_disk_reserve);
  options.memory_limit_bytes = SizeOf(FLAGS_memory_limit);
  options.commit_delay = DurationOf(FLAGS_commit_delay);
  options.sweep_interval = DurationFlag<milliseconds>(FLAGS_sweep_interval);
  options.scrub_interval = DurationFlag<milliseconds>(FLAGS_scrub_interval);
  options.copy_keys = FLAGS_copy_keys;
  options.copy_bytes = SizeOf(FLAGS_copy_bytes);
  const auto address = net::ParseAddress(FLAGS_listen);
  options.listen_address = address->host;
  options.listen_port = address->port;
  const auto peers = net::ParseAddress(FLAGS_peer_listen);
  options.peer_listen_address = peers->host;
  options.peer_listen_port = peers->port;
  options.advertised_client = FLAGS_advertise_client;
  options.advertised_peer = FLAGS_advertise_peer;
  options.join = SplitList(FLAGS_join);
  options.zone = FLAGS_zone;
  options.weight = FLAGS_weight;
  options.replication_factor = FLAGS_replication_factor;
  options.dead_node_timeout = DurationFlag<milliseconds>(FLAGS_dead_node_timeout);
  options.give_up = [](const std::string& why) {
    LOG(ERROR) << "can't go on: " << why;
    google::FlushLogFiles(google::INFO);
    std::_Exit(1);
  };
  options.shard_count = FLAGS_shards != 0 ? FLAGS_shards : std::max(1u, std::thread::hardware_concurrency() / 2);
  options.reader_count = FLAGS_readers;
  options.max_connections = FLAGS_max_connections;
  options.max_inflight_requests = FLAGS_max_inflight_requests;
  options.allowed_origins = *net::AllowedOrigins::Parse(FLAGS_allowed_origins);
  options.hosts = *net::KnownHosts::Parse(FLAGS_hosts);
  options.max_websocket_requests = FLAGS_max_websocket_requests;
  options.max_watches = FLAGS_max_watches;
  options.ping_interval = DurationFlag<milliseconds>(FLAGS_ping_interval);
  options.ping_timeout = DurationFlag<milliseconds>(FLAGS_ping_timeout);
  options.limits.max_header_bytes = SizeOf(FLAGS_max_header_size);
  options.limits.max_value_bytes = SizeOf(FLAGS_max_value_size);
  options.limits.max_batch_bytes = SizeOf(FLAGS_max_batch_size);
  options.limits.max_page_bytes = SizeOf(FLAGS_max_page_size);
  options.limits.max_pipelined = FLAGS_max_pipelined;
  options.limits.header_timeout = DurationFlag<milliseconds>(FLAGS_header_timeout);
  options.limits.body_timeout = DurationFlag<milliseconds>(FLAGS_body_timeout);
  options.limits.idle_timeout = DurationFlag<milliseconds>(FLAGS_idle_timeout);
  options.limits.request_timeout = DurationFlag<milliseconds>(FLAGS_request_timeout);
  return options;
}

// Blocks the signals that stop the node in this thread and in all that it will start, so that only WaitForStop sees
// them.
sigset_t BlockStopSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  CHECK_EQ(pthread_sigmask(SIG_BLOCK, &signals, nullptr), 0);
  return signals;
}

std::string_view WaitForStop(const sigset_t& signals) {
  int signal = 0;
  CHECK_EQ(sigwait(&signals, &signal), 0);
  return signal == SIGTERM ? "SIGTERM" : "SIGINT";
}

int RunNode() {
  const sigset_t stop_signals = BlockStopSignals();
  // A client that goes away while it is written to is an error on its connection, not the end of the node.
  signal(SIGPIPE, SIG_IGN);

  // Starting may take its time: a large disk, or members of a cluster that don't answer yet.
  static std::atomic<bool> started{false};  // Static: the thread may outlive this function.
  static std::promise<std::string_view> stop;
  std::thread([stop_signals] {
    const std::string_view name = WaitForStop(stop_signals);
    if (!started.exchange(true)) {
      LOG(INFO) << "got " << name << ": stopping before it served";
      google::FlushLogFiles(google::INFO);
      std::_Exit(0);
    }
    stop.set_value(name);
  }).detach();
  net::NodeOptions options = OptionsFromFlags();
  options.descriptor_limit = net::RaiseDescriptorLimit();
  auto node = net::Node::Start(std::move(options));
  if (!node.ok()) {
    LOG(ERROR) << "can't start: " << node.status().message();
    return 1;
  }
  started = true;
  // The two lines on stdout: for people, and for programs that wait until the node serves.
  const std::string host = FLAGS_listen.substr(0, FLAGS_listen.rfind(':'));
  std::printf("quoin node %s is listening on http://%s:%u\n", (*node)->id().ToString().c_str(), host.c_str(),
              static_cast<unsigned>((*node)->port()));
  const std::string peer_host = FLAGS_peer_listen.substr(0, FLAGS_peer_listen.rfind(':'));
  std::printf("quoin node %s takes peers on %s:%u\n", (*node)->id().ToString().c_str(), peer_host.c_str(),
              static_cast<unsigned>((*node)->peer_port()));
  std::fflush(stdout);

  const std::string_view signal_name = stop.get_future().get();
  LOG(INFO) << "got " << signal_name << ": finishing what is in flight";
  // Whoever asks twice doesn't want to wait. What was acknowledged is durable in any case.
  std::thread([stop_signals] {
    const std::string_view again = WaitForStop(stop_signals);
    LOG(WARNING) << "got " << again << " again: stopping at once";
    google::FlushLogFiles(google::INFO);
    std::_Exit(1);
  }).detach();
  const bool drained = (*node)->Stop(DurationFlag<std::chrono::milliseconds>(FLAGS_drain_timeout));
  LOG_IF(WARNING, !drained) << "some clients did not take their answers within " << FLAGS_drain_timeout
                            << " (--drain_timeout)";
  LOG(INFO) << "stopped";
  return 0;
}

}  // namespace
}  // namespace quoin::tools

int main(int argc, char** argv) {
  quoin::tools::EnterWorkingDirectory();
  FLAGS_logtostderr = true;
  google::SetVersionString(std::string(quoin::tools::kVersion));
  quoin::tools::ParseFlags(quoin::tools::Help(), &argc, &argv);
  google::InitGoogleLogging(argv[0]);
  if (argc > 1) {
    std::fprintf(stderr, "node takes flags only, and '%s' is none; see --help\n", argv[1]);
    return 2;
  }
  return quoin::tools::RunNode();
}
