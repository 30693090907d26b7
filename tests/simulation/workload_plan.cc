#include "tests/simulation/workload_plan.h"

#include <chrono>
#include <cstdint>

namespace quoin::simulation {
namespace {

std::uint64_t Between(ring::Random& random, std::uint64_t low, std::uint64_t high) {
  return low + random.Below(high - low + 1);
}
// Often nothing at all, so that what it would cover up can be seen.
unsigned Sometimes(ring::Random& random, unsigned high) {
  return random.Below(3) == 0 ? 0 : static_cast<unsigned>(Between(random, 1, high));
}
std::chrono::milliseconds Milliseconds(ring::Random& random, std::uint64_t low, std::uint64_t high) {
  return std::chrono::milliseconds(Between(random, low, high));
}

}  // namespace

WorkloadPlan DrawWorkloadPlan(ring::Random& random) {
  WorkloadPlan plan;
  plan.clients = Between(random, 1, 6);
  plan.lanes = Between(random, 1, 3);
  plan.contended_keys = Between(random, 2, 5);
  plan.expiring_keys = Between(random, 1, 4);
  plan.wide_keys = Between(random, 1, 200);
  plan.expiring_percent = Sometimes(random, 60);
  plan.wide_percent = Sometimes(random, 40);
  plan.get_percent = static_cast<unsigned>(Between(random, 15, 60));
  plan.delete_percent = Sometimes(random, 15);
  plan.conditional_percent = Sometimes(random, 50);
  plan.read_one_percent = Sometimes(random, 20);
  plan.all_percent = Sometimes(random, 10);
  plan.write_one_percent = Sometimes(random, 5);
  plan.batch_percent = Sometimes(random, 25);
  plan.max_batch = Between(random, 2, 8);
  plan.max_value_bytes = random.Below(4) == 0 ? Between(random, 64, 256) : 4096;
  plan.max_padding_bytes = Sometimes(random, 60);
  plan.min_ttl = Milliseconds(random, 1, 200);
  plan.max_ttl = plan.min_ttl + Milliseconds(random, 1, 1500);
  plan.max_think = Milliseconds(random, 1, 60);
  plan.copy_timeout = Milliseconds(random, 100, 2000);
  plan.max_copies = Between(random, 1, 5);
  plan.sticky = random.Below(2) == 0;
  plan.anonymous_percent = Sometimes(random, 10);
  plan.repeated_first_percent = Sometimes(random, 30);
  plan.send_again_percent = static_cast<unsigned>(random.Below(101));
  plan.duplicate_percent = Sometimes(random, 30);
  return plan;
}

}  // namespace quoin::simulation
