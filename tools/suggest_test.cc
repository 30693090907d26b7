#include "tools/suggest.h"

#include <gtest/gtest.h>

namespace quoin::tools {
namespace {

const std::vector<std::string> kNames = {"GET", "SET", "DELETE", "EXPIRE", "EXIT", "SCAN"};

TEST(Nearest, FindsTheFewestEdits) {
  EXPECT_EQ(Nearest("DLEETE", kNames), "DELETE");
  EXPECT_EQ(Nearest("expre", kNames), "EXPIRE");
  EXPECT_EQ(Nearest("SCNA", kNames), "SCAN");
  EXPECT_EQ(Nearest("GETT", kNames), "GET");
}

TEST(Nearest, TakesTheBeginningOfAName) {
  EXPECT_EQ(Nearest("exp", kNames), "EXPIRE");
  EXPECT_EQ(Nearest("del", kNames), "DELETE");
}

TEST(Nearest, GuessesNothingFromFar) {
  EXPECT_EQ(Nearest("", kNames), std::nullopt);
  EXPECT_EQ(Nearest("hello", kNames), std::nullopt);
  EXPECT_EQ(Nearest(std::string(1000, 'x'), kNames), std::nullopt);
}

}  // namespace
}  // namespace quoin::tools
