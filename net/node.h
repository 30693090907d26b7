// Node: a whole node in one object: storage, commit queue, shards, keyspace, front end. tools/node is a main() around
// it.
//
// Start order is bottom-up, stop order top-down: nobody accepts work whose foundations are not there.
// Threads: made and destroyed by one thread that is no shard.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "net/http_session.h"
#include "net/known_hosts.h"
#include "net/origin.h"

namespace quoin::net {

struct NodeOptions {
  enum class Engine { kRocks, kMemory };

  std::string version;  // The program's, for people.
  Engine engine = Engine::kRocks;
  std::string data_dir;                       // kRocks.
  std::optional<ClusterId> expected_cluster;  // Refuse a data directory of any other.
  std::uint32_t partition_count = 0;          // For a new cluster; an existing data directory knows its own.
  std::size_t cache_bytes = 0;                // kRocks: blocks kept in memory.
  std::uint64_t disk_reserve_bytes = 0;       // kRocks: free space to keep; writes are refused below it.
  std::size_t engine_files = 1024;            // kRocks: tables kept open.
  std::size_t memory_limit_bytes = 0;         // kMemory: 0 for none.
  std::chrono::microseconds commit_delay{0};
  std::chrono::milliseconds sweep_interval{0};
  std::chrono::milliseconds scrub_interval{0};

  std::string listen_address;
  std::uint16_t listen_port = 0;

  // Peers. An empty address: no other node can join this one, nor it any other.
  std::string peer_listen_address;
  std::uint16_t peer_listen_port = 0;
  // "host:port" that others are told; empty: what the node listens on, which then must not be all addresses.
  std::string advertised_client;
  std::string advertised_peer;
  std::vector<std::string> join;                    // Of members of the cluster to join, "host:port" each; empty: none.
  std::chrono::milliseconds join_patience{30'000};  // How long none of them may answer.
  std::string zone;
  std::uint32_t weight = 1;
  std::uint32_t replication_factor = 3;  // For a new cluster.
  std::chrono::milliseconds dead_node_timeout{600'000};

  // Of what this node brings to other replicas that lack it, per second; 0: no limit.
  std::uint64_t copy_keys = 0;
  std::uint64_t copy_bytes = 0;

  std::size_t shard_count = 1;
  std::size_t reader_count = 1;
  // Called on one of the node's threads when it finds that it must not go on; does not return to a serving node.
  std::function<void(const std::string& why)> give_up;
  // Files, sockets among them, that the process may have open, of which clients, peers and the storage get their shares
  // (net/descriptor_limit.h): max_connections, max_greeting_peers and engine_files become as low as they must. 0: they
  // stay as they are.
  std::uint64_t descriptor_limit = 0;
  std::size_t max_connections = 0;
  std::size_t max_greeting_peers = 256;  // Connections of peers that have not said who they are.
  std::size_t max_inflight_requests = 0;
  HttpLimits limits;
  AllowedOrigins allowed_origins;
  KnownHosts hosts;  // Besides those that other options name.
  std::size_t max_websocket_requests = 1024;
  std::size_t max_watches = 20'000;
  std::chrono::milliseconds ping_interval{20'000};
  std::chrono::milliseconds ping_timeout{20'000};
};

class Node {
 public:
  // Opens the storage, joins or takes the lead, listens and begins to serve. With `join` and nothing in the data
  // directory it waits up to `join_patience` for one of the members to answer; it does not wait to be admitted. Errors
  // name what was wrong and what would be right.
  static Result<std::unique_ptr<Node>> Start(NodeOptions options);
  virtual ~Node() = default;

  virtual NodeId id() const = 0;
  virtual ClusterId cluster() const = 0;
  // The port that was bound.
  virtual std::uint16_t port() const = 0;
  // The same for peers; 0: it takes none.
  virtual std::uint16_t peer_port() const = 0;

  // Finishes what is in flight and closes, within `patience`; false when some client did not take its answers by then.
  // All acknowledged writes are durable either way. Call once.
  virtual bool Stop(std::chrono::milliseconds patience) = 0;
};

}  // namespace quoin::net
