#include "net/ballot_text.h"

#include <gtest/gtest.h>

namespace quoin::net {
namespace {

TEST(BallotText, ComesBackAsItWent) {
  for (const kv::Ballot& ballot : {kv::Ballot{3, NodeId{0x00c0ffee00c0ffee}}, kv::Ballot{1, NodeId{0}},
                                   kv::Ballot{0, NodeId{1}}, kv::Ballot{UINT64_MAX, NodeId{UINT64_MAX}}}) {
    for (const std::uint64_t sequence : {std::uint64_t{0}, std::uint64_t{41}, UINT64_MAX}) {
      const kv::Version version{ballot, sequence};
      EXPECT_EQ(ParseBallot(FormatBallot(version)), version) << version;
    }
  }
  EXPECT_EQ(FormatBallot({{3, NodeId{0x00c0ffee00c0ffee}}, 0}), "3.00c0ffee00c0ffee");
  EXPECT_EQ(FormatBallot({{3, NodeId{0x00c0ffee00c0ffee}}, 41}), "3.00c0ffee00c0ffee.41");
}

TEST(BallotText, HasOneSpelling) {
  for (const char* text :
       {"", ".", "3", "3.", ".00c0ffee00c0ffee", "3.c0ffee00c0ffee", "03.00c0ffee00c0ffee", "3.00C0FFEE00C0FFEE",
        "3.00c0ffee00c0ffee.", "3.00c0ffee00c0ffee.0", "3.00c0ffee00c0ffee.041", "3.00c0ffee00c0ffee.-1",
        "3.00c0ffee00c0ffee.4.1", "3.00c0ffee00c0ffee.18446744073709551616", "3..41", "0.0000000000000000.41",
        " 3.00c0ffee00c0ffee", "3.00c0ffee00c0ffee ", "-3.00c0ffee00c0ffee",
        "\"3.00c0ffee00c0ffee\"", "18446744073709551616.00c0ffee00c0ffee", "0.0000000000000000"}) {
    EXPECT_EQ(ParseBallot(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace quoin::net
