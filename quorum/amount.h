// Amount: how many records, and how large; for the progress of moves. A plain value.
#pragma once

#include <cstdint>

namespace quoin::quorum {

// Of records that aren't tombstones: how many, and the bytes of their keys and values.
struct Amount {
  std::uint64_t keys = 0;
  std::uint64_t bytes = 0;

  Amount& operator+=(const Amount& other) {
    keys += other.keys;
    bytes += other.bytes;
    return *this;
  }
  friend Amount operator+(Amount a, const Amount& b) { return a += b; }
  friend bool operator==(const Amount&, const Amount&) = default;
};

inline Amount Times(const Amount& amount, std::uint64_t factor) {
  return {amount.keys * factor, amount.bytes * factor};
}

// `part` of `whole` of the amount, rounded down; all of it where `whole` is 0.
inline Amount PartOf(const Amount& amount, std::uint64_t part, std::uint64_t whole) {
  if (part >= whole) return amount;
  const double share = static_cast<double>(part) / static_cast<double>(whole);
  return {static_cast<std::uint64_t>(static_cast<double>(amount.keys) * share),
          static_cast<std::uint64_t>(static_cast<double>(amount.bytes) * share)};
}

}  // namespace quoin::quorum
