// What one answer of a node says, read as cheaply as a load generator needs it, and counted. An answer that is no
// success is counted by what it is, so that errors never pass for throughput.
//
// Threads: none of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace quoin::bench {

struct LoadAnswer {
  std::uint32_t id = 0;
  bool done = false;    // The outcome is DONE.
  std::string failure;  // Otherwise: the outcome's name, and the problem's type if it has one.
};

// Reads a ServerFrame (net/proto/quoin.proto) that holds a Result. Those that are done are read from their first bytes;
// of others everything is. nullopt: it is no such frame.
std::optional<LoadAnswer> ReadLoadAnswer(std::string_view payload);

// Looks at all of a successful answer: a read must have brought a value of `value_bytes` bytes, a write a version.
// What is wrong; empty when nothing is.
enum class Expected { kValue, kVersion };
std::string WrongWith(std::string_view payload, Expected expected, std::size_t value_bytes);

}  // namespace quoin::bench
