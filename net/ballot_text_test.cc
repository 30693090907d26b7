#include "net/ballot_text.h"

#include <gtest/gtest.h>

namespace quoin::net {
namespace {

TEST(BallotText, ComesBackAsItWent) {
  for (const kv::Ballot& ballot : {kv::Ballot{3, NodeId{0x00c0ffee00c0ffee}}, kv::Ballot{1, NodeId{0}},
                                   kv::Ballot{0, NodeId{1}}, kv::Ballot{UINT64_MAX, NodeId{UINT64_MAX}}}) {
    EXPECT_EQ(ParseBallot(FormatBallot(ballot)), ballot) << ballot;
  }
  EXPECT_EQ(FormatBallot({3, NodeId{0x00c0ffee00c0ffee}}), "3.00c0ffee00c0ffee");
}

TEST(BallotText, HasOneSpelling) {
  for (const char* text :
       {"", ".", "3", "3.", ".00c0ffee00c0ffee", "3.c0ffee00c0ffee", "03.00c0ffee00c0ffee", "3.00C0FFEE00C0FFEE",
        "3.00c0ffee00c0ffee.41", " 3.00c0ffee00c0ffee", "3.00c0ffee00c0ffee ", "-3.00c0ffee00c0ffee",
        "\"3.00c0ffee00c0ffee\"", "18446744073709551616.00c0ffee00c0ffee", "0.0000000000000000"}) {
    EXPECT_EQ(ParseBallot(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace quoin::net
