// The stress test's flags, read once and checked against each other.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"
#include "tools/bench_run.h"
#include "tools/flag_help.h"

namespace quoin::bench {

struct BenchFlags {
  Plan plan;
  RunOptions run;  // Without `live`.
  bool json = false;
};

// What --help says, and which flags there are.
tools::ProgramHelp BenchHelp();
// Flags of the stress test that no other program has: where the terminal client is the program, they are foreign.
std::vector<std::string> OwnFlagNames();

// From the flags as they are now. Errors: kInvalid, with a sentence for the person.
Result<BenchFlags> ReadBenchFlags();

}  // namespace quoin::bench
