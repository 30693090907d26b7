// What travels between two nodes behind kPeerMagic, in both directions: frames.
//
//   bytes 0..3    size of the payload, little-endian like all that follows
//   bytes 4..7    checksum: the low 32 bits of XXH3-64 over the payload, whose seed is XXH3-64 over bytes 8..16, whose
//                 seed is the size
//   byte  8       kind
//   bytes 9..16   the sender's commit number: only ever grows, and is durable; 0: none to tell
//   bytes 17..    payload
//
// The commit number stands in every frame, so that whoever was told anything by a node knows how far that node was: a
// node that comes back with less has been restored from a backup (design section 5.6).
//
// Pure; belongs to one session.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/status.h"

namespace quoin::net {

enum class FrameKind : std::uint8_t {
  kHello = 1,
  kAnswer = 2,
  kUrgent = 3,  // A whole batch of packets, which may stand between the pieces of another.
  kBulk = 4,    // A whole batch, or the last piece of one.
  kPiece = 5,   // A piece of a batch; more of it follows.
};

inline constexpr std::size_t kFrameHeaderBytes = 17;
// No payload is longer. A bigger batch goes in pieces, so that what is urgent need not wait behind it.
inline constexpr std::size_t kMaxFrameBytes = 128 << 10;

using FrameHeader = std::array<char, kFrameHeaderBytes>;
// REQUIRES: payload.size() <= kMaxFrameBytes
FrameHeader MakeFrameHeader(FrameKind kind, std::uint64_t commit_number, std::string_view payload);
void AppendFrame(FrameKind kind, std::uint64_t commit_number, std::string_view payload, std::string* out);

struct Frame {
  FrameKind kind = FrameKind::kHello;
  std::uint64_t commit_number = 0;
  std::string_view payload;
};

// Finds the frames in a stream that is cut anywhere.
// Bounds: keeps at most one frame.
class FrameReader {
 public:
  // OK to go on; an error is kept and handed back by Feed.
  using OnFrame = std::function<Status(const Frame&)>;

  // No frame may have a longer payload.
  void set_max_payload_bytes(std::size_t bytes) { max_payload_bytes_ = bytes; }

  // Calls `on_frame` for each frame that is whole now; its payload's view holds during the call. kInvalid says what is
  // wrong with the stream; the reader is at its end then, and answers the same ever after.
  Status Feed(std::string_view bytes, const OnFrame& on_frame);

 private:
  Status CheckHeader(std::string_view header) const;
  Status Take(std::string_view frame, const OnFrame& on_frame);
  Status FeedSome(std::string_view& bytes, const OnFrame& on_frame);

  std::size_t max_payload_bytes_ = kMaxFrameBytes;
  std::string pending_;  // The beginning of the frame that isn't whole yet.
  Status status_;
};

}  // namespace quoin::net
