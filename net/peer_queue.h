// PeerQueue: what waits to be sent to one peer, as batches of packets, and the frames that are being written now.
//
// Invariants:
//   Q1  heartbeats and gossip stand in the first frame of a write, ahead of all that isn't being written yet;
//   Q2  one write is at most kWriteBytes and one frame, so that nobody waits behind much; a big packet goes in pieces;
//   Q3  a newer heartbeat takes the place of one that still waits, so the newest is never dropped;
//   Q4  what waits is at most max_bytes and one packet: beyond that packets are dropped and counted, which the protocol
//       bears (it sends again);
//   Q5  a view that Collect gave out stays good until Written has passed it, or Clear.
//
// Threads: belongs to one link.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/peer_frame.h"

namespace quoin::net {

class PeerQueue {
 public:
  static constexpr std::size_t kWriteBytes = 256 << 10;
  // A batch that has reached so many bytes takes no further packet.
  static constexpr std::size_t kBatchBytes = 64 << 10;
  // A packet that is bigger isn't urgent, whatever it is, since it would hold up what is.
  static constexpr std::size_t kMaxUrgentBytes = 16 << 10;

  enum class Lane { kHeartbeat, kGossip, kBulk };
  // Appends one encoded packet to a batch; batches are concatenated packets.
  using Append = std::function<void(std::string*)>;

  struct Limits {
    std::size_t max_bytes = 64 << 20;
    // No packet is bigger: the peer would refuse it.
    std::size_t max_packet_bytes = 72 << 20;
  };
  struct Counts {
    std::uint64_t sent_packets = 0;  // Handed to the kernel.
    std::uint64_t sent_bytes = 0;
    std::uint64_t dropped_packets = 0;
  };

  explicit PeerQueue(const Limits& limits) : limits_(limits) {}

  // False: dropped. A heartbeat never is.
  bool Add(Lane lane, const Append& append);
  // A packet that its owner didn't even add.
  void CountDropped() { ++counts_.dropped_packets; }

  bool empty() const { return size_bytes_ == 0; }
  // Payloads that wait or are being written.
  std::size_t size_bytes() const { return size_bytes_; }
  const Counts& counts() const { return counts_; }

  // Decides, once all that it decided on before is written, what the next write consists of.
  void Fill(std::uint64_t commit_number);
  // At most `limit` views of what Fill has decided on.
  void Collect(std::vector<std::string_view>& views, std::size_t limit) const;
  // REQUIRES: count <= what Collect gave out.
  void Written(std::size_t count);

  // The link broke: nothing that waits is worth sending to a peer that may have gone. All of it counts as dropped.
  void Clear();

 private:
  struct Batch {
    std::unique_ptr<std::string> bytes;
    std::uint64_t packets = 0;
  };
  struct Outgoing {
    FrameHeader header;
    std::string_view payload;
    Batch owner;  // With the frame that ends a batch.

    std::size_t size() const { return header.size() + payload.size(); }
  };

  bool AddBulk(const Append& append);
  bool AddGossip(const Append& append);
  std::unique_ptr<std::string> NewBuffer();
  void FillUrgent(std::uint64_t commit_number);
  // The next frame of the oldest batch.
  void FillPiece(std::uint64_t commit_number);

  const Limits limits_;
  std::string heartbeat_;  // The newest that waits.
  std::string gossip_;
  std::uint64_t gossip_packets_ = 0;
  std::deque<Batch> bulk_;       // The last one may still grow.
  std::size_t taken_bytes_ = 0;  // Of the first one, which is going in pieces.
  std::deque<Outgoing> writing_;
  std::size_t written_bytes_ = 0;  // Of the first one in writing_.
  std::size_t size_bytes_ = 0;
  Counts counts_;
  std::unique_ptr<std::string> spare_;  // An emptied buffer, to be used again.
};

}  // namespace quoin::net
