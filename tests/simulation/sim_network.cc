#include "tests/simulation/sim_network.h"

#include <algorithm>
#include <utility>

namespace quoin::simulation {

SimNetwork::SimNetwork(const Parameters& parameters, EventQueue& queue, Counts& counts, Deliver deliver)
    : parameters_(parameters),
      queue_(queue),
      counts_(counts),
      deliver_(std::move(deliver)),
      random_(parameters.seed, "network") {}

void SimNetwork::AddNode() {
  const std::size_t count = links_.size() + 1;
  links_.emplace_back();
  for (std::vector<Link>& row : links_) {
    while (row.size() < count) {
      Link link;
      if (random_.Percent(parameters_.slow_link_percent)) link.extra = ring::Duration(random_.Between(1000, 50'000));
      row.push_back(link);
    }
  }
}

void SimNetwork::Send(std::size_t from, std::size_t to, PacketPtr packet) {
  if (IsCut(from, to)) return;
  if (!healed_ && random_.Permille(parameters_.drop_permille)) {
    ++counts_.faults["packet dropped"];
    return;
  }
  SendOne(from, to, packet);
  if (healed_ || !random_.Permille(parameters_.duplicate_permille)) return;
  ++counts_.faults["packet repeated"];
  SendOne(from, to, packet);
}

void SimNetwork::SendOne(std::size_t from, std::size_t to, const PacketPtr& packet) {
  Link& link = At(from, to);
  ring::Duration delay = ring::Duration(parameters_.delay_us) + link.extra;
  if (parameters_.jitter_us > 0) delay += random_.Around(ring::Duration(parameters_.jitter_us));
  ring::MonotonicTime arrival = std::max(queue_.now() + delay, link.clogged_until);
  if (parameters_.reorder == 0) arrival = std::max(arrival, link.last_arrival);
  link.last_arrival = std::max(link.last_arrival, arrival);
  queue_.At(arrival, [this, from, to, packet, resets = link.resets] {
    if (At(from, to).resets != resets || IsCut(from, to)) return;
    deliver_(from, to, packet);
  });
}

bool SimNetwork::any_cut() const {
  return std::any_of(links_.begin(), links_.end(), [](const std::vector<Link>& row) {
    return std::any_of(row.begin(), row.end(), [](const Link& link) { return link.cuts > 0; });
  });
}

void SimNetwork::Clog(std::size_t from, std::size_t to, ring::MonotonicTime until) {
  Link& link = At(from, to);
  link.clogged_until = std::max(link.clogged_until, until);
}

void SimNetwork::Reset(std::size_t a, std::size_t b) {
  for (Link* link : {&At(a, b), &At(b, a)}) {
    ++link->resets;
    link->last_arrival = {};
  }
}

void SimNetwork::Heal() {
  healed_ = true;
  for (std::vector<Link>& row : links_) {
    for (Link& link : row) {
      link.cuts = 0;
      link.clogged_until = {};
      link.last_arrival = {};
      link.extra = std::min(link.extra, ring::Duration(20'000));
    }
  }
}

}  // namespace quoin::simulation
