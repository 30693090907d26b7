// Shares: how much of the data each node is to hold, exactly, before anything is rounded to whole partitions.
//
// A share is the expected number of a partition's N replicas that a node holds, between 0 and 1. Shares are as
// proportional to weights as the two other rules allow:
//   - a node holds at most one replica of a partition;
//   - the replicas of a partition are spread over the zones as evenly as the numbers of nodes allow: no zone holds two
//     while another, with a node to spare, holds none, and so on upwards.
// So shares are min(1, lambda * weight), with one lambda for all zones, except that a zone that would then hold more
// (less) of a partition than its bounds say has a smaller (larger) lambda of its own.
//
// Pure functions in whole numbers, so that every node computes the same; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace quoin::ring {

struct ShareOwner {
  std::string zone;
  std::uint32_t weight = 1;  // From 1, at most kMaxWeight (topology.h).
};

// numerator / denominator, between 0 and 1.
struct Share {
  std::uint64_t numerator = 0;
  std::uint64_t denominator = 1;

  // The whole part of `count` shares, and whether anything is left over.
  std::uint64_t Floor(std::uint64_t count) const { return count * numerator / denominator; }
  bool HasRest(std::uint64_t count) const { return count * numerator % denominator != 0; }
};

// How many nodes a zone has, and how many of one partition's replicas it holds, at least and at most. These differ by
// one at most.
struct ZoneBounds {
  std::uint32_t nodes = 0;
  std::uint32_t least = 0;
  std::uint32_t most = 0;
};

struct Shares {
  std::uint32_t replicas = 0;          // N, or the number of owners when there are fewer.
  std::vector<Share> owners;           // As the owners were given; they add up to `replicas`.
  std::vector<std::uint32_t> zone_of;  // Per owner: an index of `zones`.
  std::vector<ZoneBounds> zones;       // In the order of their names.
};

// REQUIRES: 1 <= replication_factor <= kMaxReplicas; every weight is in its bounds.
Shares SharesOf(const std::vector<ShareOwner>& owners, std::uint32_t replication_factor);

}  // namespace quoin::ring
