#include "net/peer_queue.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace quoin::net {
namespace {

using Lane = PeerQueue::Lane;

struct Sent {
  FrameKind kind;
  std::string payload;
};

class PeerQueueTest : public testing::Test {
 protected:
  bool Add(Lane lane, const std::string& packet) {
    return queue.Add(lane, [&](std::string* batch) { *batch += packet; });
  }
  // Writes at most `count` bytes of what the queue wants written.
  void Write(std::size_t count) {
    while (count > 0 && !queue.empty()) {
      queue.Fill(42);
      std::vector<std::string_view> views;
      queue.Collect(views, 3);
      std::size_t written = 0;
      for (const std::string_view view : views) {
        const std::size_t part = std::min(view.size(), count - written);
        stream.append(view.substr(0, part));
        written += part;
      }
      queue.Written(written);
      count -= written;
    }
  }
  // Writes all that the queue has decided on.
  void WriteOnce() {
    queue.Fill(42);
    std::vector<std::string_view> views;
    queue.Collect(views, 1000);
    std::size_t bytes = 0;
    for (const std::string_view view : views) bytes += view.size();
    last_write_bytes = bytes;
    Write(bytes);
  }
  // The frames that have been written whole.
  std::vector<Sent> Frames() {
    std::vector<Sent> frames;
    FrameReader reader;
    EXPECT_TRUE(reader
                    .Feed(stream,
                          [&](const Frame& frame) {
                            EXPECT_EQ(frame.commit_number, 42u);
                            frames.push_back({frame.kind, std::string(frame.payload)});
                            return Status::Ok();
                          })
                    .ok());
    return frames;
  }

  PeerQueue queue{PeerQueue::Limits{1 << 20, 2 << 20}};
  std::string stream;
  std::size_t last_write_bytes = 0;
};

TEST_F(PeerQueueTest, WhatIsThereLeavesInOneFrame) {
  for (const char* packet : {"a", "b", "c"}) EXPECT_TRUE(Add(Lane::kBulk, packet));
  EXPECT_EQ(queue.size_bytes(), 3u);
  Write(1000);
  const auto frames = Frames();
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].kind, FrameKind::kBulk);
  EXPECT_EQ(frames[0].payload, "abc");
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.counts().sent_packets, 3u);
  EXPECT_EQ(queue.counts().sent_bytes, kFrameHeaderBytes + 3);
}

// Q1
TEST_F(PeerQueueTest, HeartbeatsAndGossipStandAheadOfBulkThatIsNotBeingWritten) {
  Add(Lane::kBulk, "first");
  Write(10);  // Of its 22 bytes.
  Add(Lane::kBulk, "second");
  Add(Lane::kGossip, "gossip");
  Add(Lane::kHeartbeat, "heartbeat ");
  Write(1000);
  const auto frames = Frames();
  ASSERT_EQ(frames.size(), 3u);
  EXPECT_EQ(frames[0].payload, "first");
  EXPECT_EQ(frames[1].kind, FrameKind::kUrgent);
  EXPECT_EQ(frames[1].payload, "heartbeat gossip");
  EXPECT_EQ(frames[2].payload, "second");
}

// Q2
TEST_F(PeerQueueTest, AHeartbeatWaitsForOneWriteAtMostHoweverBigThePacket) {
  const std::string big(900'000, 'x');
  Add(Lane::kBulk, big);
  WriteOnce();
  EXPECT_LE(last_write_bytes, PeerQueue::kWriteBytes + kMaxFrameBytes + kFrameHeaderBytes);
  Add(Lane::kHeartbeat, "alive");
  WriteOnce();
  const auto frames = Frames();
  const auto urgent =
      std::find_if(frames.begin(), frames.end(), [](const Sent& frame) { return frame.kind == FrameKind::kUrgent; });
  ASSERT_NE(urgent, frames.end());
  EXPECT_LE(urgent - frames.begin(), 3);
  Write(10'000'000);
  std::string whole;
  for (const Sent& frame : Frames()) {
    if (frame.kind != FrameKind::kUrgent) whole += frame.payload;
  }
  EXPECT_EQ(whole, big);
  EXPECT_EQ(Frames().back().kind, FrameKind::kBulk);
  EXPECT_EQ(queue.counts().sent_packets, 2u);
}

TEST_F(PeerQueueTest, PacketsThatComeWhileABigOneGoesInPiecesFollowIt) {
  Add(Lane::kBulk, std::string(500'000, 'x'));
  Write(200'000);
  Add(Lane::kBulk, "after");
  Write(10'000'000);
  EXPECT_EQ(Frames().back().payload, "after");
}

// Q3
TEST_F(PeerQueueTest, ANewerHeartbeatTakesThePlaceOfOneThatWaits) {
  Add(Lane::kBulk, "bulk");
  Write(1);
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(Add(Lane::kHeartbeat, "heartbeat " + std::to_string(i)));
  EXPECT_EQ(queue.size_bytes(), 4 + 13u);
  Write(1000);
  ASSERT_EQ(Frames().size(), 2u);
  EXPECT_EQ(Frames()[1].payload, "heartbeat 999");
  EXPECT_EQ(queue.counts().dropped_packets, 0u);
}

// Q4
TEST_F(PeerQueueTest, BeyondItsBoundPacketsAreDroppedAndHeartbeatsAreNot) {
  const std::string packet(1000, 'p');
  std::size_t taken = 0;
  while (Add(Lane::kBulk, packet)) ++taken;
  EXPECT_EQ(taken, ((1 << 20) + 999u) / 1000);
  EXPECT_FALSE(Add(Lane::kBulk, "small"));
  EXPECT_EQ(queue.counts().dropped_packets, 2u);
  EXPECT_TRUE(Add(Lane::kHeartbeat, "alive"));
  EXPECT_LE(queue.size_bytes(), (1 << 20) + 1000u + 5u);
  Write(100'000'000);
  EXPECT_EQ(Frames().front().payload, "alive");
  EXPECT_EQ(queue.counts().sent_packets, taken + 1);
  EXPECT_TRUE(Add(Lane::kBulk, "small"));
}

// Q4
TEST_F(PeerQueueTest, AHugePacketPassesWhileThereIsRoomAndOneThatThePeerWouldRefuseDoesNot) {
  EXPECT_TRUE(Add(Lane::kBulk, "small"));
  EXPECT_TRUE(Add(Lane::kBulk, std::string(2 << 20, 'h')));
  Write(100'000'000);
  EXPECT_EQ(queue.counts().sent_packets, 2u);
  EXPECT_FALSE(Add(Lane::kBulk, std::string((2 << 20) + 1, 'h')));
  EXPECT_TRUE(queue.empty());
  EXPECT_TRUE(Add(Lane::kBulk, "small"));
  Write(1000);
  EXPECT_EQ(Frames().back().payload, "small");
}

TEST_F(PeerQueueTest, GossipIsBoundedAndABigOneIsBulk) {
  Add(Lane::kGossip, std::string(PeerQueue::kMaxUrgentBytes + 1, 'g'));
  int taken = 0;
  while (Add(Lane::kGossip, std::string(1000, 'g'))) ++taken;
  EXPECT_EQ(taken, static_cast<int>(PeerQueue::kBatchBytes / 1000));
  Write(1'000'000);
  ASSERT_EQ(Frames().size(), 2u);
  EXPECT_EQ(Frames()[0].payload.size(), taken * 1000u);
  EXPECT_EQ(Frames()[1].kind, FrameKind::kBulk);
  EXPECT_EQ(queue.counts().dropped_packets, 1u);
}

// Q5: whatever happens between Collect and Written.
TEST_F(PeerQueueTest, ViewsStayGoodWhilePacketsAreAdded) {
  Add(Lane::kBulk, std::string(300'000, 'a'));
  Add(Lane::kBulk, "b");
  queue.Fill(42);
  std::vector<std::string_view> views;
  queue.Collect(views, 100);
  std::string before;
  for (const std::string_view view : views) before += view;
  for (int i = 0; i < 1000; ++i) Add(Lane::kBulk, std::string(500, 'c'));
  std::string after;
  for (const std::string_view view : views) after += view;
  EXPECT_EQ(before, after);
  queue.Written(before.size());
}

TEST_F(PeerQueueTest, ClearDropsAllAndTheQueueWorksOn) {
  Add(Lane::kBulk, std::string(500'000, 'x'));
  Write(200'000);
  Add(Lane::kBulk, "y");
  Add(Lane::kGossip, "g");
  Add(Lane::kHeartbeat, "h");
  queue.Clear();
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.counts().dropped_packets, 4u);
  stream.clear();
  Add(Lane::kBulk, "z");
  Write(1000);
  ASSERT_EQ(Frames().size(), 1u);
  EXPECT_EQ(Frames()[0].payload, "z");
}

}  // namespace
}  // namespace quoin::net
