#include "net/keyspace_gate.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <latch>
#include <map>
#include <set>
#include <vector>

#include "net/http_testing.h"
#include "net/shards.h"

namespace quoin::net {
namespace {

TEST(KeyspaceGate, A1AdmitsSoManyAndNoMoreUntilOneLeaves) {
  MemoryKeyspace keyspace;
  KeyspaceGate gate(keyspace, {.max_inflight_requests = 2});
  EXPECT_TRUE(gate.Enter());
  EXPECT_TRUE(gate.Enter());
  EXPECT_FALSE(gate.Enter());
  EXPECT_EQ(gate.in_flight(), 2u);
  gate.Leave();
  EXPECT_TRUE(gate.Enter());
}

// A coordinator that is fed by several shards takes their requests in any order, and counts on ascending numbers of
// each client (quorum::Sending::fresh).
TEST(KeyspaceGate, IdsOfOneClientAscendAndComeFromOneShard) {
  constexpr std::size_t kShards = 3;
  constexpr std::size_t kIds = 1000;
  MemoryKeyspace keyspace;
  KeyspaceGate gate(keyspace, {.start_nonce = 0x1122334455667788});
  std::vector<std::vector<kv::OperationId>> made(kShards);
  std::latch done(kShards);
  Shards shards(kShards, 1);
  shards.Start();
  for (std::size_t shard = 0; shard < kShards; ++shard) {
    shards.Post(shard, [&, shard] {
      for (std::size_t i = 0; i < kIds; ++i) made[shard].push_back(gate.NewOperationId());
      done.count_down();
    });
  }
  done.wait();
  shards.Stop();
  std::set<kv::OperationId> all;
  std::map<std::uint64_t, std::size_t> maker;
  for (std::size_t shard = 0; shard < kShards; ++shard) {
    std::map<std::uint64_t, std::uint64_t> highest;
    for (const kv::OperationId& id : made[shard]) {
      EXPECT_EQ(maker.emplace(id.client, shard).first->second, shard);
      EXPECT_GT(id.number, highest[id.client]);
      highest[id.client] = id.number;
      EXPECT_TRUE(all.insert(id).second);
    }
  }
  EXPECT_EQ(all.size(), kShards * kIds);
}

}  // namespace
}  // namespace quoin::net
