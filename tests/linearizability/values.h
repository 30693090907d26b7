// Values: the byte strings of one key's history as small numbers, so that states compare and hash in no time.
//
// Invariants: two ids are equal exactly when their bytes are; an id stays valid as long as the table.
// One thread. Bounds: holds every value that it was ever asked about, once.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

namespace quoin::linearizability {

using ValueId = std::uint32_t;

class Values {
 public:
  Values() = default;
  Values(const Values&) = delete;
  Values& operator=(const Values&) = delete;

  ValueId Of(std::string_view bytes);
  ValueId OfNumber(std::int64_t number);
  ValueId Appended(ValueId value, ValueId bytes);

  const std::string& Bytes(ValueId id) const { return *entries_[id].bytes; }
  // The decimal 64-bit integer that the value spells, if it does.
  std::optional<std::int64_t> Number(ValueId id) const { return entries_[id].number; }

 private:
  struct Entry {
    const std::string* bytes;  // The key in ids_, whose nodes don't move.
    std::optional<std::int64_t> number;
  };

  std::unordered_map<std::string, ValueId> ids_;
  std::vector<Entry> entries_;
  std::unordered_map<std::int64_t, ValueId> numbers_;
  std::map<std::pair<ValueId, ValueId>, ValueId> appended_;
};

}  // namespace quoin::linearizability
