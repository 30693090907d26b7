#include "net/peer_session.h"

#include <gtest/gtest.h>

#include "net/peer_session_testing.h"

namespace quoin::net {
namespace {

using std::chrono::milliseconds;

TEST_F(PeerSessionTest, GreetsAndSendsPackets) {
  Dial();
  Send("early");
  Exchange(1);
  ASSERT_TRUE(heard && answered);
  EXPECT_EQ(heard->who, Node(1));
  EXPECT_EQ(answered->who, Node(2));
  EXPECT_TRUE(inbound->linked());
  EXPECT_TRUE(outbound->linked());
  EXPECT_EQ(batches, std::vector<std::string>{"early"});
  EXPECT_EQ(commit_number, 77u);
  Send("a");
  Send("b");
  Exchange();
  EXPECT_EQ(batches.back(), "ab");
  EXPECT_EQ(outbound->deadline(), SteadyTime::max());
  EXPECT_EQ(inbound->deadline(), SteadyTime::max());
}

// E1
TEST_F(PeerSessionTest, SendsNothingBeforeTheWelcome) {
  answers = false;
  Dial();
  Send("early");
  Exchange();
  ASSERT_TRUE(heard);
  EXPECT_FALSE(outbound->has_output());
  EXPECT_TRUE(batches.empty());
  inbound->Answer(answer);
  Exchange();
  EXPECT_EQ(batches, std::vector<std::string>{"early"});
}

// E1
TEST_F(PeerSessionTest, EndsWithWhoDoesNotWaitForTheAnswer) {
  answers = false;
  std::string bytes(kPeerMagic);
  AppendFrame(FrameKind::kHello, 0, EncodeHello({PeerHello::Kind::kLink, Node(1)}), &bytes);
  AppendFrame(FrameKind::kBulk, 0, "early", &bytes);
  Feed(*inbound, bytes);
  EXPECT_EQ(inbound->error(), "it didn't wait for the answer to its greeting");
  EXPECT_TRUE(inbound->finished());
  inbound->Answer(answer);  // Comes too late.
  EXPECT_FALSE(inbound->has_output());
  EXPECT_TRUE(batches.empty());
}

TEST_F(PeerSessionTest, BigBatchesGoInPiecesAndArriveWhole) {
  Dial();
  Exchange();
  const std::string big(290'000, 'x');
  Send(big);
  Exchange(1000);
  EXPECT_EQ(batches, std::vector<std::string>{big});
}

TEST_F(PeerSessionTest, UrgentBatchesBetweenThePiecesOfAnotherAreHandedOnAtOnce) {
  Greet();
  std::string bytes;
  AppendFrame(FrameKind::kPiece, 1, "one ", &bytes);
  AppendFrame(FrameKind::kUrgent, 2, "alive", &bytes);
  AppendFrame(FrameKind::kPiece, 3, "two ", &bytes);
  AppendFrame(FrameKind::kBulk, 4, "three", &bytes);
  AppendFrame(FrameKind::kBulk, 4, "four", &bytes);
  for (const char byte : bytes) Feed(*inbound, {&byte, 1});
  EXPECT_EQ(batches, (std::vector<std::string>{"alive", "one two three", "four"}));
  EXPECT_EQ(commit_number, 4u);
}

TEST_F(PeerSessionTest, TellsTheRefusedWhyAndEnds) {
  answer.objection = {PeerRefusal::kAnotherCluster, "it belongs to cluster d"};
  Dial();
  Send("never");
  Exchange();
  ASSERT_TRUE(answered);
  EXPECT_EQ(answered->objection.refusal, PeerRefusal::kAnotherCluster);
  EXPECT_TRUE(inbound->finished());
  EXPECT_EQ(inbound->error(), "");
  EXPECT_TRUE(outbound->finished());
  EXPECT_EQ(outbound->error(), "it belongs to cluster d");
  EXPECT_FALSE(outbound->has_output());
  EXPECT_TRUE(batches.empty());
}

TEST_F(PeerSessionTest, WhoDialsMayRefuseToo) {
  judgement = Status(Code::kIncompatible, "not the one wanted");
  Dial();
  Send("never");
  Exchange();
  EXPECT_EQ(outbound->error(), "not the one wanted");
  EXPECT_FALSE(outbound->linked());
  EXPECT_TRUE(batches.empty());
}

TEST_F(PeerSessionTest, ProbesEndWithTheirAnswer) {
  Dial(PeerHello::Kind::kProbe);
  answer.unreachable = "can't connect";
  Exchange(3);
  EXPECT_EQ(heard->nonce, 5u);
  EXPECT_EQ(answered->unreachable, "can't connect");
  EXPECT_TRUE(inbound->finished() && outbound->finished());
  EXPECT_EQ(inbound->error() + outbound->error(), "");
}

TEST_F(PeerSessionTest, SilenceIsBounded) {
  Dial();
  EXPECT_EQ(inbound->deadline(), now + milliseconds(5000));
  EXPECT_EQ(outbound->deadline(), now + milliseconds(2000));
  inbound->OnTime(now + milliseconds(4999));
  EXPECT_FALSE(inbound->finished());
  inbound->OnTime(now + milliseconds(5000));
  outbound->OnTime(now + milliseconds(5000));
  EXPECT_EQ(inbound->error(), "no greeting within the time for it");
  EXPECT_EQ(outbound->error(), "no greeting within the time for it");
}

TEST_F(PeerSessionTest, StrangersAreSeenFromTheirFirstBytes) {
  Feed(*inbound, "GET / HTTP/1.1\r\n");
  EXPECT_EQ(inbound->error(), "what it says is no greeting of a Quoin node: 'GET / HTTP/1.1\\x0d\\x0a'");
  EXPECT_FALSE(inbound->has_output());
  Dial();
  Feed(*outbound, "SSH-2.0-OpenSSH", 1);
  EXPECT_EQ(outbound->error(), "what it says is no greeting of a Quoin node: 'S'");
}

TEST_F(PeerSessionTest, EndOfInputIsAnError) {
  Dial();
  inbound->OnEndOfInput(now);
  outbound->OnEndOfInput(now);
  EXPECT_EQ(inbound->error(), "the other side closed the connection");
  EXPECT_EQ(outbound->error(), "the other side closed the connection without an answer");
}

// E2, E3
TEST_F(PeerSessionTest, NothingFollowsABadBatch) {
  Greet();
  std::string bytes;
  AppendFrame(FrameKind::kBulk, 1, "good", &bytes);
  AppendFrame(FrameKind::kBulk, 1, "bad", &bytes);
  AppendFrame(FrameKind::kBulk, 1, "late", &bytes);
  Feed(*inbound, bytes);
  EXPECT_EQ(inbound->error(), "a bad packet");
  EXPECT_EQ(batches, (std::vector<std::string>{"good", "bad"}));
  EXPECT_TRUE(inbound->finished());
}

TEST_F(PeerSessionTest, ALinkRefusesEmptyFrames) {
  Greet();
  EXPECT_EQ(ErrorOf(FrameKind::kBulk, ""), "an empty frame");
}

TEST_F(PeerSessionTest, ALinkRefusesSecondGreetings) {
  Greet();
  EXPECT_EQ(ErrorOf(FrameKind::kHello, EncodeHello({PeerHello::Kind::kLink, Node(1)})),
            "another greeting after the first one");
}

TEST_F(PeerSessionTest, ALinkRefusesBadChecksums) {
  Greet();
  std::string bytes;
  AppendFrame(FrameKind::kBulk, 1, "packets", &bytes);
  bytes.back() ^= 1;
  Feed(*inbound, bytes);
  EXPECT_EQ(inbound->error(), "a frame of 7 B fails its checksum");
  EXPECT_TRUE(batches.empty());
}

TEST_F(PeerSessionTest, ALinkRefusesBatchesBeyondTheirBound) {
  Greet();
  const std::string piece(100'000, 'p');
  EXPECT_EQ(ErrorOf(FrameKind::kPiece, piece), "");
  EXPECT_EQ(ErrorOf(FrameKind::kPiece, piece), "");
  EXPECT_EQ(ErrorOf(FrameKind::kPiece, piece), "");
  EXPECT_EQ(ErrorOf(FrameKind::kBulk, "x"), "a batch of more than 293.0 KiB");
  EXPECT_TRUE(batches.empty());
}

TEST_F(PeerSessionTest, GreetingsAreBounded) {
  std::string bytes(kPeerMagic);
  AppendFrame(FrameKind::kHello, 0, std::string(kMaxGreetingBytes + 1, 'x'), &bytes);
  Feed(*inbound, bytes.substr(0, 40));
  EXPECT_EQ(inbound->error(), "a frame of 4.0 KiB; the most here is 4 KiB");
}

TEST_F(PeerSessionTest, TheFirstFrameIsAGreeting) {
  std::string bytes(kPeerMagic);
  AppendFrame(FrameKind::kBulk, 0, "packets", &bytes);
  Feed(*inbound, bytes);
  EXPECT_EQ(inbound->error(), "its first frame is no greeting");
}

TEST_F(PeerSessionTest, WhoWasDialledSaysNothingButItsAnswer) {
  Dial();
  Exchange();
  std::string bytes;
  AppendFrame(FrameKind::kBulk, 0, "packets", &bytes);
  Feed(*outbound, bytes);
  EXPECT_EQ(outbound->error(), "something else than one answer to the greeting");
  EXPECT_FALSE(outbound->has_output());
}

TEST_F(PeerSessionTest, EndStopsASessionInTheMiddleOfARead) {
  Greet();
  std::string bytes;
  AppendFrame(FrameKind::kBulk, 1, "first", &bytes);
  inbound->End();
  Feed(*inbound, bytes);
  inbound->OnBytes(bytes, now);
  EXPECT_TRUE(batches.empty());
  EXPECT_EQ(inbound->error(), "");
}

}  // namespace
}  // namespace quoin::net
