#include "kv/space_guard.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace quoin::kv {
namespace {

class Disk {
 public:
  SpaceGuard Guard(std::uint64_t reserve_bytes) {
    return SpaceGuard(
        reserve_bytes,
        [this] {
          ++asked;
          return free_bytes;
        },
        [this] { return now; });
  }

  std::optional<std::uint64_t> free_bytes;
  int asked = 0;
  std::chrono::steady_clock::time_point now{};
};

TEST(SpaceGuard, RefusesOnceTheReserveWouldBeTouched) {
  Disk disk;
  disk.free_bytes = 1000;
  SpaceGuard guard = disk.Guard(900);
  EXPECT_EQ(guard.Refusal(100), std::nullopt);
  EXPECT_NE(guard.Refusal(1), std::nullopt) << "what was written since the last look counts";
}

TEST(SpaceGuard, TakesWritesAgainWhenSpaceIsBack) {
  Disk disk;
  disk.free_bytes = 10;
  SpaceGuard guard = disk.Guard(900);
  EXPECT_NE(guard.Refusal(1), std::nullopt);
  disk.free_bytes = 2000;
  disk.now += SpaceGuard::kCheckInterval;
  EXPECT_EQ(guard.Refusal(1), std::nullopt);
}

TEST(SpaceGuard, AsksSeldom) {
  Disk disk;
  disk.free_bytes = std::uint64_t{1} << 40;
  SpaceGuard guard = disk.Guard(0);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(guard.Refusal(100), std::nullopt);
  EXPECT_EQ(disk.asked, 1);
  disk.now += SpaceGuard::kCheckInterval;
  EXPECT_EQ(guard.Refusal(SpaceGuard::kCheckBytes), std::nullopt);
  EXPECT_EQ(disk.asked, 2);
  EXPECT_EQ(guard.Refusal(1), std::nullopt);
  EXPECT_EQ(disk.asked, 3) << "after so many bytes it looks again at once";
}

TEST(SpaceGuard, LetsWritesPassWhenTheSystemDoesNotSay) {
  Disk disk;
  SpaceGuard guard = disk.Guard(900);
  EXPECT_EQ(guard.Refusal(1 << 20), std::nullopt);
}

TEST(SpaceGuard, SeesTheRealDisk) {
  EXPECT_GT(FreeBytesUnder(testing::TempDir()).value(), 0u);
  // Bytes, not blocks. Others may write meanwhile, but never half of it.
  EXPECT_GT(FreeBytesUnder(testing::TempDir()).value(), std::filesystem::space(testing::TempDir()).available / 2);
  EXPECT_EQ(FreeBytesUnder("/nowhere/at/all"), std::nullopt);
}

}  // namespace
}  // namespace quoin::kv
