#include "kv/version.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <sstream>
#include <string>

namespace quoin::kv {
namespace {

template <typename T>
std::string Text(const T& value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

Version Make(std::uint64_t round, std::uint64_t node, std::uint64_t sequence) {
  return Version{Ballot{round, NodeId{node}}, sequence};
}

TEST(Version, IsPrintedAsRoundNodeSequence) {
  EXPECT_EQ(Text(Make(3, 0x00c0ffee00c0ffee, 41)), "3.00c0ffee00c0ffee.41");
  EXPECT_EQ(Text(Make(3, 0x00c0ffee00c0ffee, 41).ballot), "3.00c0ffee00c0ffee");
}

TEST(Version, IsOrderedByRoundThenNodeThenSequence) {
  EXPECT_LT(Make(1, 9, 9), Make(2, 0, 0));
  EXPECT_LT(Make(1, 1, 9), Make(1, 2, 0));
  EXPECT_LT(Make(1, 1, 1), Make(1, 1, 2));
}

TEST(Version, ZeroIsBelowAllOthers) {
  EXPECT_LT(Version{}, Make(0, 0, 1));
  EXPECT_LT(Version{}, Make(0, 1, 0));
  EXPECT_LT(Version{}, Make(1, 0, 0));
}

}  // namespace
}  // namespace quoin::kv
