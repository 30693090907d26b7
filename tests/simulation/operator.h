// Operator: the person who asks for changes of membership, and asks again until the ring shows them.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "quorum/packet.h"
#include "tests/simulation/seeded_random.h"
#include "tests/simulation/world.h"

namespace quoin::simulation {

class Operator {
 public:
  // `world` outlives it, and it outlives the world's events.
  explicit Operator(World& world) : world_(world), random_(world.parameters().seed, "operator") { Ask(); }

  // A newer wish about a node takes the place of an older one.
  void Want(quorum::MembershipPacket wish);
  bool Wants(NodeId node) const;
  std::size_t Count(quorum::MembershipPacket::Wish wish) const;
  // The wishes that the ring doesn't show yet; empty when there are none.
  std::string Missing() const;

 private:
  bool IsMet(const quorum::MembershipPacket& wish) const;
  void Ask();

  World& world_;
  SeededRandom random_;
  std::vector<quorum::MembershipPacket> wishes_;
};

}  // namespace quoin::simulation
