#include "net/node.h"

#include <glog/logging.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "base/random.h"
#include "base/text.h"
#include "kv/commit_queue.h"
#include "net/api_handler.h"
#include "net/core_driver.h"
#include "net/core_keyspace.h"
#include "net/core_watches.h"
#include "net/http_server.h"
#include "net/member_stats.h"
#include "net/node_foundation.h"
#include "net/node_settings.h"
#include "net/peer_listener.h"
#include "net/peer_network.h"
#include "net/peer_probe.h"
#include "net/shards.h"
#include "quorum/node.h"

namespace quoin::net {
namespace {

// How long a restarted member waits for another one's welcome before it goes on by itself.
constexpr std::chrono::milliseconds kContactPatience{1000};
// How long one member may take to say who it is.
constexpr std::chrono::milliseconds kAskPatience{2000};

class RunningNode : public Node {
 public:
  RunningNode(NodeOptions options, Foundation foundation, std::uint64_t boot)
      : options_(std::move(options)),
        boot_(boot),
        through_(foundation.through),
        through_address_(std::move(foundation.through_address)),
        storage_(std::move(foundation.storage)),
        shards_(options_.shard_count, options_.reader_count),
        contact_timer_(shards_.context(kCoreShard)),
        commits_(
            std::make_unique<kv::CommitQueue>(*storage_, kv::CommitQueue::Options{.delay = options_.commit_delay})) {}

  ~RunningNode() override {
    // First those who call, then those who are called.
    shards_.Stop();
    if (network_ != nullptr) network_->Stop();
    commits_.reset();
  }

  // Binds the port for clients, which the cluster is told of, makes the core, and begins to serve. `listener`: for
  // peers, who are told `peer_address`; nullptr: none.
  Status Start(std::unique_ptr<PeerListener> listener, const std::string& peer_address) {
    driver_ = std::make_unique<CoreDriver>(*storage_, *commits_, shards_, kCoreShard);
    keyspace_.emplace(shards_, *driver_);
    watches_.emplace(shards_, *driver_);
    member_stats_.emplace(shards_.context(shards_.count() - 1), *driver_);
    handler_.emplace(*keyspace_, HandlerOptions());
    handler_->metrics().AddSampler([this](std::vector<MetricSample>& samples) { Sample(samples); });
    QUOIN_RETURN_IF_ERROR(Listen());
    if (listener != nullptr) {
      peer_port_ = listener->port();
      network_ = std::make_unique<PeerNetwork>(shards_.context(kCoreShard), NetworkOptions(peer_address), FromPeers());
    }
    const Status started =
        driver_->Start(CoreOptions(peer_address), network_ != nullptr ? ToPeers() : CoreDriver::Links());
    if (!started.ok()) return Status(started.code(), "reading what the disk knows: " + started.message());
    if (through_) network_->SetPeers({{*through_, through_address_}});
    if (network_ != nullptr) network_->Start(std::move(listener));
    state_ = NodeStatus::State::kServing;
    RunCoreWhenWelcome();
    shards_.Start();
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
    return Status::Ok();
  }

  NodeId id() const override { return storage_->identity().node; }
  ClusterId cluster() const override { return storage_->identity().cluster; }
  std::uint16_t port() const override { return server_->port(); }
  std::uint16_t peer_port() const override { return peer_port_; }

  bool Stop(std::chrono::milliseconds patience) override {
    state_ = NodeStatus::State::kStopping;
    return server_->Drain(patience);
  }

 private:
  static constexpr std::size_t kCoreShard = 0;

  // A member of several says and writes nothing before one of them has let it in, or none answers: if they find that
  // its disk has forgotten what it told them (a restored backup), it must not have become newer meanwhile.
  void RunCoreWhenWelcome() {
    const auto snapshot = driver_->Snapshot();
    const bool alone = network_ == nullptr || snapshot->topology == nullptr || snapshot->topology->members.size() <= 1;
    if (alone) return RunCore();
    contact_timer_.expires_after(kContactPatience);
    contact_timer_.async_wait([this](const boost::system::error_code& error) {
      if (!error) RunCore();
    });
  }

  // And takes clients. On the core's shard, or before it runs.
  void RunCore() {
    if (std::exchange(core_runs_, true)) return;
    driver_->Run();
    server_->StartAccepting();
  }

  void OnRefused(NodeId peer, const PeerObjection& objection) {
    if (objection.refusal != PeerRefusal::kRestoredBackup || core_runs_ || !options_.give_up) return;
    contact_timer_.cancel();
    options_.give_up("node " + peer.ToString() + " refuses this node: " + objection.text);
  }

  CoreDriver::Links ToPeers() {
    return {.send = [this](NodeId to, const quorum::PacketBody& packet) { network_->Send(to, packet); },
            .set_peers = [this](const std::map<NodeId, std::string>& peers) { network_->SetPeers(peers); }};
  }

  PeerNetwork::Handlers FromPeers() {
    return {.packet = [this](NodeId from, quorum::PacketBody packet) { driver_->Receive(from, std::move(packet)); },
            .reset = [this](NodeId peer) { driver_->OnLinkReset(peer); },
            .batch_end = {},
            .welcomed = [this](NodeId) { RunCore(); },
            .refused = [this](NodeId peer, const PeerObjection& objection) { OnRefused(peer, objection); }};
  }

  PeerNetwork::Options NetworkOptions(const std::string& address) const {
    PeerNetwork::Options network;
    network.self = id();
    network.boot = boot_;
    network.cluster = cluster();
    network.partition_count = storage_->identity().partition_count;
    network.advertised = address;
    network.commit_number = [this] { return storage_->commit_number(); };
    network.max_greeting = options_.max_greeting_peers;
    return network;
  }

  quorum::NodeOptions CoreOptions(const std::string& peer_address) const {
    quorum::NodeOptions core = CoreSettings(options_, storage_->identity());
    core.boot = boot_;
    core.join = through_;
    core.rejoin = !options_.join.empty();
    core.member.client_address = ClientAddress(options_, server_->port());
    core.member.peer_address = peer_address.empty() ? core.member.client_address : peer_address;
    return core;
  }

  ApiHandler::Options HandlerOptions() {
    ApiHandler::Options handler = HandlerSettings(options_);
    handler.node = id();
    handler.start_nonce = RandomNonZero();
    handler.status = [this] { return CurrentStatus(); };
    handler.cluster = driver_.get();
    handler.watches = &*watches_;
    handler.member_stats = &*member_stats_;
    return handler;
  }

  bool IsMember() const {
    const auto snapshot = driver_->Snapshot();
    return snapshot->topology != nullptr && snapshot->topology->members.contains(id());
  }

  NodeStatus CurrentStatus() const {
    NodeStatus status;
    status.node = id();
    status.cluster = cluster();
    status.engine = storage_->engine_name();
    status.version = options_.version;
    status.started_at = started_at_;
    status.state = state_;
    if (status.state == NodeStatus::State::kServing && !IsMember()) {
      status.state = NodeStatus::State::kStarting;  // It has not joined yet.
    }
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
  const std::uint64_t boot_;
  const std::optional<NodeId> through_;  // See Foundation.
  const std::string through_address_;
  std::uint16_t peer_port_ = 0;
  const kv::WallTime started_at_ = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
  std::atomic<NodeStatus::State> state_{NodeStatus::State::kStarting};
  // In the order in which one stands on the other.
  std::unique_ptr<kv::Storage> storage_;
  Shards shards_;
  boost::asio::steady_timer contact_timer_;  // Of the core's shard.
  bool core_runs_ = false;                   // Of the core's shard.
  std::unique_ptr<kv::CommitQueue> commits_;
  std::unique_ptr<CoreDriver> driver_;
  std::unique_ptr<PeerNetwork> network_;
  std::optional<CoreKeyspace> keyspace_;
  std::optional<CoreWatches> watches_;
  std::optional<MemberStats> member_stats_;
  std::optional<ApiHandler> handler_;
  std::unique_ptr<HttpServer> server_;
};

}  // namespace

Result<std::unique_ptr<Node>> Node::Start(NodeOptions options) {
  QUOIN_RETURN_IF_ERROR(FitDescriptors(&options));
  const std::uint64_t boot = RandomNonZero();
  std::unique_ptr<PeerListener> listener;
  std::string peer_address;
  if (!options.peer_listen_address.empty()) {
    auto listening = PeerListener::Listen(options.peer_listen_address, options.peer_listen_port);
    if (!listening.ok()) return listening.status();
    listener = *std::move(listening);
    auto address = PeerAddress(options, listener->port());
    if (!address.ok()) return address.status();
    peer_address = *std::move(address);
  }
  const auto ask = [&](const std::string& address) -> Result<std::optional<PeerIdentity>> {
    CHECK(listener != nullptr) << "joining takes links to peers";
    PeerIdentity own;
    own.boot = boot;
    own.advertised = peer_address;
    const Result<PeerFound> found = AskPeer(address, own, *listener, kAskPatience);
    if (!found.ok()) return found.status();
    if (found->is_self) return std::optional<PeerIdentity>();
    if (!found->unreachable.empty()) {
      return Status(Code::kInvalid, "the node there can't reach this one at " + peer_address +
                                        " (--advertise_peer, or else --peer_listen): " + found->unreachable);
    }
    return std::optional(found->who);
  };
  auto foundation = LayFoundation(options, ask);
  if (!foundation.ok()) return foundation.status();
  const kv::Identity identity = foundation->storage->identity();
  if (options.engine == NodeOptions::Engine::kRocks && identity.partition_count != options.partition_count) {
    LOG(INFO) << "the data directory has " << identity.partition_count
              << " partitions, which is what counts; --partitions=" << options.partition_count << " is ignored";
  }
  auto node = std::make_unique<RunningNode>(std::move(options), *std::move(foundation), boot);
  QUOIN_RETURN_IF_ERROR(node->Start(std::move(listener), peer_address));
  LOG(INFO) << "node " << identity.node << " of cluster " << identity.cluster << " serves " << identity.partition_count
            << " partitions";
  return std::unique_ptr<Node>(std::move(node));
}

}  // namespace quoin::net
