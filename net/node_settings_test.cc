#include "net/node_settings.h"

#include <gtest/gtest.h>

#include <cstdint>

namespace quoin::net {
namespace {

NodeOptions WithLimit(std::uint64_t limit) {
  NodeOptions options;
  options.max_connections = 10'000;
  options.shard_count = 2;
  options.descriptor_limit = limit;
  return options;
}

TEST(FitDescriptors, LowersWhatOpensFiles) {
  NodeOptions options = WithLimit(1024);
  ASSERT_TRUE(FitDescriptors(&options).ok());
  EXPECT_LT(options.max_connections + options.engine_files + options.max_greeting_peers, 1024u);
  EXPECT_GT(options.max_connections, 100u);
  EXPECT_GT(options.engine_files, 100u);
}

TEST(FitDescriptors, LeavesWhatFits) {
  for (const std::uint64_t limit : {0, 20'000}) {
    NodeOptions options = WithLimit(limit);
    ASSERT_TRUE(FitDescriptors(&options).ok());
    EXPECT_EQ(options.max_connections, 10'000u);
    EXPECT_EQ(options.engine_files, 1024u);
    EXPECT_EQ(options.max_greeting_peers, 256u);
  }
}

TEST(FitDescriptors, CountsNoTablesOfAnEngineInMemory) {
  NodeOptions options = WithLimit(1024);
  options.engine = NodeOptions::Engine::kMemory;
  ASSERT_TRUE(FitDescriptors(&options).ok());
  EXPECT_GT(options.max_connections, 600u);
}

TEST(FitDescriptors, RefusesALimitThatNoNodeCanDoWith) {
  NodeOptions options = WithLimit(100);
  EXPECT_EQ(FitDescriptors(&options).code(), Code::kInvalid);
}

}  // namespace
}  // namespace quoin::net
