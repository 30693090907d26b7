// Gaps: how long nothing succeeded: over a whole run, and for the one of many keys (or places) that waited longest.
//
// The two differ when a part of a cluster is gone: the run's gap stays short, since the other parts go on; a key whose
// leader was killed shows how long its takeover took.
//
// Thread safety: any. Two threads that tell of one key at the same moment may make its gap longer by the time that they
// are apart.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "tools/bench_target.h"

namespace quoin::bench {

// The longest time without a success within a window, over all workers.
class SuccessGap {
 public:
  // Begins the window; nothing has succeeded yet.
  void Begin(Time from);
  // REQUIRES: `at` is not after the window's end.
  void Success(Time at);
  // Ends the window. What succeeds afterwards isn't looked at.
  void End(Time to);

  struct Gap {
    Time length{0};
    Time from{0};
  };
  Gap longest() const;

 private:
  void Note(Time from, Time to);

  // Nanoseconds; the moments before and after the window are ignored by their values.
  std::atomic<std::int64_t> last_{INT64_MAX};
  std::atomic<std::int64_t> longest_{0};  // Only a filter for Note.
  mutable std::mutex mutex_;
  Gap gap_;
};

// The same for each of `size` keys or places, as far as they were asked: a gap begins with the first operation since
// the last success (or with that success, if the operation was under way then), and ends with the next success. So what
// nobody asks has no gap; but one whose only answer was an error has a gap until it is asked again.
// Bounds: 16 bytes each.
class AskedGaps {
 public:
  explicit AskedGaps(std::size_t size) : entries_(size) {}

  // Begins the window; takes a step for each entry. REQUIRES: no other call at that time.
  void Begin(Time from);
  // An operation on this entry, which was asked for at `asked`, has succeeded. Entries beyond the size, and ends before
  // the window, are ignored. REQUIRES: `at` is not after the window's end.
  void Success(std::size_t entry, Time asked, Time at);
  // Likewise, but there was no success by `at`: it failed then, or the window ended.
  void Miss(std::size_t entry, Time asked, Time at);

  struct Gap {
    Time length{0};
    Time from{0};
    std::size_t entry = 0;
  };
  Gap longest() const;

 private:
  struct Entry {
    std::atomic<std::int64_t> last{INT64_MAX};    // The last success, or the window's begin.
    std::atomic<std::int64_t> missed{INT64_MAX};  // Since when it was asked in vain; INT64_MAX: it wasn't.
  };
  void Note(std::size_t entry, std::int64_t from, std::int64_t to);

  std::vector<Entry> entries_;
  std::atomic<std::int64_t> longest_{0};  // Only a filter for Note.
  mutable std::mutex mutex_;
  Gap gap_;
};

}  // namespace quoin::bench
