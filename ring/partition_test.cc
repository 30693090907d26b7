#include "ring/partition.h"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace quoin::ring {
namespace {

// Computed with the reference implementation's command line (xxhsum -H3). A change here would lose every stored key.
TEST(Token, IsXxh3WithSeedZero) {
  EXPECT_EQ(TokenOf(""), 0x2d06800538d394c2u);
  EXPECT_EQ(TokenOf("username"), TokenOf("username"));
  EXPECT_NE(TokenOf("username"), TokenOf("Username"));
}

TEST(Partition, IsTheTokensHighestBits) {
  EXPECT_EQ(PartitionOfToken(0xab00000000000000u, 256).value, 0xabu);
  EXPECT_EQ(PartitionOfToken(0xabffffffffffffffu, 256).value, 0xabu);
  EXPECT_EQ(PartitionOfToken(~std::uint64_t{0}, 65536).value, 65535u);
  EXPECT_EQ(PartitionOfToken(~std::uint64_t{0}, 2).value, 1u);
}

TEST(Partition, OfARingOfOneIsZero) { EXPECT_EQ(PartitionOfToken(~std::uint64_t{0}, 1).value, 0u); }

TEST(Partition, SpreadsSequentialKeysEvenly) {
  constexpr std::uint32_t kPartitions = 16;
  constexpr int kKeys = 16000;
  std::vector<int> count(kPartitions);
  for (int i = 0; i < kKeys; ++i) ++count[PartitionOf("key" + std::to_string(i), kPartitions).value];
  // 1000 keys are expected in each; five standard deviations are about 155.
  for (const int keys : count) EXPECT_NEAR(keys, kKeys / static_cast<int>(kPartitions), 155);
}

TEST(PartitionDeathTest, RefusesACountThatIsNoPowerOfTwo) {
  EXPECT_DEATH(PartitionOfToken(0, 0), "0");
  EXPECT_DEATH(PartitionOfToken(0, 100), "100");
}

}  // namespace
}  // namespace quoin::ring
