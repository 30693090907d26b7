// The order of operations while their way changes (O1 to O3).
#include "net/client/lanes.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace quoin::client {
namespace {

using Tokens = std::vector<Lanes::Token>;

TEST(Lanes, LetsPassWhatGoesTheSameWay) {
  Lanes lanes(4);
  EXPECT_EQ(lanes.server(1), Lanes::kNowhere);
  EXPECT_TRUE(lanes.Enter(1, 7, false, false));
  EXPECT_TRUE(lanes.Enter(1, 7, false, false));
  EXPECT_TRUE(lanes.Enter(2, 8, false, false));
  EXPECT_EQ(lanes.server(1), 7u);
  EXPECT_TRUE(lanes.Leave(1).empty());
  EXPECT_TRUE(lanes.Leave(1).empty());
  EXPECT_EQ(lanes.server(1), Lanes::kNowhere);
  EXPECT_TRUE(lanes.Enter(1, 9, false, false)) << "nothing is under way";
}

TEST(Lanes, HoldsWhatCouldOvertakeO1O2) {
  Lanes lanes(1);
  ASSERT_TRUE(lanes.Enter(0, 7, false, false));
  ASSERT_TRUE(lanes.Enter(0, 7, false, false));
  ASSERT_FALSE(lanes.Enter(0, 8, false, false));
  lanes.Wait(0, 100);
  ASSERT_FALSE(lanes.Enter(0, 7, false, false)) << "it would overtake the one that waits";
  lanes.Wait(0, 101);
  EXPECT_TRUE(lanes.Leave(0).empty());
  EXPECT_EQ(lanes.Leave(0), (Tokens{100, 101}));
  EXPECT_TRUE(lanes.Enter(0, 8, false, false));
}

TEST(Lanes, KeepsNoOrderThatIsLostAnyway) {
  Lanes lanes(1);
  ASSERT_TRUE(lanes.Enter(0, 7, false, false));
  EXPECT_TRUE(lanes.Enter(0, 8, /*server_lost=*/true, false));
  EXPECT_EQ(lanes.server(0), 8u);
  EXPECT_TRUE(lanes.Enter(0, 9, false, /*again=*/true));
  EXPECT_EQ(lanes.server(0), 8u) << "what is sent again doesn't change where the others are";
}

// As an operation does that goes to another server before it was sent: those who wait stay behind it.
TEST(Lanes, WhoEntersAgainBeforeItLeavesKeepsItsPlaceO2) {
  Lanes lanes(1);
  ASSERT_TRUE(lanes.Enter(0, 7, false, false));
  lanes.Wait(0, 100);
  ASSERT_TRUE(lanes.Enter(0, 8, /*server_lost=*/true, /*again=*/true));
  EXPECT_TRUE(lanes.Leave(0).empty());
  EXPECT_EQ(lanes.server(0), 8u);
  EXPECT_EQ(lanes.Leave(0), (Tokens{100}));
}

TEST(Lanes, StopsWaiting) {
  Lanes lanes(2);
  ASSERT_TRUE(lanes.Enter(0, 7, false, false));
  lanes.Wait(0, 100);
  EXPECT_EQ(lanes.StopWaiting(0, 8), (Tokens{100}));
  EXPECT_TRUE(lanes.Enter(0, 8, false, false));
  EXPECT_TRUE(lanes.StopWaiting(0, 8).empty());
  ASSERT_FALSE(lanes.Enter(0, 7, false, false));
  lanes.Wait(0, 101);
  EXPECT_EQ(lanes.StopAllWaiting(), (Tokens{101}));
  EXPECT_TRUE(lanes.Leave(0).empty());
  EXPECT_TRUE(lanes.Leave(0).empty());
}

// Whatever comes and goes: without losses, those under way in a lane are all at one server.
TEST(Lanes, NeverMixesServersO1) {
  std::mt19937 random(5);
  Lanes lanes(1);
  std::vector<std::uint32_t> under_way;
  std::vector<Lanes::Token> waiting;
  Lanes::Token next = 0;
  std::uint32_t way = 0;
  for (int step = 0; step < 20'000; ++step) {
    if (random() % 20 == 0) way = random() % 3;
    if (random() % 2 == 0) {
      if (lanes.Enter(0, way, false, false)) {
        ASSERT_TRUE(waiting.empty()) << "O2";
        under_way.push_back(way);
      } else {
        ASSERT_FALSE(under_way.empty()) << "O3";
        waiting.push_back(++next);
        lanes.Wait(0, next);
      }
    } else if (!under_way.empty()) {
      under_way.pop_back();
      const Tokens released = lanes.Leave(0);
      if (under_way.empty()) {
        ASSERT_EQ(released, waiting);
        waiting.clear();
      } else {
        ASSERT_TRUE(released.empty());
      }
    }
    for (const std::uint32_t server : under_way) ASSERT_EQ(server, under_way[0]);
  }
}

}  // namespace
}  // namespace quoin::client
