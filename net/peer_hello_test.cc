#include "net/peer_hello.h"

#include <gtest/gtest.h>

namespace quoin::net {
namespace {

PeerIdentity Somebody() {
  PeerIdentity who;
  who.oldest_format = 1;
  who.format = 3;
  who.cluster = ClusterId{0xc0ffee};
  who.node = NodeId{~std::uint64_t{0}};
  who.boot = 7;
  who.partition_count = 256;
  who.commit_number = 123'456;
  who.advertised = "10.0.0.7:7080";
  return who;
}

TEST(PeerHello, ComesBackAsItWas) {
  for (const auto kind : {PeerHello::Kind::kLink, PeerHello::Kind::kProbe, PeerHello::Kind::kDialBack}) {
    const PeerHello hello{kind, Somebody(), 99, NodeId{5}};
    const auto read = DecodeHello(EncodeHello(hello));
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(*read, hello);
  }
}

TEST(PeerHello, OfAProbeMayKnowNothing) {
  const PeerHello hello{PeerHello::Kind::kProbe, PeerIdentity{}, 1};
  const auto read = DecodeHello(EncodeHello(hello));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, hello);
}

TEST(PeerHello, OfALinkNamesNodeAndBoot) {
  PeerHello hello{PeerHello::Kind::kLink, Somebody(), 0};
  hello.who.node = {};
  EXPECT_FALSE(DecodeHello(EncodeHello(hello)).ok());
  hello.who = Somebody();
  hello.who.boot = 0;
  EXPECT_FALSE(DecodeHello(EncodeHello(hello)).ok());
}

TEST(PeerHello, RefusesWhatIsNone) {
  EXPECT_FALSE(DecodeHello("").ok());
  EXPECT_FALSE(DecodeHello("GET / HTTP/1.1").ok());
  EXPECT_FALSE(DecodeHello(std::string(kMaxGreetingBytes + 1, '\0')).ok());
  PeerHello hello{static_cast<PeerHello::Kind>(9), Somebody(), 0};
  EXPECT_FALSE(DecodeHello(EncodeHello(hello)).ok());
  hello = {PeerHello::Kind::kLink, Somebody(), 0};
  hello.who.oldest_format = 4;  // To 3.
  EXPECT_FALSE(DecodeHello(EncodeHello(hello)).ok());
}

TEST(PeerAnswer, ComesBackAsItWas) {
  PeerAnswer answer;
  answer.who = Somebody();
  answer.objection = {PeerRefusal::kAnotherCluster, "it belongs to cluster 1, and this node to 2"};
  answer.unreachable = "can't connect to 10.0.0.7:7080: Connection refused";
  const auto read = DecodeAnswer(EncodeAnswer(answer));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->who, answer.who);
  EXPECT_EQ(read->objection.refusal, answer.objection.refusal);
  EXPECT_EQ(read->objection.text, answer.objection.text);
  EXPECT_EQ(read->unreachable, answer.unreachable);
}

TEST(PeerAnswer, MayBeARefusalThatOnlyNewerNodesKnow) {
  PeerAnswer answer;
  answer.who = Somebody();
  answer.objection = {static_cast<PeerRefusal>(99), "for another reason"};
  const auto read = DecodeAnswer(EncodeAnswer(answer));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(RefusalName(read->objection.refusal), "reason 99");
}

TEST(PeerAnswer, FitsIntoAGreetingAndALogLineWhateverItsTexts) {
  PeerAnswer answer;
  answer.who = Somebody();
  answer.objection = {PeerRefusal::kTwin, std::string(10'000, '\n')};
  answer.unreachable = std::string(10'000, '\xff');
  const std::string bytes = EncodeAnswer(answer);
  EXPECT_LE(bytes.size(), kMaxGreetingBytes);
  const auto read = DecodeAnswer(bytes);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->objection.text.find('\n'), std::string::npos);
  EXPECT_TRUE(read->objection.text.starts_with("\\x0a\\x0a"));
}

}  // namespace
}  // namespace quoin::net
