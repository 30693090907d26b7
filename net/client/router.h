// Router: which connection an operation goes to. It knows the servers (those that the program named and, with
// Routing::kLeaders, those of the ring), which of them can be reached, and who leads what.
//
// Keys that share a lane go the same way: a lane is a partition of the ring, or, without a ring, a slice of the keys
// that is made in the same manner.
//
// Invariants:
//   N1  with kLeaders, an operation goes to a server that is not connected only while none is;
//   N2  what leaders say of themselves in answers counts for more than what other nodes believe (the ring), as long as
//       the leader can be reached;
//   N3  a node that one of the program's own servers turned out to be is reached there, whatever address the ring has
//       for it: that one may be of use within the cluster's network only.
//
// Threads: none of its own. For allocates nothing.
// Bounds: the program's servers, and kMaxRingNodes others and those that are being left.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <unordered_map>
#include <vector>

#include "base/ids.h"
#include "kv/version.h"
#include "net/client/ring_view.h"
#include "net/client/routing.h"
#include "net/http_client.h"

namespace quoin::client {

struct Route {
  std::size_t server = 0;      // See Router::server.
  std::size_t connection = 0;  // Of that server's.
  friend bool operator==(const Route&, const Route&) = default;
};

class Router {
 public:
  static constexpr std::size_t kNone = SIZE_MAX;
  static constexpr std::size_t kLanesWithoutRing = 256;

  // REQUIRES: there is a server, and connections_per_server is at least 1.
  Router(Routing routing, std::vector<net::HttpEndpoint> servers, std::size_t connections_per_server);

  struct Choice {
    Route route;
    // A server that would be better, and isn't connected. It should be tried now and then.
    std::size_t wish = kNone;
    friend bool operator==(const Choice&, const Choice&) = default;
  };
  // For a key with this hash (ring::TokenOf). `avoid`: a server that just failed the operation; it is taken only where
  // there is no other. A choice depends on nothing but the lane and what this object was told.
  Choice For(std::uint64_t hash, std::size_t avoid = kNone) const;
  std::size_t LaneOf(std::uint64_t hash) const;
  std::size_t lane_count() const;

  // Servers are numbered from 0, those of the program first; a number may come to stand for another server (OnRing).
  std::size_t server_count() const { return servers_.size(); }
  const net::HttpEndpoint& server(std::size_t server) const { return servers_[server].endpoint; }
  bool is_up(std::size_t server) const { return server < servers_.size() && servers_[server].state == State::kUp; }
  bool is_down(std::size_t server) const { return server < servers_.size() && servers_[server].state == State::kDown; }
  std::size_t up_count() const { return up_count_; }
  // Those that operations may go to.
  bool is_listed(std::size_t server) const { return servers_[server].listed; }
  std::size_t listed_count() const { return listed_count_; }

  // A connection to the server is open; `node` says that it is it.
  void OnUp(std::size_t server, NodeId node);
  // A connection to it could not be opened, or broke.
  void OnDown(std::size_t server);

  // The ring as a node told it. False: it is older than what is known, or of another cluster, and was ignored.
  // `is_idle` says of a server that is no longer in the ring whether its number may be given to another one.
  bool OnRing(RingView ring, const std::function<bool(std::size_t server)>& is_idle);
  const RingView& ring() const { return ring_; }
  bool has_ring() const { return ring_.partition_count > 0; }

  // An answer about a key with this hash named this ballot, whose node leads it. False: that node isn't in the ring,
  // which must have changed.
  bool Learn(std::uint64_t hash, const kv::Ballot& ballot);

 private:
  enum class State : std::uint8_t { kNew, kUp, kDown };
  struct Server {
    net::HttpEndpoint endpoint;
    bool given = false;    // By the program.
    bool in_ring = false;  // Its address is some node's.
    bool listed = false;   // Given, or where a node of the ring is reached.
    State state = State::kNew;
    NodeId node;  // Who said hello there last; zero: nobody, or nobody since it went down.
  };
  struct Leader {
    std::uint32_t node = UINT32_MAX;  // Index of ring_.nodes; the highest: unknown.
    kv::Ballot ballot;                // The highest that an answer named.
  };

  std::size_t ServerOf(const Leader& leader) const;
  // The server with the highest weight for the lane (rendezvous hashing), of those that pass: when one goes, only its
  // lanes move. kNone: there is none.
  template <typename Pass>
  std::size_t Heaviest(std::size_t lane, Pass pass) const;
  std::size_t Add(net::HttpEndpoint endpoint, const std::function<bool(std::size_t)>& is_idle);
  void SetState(std::size_t server, State state);
  void ListServers(const std::function<bool(std::size_t)>& is_idle);
  // Where each node of the ring is reached.
  void FindNodes();
  void GoOnFrom(std::size_t server);

  const Routing routing_;
  const std::size_t connections_;
  std::vector<Server> servers_;
  std::size_t up_count_ = 0;
  std::size_t listed_count_ = 0;
  std::size_t current_ = 0;  // Of kFailover, and of kLeaders while no ring is known or nothing is up.

  RingView ring_;
  std::vector<std::size_t> address_of_;  // By node of the ring: the server with its address; kNone: it is no address.
  std::vector<std::size_t> server_of_;   // By node of the ring: where it is reached; kNone: nowhere.
  std::unordered_map<NodeId, std::uint32_t> index_of_;  // Of ring_.nodes.
  std::vector<Leader> leaders_;                         // By partition.
};

}  // namespace quoin::client
