// CounterLedger: what clients were told about their increments, all by 1, and whether the counters at the end agree.
//
// Invariants that Complaints looks at, for each counter:
//   C1  its end is at least the number of acknowledged increments (none is lost), and at most that number and the
//   number
//       of unresolved ones together (none applies twice). Without unresolved ones it is exactly the first;
//   C2  no sum is told to two increments, and none lies outside of 1 and the end.
// Thread safety: any thread.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace quoin::tests {

class CounterLedger {
 public:
  // The increment took effect, and the counter held `sum` then.
  void Acknowledge(const std::string& counter, std::int64_t sum);
  // Nobody will ever tell whether it took effect.
  void LeaveUnresolved(const std::string& counter);

  // One sentence for each thing that is wrong. `ends`: what each counter holds at the end; 0 for one that is absent.
  std::vector<std::string> Complaints(const std::map<std::string, std::int64_t>& ends) const;

  std::size_t acknowledged() const;
  // Waits until at least so many increments are settled, acknowledged or unresolved.
  void WaitForSettled(std::size_t count);
  std::size_t unresolved() const;

 private:
  struct Told {
    std::multiset<std::int64_t> sums;
    std::int64_t unresolved = 0;
  };
  mutable std::mutex mutex_;
  std::condition_variable settled_;
  std::map<std::string, Told> told_;
  std::size_t settled_count_ = 0;
};

}  // namespace quoin::tests
