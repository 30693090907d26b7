// Verification: whether what the clients of a run were told can be true: the linearizability checker's verdict
// (docs/checker.md) on every key, and how many acknowledged writes are gone or happened twice, which people understand
// better.
//
// Pure; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tests/linearizability/checker.h"
#include "tools/bench_data.h"
#include "tools/bench_recorder.h"

namespace quoin::bench {

// What became of one key's writes, by what it held in the end.
struct Losses {
  // The key was never read once all known operations on it were over, so `lost` can't be told.
  bool unread = false;
  // Puts: acknowledged ones that are newer than what the key holds. Increments: by how much the counter is below the
  // acknowledged ones.
  std::uint64_t lost = 0;
  // Puts: values that were seen as two versions. Increments: by how much the counter is above all that can have
  // happened, the acknowledged and the unknown ones.
  std::uint64_t duplicated = 0;

  friend bool operator==(const Losses&, const Losses&) = default;
};

// REQUIRES: all events are of one key, which begins absent, and are gets, puts of values that are written once, and
// increments; a key has either puts or increments.
Losses CountLosses(const linearizability::History& history);

struct Verification {
  linearizability::Verdict verdict = linearizability::Verdict::kLinearizable;
  std::uint64_t keys = 0;
  std::uint64_t operations = 0;
  std::uint64_t lost = 0;
  std::uint64_t duplicated = 0;
  std::uint64_t corrupt = 0;         // Reads of bytes that nobody had written.
  std::uint64_t unread_keys = 0;     // See Losses::unread.
  std::uint64_t undecided_keys = 0;  // The checker gave up on them.
  std::uint64_t violating_keys = 0;
  std::vector<std::string> findings;  // The first kMaxFindings of them, for people, with several lines each.
  Time took{0};                       // Set by the caller.

  static constexpr std::size_t kMaxFindings = 5;

  // Something is certainly wrong.
  bool violated() const { return violating_keys + lost + duplicated + corrupt > 0; }
  // Nothing is wrong, as far as it was decided, but not all was.
  bool undecided() const { return !violated() && unread_keys + undecided_keys > 0; }
};

struct VerifyOptions {
  // Steps of the model per key (linearizability::SearchOptions).
  std::uint64_t max_steps = 5'000'000;
  // Called after each key with how many are done, of how many; false: give up, the others are undecided.
  std::function<bool(std::uint64_t done, std::uint64_t keys)> go_on;
};

// The keys that the records are about, each once, in order.
std::vector<KeyNumber> TouchedKeys(const std::vector<const Recorder*>& recorders);

// How many records each of the recorders has.
std::vector<std::size_t> RecordCounts(const std::vector<const Recorder*>& recorders);
// Those of `keys` on which no read has been answered since the recorders had `counts` records, in the same order.
std::vector<KeyNumber> UnreadSince(const std::vector<const Recorder*>& recorders,
                                   const std::vector<std::size_t>& counts, std::vector<KeyNumber> keys);

// Checks what several workers recorded, the final reads included.
Verification Verify(const std::vector<const Recorder*>& recorders, const KeyNames& names, const VerifyOptions& options);

}  // namespace quoin::bench
