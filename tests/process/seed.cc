#include "tests/process/seed.h"

#include <glog/logging.h>

#include <cstdlib>
#include <random>

#include "base/text.h"

namespace quoin::tests {

std::uint64_t DrawSeed() {
  std::uint64_t seed = std::random_device{}();
  if (const char* given = std::getenv("QUOIN_SEED")) {
    const auto parsed = ParseUint64(given);
    CHECK(parsed) << "QUOIN_SEED is a number";
    seed = *parsed;
  }
  LOG(INFO) << "QUOIN_SEED=" << seed;
  return seed;
}

}  // namespace quoin::tests
