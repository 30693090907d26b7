#include "tools/bench_verify_limit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace quoin::bench {
namespace {

using testing::HasSubstr;

Plan Verified(std::string_view workload, std::uint64_t keys, std::uint64_t limit) {
  Plan plan{.servers = {}, .workload = *FindWorkload(workload, 0.5)};
  plan.workload.keys = keys;
  plan.verify = true;
  plan.verify_limit = limit;
  return plan;
}

TEST(VerifyLimit, HasRoomForAsMuchAsIsStoredBefore) {
  EXPECT_TRUE(CheckVerifyLimit(Verified("mixed", 10'000, 1'000'000)).ok());
  EXPECT_TRUE(CheckVerifyLimit(Verified("mixed", 10'000, 20'000)).ok());
  const Status close = CheckVerifyLimit(Verified("mixed", 10'000, 19'999));
  EXPECT_EQ(close.code(), Code::kInvalid);
  EXPECT_THAT(close.message(), HasSubstr("fewer --keys, at most 9999, or --verify_limit=20000 or more"));
  EXPECT_TRUE(CheckVerifyLimit(Verified("put", 10'000, 100)).ok()) << "it stores nothing before";
}

TEST(VerifyLimit, IsNotToldToGoBeyondItsBound) {
  EXPECT_THAT(CheckVerifyLimit(Verified("mixed", 30'000'000, 1'000'000)).message(),
              AllOf(HasSubstr("at most 500000."), testing::Not(HasSubstr("or more"))));
  EXPECT_THAT(CheckVerifyLimit(Verified("put", 1, kMaxVerifyLimit + 1)).message(), HasSubstr("at most 20000000"));
}

TEST(VerifyLimit, HasRoomForWhatIsUnderWay) {
  Plan plan = Verified("counters", 10, 31);
  EXPECT_THAT(CheckVerifyLimit(plan).message(), HasSubstr("each of the 16 that are under way"));
  plan.verify_limit = 32;
  EXPECT_TRUE(CheckVerifyLimit(plan).ok());
}

TEST(VerifyLimit, HasRoomForTheOperations) {
  Plan plan = Verified("mixed", 1000, 5000);
  plan.operations = 4000;
  EXPECT_TRUE(CheckVerifyLimit(plan).ok());
  plan.operations = 4001;
  EXPECT_THAT(CheckVerifyLimit(plan).message(), HasSubstr("at most 4000"));
  plan = Verified("ycsb-f", 1000, 5000);
  plan.operations = 2001;
  EXPECT_THAT(CheckVerifyLimit(plan).message(), HasSubstr("at most 2000"));
}

}  // namespace
}  // namespace quoin::bench
