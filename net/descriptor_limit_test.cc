#include "net/descriptor_limit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <limits>
#include <string>

namespace quoin::net {
namespace {

using testing::HasSubstr;

constexpr DescriptorWishes kDefaults{.connections = 10'000, .engine_files = 1024, .shards = 4};

DescriptorPlan Plan(std::uint64_t limit, const DescriptorWishes& wishes = kDefaults) {
  const auto plan = PlanDescriptors(limit, wishes);
  EXPECT_TRUE(plan.ok()) << limit << ": " << plan.status();
  return plan.ok() ? *plan : DescriptorPlan();
}

TEST(DescriptorPlan, GrantsAllWishesWhereTheLimitSuffices) {
  const std::uint64_t enough = LimitThatSuffices(kDefaults);
  EXPECT_LT(enough, 16'384u);
  for (const std::uint64_t limit : {enough, std::uint64_t{1} << 20, std::numeric_limits<std::uint64_t>::max()}) {
    EXPECT_EQ(Plan(limit).connections, 10'000u) << limit;
    EXPECT_EQ(Plan(limit).engine_files, 1024u) << limit;
    EXPECT_EQ(Plan(limit).greeting_peers, 256u) << limit;
  }
  EXPECT_EQ(Plan(enough - 1).connections, 9'999u);
}

TEST(DescriptorPlan, TakesConnectionsBeforeItTakesTablesFromTheEngine) {
  const DescriptorPlan plan = Plan(4096);
  EXPECT_EQ(plan.engine_files, 1024u);
  EXPECT_GT(plan.connections, 2000u);
  EXPECT_LT(plan.connections, 4096u - 1024u);
}

// The limit that most systems have without being asked.
TEST(DescriptorPlan, LeavesTheEngineHalfOfALowLimit) {
  const DescriptorPlan plan = Plan(1024);
  EXPECT_GE(plan.engine_files, 256u);
  EXPECT_GE(plan.connections, 256u);
  EXPECT_LE(plan.engine_files - plan.connections, 1u);
  EXPECT_LT(plan.greeting_peers, 256u);
}

TEST(DescriptorPlan, LeavesTheEngineWhatClientsDoNotWish) {
  const DescriptorWishes few{.connections = 10, .engine_files = 1024, .shards = 4};
  EXPECT_EQ(Plan(1024, few).connections, 10u);
  EXPECT_EQ(Plan(1024, few).engine_files, Plan(1024).engine_files + Plan(1024).connections - 10);
}

TEST(DescriptorPlan, LeavesClientsTheEnginesShareWhenThereIsNone) {
  const DescriptorWishes memory{.connections = 10'000, .engine_files = 0, .shards = 4};
  EXPECT_EQ(Plan(1024, memory).engine_files, 0u);
  EXPECT_GT(Plan(1024, memory).connections, Plan(1024).connections + Plan(1024).engine_files);
}

TEST(DescriptorPlan, NeverGivesMoreThanThereIs) {
  for (const std::size_t shards : {1u, 16u, 256u}) {
    for (const std::size_t connections : {1u, 100u, 1'000'000u}) {
      const DescriptorWishes wishes{.connections = connections, .engine_files = 1024, .shards = shards};
      for (std::uint64_t limit = 0; limit < 20'000; limit += 7) {
        const auto plan = PlanDescriptors(limit, wishes);
        if (!plan.ok()) continue;
        ASSERT_LT(plan->connections + plan->engine_files + plan->greeting_peers + 4 * shards, limit);
        ASSERT_LE(plan->connections, connections);
        ASSERT_GE(plan->connections, std::min<std::size_t>(connections, 16));
        ASSERT_GE(plan->engine_files, 128u);
      }
    }
  }
}

TEST(DescriptorPlan, RefusesALimitThatIsTooLowAndSaysWhichWouldDo) {
  const auto refused = PlanDescriptors(100, kDefaults);
  ASSERT_EQ(refused.code(), Code::kInvalid);
  const std::string message = refused.status().message();
  EXPECT_THAT(message, HasSubstr("may have 100 files open"));
  const std::string command = "`ulimit -n ";
  const std::size_t at = message.find(command);
  ASSERT_NE(at, std::string::npos) << message;
  const std::uint64_t least = std::stoull(message.substr(at + command.size()));
  EXPECT_TRUE(PlanDescriptors(least, kDefaults).ok()) << least;
  EXPECT_FALSE(PlanDescriptors(least - 1, kDefaults).ok()) << least;
  EXPECT_LT(least, 512u) << "half of what systems give without being asked";
}

TEST(DescriptorLimit, IsRaisedToTheHardOne) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit low = before;
  low.rlim_cur = 128;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &low), 0);
  EXPECT_EQ(RaiseDescriptorLimit(), before.rlim_max);
  rlimit after{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &after), 0);
  EXPECT_EQ(after.rlim_cur, before.rlim_max);
}

}  // namespace
}  // namespace quoin::net
