#include "tools/bench_verify_limit.h"

#include <string>
#include <utility>

namespace quoin::bench {
namespace {

Status Wrong(std::string message) { return Status(Code::kInvalid, std::move(message)); }

}  // namespace

Status CheckVerifyLimit(const Plan& plan) {
  const std::uint64_t limit = plan.verify_limit;
  const std::string given = "--verify_limit=" + std::to_string(limit);
  if (limit > kMaxVerifyLimit) return Wrong(given + ": at most " + std::to_string(kMaxVerifyLimit) + ".");

  const std::uint64_t stored = plan.workload.preload ? plan.workload.keys : 0;
  // Otherwise the history is full before the warm-up is over, or soon after that.
  if (stored > limit / 2) {
    std::string message = "--verify: storing " + std::to_string(stored) + " keys before takes more than half of " +
                          given + ", and leaves too little to measure; use fewer --keys, at most " +
                          std::to_string(limit / 2);
    if (stored <= kMaxVerifyLimit / 2) message += ", or --verify_limit=" + std::to_string(2 * stored) + " or more";
    return Wrong(message + ".");
  }
  const std::uint64_t left = limit - stored;
  if (plan.slots() > left / 2) {
    return Wrong("--verify: " + given + " leaves room for " + std::to_string(left) +
                 " operations, less than two for each of the " + std::to_string(plan.slots()) +
                 " that are under way at once; raise it, or use fewer --connections or a smaller --depth.");
  }
  // A read-modify-write is two of them.
  const std::uint64_t most = left / (plan.workload.read_modify_writes > 0 ? 2 : 1);
  if (plan.operations && *plan.operations > most) {
    return Wrong("--verify: --operations=" + std::to_string(*plan.operations) + " is more than " + given +
                 " has room for; at most " + std::to_string(most) + ".");
  }
  return Status::Ok();
}

}  // namespace quoin::bench
