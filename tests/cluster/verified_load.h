// VerifiedLoad: tools:bench --verify at work beside a test, and its judgement in the end.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <string>

#include "tests/cluster/test_cluster.h"

namespace quoin::tests {

class VerifiedLoad {
 public:
  struct Options {
    std::string workload = "mixed";
    std::string prefix;  // What its keys begin with; nobody else's.
    std::uint64_t keys = 200;
    double rate = 1000;  // Operations per second.
    std::uint64_t seed = 1;
  };
  // Comes back when it has begun to write.
  VerifiedLoad(TestCluster& cluster, const Options& options);

  struct Judgement {
    std::uint64_t done = 0;
    std::uint64_t errors = 0;
    std::uint64_t unknown = 0;
    double longest_gap_s = 0;
    std::string wrong;  // Empty: linearizable, everything decided, nothing lost. Otherwise the report.
  };
  // Ends the load, which then reads all its keys back. The cluster must be able to answer for all of them.
  Judgement Finish();

 private:
  TemporaryFolder folder_{"load"};
  ChildProcess bench_;
};

}  // namespace quoin::tests
