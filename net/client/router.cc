#include "net/client/router.h"

#include <algorithm>
#include <utility>

#include "ring/partition.h"

namespace quoin::client {
namespace {

// Mixes a lane's number with a server's (the finaliser of MurmurHash3).
std::uint64_t Mix(std::uint64_t bits) {
  bits ^= bits >> 33;
  bits *= 0xff51afd7ed558ccdu;
  bits ^= bits >> 33;
  bits *= 0xc4ceb9fe1a85ec53u;
  return bits ^ bits >> 33;
}

}  // namespace

Router::Router(Routing routing, std::vector<net::HttpEndpoint> servers, std::size_t connections_per_server)
    : routing_(routing), connections_(connections_per_server) {
  for (net::HttpEndpoint& endpoint : servers)
    servers_.push_back({std::move(endpoint), true, false, true, State::kNew, {}});
  listed_count_ = servers_.size();
}

std::size_t Router::lane_count() const { return has_ring() ? ring_.partition_count : kLanesWithoutRing; }

std::size_t Router::LaneOf(std::uint64_t hash) const {
  return ring::PartitionOfToken(hash, static_cast<std::uint32_t>(lane_count())).value;
}

std::size_t Router::ServerOf(const Leader& leader) const {
  return leader.node < server_of_.size() ? server_of_[leader.node] : kNone;
}

template <typename Pass>
std::size_t Router::Heaviest(std::size_t lane, Pass pass) const {
  std::size_t heaviest = kNone;
  std::uint64_t highest = 0;
  for (std::size_t server = 0; server < servers_.size(); ++server) {
    if (!servers_[server].listed || !pass(server)) continue;
    const std::uint64_t weight = Mix(Mix(lane) + 0x9e3779b97f4a7c15u * (server + 1));
    if (heaviest == kNone || weight > highest) {
      heaviest = server;
      highest = weight;
    }
  }
  return heaviest;
}

Router::Choice Router::For(std::uint64_t hash, std::size_t avoid) const {
  Choice choice{{current_, connections_ == 1 ? 0 : static_cast<std::size_t>(Mix(hash) % connections_)}, kNone};
  if (routing_ == Routing::kFailover) return choice;
  const std::size_t lane = LaneOf(hash);
  const auto take = [&choice](std::size_t server) {
    if (server == kNone) return false;
    choice.route.server = server;
    return true;
  };
  if (routing_ == Routing::kSpread) {
    const std::size_t best = Heaviest(lane, [](std::size_t) { return true; });
    if (is_down(best)) choice.wish = best;
    if (!is_down(best) && best != avoid) return take(best), choice;
    if (take(Heaviest(lane, [&](std::size_t server) { return !is_down(server) && server != avoid; }))) return choice;
    return take(best), choice;
  }
  if (has_ring()) {
    const std::size_t leader = ServerOf(leaders_[lane]);
    if (is_up(leader)) {
      if (leader != avoid) return take(leader), choice;
    } else {
      choice.wish = leader;
    }
    if (take(Heaviest(lane, [&](std::size_t server) { return is_up(server) && server != avoid; }))) return choice;
    if (is_up(avoid) && servers_[avoid].listed) return take(avoid), choice;
  } else if (!is_up(current_)) {
    take(Heaviest(lane, [this](std::size_t server) { return is_up(server); }));  // N1
  }
  return choice;
}

void Router::SetState(std::size_t server, State state) {
  Server& at = servers_[server];
  up_count_ -= at.state == State::kUp ? 1 : 0;
  at.state = state;
  up_count_ += at.state == State::kUp ? 1 : 0;
}

void Router::OnUp(std::size_t server, NodeId node) {
  SetState(server, State::kUp);
  servers_[server].node = node;
  FindNodes();
}

void Router::OnDown(std::size_t server) {
  SetState(server, State::kDown);
  if (!servers_[server].given) servers_[server].node = {};
  FindNodes();
  if (server == current_) GoOnFrom(server);
}

void Router::GoOnFrom(std::size_t server) {
  // The next one that isn't known to be down; when all are, simply the next one, in turn.
  std::size_t any = kNone;
  for (std::size_t i = 1; i <= servers_.size(); ++i) {
    const std::size_t next = (server + i) % servers_.size();
    if (!servers_[next].listed) continue;
    if (any == kNone) any = next;
    if (servers_[next].state == State::kDown) continue;
    current_ = next;
    return;
  }
  current_ = any;
}

bool Router::OnRing(RingView ring, const std::function<bool(std::size_t)>& is_idle) {
  if (ring.partition_count == 0) return false;
  if (has_ring() && ring.cluster != ring_.cluster) {
    // The cluster may have been made anew at the same addresses. While the known one is there, the other is a mistake.
    const auto is_member = [this](const Server& server) {
      return server.state == State::kUp && index_of_.contains(server.node);
    };
    if (std::ranges::any_of(servers_, is_member)) return false;
    leaders_.clear();
  } else if (has_ring() && ring.epoch < ring_.epoch) {
    return false;
  }
  std::vector<Leader> before = std::exchange(leaders_, {});
  const RingView old = std::exchange(ring_, std::move(ring));
  index_of_.clear();
  for (const RingNode& node : ring_.nodes) index_of_.emplace(node.id, static_cast<std::uint32_t>(index_of_.size()));
  if (ring_.nodes != old.nodes) ListServers(is_idle);
  FindNodes();
  leaders_.resize(ring_.partition_count);
  before.resize(ring_.partition_count);
  for (std::size_t i = 0; i < leaders_.size(); ++i) {
    leaders_[i].ballot = before[i].ballot;
    if (ring_.leaders[i] > 0) leaders_[i].node = ring_.leaders[i] - 1;
    // N2
    const auto named = index_of_.find(before[i].ballot.node);
    if (named != index_of_.end() && is_up(server_of_[named->second])) leaders_[i].node = named->second;
  }
  return true;
}

void Router::ListServers(const std::function<bool(std::size_t)>& is_idle) {
  for (Server& server : servers_) server.in_ring = false;
  address_of_.assign(ring_.nodes.size(), kNone);
  std::vector<std::pair<std::size_t, net::HttpEndpoint>> missing;
  for (std::size_t i = 0; i < ring_.nodes.size(); ++i) {
    Result<net::HttpEndpoint> endpoint = net::ParseHttpEndpoint(ring_.nodes[i].address);
    if (!endpoint.ok()) continue;
    const auto found = std::ranges::find(servers_, *endpoint, &Server::endpoint);
    if (found == servers_.end()) {
      missing.emplace_back(i, *std::move(endpoint));
      continue;
    }
    found->in_ring = true;
    address_of_[i] = static_cast<std::size_t>(found - servers_.begin());
  }
  // Only now is it known which numbers are free.
  for (auto& [node, endpoint] : missing) address_of_[node] = Add(std::move(endpoint), is_idle);
}

std::size_t Router::Add(net::HttpEndpoint endpoint, const std::function<bool(std::size_t)>& is_idle) {
  // Two nodes may claim the same address.
  if (const auto found = std::ranges::find(servers_, endpoint, &Server::endpoint); found != servers_.end()) {
    found->in_ring = true;
    return static_cast<std::size_t>(found - servers_.begin());
  }
  Server server{std::move(endpoint), false, true, false, State::kNew, {}};
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    if (servers_[i].given || servers_[i].in_ring || servers_[i].state == State::kUp || !is_idle(i)) continue;
    servers_[i] = std::move(server);
    return i;
  }
  servers_.push_back(std::move(server));
  return servers_.size() - 1;
}

void Router::FindNodes() {
  if (!has_ring()) return;
  server_of_ = address_of_;
  for (std::size_t i = 0; i < server_of_.size(); ++i) {
    // Somebody else has answered there.
    const std::size_t server = server_of_[i];
    if (server == kNone) continue;
    const NodeId there = servers_[server].node;
    if (there != NodeId{} && there != ring_.nodes[i].id) server_of_[i] = kNone;
  }
  for (std::size_t server = 0; server < servers_.size() && servers_[server].given; ++server) {
    const auto found = index_of_.find(servers_[server].node);
    if (found == index_of_.end()) continue;
    std::size_t& reached = server_of_[found->second];
    // N3; of several, one that is up.
    if (reached == kNone || !servers_[reached].given || !is_up(reached)) reached = server;
  }
  // N3: the cluster's address for such a node isn't used at all.
  for (Server& server : servers_) server.listed = server.given;
  for (const std::size_t server : server_of_) {
    if (server != kNone) servers_[server].listed = true;
  }
  listed_count_ = static_cast<std::size_t>(std::ranges::count(servers_, true, &Server::listed));
  if (!servers_[current_].listed) GoOnFrom(current_);
}

bool Router::Learn(std::uint64_t hash, const kv::Ballot& ballot) {
  if (!has_ring()) return true;
  Leader& leader = leaders_[LaneOf(hash)];
  if (ballot < leader.ballot) return true;  // The answer was long on its way.
  leader.ballot = ballot;
  if (leader.node < ring_.nodes.size() && ring_.nodes[leader.node].id == ballot.node) return true;
  const auto found = index_of_.find(ballot.node);
  leader.node = found == index_of_.end() ? UINT32_MAX : found->second;
  return found != index_of_.end();
}

}  // namespace quoin::client
