// Ballot and Version: the order in which a partition's writes happened.
#pragma once

#include <compare>
#include <cstdint>
#include <ostream>

#include "base/ids.h"

namespace quoin::kv {

// Who may write, in order: a higher ballot supersedes every lower one. The zero ballot is below all that anyone uses.
struct Ballot {
  std::uint64_t round = 0;
  NodeId node;

  friend auto operator<=>(const Ballot&, const Ballot&) = default;
};

// The place of one write in the total order of its partition's writes (invariant I2: at most one record is ever
// proposed per partition and version). The zero version is below all that anyone writes and stands for "no version".
struct Version {
  Ballot ballot;
  std::uint64_t sequence = 0;

  friend auto operator<=>(const Version&, const Version&) = default;
};

// "3.00c0ffee00c0ffee", "3.00c0ffee00c0ffee.41": round, node, sequence.
std::ostream& operator<<(std::ostream& out, const Ballot& ballot);
std::ostream& operator<<(std::ostream& out, const Version& version);

}  // namespace quoin::kv
