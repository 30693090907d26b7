#include "base/random.h"

#include <random>

namespace quoin {

std::uint64_t RandomNonZero() {
  std::random_device device;
  std::uint64_t value = 0;
  while (value == 0) value = std::uint64_t{device()} << 32 | device();
  return value;
}

}  // namespace quoin
