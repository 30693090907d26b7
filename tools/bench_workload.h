// Workloads: what a stress test does to a store, as a sequence of steps that follows from a seed.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tools/bench_data.h"
#include "tools/bench_distribution.h"

namespace quoin::bench {

// What is done, counted and timed as one. A read-modify-write is a get, and a put on the condition that the key still
// is what the get saw.
enum class StepKind { kGet, kPut, kInsert, kIncrement, kReadModifyWrite, kScan };
inline constexpr std::size_t kStepKinds = 6;
std::string_view StepName(StepKind kind);  // "read-modify-write"

struct Step {
  StepKind kind = StepKind::kGet;
  std::uint64_t key = 0;
  std::uint32_t scan_entries = 0;  // kScan: 1 to 1000.
  // Read back at the end of a verified run: the key is this one, not its newest generation.
  std::optional<std::uint32_t> generation;
};

// What the steps are drawn from. The shares add up to 1.
struct Workload {
  std::string name;
  double gets = 0, puts = 0, inserts = 0, increments = 0, read_modify_writes = 0, scans = 0;
  Distribution distribution = Distribution::kUniform;
  std::uint64_t keys = 10'000;
  SizeRange value_size{100, 100};
  std::uint32_t max_scan_entries = 100;  // Scans ask for 1 up to so many.
  bool fixed_scan = false;               // Scans ask for exactly so many.
  bool preload = true;                   // It reads what nobody would have written otherwise.
};

struct WorkloadInfo {
  std::string_view name;
  std::string_view summary;
};
// All of them, in the order in which people are told.
const std::vector<WorkloadInfo>& Workloads();
// nullopt: there is none of this name. `reads` (0 to 1) is the share of gets in mixed, hot and large.
std::optional<Workload> FindWorkload(std::string_view name, double reads);

// Which keys exist; shared by all threads of a run. Thread safety: any.
class KeyCount {
 public:
  explicit KeyCount(std::uint64_t keys) : next_(keys), stored_(keys) {}

  // A number for a new key.
  std::uint64_t Take() { return next_.fetch_add(1, std::memory_order_relaxed); }
  // A new key has been stored.
  void Stored() { stored_.fetch_add(1, std::memory_order_relaxed); }
  // Keys 0 .. count() - 1 can be asked for. (A few of the last may be still on their way, where inserts overtake each
  // other; those are absent, which is no error.)
  std::uint64_t count() const { return stored_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> next_;
  std::atomic<std::uint64_t> stored_;
};

// Where a worker's steps come from. Used by one thread.
class Source {
 public:
  virtual ~Source() = default;
  virtual std::optional<Step> Next() = 0;  // nullopt: no more.
};

// The steps of a workload, without end.
class WorkloadSource final : public Source {
 public:
  // `count` must outlive the source.
  WorkloadSource(const Workload& workload, double theta, std::uint64_t seed, KeyCount& count);
  std::optional<Step> Next() override;

 private:
  Workload workload_;
  KeyCount& count_;
  Random random_;
  KeyChooser chooser_;
};

// A put of every key of this worker's share: keys index, index + workers, index + 2 workers, ...
class PreloadSource final : public Source {
 public:
  PreloadSource(std::uint64_t keys, std::uint64_t index, std::uint64_t workers)
      : keys_(keys), next_(index), workers_(workers) {}
  std::optional<Step> Next() override;

 private:
  std::uint64_t keys_;
  std::uint64_t next_;
  std::uint64_t workers_;
};

// A get of each of these keys.
class ReadBackSource final : public Source {
 public:
  explicit ReadBackSource(std::vector<KeyNumber> keys) : keys_(std::move(keys)) {}
  std::optional<Step> Next() override;

 private:
  std::vector<KeyNumber> keys_;
  std::size_t next_ = 0;
};

}  // namespace quoin::bench
