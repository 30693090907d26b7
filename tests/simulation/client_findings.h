// ClientFindings: what the clients of one run noticed by themselves, and what they did.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace quoin::simulation {

struct ClientFindings {
  // Each one sentence, the broken invariant first.
  std::vector<std::string> complaints;
  // Named: "copies", "repeated copies", "duplicates", "given up", "weak reads", "liveness errors", ...
  std::map<std::string, std::uint64_t> counts;
};

}  // namespace quoin::simulation
