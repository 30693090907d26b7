#include "net/node.h"

#include <glog/logging.h>

#include <algorithm>
#include <atomic>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "base/text.h"
#include "kv/commit_queue.h"
#include "kv/memory_storage.h"
#include "kv/rocks_storage.h"
#include "net/api_handler.h"
#include "net/core_driver.h"
#include "net/core_keyspace.h"
#include "net/http_server.h"
#include "net/key_operation.h"
#include "net/shards.h"
#include "net/websocket_limits.h"
#include "quorum/node.h"

namespace quoin::net {
namespace {

std::uint64_t RandomNonZero() {
  std::random_device device;
  const std::uint64_t value = std::uint64_t{device()} << 32 | device();
  return value == 0 ? 1 : value;
}

ring::Duration Microseconds(std::chrono::nanoseconds time) {
  return std::chrono::duration_cast<ring::Duration>(time);
}

Result<std::unique_ptr<kv::Storage>> OpenStorage(const NodeOptions& options) {
  if (options.engine == NodeOptions::Engine::kMemory) {
    LOG(WARNING) << "--storage=memory: everything stored will be gone when this node stops";
    kv::MemoryStorage::Options memory;
    memory.identity.format_version = 1;
    memory.identity.node = NodeId{RandomNonZero()};
    memory.identity.cluster = options.expected_cluster.value_or(ClusterId{RandomNonZero()});
    memory.identity.partition_count = options.partition_count;
    memory.max_bytes = options.memory_limit_bytes;
    return std::unique_ptr<kv::Storage>(std::make_unique<kv::MemoryStorage>(memory));
  }
  kv::RocksOptions rocks;
  rocks.directory = options.data_dir;
  rocks.partition_count = options.partition_count;
  rocks.cluster = options.expected_cluster;
  rocks.cache_bytes = options.cache_bytes;
  rocks.reserve_bytes = options.disk_reserve_bytes;
  return kv::OpenRocksStorage(std::move(rocks));
}

class RunningNode : public Node {
 public:
  RunningNode(NodeOptions options, std::unique_ptr<kv::Storage> storage)
      : options_(std::move(options)),
        storage_(std::move(storage)),
        shards_(options_.shard_count, options_.reader_count),
        commits_(
            std::make_unique<kv::CommitQueue>(*storage_, kv::CommitQueue::Options{.delay = options_.commit_delay})) {}

  ~RunningNode() override {
    // First those who call, then those who are called.
    shards_.Stop();
    commits_.reset();
  }

  Status StartCore() {
    auto driver = CoreDriver::Start(*storage_, *commits_, shards_, kCoreShard, CoreOptions());
    if (!driver.ok()) {
      return Status(driver.status().code(), "reading what the disk knows: " + driver.status().message());
    }
    driver_ = *std::move(driver);
    keyspace_.emplace(shards_, *driver_);
    handler_.emplace(*keyspace_, HandlerOptions());
    handler_->metrics().AddSampler([this](std::vector<MetricSample>& samples) { Sample(samples); });
    return Status::Ok();
  }

  Status Listen() {
    HttpServer::Options server;
    server.address = options_.listen_address;
    server.port = options_.listen_port;
    server.max_connections = options_.max_connections;
    server.limits = options_.limits;
    server.too_many_connections = [this] { return handler_->TooManyConnections(options_.max_connections); };
    auto listening = HttpServer::Listen(shards_, *handler_, std::move(server));
    if (!listening.ok()) return listening.status();
    server_ = *std::move(listening);
    shards_.Start();
    state_ = NodeStatus::State::kServing;
    driver_->Run();
    server_->StartAccepting();
    return Status::Ok();
  }

  NodeId id() const override { return storage_->identity().node; }
  ClusterId cluster() const override { return storage_->identity().cluster; }
  std::uint16_t port() const override { return server_->port(); }

  bool Stop(std::chrono::milliseconds patience) override {
    state_ = NodeStatus::State::kStopping;
    return server_->Drain(patience);
  }

 private:
  static constexpr std::size_t kCoreShard = 0;

  quorum::NodeOptions CoreOptions() const {
    quorum::NodeOptions core;
    core.self = id();
    core.boot = RandomNonZero();
    core.cluster = cluster();
    core.partition_count = storage_->identity().partition_count;
    // Nobody needs them yet: there are no links between nodes.
    core.member.client_address = options_.listen_address + ":" + std::to_string(options_.listen_port);
    core.member.peer_address = core.member.client_address;
    core.max_value_bytes = options_.limits.max_value_bytes;
    // Admission is the gate's: there a batch is one request.
    core.max_requests = options_.max_inflight_requests * kMaxBatchOperations;
    // Of each partition's leader: a million ids, and the records of some 65,000 keys, in all.
    core.max_ids = std::max<std::size_t>(1024, (std::size_t{1} << 20) / core.partition_count);
    core.max_idle_keys = std::max<std::size_t>(64, (std::size_t{1} << 16) / core.partition_count);
    // Long after the front end has answered, which goes on counting what the core still works on (KeyspaceGate, A2).
    core.timing.request = std::max(core.timing.attempt, 4 * Microseconds(options_.limits.request_timeout));
    core.timing.sweep = Microseconds(options_.sweep_interval);
    core.timing.scrub = Microseconds(options_.scrub_interval);
    return core;
  }

  ApiHandler::Options HandlerOptions() {
    ApiHandler::Options handler;
    handler.node = id();
    handler.start_nonce = RandomNonZero();
    handler.max_inflight_requests = options_.max_inflight_requests;
    handler.max_value_bytes = options_.limits.max_value_bytes;
    handler.max_batch_bytes = options_.limits.max_batch_bytes;
    handler.max_page_bytes = options_.limits.max_page_bytes;
    WebSocketLimits& web_socket = handler.web_socket;
    web_socket.max_message_bytes = options_.limits.max_batch_bytes;
    web_socket.max_request_bytes = 2 * options_.limits.max_batch_bytes;
    web_socket.max_requests = options_.max_websocket_requests;
    web_socket.idle_timeout = options_.limits.idle_timeout;
    web_socket.body_timeout = options_.limits.body_timeout;
    web_socket.request_timeout = options_.limits.request_timeout;
    web_socket.ping_interval = options_.ping_interval;
    web_socket.ping_timeout = options_.ping_timeout;
    handler.allowed_origins = options_.allowed_origins;
    handler.status = [this] { return CurrentStatus(); };
    return handler;
  }

  NodeStatus CurrentStatus() const {
    NodeStatus status;
    status.node = id();
    status.cluster = cluster();
    status.engine = storage_->engine_name();
    status.version = options_.version;
    status.started_at = started_at_;
    status.state = state_;
    status.storage = storage_->health();
    status.storage_size_bytes = storage_->size_bytes();
    return status;
  }

  void Sample(std::vector<MetricSample>& samples) const {
    const kv::CommitQueue::Counters commits = commits_->counters();
    const auto mode = storage_->health().mode;
    samples.push_back({"quoin_commit_rounds_total", "Rounds of the commit thread: syncs of the log.",
                       static_cast<double>(commits.rounds), true});
    samples.push_back({"quoin_commit_changes_total", "Changes made durable: records, states and erasures.",
                       static_cast<double>(commits.changes), true});
    samples.push_back(
        {"quoin_commit_bytes_total", "Bytes of changes made durable.", static_cast<double>(commits.bytes), true});
    samples.push_back({"quoin_storage_size_bytes", "Bytes that the storage engine holds.",
                       static_cast<double>(storage_->size_bytes()), false});
    samples.push_back({"quoin_storage_writable",
                       "1 while the storage takes writes, 0 when the disk is full or writing "
                       "has stopped for good.",
                       mode == kv::Health::Mode::kWritable ? 1.0 : 0.0, false});
  }

  const NodeOptions options_;
  const kv::WallTime started_at_ = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  std::atomic<NodeStatus::State> state_{NodeStatus::State::kStarting};
  // In the order in which one stands on the other.
  std::unique_ptr<kv::Storage> storage_;
  Shards shards_;
  std::unique_ptr<kv::CommitQueue> commits_;
  std::unique_ptr<CoreDriver> driver_;
  std::optional<CoreKeyspace> keyspace_;
  std::optional<ApiHandler> handler_;
  std::unique_ptr<HttpServer> server_;
};

}  // namespace

Result<std::unique_ptr<Node>> Node::Start(NodeOptions options) {
  auto storage = OpenStorage(options);
  if (!storage.ok()) return storage.status();
  const kv::Identity identity = (*storage)->identity();
  if (options.engine == NodeOptions::Engine::kRocks && identity.partition_count != options.partition_count) {
    LOG(INFO) << "the data directory has " << identity.partition_count
              << " partitions, which is what counts; --partitions=" << options.partition_count << " is ignored";
  }
  auto node = std::make_unique<RunningNode>(std::move(options), *std::move(storage));
  QUOIN_RETURN_IF_ERROR(node->StartCore());
  QUOIN_RETURN_IF_ERROR(node->Listen());
  LOG(INFO) << "node " << identity.node << " of cluster " << identity.cluster << " serves " << identity.partition_count
            << " partitions";
  return std::unique_ptr<Node>(std::move(node));
}

}  // namespace quoin::net
