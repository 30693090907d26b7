#include "net/node_settings.h"

#include <glog/logging.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>

#include "net/address.h"
#include "net/descriptor_limit.h"
#include "net/key_operation.h"
#include "net/known_hosts.h"
#include "net/origin.h"
#include "net/websocket_limits.h"
#include "ring/monotonic_time.h"

namespace quoin::net {
namespace {

ring::Duration Microseconds(std::chrono::nanoseconds time) { return std::chrono::duration_cast<ring::Duration>(time); }

std::string MachineName() {
  char name[256] = {};
  return gethostname(name, sizeof(name) - 1) == 0 ? name : "localhost";
}

// The names by which this node may be asked. What it listens on is an address, which is taken anyway.
KnownHosts HostsOf(const NodeOptions& options) {
  KnownHosts hosts = options.hosts;
  hosts.Add(MachineName());
  hosts.Add(options.advertised_client);
  // Pages that may do everything under names of their own may do it under the node's: often a proxy serves them and the
  // node together.
  if (options.allowed_origins.any()) hosts.AddAll();
  for (const std::string& origin : options.allowed_origins.origins()) hosts.Add(origin.substr(origin.find("://") + 3));
  return hosts;
}

}  // namespace

Result<std::string> PeerAddress(const NodeOptions& options, std::uint16_t port) {
  if (!options.advertised_peer.empty()) return options.advertised_peer;
  std::string address = ToString(Address{options.peer_listen_address, port});
  if (const auto reachable = ParseHostPort(address); !reachable.ok()) {
    return Status(Code::kInvalid, "peers are taken on " + address +
                                      ", which is no address that another machine can be told: say which one it is to "
                                      "use, with --advertise_peer=HOST:PORT");
  }
  return address;
}

std::string ClientAddress(const NodeOptions& options, std::uint16_t port) {
  if (!options.advertised_client.empty()) return options.advertised_client;
  std::string host = options.listen_address;
  if (host == "0.0.0.0" || host == "::") host = MachineName();
  return ToString(Address{host, port});
}

Status FitDescriptors(NodeOptions* options) {
  if (options->descriptor_limit == 0) return Status::Ok();
  DescriptorWishes wishes;
  wishes.connections = options->max_connections;
  wishes.engine_files = options->engine == NodeOptions::Engine::kRocks ? options->engine_files : 0;
  wishes.shards = options->shard_count;
  const auto plan = PlanDescriptors(options->descriptor_limit, wishes);
  if (!plan.ok()) return plan.status();
  LOG_IF(WARNING, plan->connections < wishes.connections || plan->engine_files < wishes.engine_files)
      << "the process may have " << options->descriptor_limit << " files open (ulimit -n), which leaves "
      << plan->connections << " for connections of clients (--max_connections=" << wishes.connections << ") and "
      << plan->engine_files << " for the storage's tables (" << wishes.engine_files << "); `ulimit -n "
      << LimitThatSuffices(wishes) << "` would do for all";
  options->max_connections = plan->connections;
  options->engine_files = plan->engine_files;
  options->max_greeting_peers = plan->greeting_peers;
  return Status::Ok();
}

quorum::NodeOptions CoreSettings(const NodeOptions& options, const kv::Identity& identity) {
  quorum::NodeOptions core;
  core.self = identity.node;
  core.cluster = identity.cluster;
  core.partition_count = identity.partition_count;
  core.member.zone = options.zone;
  core.member.weight = options.weight;
  core.goal.replication_factor = options.replication_factor;
  core.timing.dead_node_timeout = Microseconds(options.dead_node_timeout);
  // Silence of some four heartbeats is suspected on a quiet network, later where they come unevenly.
  core.detector.phi.heartbeat_interval = core.timing.heartbeat;
  core.detector.phi.least_deviation = core.timing.heartbeat / 2;
  // One outage must not make the next one, seconds later, look like what is to be expected.
  core.detector.phi.longest_sample = 8 * core.timing.heartbeat;
  core.max_value_bytes = options.limits.max_value_bytes;
  // Admission is the gate's: there a batch is one request.
  core.max_requests = options.max_inflight_requests * kMaxBatchOperations;
  // Admission is the front end's. Of shards' watches, one that ends may reach the core after one that begins.
  core.max_watches = 2 * options.max_watches;
  // Of each partition's leader: a million ids, and the records of some 65,000 keys, in all.
  core.max_ids = std::max<std::size_t>(1024, (std::size_t{1} << 20) / core.partition_count);
  core.max_idle_keys = std::max<std::size_t>(64, (std::size_t{1} << 16) / core.partition_count);
  // Long after the front end has answered, which goes on counting what the core still works on (KeyspaceGate, A2).
  core.timing.request = std::max(core.timing.attempt, 4 * Microseconds(options.limits.request_timeout));
  core.copy_pace = {.keys = options.copy_keys, .bytes = options.copy_bytes};
  core.timing.sweep = Microseconds(options.sweep_interval);
  core.timing.scrub = Microseconds(options.scrub_interval);
  return core;
}

ApiHandler::Options HandlerSettings(const NodeOptions& options) {
  ApiHandler::Options handler;
  handler.max_inflight_requests = options.max_inflight_requests;
  handler.max_value_bytes = options.limits.max_value_bytes;
  handler.max_batch_bytes = options.limits.max_batch_bytes;
  handler.max_page_bytes = options.limits.max_page_bytes;
  handler.max_watches = options.max_watches;
  WebSocketLimits& web_socket = handler.web_socket;
  web_socket.max_message_bytes = options.limits.max_batch_bytes;
  web_socket.max_request_bytes = 2 * options.limits.max_batch_bytes;
  web_socket.max_requests = options.max_websocket_requests;
  web_socket.idle_timeout = options.limits.idle_timeout;
  web_socket.body_timeout = options.limits.body_timeout;
  web_socket.request_timeout = options.limits.request_timeout;
  web_socket.ping_interval = options.ping_interval;
  web_socket.ping_timeout = options.ping_timeout;
  handler.allowed_origins = options.allowed_origins;
  handler.hosts = HostsOf(options);
  return handler;
}

}  // namespace quoin::net
