#include "quorum/digest.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "quorum/replica_testing.h"

namespace quoin::quorum {
namespace {

using Entry = Compared::Entry;

const Entry kAlice{"Alice", VersionOf(1, 2, 3), false};
const Entry kBob{"Bob", VersionOf(1, 2, 4), false};

TEST(Digest, OfEqualListsIsEqual) {
  EXPECT_EQ(DigestOf({kAlice, kBob}, 7), DigestOf({kAlice, kBob}, 7));
  EXPECT_EQ(DigestOf({}, 7), DigestOf({}, 7));
}

TEST(Digest, DependsOnEveryKeyAndEveryPartOfAVersion) {
  const std::vector<std::vector<Entry>> lists = {
      {},
      {kAlice},
      {kBob},
      {kAlice, kBob},
      {kBob, kAlice},
      {{"Alice", VersionOf(2, 2, 3), false}},
      {{"Alice", VersionOf(1, 3, 3), false}},
      {{"Alice", VersionOf(1, 2, 4), false}},
      {{"alice", VersionOf(1, 2, 3), false}},
      {{"", VersionOf(1, 2, 3), false}},
  };
  std::set<std::uint64_t> digests;
  for (const auto& list : lists) digests.insert(DigestOf(list, 7));
  EXPECT_EQ(digests.size(), lists.size());
}

TEST(Digest, IsOfEntriesAndNotOfTheirBytesInARow) {
  // 16 bytes of a key that look like the version before them, and the like, don't move across the borders.
  const std::string zeros(24, '\0');
  EXPECT_NE(DigestOf({{"k" + zeros, kv::Version(), false}}, 7), DigestOf({{"k", kv::Version(), false}}, 7));
  EXPECT_NE(DigestOf({{"ab", kv::Version(), false}, {"c", kv::Version(), false}}, 7),
            DigestOf({{"a", kv::Version(), false}, {"bc", kv::Version(), false}}, 7));
}

TEST(Digest, CannotBeComputedWithoutTheSalt) { EXPECT_NE(DigestOf({kAlice, kBob}, 7), DigestOf({kAlice, kBob}, 8)); }

TEST(Digest, OfADamagedEntryIsNotThatOfAGoodOne) {
  Entry damaged = kAlice;
  damaged.damaged = true;
  EXPECT_NE(DigestOf({damaged, kBob}, 7), DigestOf({kAlice, kBob}, 7));
  EXPECT_NE(DigestOf({{"Alice", kv::Version(), true}}, 7), DigestOf({}, 7));
  EXPECT_NE(DigestOf({{"Alice", kv::Version(), true}}, 7), DigestOf({{"Alice", kv::Version(), false}}, 7));
}

}  // namespace
}  // namespace quoin::quorum
