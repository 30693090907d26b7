#include "ring/coding.h"

namespace quoin::ring {

void AppendVarint(std::uint64_t value, std::string* out) {
  for (; value >= 0x80; value >>= 7) out->push_back(static_cast<char>(value | 0x80));
  out->push_back(static_cast<char>(value));
}

void AppendFixed64(std::uint64_t value, std::string* out) {
  for (int shift = 0; shift < 64; shift += 8) out->push_back(static_cast<char>(value >> shift));
}

void AppendSized(std::string_view bytes, std::string* out) {
  AppendVarint(bytes.size(), out);
  out->append(bytes);
}

std::uint8_t WireReader::Byte() {
  if (rest_.empty()) {
    Fail();
    return 0;
  }
  const auto byte = static_cast<std::uint8_t>(rest_.front());
  rest_.remove_prefix(1);
  return byte;
}

std::uint64_t WireReader::Varint() {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < kMaxVarintBytes; ++i) {
    const std::uint8_t byte = Byte();
    if (!ok_) return 0;
    // A last byte of zero would be a second form of a shorter number; the tenth byte has room for one bit only.
    if ((byte == 0 && i > 0) || (i == kMaxVarintBytes - 1 && byte > 1)) break;
    value |= std::uint64_t{byte & 0x7fu} << (7 * i);
    if (byte < 0x80) return value;
  }
  Fail();
  return 0;
}

std::uint64_t WireReader::Bounded(std::uint64_t least, std::uint64_t most) {
  const std::uint64_t value = Varint();
  if (ok_ && value >= least && value <= most) return value;
  Fail();
  return 0;
}

std::uint64_t WireReader::Fixed64() {
  std::uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 8) value |= std::uint64_t{Byte()} << shift;
  return ok_ ? value : 0;
}

std::string_view WireReader::Sized(std::size_t most) {
  const std::uint64_t size = Bounded(0, most);
  if (!ok_ || size > rest_.size()) {
    Fail();
    return {};
  }
  const std::string_view bytes = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return bytes;
}

}  // namespace quoin::ring
