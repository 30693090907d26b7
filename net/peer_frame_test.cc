#include "net/peer_frame.h"

#include <gtest/gtest.h>

#include <vector>

namespace quoin::net {
namespace {

struct Read {
  FrameKind kind;
  std::uint64_t commit_number;
  std::string payload;

  friend bool operator==(const Read&, const Read&) = default;
};

// Feeds the stream in pieces of `size`; the status of the last one.
Status FeedIn(FrameReader& reader, std::string_view stream, std::size_t size, std::vector<Read>& read) {
  Status status;
  while (!stream.empty()) {
    status = reader.Feed(stream.substr(0, size), [&](const Frame& frame) {
      read.push_back({frame.kind, frame.commit_number, std::string(frame.payload)});
      return Status::Ok();
    });
    stream.remove_prefix(std::min(size, stream.size()));
  }
  return status;
}

TEST(PeerFrame, StreamsReadTheSameHoweverTheyAreCut) {
  const std::vector<Read> frames = {{FrameKind::kHello, 0, "hello"},
                                    {FrameKind::kUrgent, 1, ""},
                                    {FrameKind::kPiece, ~std::uint64_t{0}, std::string(70'000, 'x')},
                                    {FrameKind::kBulk, 3, std::string(kMaxFrameBytes, 'y')}};
  std::string stream;
  for (const Read& frame : frames) AppendFrame(frame.kind, frame.commit_number, frame.payload, &stream);
  for (const std::size_t size : {std::size_t{1}, std::size_t{7}, std::size_t{18}, std::size_t{65'536}, stream.size()}) {
    FrameReader reader;
    std::vector<Read> read;
    EXPECT_TRUE(FeedIn(reader, stream, size, read).ok()) << size;
    EXPECT_EQ(read, frames) << size;
  }
}

// The bytes themselves: a change here would be another format.
TEST(PeerFrame, BytesAreAsWrittenDown) {
  std::string bytes;
  AppendFrame(FrameKind::kBulk, 0x0102030405060708, "abc", &bytes);
  ASSERT_EQ(bytes.size(), kFrameHeaderBytes + 3);
  EXPECT_EQ(bytes.substr(0, 4), std::string("\x03\0\0\0", 4));
  EXPECT_EQ(bytes.substr(4, 4), std::string("\x07\x8f\x99\x22"));
  EXPECT_EQ(bytes.substr(8), std::string("\x04\x08\x07\x06\x05\x04\x03\x02\x01"
                                         "abc"));
}

TEST(PeerFrame, AnyAlteredByteIsFound) {
  std::string stream;
  AppendFrame(FrameKind::kBulk, 5, "some payload", &stream);
  const std::size_t first = stream.size();
  AppendFrame(FrameKind::kBulk, 6, std::string(1000, 'z'), &stream);
  for (std::size_t at = 0; at < first; ++at) {
    for (const int bit : {0, 3, 7}) {
      std::string altered = stream;
      altered[at] = static_cast<char>(altered[at] ^ (1 << bit));
      FrameReader reader;
      std::vector<Read> read;
      const Status status = FeedIn(reader, altered, altered.size(), read);
      // A size may have become one that waits for more than there is.
      EXPECT_TRUE(!status.ok() || at < 4) << at;
      EXPECT_TRUE(read.empty()) << at;
    }
  }
}

TEST(PeerFrame, TooLongOnesAreRefusedFromTheirHeader) {
  std::string stream;
  AppendFrame(FrameKind::kHello, 0, std::string(101, 'x'), &stream);
  FrameReader reader;
  reader.set_max_payload_bytes(100);
  std::vector<Read> read;
  const Status status = FeedIn(reader, stream.substr(0, kFrameHeaderBytes), 5, read);
  EXPECT_EQ(status.message(), "a frame of 101 B; the most here is 100 B");
}

TEST(PeerFrame, NothingIsReadBehindAnError) {
  std::string stream;
  AppendFrame(static_cast<FrameKind>(6), 0, "x", &stream);
  AppendFrame(FrameKind::kBulk, 0, "y", &stream);
  FrameReader reader;
  std::vector<Read> read;
  EXPECT_EQ(FeedIn(reader, stream, 1, read).message(), "a frame of the unknown kind 6");
  EXPECT_TRUE(read.empty());

  FrameReader second;
  std::string two;
  AppendFrame(FrameKind::kBulk, 0, "y", &two);
  AppendFrame(FrameKind::kBulk, 0, "y", &two);
  int called = 0;
  const auto refuse = [&](const Frame&) {
    ++called;
    return Status(Code::kInvalid, "no");
  };
  EXPECT_EQ(second.Feed(two, refuse).message(), "no");
  EXPECT_EQ(second.Feed(two, refuse).message(), "no");
  EXPECT_EQ(called, 1);
}

}  // namespace
}  // namespace quoin::net
