#include "tests/simulation/shrink.h"

#include <cstdint>
#include <vector>

namespace quoin::simulation {
namespace {

struct Simpler {
  std::uint64_t Parameters::*value;
  std::uint64_t least;
};

}  // namespace

Parameters Shrink(Parameters parameters, const std::function<bool(const Parameters&)>& fails,
                  const std::function<void(const Parameters&)>& told) {
  static const std::vector<Simpler> simpler = {
      {&Parameters::nodes, 1},    {&Parameters::partitions, 1}, {&Parameters::zones, 1},
      {&Parameters::clients, 1},  {&Parameters::lanes, 1},      {&Parameters::wide_keys, 0},
      {&Parameters::requests, 1}, {&Parameters::safety_ms, 50}, {&Parameters::liveness_requests, 1},
  };
  const auto keep = [&](const Parameters& tried) {
    if (tried == parameters || !fails(tried)) return false;
    parameters = tried;
    told(parameters);
    return true;
  };
  for (bool smaller = true; smaller;) {
    smaller = false;
    for (const ParameterField& field : ParameterFields()) {
      if (!field.fault || parameters.*field.value == 0) continue;
      Parameters tried = parameters;
      tried.*field.value = 0;
      smaller = keep(tried) || smaller;
    }
    for (const Simpler& one : simpler) {
      // To the least at once, or halfway; partitions stay a power of two that way.
      for (const std::uint64_t value : {one.least, parameters.*one.value / 2}) {
        if (value < one.least || value >= parameters.*one.value) continue;
        Parameters tried = parameters;
        tried.*one.value = value;
        if (tried.replication_factor > tried.nodes) {
          tried.replication_factor = tried.nodes;
          tried.read_quorum = tried.write_quorum = 0;
        }
        if (keep(tried)) {
          smaller = true;
          break;
        }
      }
    }
  }
  return parameters;
}

}  // namespace quoin::simulation
