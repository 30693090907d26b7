#include "net/watch_cursor.h"

#include <gtest/gtest.h>

#include <limits>
#include <random>

namespace quoin::net {
namespace {

using Kind = quorum::WatchTarget::Kind;

const CursorScope kScope{{ClusterId{0x0123456789abcdef}, 256}, 77};

quorum::WatchPositions Some() {
  quorum::WatchPositions positions;
  for (std::uint32_t p = 0; p < 256; p += p % 3 + 1) {
    positions[PartitionId{p}] = {{p % 5 + 1, NodeId{0x00c0ffee00c0ffeeu + p % 2}}, std::uint64_t{p} * p * 1000};
  }
  positions[PartitionId{255}] = {{std::numeric_limits<std::uint64_t>::max(), NodeId{1}},
                                 std::numeric_limits<std::uint64_t>::max()};
  return positions;
}

TEST(WatchCursor, ComesBackAsItWas) {
  const quorum::WatchPositions one = {{PartitionId{0}, {{3, NodeId{5}}, 41}}};
  for (const auto& positions : {quorum::WatchPositions(), one, Some()}) {
    const std::string bytes = EncodeCursor(kScope, positions);
    const auto read = DecodeCursor(kScope, bytes);
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(*read, positions);
    const std::string text = CursorText(bytes);
    EXPECT_EQ(text.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
              std::string::npos);
    const auto back = ReadCursorText(text);
    ASSERT_TRUE(back.ok());
    EXPECT_EQ(*back, bytes);
  }
}

TEST(WatchCursor, IsSmall) {
  quorum::WatchPositions positions;
  for (std::uint32_t p = 0; p < 256; ++p) positions[PartitionId{p}] = {{7, NodeId{p % 5}}, 10'000 + p};
  EXPECT_LE(EncodeCursor(kScope, positions).size(), 256u * 4 + 100);
}

TEST(WatchCursor, RefusesOtherClustersAndOtherTargets) {
  const std::string bytes = EncodeCursor(kScope, Some());
  CursorScope scope = kScope;
  scope.cluster.id = ClusterId{2};
  EXPECT_EQ(DecodeCursor(scope, bytes).status().message(),
            "the cursor is of cluster 0123456789abcdef, and this is 0000000000000002: begin without one");
  scope = kScope;
  scope.cluster.partition_count = 128;
  EXPECT_EQ(DecodeCursor(scope, bytes).status().code(), Code::kInvalid);
  scope = kScope;
  scope.targets_digest = 78;
  EXPECT_NE(DecodeCursor(scope, bytes).status().message().find("other keys"), std::string::npos);
}

// Whatever happens to the bytes, they are refused, or say the same.
TEST(WatchCursor, RefusesEveryMutation) {
  const std::string bytes = EncodeCursor(kScope, Some());
  std::mt19937_64 random(4711);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(DecodeCursor(kScope, std::string_view(bytes).substr(0, size)).ok()) << size;
  }
  for (int round = 0; round < 20'000; ++round) {
    std::string mutated = bytes;
    for (std::uint64_t changes = random() % 4 + 1; changes > 0; --changes) {
      const std::size_t at = random() % mutated.size();
      switch (random() % 3) {
        case 0:
          mutated[at] = static_cast<char>(random());
          break;
        case 1:
          mutated.insert(at, 1, static_cast<char>(random()));
          break;
        default:
          mutated.erase(at, 1);
      }
    }
    if (mutated != bytes) {
      EXPECT_FALSE(DecodeCursor(kScope, mutated).ok());
    }
  }
}

// The same behind a checksum that fits, as a client could make it: never out of bounds, and only what can be meant.
TEST(WatchCursor, SurvivesMutationsUnderAGoodChecksum) {
  const std::string bytes = EncodeCursor(kScope, Some());
  std::mt19937_64 random(4712);
  int read_count = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string mutated = bytes.substr(0, bytes.size() - 4);
    for (std::uint64_t changes = random() % 3 + 1; changes > 0; --changes) {
      const std::size_t at = random() % mutated.size();
      if (random() % 2 == 0) {
        mutated[at] = static_cast<char>(random());
      } else {
        mutated.resize(at + 1);
      }
    }
    const auto read = DecodeCursor(kScope, SealCursor(mutated));
    if (!read.ok()) continue;
    ++read_count;
    for (const auto& [partition, version] : *read) EXPECT_LT(partition.value, 256u);
  }
  EXPECT_GT(read_count, 100);
}

TEST(WatchCursor, TextsThatAreNoneAreRefused) {
  for (const char* text : {"a", "ab=", "a+b/", "ab cd", "\xff\xff", "abcde"}) {
    EXPECT_FALSE(ReadCursorText(text).ok()) << text;
  }
}

TEST(WatchCursor, DigestIsOfTheSetOfTargets) {
  const quorum::WatchTarget a{Kind::kKey, "a"}, b{Kind::kKey, "b"}, prefix{Kind::kPrefix, "a"};
  EXPECT_EQ(DigestOfTargets({a, b}), DigestOfTargets({b, a, a}));
  EXPECT_NE(DigestOfTargets({a}), DigestOfTargets({prefix}));
  EXPECT_NE(DigestOfTargets({a, b}), DigestOfTargets({{Kind::kKey, "ab"}}));
}

}  // namespace
}  // namespace quoin::net
