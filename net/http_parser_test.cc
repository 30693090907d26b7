#include "net/http_parser.h"

#include <gtest/gtest.h>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <random>
#include <string>
#include <vector>

namespace quoin::net {
namespace {

namespace beast = boost::beast;

constexpr std::string_view kSeeds[] = {
    "GET /v1/kv/a HTTP/1.1\r\nHost: n\r\n\r\n",
    "PUT /v1/kv/%ff?ttl=1s HTTP/1.1\r\nhost:n:80\r\nContent-Length: 12\r\nX:  a b\t\r\nX: c\r\n\r\n",
    "POST / HTTP/1.0\r\nHost: n\r\nTransfer-Encoding: x\r\nConnection: close, x\r\n\r\n",
    "PUT /a HTTP/1.1\r\nHost: [::1]:80\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n",
    "HEAD http://n/a HTTP/1.1\r\nHost: n\r\nIf-None-Match: \"1\", W/\"2\"\r\n\r\n",
};

std::string Mutate(std::string bytes, std::mt19937_64& random) {
  constexpr std::string_view kPieces[] = {"\r\n", "\r", "\n",   " ",     "\t",          ":", "\r\n ",
                                          ",",    "#",  "%",    "\x80",  "chunked",     "1", "Content-Length: 5\r\n",
                                          "/",    "?",  "\x7f", "HTTP/", "Host: x\r\n", ";"};
  const int count = 1 + static_cast<int>(random() % 3);
  for (int i = 0; i < count; ++i) {
    const std::size_t at = random() % (bytes.size() + 1);
    switch (random() % 4) {
      case 0:
        bytes.insert(at, kPieces[random() % std::size(kPieces)]);
        break;
      case 1:
        if (at < bytes.size()) bytes.erase(at, 1 + random() % 3);
        break;
      case 2:
        if (at < bytes.size()) bytes[at] = static_cast<char>(random());
        break;
      default:
        if (at < bytes.size()) bytes[at] = kPieces[random() % std::size(kPieces)][0];
    }
  }
  return bytes;
}

// Two readings of one head would let a request pass a proxy as something else than it is here.
TEST(HttpHeadParser, WhatItAcceptsBeastReadsInTheSameWay) {
  std::mt19937_64 random(20);
  int accepted = 0;
  int refused = 0;
  for (int i = 0; i < 300'000; ++i) {
    const std::string bytes = Mutate(std::string(kSeeds[i % std::size(kSeeds)]), random);
    HttpHeadParser parser(4096);
    const Progress progress = parser.Parse(bytes);
    if (progress != Progress::kDone) {
      ++refused;
      continue;
    }
    ++accepted;
    // Beast knows no empty line before a request.
    const std::size_t skipped = bytes.starts_with("\r\n") ? 2 : 0;
    beast::http::request_parser<beast::http::string_body> reference;
    reference.eager(false);
    reference.body_limit(boost::none);
    beast::error_code error;
    const std::size_t used =
        reference.put(boost::asio::buffer(bytes.data() + skipped, parser.size_bytes() - skipped), error);
    ASSERT_TRUE(!error || error == beast::http::error::need_more) << error.message() << "\n" << bytes;
    ASSERT_TRUE(reference.is_header_done()) << bytes;
    ASSERT_EQ(used + skipped, parser.size_bytes()) << bytes;
    const HttpHead& head = parser.head();
    const auto& message = reference.get();
    ASSERT_EQ(head.method_token(), std::string_view(message.method_string().data(), message.method_string().size()));
    ASSERT_EQ(head.target(), std::string_view(message.target().data(), message.target().size()));
    ASSERT_EQ(10 + head.minor_version(), static_cast<int>(message.version()));
    ASSERT_EQ(parser.chunked(), reference.chunked()) << bytes;
    ASSERT_EQ(parser.content_length().has_value(), reference.content_length().has_value()) << bytes;
    if (parser.content_length().has_value()) {
      ASSERT_EQ(*parser.content_length(), *reference.content_length()) << bytes;
    }
    std::size_t fields = 0;
    for (const auto& field : message) {
      (void)field;
      ++fields;
    }
    ASSERT_EQ(head.fields().size(), fields) << bytes;
  }
  // Neither side of the comparison is empty.
  EXPECT_GT(accepted, 10'000);
  EXPECT_GT(refused, 10'000);
}

TEST(HttpHeadParser, CutsMakeNoDifference) {
  std::mt19937_64 random(21);
  for (int i = 0; i < 3'000; ++i) {
    const std::string bytes = Mutate(std::string(kSeeds[i % std::size(kSeeds)]), random);
    HttpHeadParser whole(100);
    const Progress expected = whole.Parse(bytes);
    HttpHeadParser cut(100);
    Progress progress = Progress::kNeedsMore;
    for (std::size_t size = 1; size <= bytes.size() && progress == Progress::kNeedsMore; ++size) {
      const std::string moved(bytes.substr(0, size));
      progress = cut.Parse(moved);
    }
    ASSERT_EQ(progress, expected) << bytes;
    if (expected == Progress::kFault) {
      ASSERT_EQ(cut.fault().detail, whole.fault().detail) << bytes;
    }
    if (expected == Progress::kDone) {
      ASSERT_EQ(cut.size_bytes(), whole.size_bytes()) << bytes;
    }
  }
}

TEST(HttpHeadParser, RefusesWhatSmugglersUse) {
  for (const std::string_view fields : {
           "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n",
           "Content-Length: 1\r\nContent-Length: 2\r\n",
           "Content-Length: 1\r\nContent-Length: 1\r\n",
           "Content-Length: 1, 1\r\n",
           "Content-Length: +1\r\n",
           "Content-Length: -1\r\n",
           "Content-Length: 0x1\r\n",
           "Content-Length:\r\n",
           "Content-Length: 18446744073709551616\r\n",
           "Content-Length : 1\r\n",
           "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
           "Transfer-Encoding:\r\n chunked\r\n",
           "Transfer-Encoding: \x0b"
           "chunked\r\n",
           "X: a\r\n b\r\n",
           "X: a\rY: b\r\n",
           "X: a\nY: b\r\n",
           "Host: other\r\n",
           ": x\r\n",
           "X\r\n",
           "X y: z\r\n",
       }) {
    HttpHeadParser parser(4096);
    const std::string bytes = "PUT / HTTP/1.1\r\nHost: n\r\n" + std::string(fields) + "\r\n";
    ASSERT_EQ(parser.Parse(bytes), Progress::kFault) << fields;
    EXPECT_EQ(parser.fault().problem, Problem::kBadRequest) << fields;
    EXPECT_FALSE(parser.fault().detail.empty());
  }
}

TEST(HttpHeadParser, KnowsNoOtherCodings) {
  for (const std::string_view value : {"gzip", "gzip, chunked", "chunked, chunked", "identity", "chunked;q=1"}) {
    HttpHeadParser parser(4096);
    const std::string bytes = "PUT / HTTP/1.1\r\nHost: n\r\nTransfer-Encoding: " + std::string(value) + "\r\n\r\n";
    ASSERT_EQ(parser.Parse(bytes), Progress::kFault) << value;
    EXPECT_EQ(parser.fault().problem, Problem::kUnsupportedEncoding) << value;
  }
}

TEST(HttpHeadParser, BoundsTheNumberOfFields) {
  std::string bytes = "GET / HTTP/1.1\r\nHost: n\r\n";
  for (std::size_t i = 1; i < HttpHeadParser::kMaxFields; ++i) bytes += "a: b\r\n";
  HttpHeadParser enough(1 << 20);
  EXPECT_EQ(enough.Parse(bytes + "\r\n"), Progress::kDone);
  HttpHeadParser many(1 << 20);
  ASSERT_EQ(many.Parse(bytes + "a: b\r\n\r\n"), Progress::kFault);
  EXPECT_EQ(many.fault().problem, Problem::kHeaderTooLarge);
}

TEST(HttpHeadParser, NeedsAHostOnlyInHttp11) {
  HttpHeadParser old(4096);
  EXPECT_EQ(old.Parse("GET / HTTP/1.0\r\n\r\n"), Progress::kDone);
  HttpHeadParser modern(4096);
  EXPECT_EQ(modern.Parse("GET / HTTP/1.1\r\n\r\n"), Progress::kFault);
}

struct Decoded {
  Progress progress;
  std::string body;
  std::size_t left = 0;
};
Decoded Decode(std::string_view bytes, std::size_t step, std::size_t max_body_bytes = 1000) {
  ChunkedDecoder decoder(max_body_bytes, 200);
  Decoded decoded{Progress::kNeedsMore, {}, 0};
  while (!bytes.empty() && decoded.progress == Progress::kNeedsMore) {
    std::string_view part = bytes.substr(0, step);
    const std::size_t size = part.size();
    decoded.progress = decoder.Decode(&part, &decoded.body);
    bytes.remove_prefix(size - part.size());
  }
  decoded.left = bytes.size();
  return decoded;
}

TEST(ChunkedDecoder, ReadsBodiesHoweverTheyAreCut) {
  const std::string_view bytes = "5\r\nhello\r\n00A;x=\"y\"\r\n0123456789\r\n0 \t;z\r\nA: b\r\nC:\r\n\r\nrest";
  for (std::size_t step = 1; step <= bytes.size(); ++step) {
    const Decoded decoded = Decode(bytes, step);
    EXPECT_EQ(decoded.progress, Progress::kDone);
    EXPECT_EQ(decoded.body, "hello0123456789");
    EXPECT_EQ(decoded.left, 4u);
  }
}

TEST(ChunkedDecoder, RefusesMalformedChunks) {
  for (const std::string_view bytes :
       {"\r\n", "g\r\n", "-1\r\n", "0x1\r\n", "1\n", "1 1\r\n", "1 \r\n", "11111111111111111\r\n", "1\r\nab",
        "1\r\na\n", "1\r\na\r\r", "0\r\n A: b\r\n", "0\r\nA b\r\n", "0\r\nA: \x01\r\n", "1;\x01\r\n"}) {
    for (const std::size_t step : {std::size_t{1}, bytes.size()}) {
      EXPECT_EQ(Decode(bytes, step).progress, Progress::kFault) << bytes;
    }
  }
}

TEST(ChunkedDecoder, BoundsTrailersAndSizeLines) {
  std::string trailers = "0\r\n";
  for (int i = 0; i < 60; ++i) trailers += "A: b\r\n";
  EXPECT_EQ(Decode(trailers, 1).progress, Progress::kFault);
  EXPECT_EQ(Decode("1;" + std::string(300, 'x'), 7).progress, Progress::kFault);
  // Many small chunks are fine: each size line is bounded for itself.
  std::string many;
  for (int i = 0; i < 300; ++i) many += "1\r\nx\r\n";
  EXPECT_EQ(Decode(many + "0\r\n\r\n", 100).progress, Progress::kDone);
}

TEST(ChunkedDecoder, KnowsTheLimitBeforeTheData) {
  std::string_view bytes = "3e9\r\n";
  std::string body;
  ChunkedDecoder decoder(1000, 200);
  EXPECT_EQ(decoder.Decode(&bytes, &body), Progress::kFault);
  EXPECT_TRUE(decoder.too_large());
}

}  // namespace
}  // namespace quoin::net
