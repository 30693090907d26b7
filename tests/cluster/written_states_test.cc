// That what nobody wrote is found, and that a write of unknown outcome may be told or not.
#include "tests/cluster/written_states.h"

#include <gtest/gtest.h>

namespace quoin::tests {
namespace {

using Kind = ToldEvent::Kind;
using Outcome = WrittenStates::Outcome;

kv::Version V(std::uint64_t sequence) { return {{1, NodeId{7}}, sequence}; }

class WrittenStatesTest : public testing::Test {
 protected:
  std::size_t Tell(Kind kind, const std::string& key, std::uint64_t sequence, const std::string& value = "") {
    states_.OnTold("w", {kind, key, V(sequence), value, 0});
    return states_.complaints().size();
  }

  WrittenStates states_;
};

TEST_F(WrittenStatesTest, AWriteMayBeToldBeforeItIsAnswered) {
  const std::string value = states_.BeginPut("a", false);
  EXPECT_EQ(Tell(Kind::kPut, "a", 3, value), 0u);
  states_.End("a", Outcome::kDone, V(3));
  EXPECT_EQ(Tell(Kind::kPut, "a", 3, value), 0u);
  EXPECT_EQ(states_.written(), 1u);
}

TEST_F(WrittenStatesTest, AnUnknownOneMayBeToldLateAndAtOneVersion) {
  const std::string first = states_.BeginPut("a", false);
  states_.End("a", Outcome::kUnknown, {});
  const std::string second = states_.BeginPut("a", false);
  states_.End("a", Outcome::kDone, V(3));
  EXPECT_EQ(Tell(Kind::kPut, "a", 3, second), 0u);
  EXPECT_EQ(Tell(Kind::kPut, "a", 4, first), 0u);
  EXPECT_EQ(Tell(Kind::kPut, "a", 5, first), 1u);
}

TEST_F(WrittenStatesTest, FindsWhatWasNeverWritten) {
  const std::string value = states_.BeginPut("a", false);
  EXPECT_EQ(Tell(Kind::kPut, "a", 3, value + "1"), 1u) << "a number of the future";
  EXPECT_EQ(Tell(Kind::kPut, "a", 4, "b=0"), 2u) << "another key's";
  EXPECT_EQ(Tell(Kind::kDeleted, "a", 5), 3u) << "nobody deletes it";
  EXPECT_EQ(Tell(Kind::kExpired, "a", 6), 4u) << "it has no time to live";
  EXPECT_EQ(Tell(Kind::kPut, "of the load", 7, "anything"), 4u) << "nothing is known of it";
}

TEST_F(WrittenStatesTest, FindsWhatWasCertainlyNotApplied) {
  const std::string before = states_.BeginPut("a", false);
  EXPECT_EQ(Tell(Kind::kPut, "a", 3, before), 0u);
  states_.End("a", Outcome::kNotApplied, {});
  EXPECT_EQ(states_.complaints().size(), 1u);
  const std::string after = states_.BeginPut("a", false);
  states_.End("a", Outcome::kNotApplied, {});
  EXPECT_EQ(Tell(Kind::kPut, "a", 4, after), 2u);
}

TEST_F(WrittenStatesTest, FindsAVersionThatIsNotTheAcknowledgedOne) {
  const std::string value = states_.BeginPut("a", false);
  states_.End("a", Outcome::kDone, V(3));
  EXPECT_EQ(Tell(Kind::kPut, "a", 4, value), 1u);
  const std::string next = states_.BeginPut("a", false);
  EXPECT_EQ(Tell(Kind::kPut, "a", 5, next), 1u);
  states_.End("a", Outcome::kDone, V(6));
  EXPECT_EQ(states_.complaints().size(), 2u);
}

TEST_F(WrittenStatesTest, DeletionsAndExpiriesMayBeToldWhereTheyMayHappen) {
  states_.BeginDelete("a");
  EXPECT_EQ(Tell(Kind::kDeleted, "a", 3), 0u);
  states_.BeginPut("b", true);
  EXPECT_EQ(Tell(Kind::kExpired, "b", 3), 0u);
}

TEST_F(WrittenStatesTest, FindsTwoThatWereToldDifferentThingsOfOneVersion) {
  EXPECT_EQ(Tell(Kind::kPut, "load", 3, "x"), 0u);
  EXPECT_EQ(Tell(Kind::kPut, "load", 3, "x"), 0u);
  EXPECT_EQ(Tell(Kind::kPut, "load", 3, "y"), 1u);
  EXPECT_EQ(Tell(Kind::kDeleted, "load", 3), 2u);
  states_.ForgetTold();
  EXPECT_EQ(Tell(Kind::kPut, "load", 3, "y"), 2u);
}

}  // namespace
}  // namespace quoin::tests
