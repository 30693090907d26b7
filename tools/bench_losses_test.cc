// CountLosses on histories as people write them down.
#include <gtest/gtest.h>

#include "tests/linearizability/history_text.h"
#include "tools/bench_verify.h"

namespace quoin::bench {
namespace {

Losses Count(const std::string& text) {
  const auto history = linearizability::ParseHistory(text);
  CHECK(history.ok()) << history.status();
  return CountLosses(*history);
}

TEST(Losses, AreNoneWhereTheLastPutIsThere) {
  EXPECT_EQ(Count("1 k 0ms..1ms put \"a\" -> done @1 created\n"
                  "1 k 2ms..3ms put \"b\" -> done @2 replaced\n"
                  "1 k 4ms..5ms get -> done \"b\" @2\n"),
            Losses{});
}

TEST(Losses, AnUnknownPutMayHaveOverwritten) {
  EXPECT_EQ(Count("1 k 0ms..1ms put \"a\" -> done @1 created\n"
                  "1 k 2ms.. put \"b\" -> unknown\n"
                  "1 k 4ms..5ms get -> done \"b\" @2\n"),
            Losses{});
}

TEST(Losses, AnAcknowledgedPutThatIsNewerThanWhatIsThereIsLost) {
  EXPECT_EQ(Count("1 k 0ms..1ms put \"a\" -> done @1 created\n"
                  "1 k 2ms..3ms put \"b\" -> done @2 replaced\n"
                  "1 k 4ms..5ms get -> done \"a\" @1\n"),
            Losses{.lost = 1});
}

TEST(Losses, NothingIsLeftOfAKeyThatIsGone) {
  EXPECT_EQ(Count("1 k 0ms..1ms put \"a\" -> done @1 created\n1 k 4ms..5ms get -> absent absent\n"), Losses{.lost = 1});
}

TEST(Losses, WithoutVersionsTimeTells) {
  EXPECT_EQ(Count("1 k 0ms..1ms put \"a\" -> done\n"
                  "1 k 2ms..3ms put \"b\" -> done\n"
                  "1 k 4ms..5ms get -> done \"a\"\n"),
            Losses{.lost = 1});
  EXPECT_EQ(Count("1 k 0ms..3ms put \"a\" -> done\n"
                  "1 k 2ms..3ms put \"b\" -> done\n"
                  "1 k 4ms..5ms get -> done \"a\"\n"),
            Losses{});
}

TEST(Losses, AValueSeenAsTwoVersionsWasWrittenTwice) {
  EXPECT_EQ(Count("1 k 0ms..1ms put \"a\" -> done @1 created\n"
                  "1 k 2ms..3ms put \"b\" -> done @2 replaced\n"
                  "1 k 4ms..5ms get -> done \"a\" @3\n"),
            Losses{.duplicated = 1});
}

TEST(Losses, CountersEndBetweenTheAcknowledgedAndTheUnknown) {
  const std::string history =
      "1 k 0ms..1ms increment 1 -> done \"1\" @1 created\n"
      "1 k 2ms.. increment 1 -> unknown\n"
      "2 k 2ms..3ms increment 1 -> done \"2\" @2 replaced\n";
  EXPECT_EQ(Count(history + "1 k 4ms..5ms get -> done \"1\" @1\n"), Losses{.lost = 1});
  EXPECT_EQ(Count(history + "1 k 4ms..5ms get -> done \"2\" @2\n"), Losses{});
  EXPECT_EQ(Count(history + "1 k 4ms..5ms get -> done \"3\" @3\n"), Losses{});
  EXPECT_EQ(Count(history + "1 k 4ms..5ms get -> done \"5\" @5\n"), Losses{.duplicated = 2});
  EXPECT_EQ(Count(history + "1 k 4ms..5ms get -> absent absent\n"), Losses{.lost = 2});
}

TEST(Losses, NeedAReadAfterEverythingElse) {
  EXPECT_TRUE(Count("1 k 0ms..1ms put \"a\" -> done @1 created\n").unread);
  EXPECT_TRUE(Count("1 k 0ms..3ms put \"a\" -> done @1 created\n2 k 2ms..5ms get -> done \"a\" @1\n").unread);
  EXPECT_TRUE(Count("1 k 0ms..3ms increment 1 -> done \"1\" @1\n").unread);
}

}  // namespace
}  // namespace quoin::bench
