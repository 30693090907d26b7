// SimNetwork: the links between simulated nodes, one for each direction of each pair. Nodes are named by their index.
//
// A link delays, loses, repeats and reorders, may be cut, or clogged: then it delivers nothing for a while, and all at
// once at the end. Cuts count, so that two faults may cut the same link.
//
// Invariants:
//   L1  nothing passes a link that is cut, neither what is sent nor what is under way;
//   L2  what was sent before a reset of the link doesn't arrive after it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "quorum/packet.h"
#include "tests/simulation/counts.h"
#include "tests/simulation/event_queue.h"
#include "tests/simulation/parameters.h"
#include "tests/simulation/seeded_random.h"

namespace quoin::simulation {

using PacketPtr = std::shared_ptr<const quorum::PacketBody>;

class SimNetwork {
 public:
  using Deliver = std::function<void(std::size_t from, std::size_t to, const PacketPtr& packet)>;

  // The queue outlives the network.
  SimNetwork(const Parameters& parameters, EventQueue& queue, Counts& counts, Deliver deliver);

  void AddNode();
  std::size_t size() const { return links_.size(); }

  void Send(std::size_t from, std::size_t to, PacketPtr packet);

  void Cut(std::size_t from, std::size_t to) { ++At(from, to).cuts; }
  void Mend(std::size_t from, std::size_t to) {
    if (At(from, to).cuts > 0) --At(from, to).cuts;
  }
  bool IsCut(std::size_t from, std::size_t to) const { return links_[from][to].cuts > 0; }
  bool any_cut() const;
  void Clog(std::size_t from, std::size_t to, ring::MonotonicTime until);
  // What is under way between the two, either way, is lost.
  void Reset(std::size_t a, std::size_t b);
  // From now on: no loss, no repetition, nothing cut or clogged.
  void Heal();

 private:
  struct Link {
    int cuts = 0;
    std::uint64_t resets = 0;
    ring::Duration extra{0};  // On top of every delay.
    ring::MonotonicTime clogged_until{};
    ring::MonotonicTime last_arrival{};
  };

  Link& At(std::size_t from, std::size_t to) { return links_[from][to]; }
  void SendOne(std::size_t from, std::size_t to, const PacketPtr& packet);

  const Parameters parameters_;
  EventQueue& queue_;
  Counts& counts_;
  const Deliver deliver_;
  SeededRandom random_;
  bool healed_ = false;
  std::uint64_t dropped_ = 0;
  std::vector<std::vector<Link>> links_;  // [from][to]
};

}  // namespace quoin::simulation
