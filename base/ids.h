// Strong types for the numbers that name things, so that one can't be passed for another.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <ostream>
#include <string>

#include "base/text.h"

namespace quoin {

// `Tag` only tells the types apart. Ids are ordered so that they can live in ordered containers, and printed as 16
// lower-case hexadecimal digits.
template <typename Tag>
struct Id64 {
  std::uint64_t value = 0;

  friend auto operator<=>(const Id64&, const Id64&) = default;
  std::string ToString() const { return Hex64(value); }
  friend std::ostream& operator<<(std::ostream& out, const Id64& id) { return out << id.ToString(); }
};

// A node: random, made once with its data directory, kept inside the engine.
using NodeId = Id64<struct NodeTag>;
// A cluster: random, made by the node that bootstraps it.
using ClusterId = Id64<struct ClusterTag>;

// One of the equal slices of the token ring, 0 .. P-1.
struct PartitionId {
  std::uint32_t value = 0;

  friend auto operator<=>(const PartitionId&, const PartitionId&) = default;
  friend std::ostream& operator<<(std::ostream& out, const PartitionId& id) { return out << id.value; }
};

}  // namespace quoin

template <typename Tag>
struct std::hash<quoin::Id64<Tag>> {
  std::size_t operator()(const quoin::Id64<Tag>& id) const { return std::hash<std::uint64_t>{}(id.value); }
};
template <>
struct std::hash<quoin::PartitionId> {
  std::size_t operator()(const quoin::PartitionId& id) const { return std::hash<std::uint32_t>{}(id.value); }
};
