// Recorder: what one worker asked of the store and was told, for the checker: a history that is bounded, and split into
// keys that are short enough for the checker to decide.
//
// Bounds: `max_records` of about 150 bytes each; a key is given up for a fresh one (its next generation) after about
// kMaxRecordsPerKey operations.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/client/operation.h"
#include "tests/linearizability/history.h"
#include "tools/bench_data.h"
#include "tools/bench_target.h"

namespace quoin::bench {

inline constexpr std::uint32_t kMaxRecordsPerKey = 4000;

// Which generation of each key is in use; shared by all threads of a run. Thread safety: any.
class Generations {
 public:
  // Four bytes for each key. Keys beyond `keys` keep their first generation.
  explicit Generations(std::uint64_t keys) : uses_(keys) {}

  // The key's name for one more operation.
  KeyNumber Use(std::uint64_t index) {
    if (index >= uses_.size()) return {.index = index};
    return {.index = index, .generation = uses_[index].fetch_add(1, std::memory_order_relaxed) / kMaxRecordsPerKey};
  }

 private:
  std::vector<std::atomic<std::uint32_t>> uses_;
};

// One operation, in a form that takes little memory.
struct Record {
  enum class Told : std::uint8_t { kNothing, kAbsent, kPresent };
  enum class Value : std::uint8_t { kUntold, kId, kNumber, kCorrupt };
  enum class Condition : std::uint8_t { kNone, kAbsent, kVersion };

  KeyNumber key;
  Time invoked{0};
  Time completed{0};                          // Not for kUnknown.
  std::uint64_t written = 0;                  // A put's value id.
  std::uint64_t value = 0;                    // The id or number that the answer told.
  linearizability::Version version;           // That the answer told; zero: none.
  linearizability::Version expected_version;  // Condition::kVersion.
  std::uint32_t client = 0;
  client::Operation::Action action = client::Operation::Action::kGet;  // kGet, kPut, kIncrement by 1.
  client::Outcome outcome = client::Outcome::kUnknown;
  Condition condition = Condition::kNone;
  Told told = Told::kNothing;
  Value value_told = Value::kUntold;
  bool created = false;
};

// "3.00c0ffee00c0ffee.41"; nullopt for anything else.
std::optional<linearizability::Version> ParseVersion(std::string_view text);

class Recorder {
 public:
  // `values` must outlive the recorder.
  Recorder(const Values& values, std::size_t max_records) : values_(values), max_records_(max_records) {}

  // Whether no more operations should be begun. (Those under way are still recorded.)
  bool full() const { return records_.size() >= max_records_; }

  // An operation has ended. What certainly did nothing and was told nothing leaves no record.
  void Add(const KeyNumber& key, std::uint32_t client, const client::Operation& operation, std::uint64_t written,
           Time invoked, Time completed, const client::Answer& answer);

  const std::vector<Record>& records() const { return records_; }
  std::uint64_t corrupt() const { return corrupt_; }

 private:
  void TellValue(std::string_view value, Record* record);

  const Values& values_;
  std::size_t max_records_;
  std::vector<Record> records_;
  std::uint64_t corrupt_ = 0;
};

// As the checker wants it, and people read it in its findings.
linearizability::Event ToEvent(const Record& record, const std::string& key);

}  // namespace quoin::bench
