// The integers and strings that topologies and gossip are made of on the wire.
//
// kv/coding.h has the like for what is stored; ring and kv know nothing of each other, and what the two share is a
// dozen lines each way.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace quoin::ring {

// Seven bits a byte, low ones first, the top bit set on all but the last.
inline constexpr std::size_t kMaxVarintBytes = 10;
void AppendVarint(std::uint64_t value, std::string* out);
// Eight bytes, lowest first.
void AppendFixed64(std::uint64_t value, std::string* out);
// The length as a varint, then the bytes.
void AppendSized(std::string_view bytes, std::string* out);

// Takes values off the front of bytes that may be anything. The first value that isn't there, isn't in its one
// canonical form or is out of its bounds makes the reader bad for good; values read then are zero or empty.
class WireReader {
 public:
  explicit WireReader(std::string_view bytes) : rest_(bytes) {}

  bool ok() const { return ok_; }
  std::string_view rest() const { return rest_; }
  // Whether all was read, and all of it was good.
  bool Done() const { return ok_ && rest_.empty(); }

  std::uint8_t Byte();
  std::uint64_t Varint();
  // A varint between `least` and `most`.
  std::uint64_t Bounded(std::uint64_t least, std::uint64_t most);
  std::uint64_t Fixed64();
  // A length of at most `most`, then so many bytes.
  std::string_view Sized(std::size_t most);

  void Fail() {
    ok_ = false;
    rest_ = {};
  }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace quoin::ring
