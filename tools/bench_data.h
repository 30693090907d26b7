// What a workload stores: the names of its keys, and values that tell which write they came from.
//
// A value begins with the 16 hexadecimal digits of its id, which no other write of the run has, and goes on with random
// bytes that follow from the id. So a value that was read can be compared with the one that was written, byte by byte,
// without keeping either.
//
// Pure after construction; any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"
#include "tools/bench_distribution.h"

namespace quoin::bench {

inline constexpr std::size_t kValueIdBytes = 16;

// Sizes between two bounds, both included, each as likely as the others.
struct SizeRange {
  std::uint64_t min = 0;
  std::uint64_t max = 0;

  friend bool operator==(const SizeRange&, const SizeRange&) = default;
};
// "100", "4KiB", "10-2000", "1KiB-1MiB". Errors: kInvalid, and the message says what is allowed.
Result<SizeRange> ParseSizeRange(std::string_view text);
std::string ToString(const SizeRange& range);

// A key of a workload. The generation counts how often the key has been given up for a fresh one (--verify).
struct KeyNumber {
  std::uint64_t index = 0;
  std::uint32_t generation = 0;

  friend auto operator<=>(const KeyNumber&, const KeyNumber&) = default;
};

// Names keys: prefix, 12 digits, with generations a dot and 5 digits, and as many 'x' as the size asks for. The size of
// each key is drawn from its number.
class KeyNames {
 public:
  static constexpr std::uint64_t kMaxIndex = 999'999'999'999;

  KeyNames(std::string prefix, SizeRange size_bytes, bool generations)
      : prefix_(std::move(prefix)), size_(size_bytes), generations_(generations) {}

  // What a name has at least, whatever the size asks for.
  std::size_t min_bytes() const { return prefix_.size() + 12 + (generations_ ? 6 : 0); }
  std::string Name(const KeyNumber& key) const;
  // The start of the names of the 100 keys around this one.
  std::string PrefixOfHundred(std::uint64_t index) const;

 private:
  std::string prefix_;
  SizeRange size_;
  bool generations_;
};

class Values {
 public:
  // Takes twice the largest size in memory.
  explicit Values(SizeRange size_bytes);

  // REQUIRES: the size drawn for an id is the same each time; sizes below kValueIdBytes cut the id off.
  std::string Make(std::uint64_t id) const;
  // The id of a value that Make has made; nullopt if these bytes are not exactly such a value.
  std::optional<std::uint64_t> IdOf(std::string_view value) const;

 private:
  SizeRange size_;
  std::string noise_;
};

}  // namespace quoin::bench
