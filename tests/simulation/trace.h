// Trace: what happened in a run, as a hash always, and as readable lines on demand.
//
// Two runs of one seed have the same hash, or something in them isn't deterministic. Nothing is formatted unless
// somebody reads it.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <ostream>

#include "ring/monotonic_time.h"
#include "tests/simulation/seeded_random.h"

namespace quoin::simulation {

class Trace {
 public:
  // `lines` nullptr: only the hash.
  explicit Trace(std::ostream* lines) : lines_(lines) {}

  void Note(std::initializer_list<std::uint64_t> numbers) {
    for (const std::uint64_t number : numbers) hash_ = Mix(hash_ ^ number);
  }
  std::uint64_t hash() const { return hash_; }

  // `write(std::ostream&)` writes one line without its end.
  template <typename Write>
  void Line(ring::MonotonicTime now, const Write& write) {
    if (lines_ == nullptr) return;
    WriteTime(now);
    write(*lines_);
    *lines_ << '\n';
  }

 private:
  void WriteTime(ring::MonotonicTime now);

  std::ostream* const lines_;
  std::uint64_t hash_ = 0;
};

}  // namespace quoin::simulation
