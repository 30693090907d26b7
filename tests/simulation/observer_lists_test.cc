#include "tests/simulation/observer_lists.h"

#include <gtest/gtest.h>

#include <memory>

namespace quoin::simulation {
namespace {

class ListCheckTest : public testing::Test {
 protected:
  void Knows(std::uint64_t version) {
    ring::Topology ring = ring::Bootstrap(ClusterId{1}, kReplica, {}, 2, {});
    ring.partitions[1].version = version;
    check_.OnRing(kReplica, std::make_shared<const ring::Topology>(ring));
  }
  void Asks(std::uint64_t number, std::uint64_t version) {
    check_.OnSent(kAsker, kReplica, quorum::ListPacket{.number = number, .parts = {{PartitionId{1}, version}}});
  }
  void Tells(std::uint64_t number) {
    check_.OnSent(kReplica, kAsker, quorum::ListedPacket{.number = number, .parts = {{PartitionId{1}, {}}}});
  }

  static constexpr NodeId kAsker{1};
  static constexpr NodeId kReplica{2};
  ObserverComplaints complaints_;
  ListCheck check_{complaints_};
};

TEST_F(ListCheckTest, PassesWhatIsToldUnderTheReplicasOwnConfiguration) {
  Knows(3);
  Asks(7, 3);
  Tells(7);
  EXPECT_TRUE(complaints_.all().empty());
}

TEST_F(ListCheckTest, FindsAPageOfAnEarlierConfiguration) {
  Knows(3);
  Asks(7, 3);
  Knows(4);  // While the page was read.
  Tells(7);
  ASSERT_EQ(complaints_.all().size(), 1u);
  EXPECT_EQ(complaints_.all()[0].substr(0, 3), "I8:");
}

TEST_F(ListCheckTest, FindsAnAnswerToNoQuestion) {
  Knows(3);
  Tells(7);
  EXPECT_EQ(complaints_.all().size(), 1u);
}

}  // namespace
}  // namespace quoin::simulation
