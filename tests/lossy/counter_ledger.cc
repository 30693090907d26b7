#include "tests/lossy/counter_ledger.h"

namespace quoin::tests {

void CounterLedger::Acknowledge(const std::string& counter, std::int64_t sum) {
  const std::lock_guard lock(mutex_);
  told_[counter].sums.insert(sum);
  ++settled_count_;
  settled_.notify_all();
}

void CounterLedger::LeaveUnresolved(const std::string& counter) {
  const std::lock_guard lock(mutex_);
  ++told_[counter].unresolved;
  ++settled_count_;
  settled_.notify_all();
}

std::vector<std::string> CounterLedger::Complaints(const std::map<std::string, std::int64_t>& ends) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> complaints;
  for (const auto& [counter, told] : told_) {
    const auto found = ends.find(counter);
    if (found == ends.end()) {
      complaints.push_back(counter + " was counted, and its end is not given");
      continue;
    }
    const std::int64_t end = found->second;
    const auto acknowledged = static_cast<std::int64_t>(told.sums.size());
    if (end < acknowledged || end > acknowledged + told.unresolved) {
      complaints.push_back(counter + " ends at " + std::to_string(end) + ", with " + std::to_string(acknowledged) +
                           " increments acknowledged and " + std::to_string(told.unresolved) + " unresolved");
    }
    for (auto sum = told.sums.begin(); sum != told.sums.end(); sum = told.sums.upper_bound(*sum)) {
      if (told.sums.count(*sum) > 1) {
        complaints.push_back(counter + ": the sum " + std::to_string(*sum) + " was told to " +
                             std::to_string(told.sums.count(*sum)) + " increments");
      }
      if (*sum < 1 || *sum > end) {
        complaints.push_back(counter + ": the sum " + std::to_string(*sum) + " was told, and the end is " +
                             std::to_string(end));
      }
    }
  }
  return complaints;
}

std::size_t CounterLedger::acknowledged() const {
  const std::lock_guard lock(mutex_);
  std::size_t count = 0;
  for (const auto& [counter, told] : told_) count += told.sums.size();
  return count;
}

void CounterLedger::WaitForSettled(std::size_t count) {
  std::unique_lock lock(mutex_);
  settled_.wait(lock, [&] { return settled_count_ >= count; });
}

std::size_t CounterLedger::unresolved() const {
  const std::lock_guard lock(mutex_);
  std::size_t count = 0;
  for (const auto& [counter, told] : told_) count += static_cast<std::size_t>(told.unresolved);
  return count;
}

}  // namespace quoin::tests
