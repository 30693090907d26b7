#include "net/client/router.h"

#include <functional>

namespace quoin::client {
namespace {

// Mixes a key's hash with a server's number (the finaliser of MurmurHash3).
std::uint64_t Mix(std::uint64_t bits) {
  bits ^= bits >> 33;
  bits *= 0xff51afd7ed558ccdu;
  bits ^= bits >> 33;
  bits *= 0xc4ceb9fe1a85ec53u;
  return bits ^ bits >> 33;
}

}  // namespace

Route Router::For(std::string_view key) const {
  const std::uint64_t hash = std::hash<std::string_view>{}(key);
  Route route{current_, static_cast<std::size_t>(Mix(hash) % connections_)};
  if (routing_ == Routing::kFailover) return route;
  // The server with the highest weight for the key (rendezvous hashing): when one goes down, only its keys move.
  bool found_up = false;
  std::uint64_t highest = 0;
  for (std::size_t server = 0; server < down_.size(); ++server) {
    const std::uint64_t weight = Mix(hash + 0x9e3779b97f4a7c15u * (server + 1));
    const bool up = !down_[server];
    if (found_up && !up) continue;
    if ((up && !found_up) || weight >= highest) {
      route.server = server;
      highest = weight;
      found_up = up;
    }
  }
  return route;
}

void Router::OnDown(std::size_t server) {
  down_[server] = true;
  if (routing_ == Routing::kSpread || server != current_) return;
  // The next one that isn't known to be down; when all are, simply the next one, in turn.
  current_ = (server + 1) % down_.size();
  for (std::size_t i = 1; i < down_.size(); ++i) {
    const std::size_t next = (server + i) % down_.size();
    if (!down_[next]) {
      current_ = next;
      return;
    }
  }
}

}  // namespace quoin::client
