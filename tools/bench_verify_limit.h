// Whether a verified run can measure anything within --verify_limit. Pure; any thread.
#pragma once

#include "base/status.h"
#include "tools/bench_report.h"

namespace quoin::bench {

// Of Plan::verify_limit: more would take gigabytes of memory, and the checker an hour.
inline constexpr std::uint64_t kMaxVerifyLimit = 20'000'000;

// The history has room for as many operations as are stored before (each key once, if the workload preloads), for twice
// those under way at once, and for Plan::operations. Errors: kInvalid; the message says what would be right.
Status CheckVerifyLimit(const Plan& plan);

}  // namespace quoin::bench
