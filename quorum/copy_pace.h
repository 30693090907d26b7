// CopyPace: how fast the leaders of one node, all together, bring to other replicas what comparisons find missing
// there; above all the records of a partition that moves. Clients' requests share the disks and processors with that.
//
// What is found is brought at once, and paid for afterwards: a comparison goes on only while nothing is owed. So a
// burst is at most what the comparisons under way had found.
//
// A plain object; lives on its node's shard.
#pragma once

#include <algorithm>
#include <cstdint>

#include "quorum/amount.h"
#include "ring/monotonic_time.h"

namespace quoin::quorum {

class CopyPace {
 public:
  // Per second; 0: no limit.
  struct Options {
    std::uint64_t keys = 0;
    std::uint64_t bytes = 0;
  };

  CopyPace(const Options& options, ring::MonotonicTime now)
      : keys_(options.keys), bytes_(options.bytes), paid_at_(now) {}

  // Time pays.
  void OnTick(ring::MonotonicTime now) {
    const auto passed = std::chrono::duration_cast<std::chrono::microseconds>(now - paid_at_).count();
    paid_at_ = now;
    keys_.Pay(passed);
    bytes_.Pay(passed);
  }
  bool open() const { return keys_.owed == 0 && bytes_.owed == 0; }
  void Take(const Amount& amount) {
    keys_.Owe(amount.keys);
    bytes_.Owe(amount.bytes);
  }

 private:
  struct Debt {
    explicit Debt(std::uint64_t per_second) : rate(per_second) {}
    void Owe(std::uint64_t amount) {
      if (rate != 0) owed += static_cast<double>(amount);
    }
    void Pay(std::int64_t microseconds) {
      owed = std::max(0.0, owed - static_cast<double>(rate) * static_cast<double>(microseconds) / 1e6);
    }

    std::uint64_t rate;
    double owed = 0;
  };

  Debt keys_;
  Debt bytes_;
  ring::MonotonicTime paid_at_;
};

}  // namespace quoin::quorum
