// What a node says of its cluster (docs/api.md, "Cluster"), read from JSON. Pure.
//
// Members that are missing count as empty or 0, so that a client and a node of different versions get along.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace quoin::tools {

struct ClusterNode {
  std::string id;     // 16 hexadecimal digits.
  std::string state;  // "active", ...
  bool heard = false;
  std::string client_address;
  std::string peer_address;
  std::string zone;
  std::uint64_t weight = 0;
  std::uint64_t replicas = 0;  // Partitions that it holds,
  std::uint64_t incoming = 0;  // that are being copied to it,
  std::uint64_t leads = 0;     // and that it leads.
};

struct ClusterAction {
  std::string action;  // "drain", ...
  std::string state;   // "running", "done", "cancelled"
  std::string node;    // Empty: it concerns no single one.
  std::string with;    // Of a replacement.
  std::string since;
  std::uint64_t partitions_done = 0;
  std::uint64_t partitions_total = 0;
  std::uint64_t keys_copied = 0;
  std::uint64_t keys_total = 0;
  std::uint64_t bytes_copied = 0;
  std::uint64_t bytes_total = 0;
  double keys_per_s = 0;
  double bytes_per_s = 0;
  std::optional<double> eta_s;
};

struct ClusterRefusal {
  std::string wish;
  std::string node;
  std::string at;
  std::string reason;
};

struct ClusterStatus {
  std::string cluster;
  bool joined = false;
  std::uint64_t epoch = 0;
  std::uint64_t replication_factor = 0;
  std::string controller;  // Empty: not known.
  std::uint64_t partitions = 0;
  std::uint64_t moving = 0;
  std::uint64_t leaderless = 0;
  std::vector<ClusterNode> nodes;
  std::vector<ClusterAction> actions;
  std::vector<ClusterRefusal> refusals;

  // nullptr: no member.
  const ClusterNode* Find(std::string_view id) const;
};
// Errors: kInvalid.
Result<ClusterStatus> ParseClusterStatus(std::string_view json);

struct RingPartition {
  bool moving = false;
  std::string leader;  // Empty: not known.
};
struct Ring {
  std::uint64_t epoch = 0;
  std::vector<RingPartition> partitions;
};
// Errors: kInvalid.
Result<Ring> ParseRing(std::string_view json);

// The one member whose id begins with `typed`, or that has it as an address. kInvalid says whom else it could be, or
// who there is.
Result<ClusterNode> FindNode(const ClusterStatus& status, std::string_view typed);

}  // namespace quoin::tools
