// Fingerprints: 128 bits that stand for what a search has seen, and a set of them.
//
// Two different positions of a search share a fingerprint with a chance below n * n / 2^128, n being the number of
// positions: under 1e-23 for a hundred million. Such a clash could only make the search overlook an order, that is,
// report a violation where there is none; an order that it has found is always replayed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace quoin::linearizability {

struct Fingerprint {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  friend bool operator==(const Fingerprint&, const Fingerprint&) = default;
  friend Fingerprint operator^(const Fingerprint& a, const Fingerprint& b) { return {a.high ^ b.high, a.low ^ b.low}; }
};

// A bijection that spreads every bit of its argument over all of the result.
inline std::uint64_t Spread(std::uint64_t bits) {
  bits = (bits ^ (bits >> 32)) * 0xd6e8feb86659fd93;
  bits = (bits ^ (bits >> 29)) * 0xa0761d6478bd642f;
  return bits ^ (bits >> 32);
}

// Folds one more word into a fingerprint; the order of the words matters.
inline Fingerprint Fold(const Fingerprint& print, std::uint64_t word) {
  return {Spread(print.high + 0x9e3779b97f4a7c15 + word), Spread((print.low ^ 0xc2b2ae3d27d4eb4f) + Spread(word + 1))};
}

// A set that only grows. Open addressing, at most half full.
class FingerprintSet {
 public:
  // Whether it was not there before.
  bool Insert(const Fingerprint& print) {
    if (2 * (size_ + 1) > slots_.size()) Grow();
    return Place(print);
  }

  std::size_t size() const { return size_; }

 private:
  bool Place(const Fingerprint& print) {
    // The all-zero fingerprint marks an empty slot; as a value it is as unlikely as a clash.
    std::size_t slot = print.low & (slots_.size() - 1);
    while (slots_[slot] != Fingerprint()) {
      if (slots_[slot] == print) return false;
      slot = (slot + 1) & (slots_.size() - 1);
    }
    slots_[slot] = print;
    ++size_;
    return true;
  }

  void Grow() {
    std::vector<Fingerprint> old(slots_.empty() ? 64 : 2 * slots_.size());
    old.swap(slots_);
    size_ = 0;
    for (const Fingerprint& print : old) {
      if (print != Fingerprint()) Place(print);
    }
  }

  std::vector<Fingerprint> slots_;  // A power of two of them.
  std::size_t size_ = 0;
};

}  // namespace quoin::linearizability
