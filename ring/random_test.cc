#include "ring/random.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <utility>
#include <vector>

namespace quoin::ring {
namespace {

// Says what it was told to say.
class Scripted : public Random {
 public:
  explicit Scripted(std::vector<std::uint64_t> values) : values_(std::move(values)) {}
  std::uint64_t Next() override { return values_.at(next_++); }

 private:
  std::vector<std::uint64_t> values_;
  std::size_t next_ = 0;
};

TEST(Random, BelowStaysBelow) {
  Scripted random({0, 1, 2, 3, 4});
  std::vector<std::uint64_t> drawn;
  for (int i = 0; i < 5; ++i) drawn.push_back(random.Below(3));
  EXPECT_EQ(drawn, (std::vector<std::uint64_t>{0, 1, 2, 0, 1}));
}

TEST(Random, BelowDrawsAgainWhereSomeResultsWouldBeMoreLikely) {
  // Multiples of 2^63 end at 2^63 here, and what lies above belongs to no whole one.
  Scripted random({~std::uint64_t{0}, 5});
  EXPECT_EQ(random.Below(std::uint64_t{1} << 63), 5u);
}

TEST(RandomDeathTest, BelowNothingIsNoNumber) {
  Scripted random({1});
  EXPECT_DEATH(random.Below(0), "bound");
}

}  // namespace
}  // namespace quoin::ring
