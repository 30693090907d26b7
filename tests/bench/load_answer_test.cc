#include "tests/bench/load_answer.h"

#include <gtest/gtest.h>

#include "net/proto/quoin.pb.h"

namespace quoin::bench {
namespace {

v1::ServerFrame Done(std::uint32_t id) {
  v1::ServerFrame frame;
  frame.set_id(id);
  frame.mutable_result()->set_outcome(v1::DONE);
  frame.mutable_result()->set_version("3.00c0ffee00c0ffee.41");
  return frame;
}

TEST(LoadAnswer, KnowsADoneAnswerByItsFirstBytes) {
  for (const std::uint32_t id : {1u, 127u, 128u, 1024u, 1'000'000u}) {
    v1::ServerFrame frame = Done(id);
    frame.mutable_result()->mutable_state()->set_value(std::string(1000, 'v'));
    const auto answer = ReadLoadAnswer(frame.SerializeAsString());
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->id, id);
    EXPECT_TRUE(answer->done);
  }
}

TEST(LoadAnswer, NamesWhatIsNoSuccess) {
  v1::ServerFrame frame = Done(7);
  frame.mutable_result()->set_outcome(v1::ABSENT);
  auto answer = ReadLoadAnswer(frame.SerializeAsString());
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->id, 7u);
  EXPECT_FALSE(answer->done);
  EXPECT_EQ(answer->failure, "ABSENT");

  frame.mutable_result()->set_outcome(v1::ERROR);
  frame.mutable_result()->mutable_problem()->set_type("too-many-requests");
  answer = ReadLoadAnswer(frame.SerializeAsString());
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->failure, "ERROR too-many-requests");
}

TEST(LoadAnswer, IsNothingElse) {
  v1::ServerFrame frame;
  frame.mutable_hello()->set_node("00c0ffee00c0ffee");
  EXPECT_FALSE(ReadLoadAnswer(frame.SerializeAsString()).has_value());
  EXPECT_FALSE(ReadLoadAnswer("\x08").has_value());
  EXPECT_FALSE(ReadLoadAnswer("garbage").has_value());
}

TEST(LoadAnswer, IsSeenToCarryWhatWasAskedFor) {
  v1::ServerFrame frame = Done(1);
  EXPECT_EQ(WrongWith(frame.SerializeAsString(), Expected::kVersion, 100), "");
  EXPECT_NE(WrongWith(frame.SerializeAsString(), Expected::kValue, 100), "") << "no value came";
  frame.mutable_result()->mutable_state()->set_value(std::string(100, 'v'));
  EXPECT_EQ(WrongWith(frame.SerializeAsString(), Expected::kValue, 100), "");
  EXPECT_NE(WrongWith(frame.SerializeAsString(), Expected::kValue, 101), "");
  frame.mutable_result()->clear_version();
  EXPECT_NE(WrongWith(frame.SerializeAsString(), Expected::kVersion, 100), "");
  frame.mutable_result()->set_outcome(v1::ERROR);
  EXPECT_NE(WrongWith(frame.SerializeAsString(), Expected::kVersion, 100), "");
}

}  // namespace
}  // namespace quoin::bench
