#include "net/peer_frame.h"

#include <glog/logging.h>
#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/text.h"

namespace quoin::net {
namespace {

static_assert(std::endian::native == std::endian::little, "the frames' numbers are copied as they are");

constexpr std::size_t kChecksumAt = 4;
constexpr std::size_t kKindAt = 8;
constexpr std::size_t kCommitNumberAt = 9;

template <typename Number>
Number Load(std::string_view bytes, std::size_t at) {
  Number number = 0;
  std::memcpy(&number, bytes.data() + at, sizeof(number));
  return number;
}

// Header and payload don't lie side by side when a frame is made, so the hash of the one is the seed for the other.
std::uint32_t Checksum(const char* header, std::string_view payload) {
  const std::uint64_t seed = XXH3_64bits_withSeed(header + kKindAt, kFrameHeaderBytes - kKindAt, payload.size());
  return static_cast<std::uint32_t>(XXH3_64bits_withSeed(payload.data(), payload.size(), seed));
}

}  // namespace

FrameHeader MakeFrameHeader(FrameKind kind, std::uint64_t commit_number, std::string_view payload) {
  CHECK_LE(payload.size(), kMaxFrameBytes);
  FrameHeader header;
  const auto size = static_cast<std::uint32_t>(payload.size());
  std::memcpy(header.data(), &size, sizeof(size));
  header[kKindAt] = static_cast<char>(kind);
  std::memcpy(header.data() + kCommitNumberAt, &commit_number, sizeof(commit_number));
  const std::uint32_t checksum = Checksum(header.data(), payload);
  std::memcpy(header.data() + kChecksumAt, &checksum, sizeof(checksum));
  return header;
}

void AppendFrame(FrameKind kind, std::uint64_t commit_number, std::string_view payload, std::string* out) {
  const FrameHeader header = MakeFrameHeader(kind, commit_number, payload);
  out->append(header.data(), header.size());
  out->append(payload);
}

Status FrameReader::CheckHeader(std::string_view header) const {
  const auto size = Load<std::uint32_t>(header, 0);
  if (size > max_payload_bytes_) {
    return Status(Code::kInvalid,
                  "a frame of " + HumanSize(size) + "; the most here is " + HumanSize(max_payload_bytes_));
  }
  const auto kind = static_cast<std::uint8_t>(header[kKindAt]);
  if (kind < static_cast<std::uint8_t>(FrameKind::kHello) || kind > static_cast<std::uint8_t>(FrameKind::kPiece)) {
    return Status(Code::kInvalid, "a frame of the unknown kind " + std::to_string(kind));
  }
  return Status::Ok();
}

Status FrameReader::Take(std::string_view frame, const OnFrame& on_frame) {
  const std::string_view payload = frame.substr(kFrameHeaderBytes);
  if (Checksum(frame.data(), payload) != Load<std::uint32_t>(frame, kChecksumAt)) {
    return Status(Code::kInvalid, "a frame of " + HumanSize(payload.size()) + " fails its checksum");
  }
  return on_frame(Frame{static_cast<FrameKind>(frame[kKindAt]), Load<std::uint64_t>(frame, kCommitNumberAt), payload});
}

Status FrameReader::FeedSome(std::string_view& bytes, const OnFrame& on_frame) {
  if (pending_.empty() && bytes.size() >= kFrameHeaderBytes) {
    // Most frames come whole, and are not copied.
    QUOIN_RETURN_IF_ERROR(CheckHeader(bytes));
    const std::size_t size = kFrameHeaderBytes + Load<std::uint32_t>(bytes, 0);
    if (bytes.size() >= size) {
      const std::string_view frame = bytes.substr(0, size);
      bytes.remove_prefix(size);
      return Take(frame, on_frame);
    }
  }
  const bool had_header = pending_.size() >= kFrameHeaderBytes;
  const std::size_t wanted = kFrameHeaderBytes + (had_header ? Load<std::uint32_t>(pending_, 0) : 0);
  const std::size_t count = std::min(wanted - pending_.size(), bytes.size());
  pending_.append(bytes.substr(0, count));
  bytes.remove_prefix(count);
  if (pending_.size() < kFrameHeaderBytes) return Status::Ok();
  if (!had_header) QUOIN_RETURN_IF_ERROR(CheckHeader(pending_));
  if (pending_.size() < kFrameHeaderBytes + Load<std::uint32_t>(pending_, 0)) return Status::Ok();
  const Status status = Take(pending_, on_frame);
  pending_.clear();
  return status;
}

Status FrameReader::Feed(std::string_view bytes, const OnFrame& on_frame) {
  while (status_.ok() && !bytes.empty()) status_ = FeedSome(bytes, on_frame);
  return status_;
}

}  // namespace quoin::net
