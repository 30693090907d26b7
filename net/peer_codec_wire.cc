// What is seldom needed, apart from what is inlined everywhere.
#include "net/peer_codec_wire.h"

namespace quoin::net::peer_wire {

bool In::ReadLongVarint(std::uint64_t* value) {
  std::uint64_t read = 0;
  for (unsigned shift = 0; shift < 70 && at_ != end_; shift += 7) {
    const std::uint64_t byte = static_cast<unsigned char>(*at_++);
    if (shift == 63 && byte > 1) break;
    read |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      *value = read;
      return true;
    }
  }
  return Cut("it is cut short, or a number has more than 64 bits");
}

bool In::Cut(const char* why) {
  Fail(why);
  return false;
}

void In::FailType(WireType type) {
  Fail("field " + std::to_string(field_) + " has wire type " + std::to_string(type_) + "; " + std::to_string(type) +
       " is right");
}

std::uint64_t In::FailAbove(std::uint64_t most) {
  Fail("field " + std::to_string(field_) + " is " + std::to_string(value_) + "; at most " + std::to_string(most) +
       " is right");
  return 0;
}

}  // namespace quoin::net::peer_wire
