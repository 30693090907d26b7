#include "net/node_settings.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdint>
#include <string>

#include "net/known_hosts.h"
#include "net/origin.h"

namespace quoin::net {
namespace {

bool Knows(const NodeOptions& options, const std::string& host) { return HandlerSettings(options).hosts.Knows(host); }

TEST(HandlerSettings, KnowNoPublicNameThatNoOptionNames) {
  NodeOptions options;
  options.listen_address = "0.0.0.0";
  EXPECT_FALSE(Knows(options, "evil.example:8080"));
  EXPECT_TRUE(Knows(options, "127.0.0.1:8080"));
}

TEST(HandlerSettings, KnowTheMachinesName) {
  char name[256] = {};
  ASSERT_EQ(gethostname(name, sizeof(name) - 1), 0);
  EXPECT_TRUE(Knows(NodeOptions(), std::string(name) + ":8080"));
}

TEST(HandlerSettings, KnowTheHostsOfOtherOptions) {
  NodeOptions options;
  options.advertised_client = "node1.example:9000";
  options.allowed_origins = *AllowedOrigins::Parse("https://app.example,http://other.example:3000");
  options.hosts = *KnownHosts::Parse("db.example");
  for (const char* host : {"node1.example:8080", "app.example", "other.example:8080", "db.example"}) {
    EXPECT_TRUE(Knows(options, host)) << host;
  }
  EXPECT_FALSE(Knows(options, "evil.example"));
}

TEST(HandlerSettings, KnowAllHostsWherePagesOfAllOriginsMayUseTheNode) {
  NodeOptions options;
  options.allowed_origins = *AllowedOrigins::Parse("*");
  EXPECT_TRUE(Knows(options, "any.example"));
}

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
