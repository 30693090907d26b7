#include "net/websocket_handshake.h"

#include <gtest/gtest.h>

#include <string>

#include "base/text.h"
#include "net/http_parser.h"
#include "net/sha1.h"

namespace quoin::net {
namespace {

struct Read {
  std::optional<ProblemReport> problem;
  WebSocketHandshake handshake;
};

Read ReadLines(const std::string& lines, const std::string& version = "HTTP/1.1") {
  const std::string bytes = "GET /v1/ws " + version + "\r\nHost: n\r\n" + lines + "\r\n";
  HttpHeadParser parser(4096);
  EXPECT_EQ(parser.Parse(bytes), Progress::kDone) << bytes;
  Read read;
  read.problem = ReadHandshake(parser.head(), &read.handshake);
  return read;
}

const std::string kUpgrade = "Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n";
const std::string kVersion = "Sec-WebSocket-Version: 13\r\n";
const std::string kKey = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
const std::string kJson = "Sec-WebSocket-Protocol: quoin.v1.json\r\n";

TEST(Sha1, IsThatOfTheStandard) {
  const auto hex = [](const std::string& digest) {
    std::string text;
    for (const unsigned char c : digest) text += Hex64(c).substr(14);
    return text;
  };
  EXPECT_EQ(hex(Sha1("")), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  EXPECT_EQ(hex(Sha1("abc")), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(hex(Sha1("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
  EXPECT_EQ(hex(Sha1(std::string(1'000'000, 'a'))), "34aa973cd4c4daa4f61eeb2bdbad27316534016f");
}

TEST(WebSocketHandshake, AnswersTheKeyOfTheRfc) {
  const Read read = ReadLines(kUpgrade + kVersion + kKey + kJson);
  ASSERT_FALSE(read.problem.has_value()) << read.problem->detail;
  EXPECT_EQ(read.handshake.subprotocol, Subprotocol::kJson);
  EXPECT_EQ(read.handshake.response_lines,
            "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
            "Sec-WebSocket-Protocol: quoin.v1.json\r\n");
}

TEST(WebSocketHandshake, TakesTheFirstSubprotocolThatItKnows) {
  const Read read = ReadLines(kUpgrade + kVersion + kKey +
                              "Sec-WebSocket-Protocol: chat, quoin.v1.protobuf\r\n"
                              "Sec-WebSocket-Protocol: quoin.v1.json\r\n");
  ASSERT_FALSE(read.problem.has_value());
  EXPECT_EQ(read.handshake.subprotocol, Subprotocol::kProtobuf);
}

TEST(WebSocketHandshake, NamesTheSubprotocolsWhenNoneIsKnown) {
  for (const std::string lines :
       {"", "Sec-WebSocket-Protocol: chat, QUOIN.V1.JSON\r\n", "Sec-WebSocket-Protocol: ,\r\n"}) {
    const Read read = ReadLines(kUpgrade + kVersion + kKey + lines);
    ASSERT_TRUE(read.problem.has_value()) << lines;
    EXPECT_EQ(read.problem->problem, Problem::kBadHeader);
    EXPECT_NE(read.problem->detail.find("quoin.v1.protobuf or quoin.v1.json"), std::string::npos);
  }
}

TEST(WebSocketHandshake, IsRefusedWhenItIsNone) {
  EXPECT_EQ(ReadLines(kVersion + kKey + kJson).problem->problem, Problem::kUpgradeRequired);
  EXPECT_EQ(ReadLines("Upgrade: websocket\r\n" + kVersion + kKey + kJson).problem->problem, Problem::kUpgradeRequired);
  EXPECT_EQ(ReadLines("Connection: upgrade\r\nUpgrade: h2c\r\n" + kVersion + kKey + kJson).problem->problem,
            Problem::kUpgradeRequired);
  EXPECT_EQ(ReadLines(kUpgrade + kVersion + kKey + kJson, "HTTP/1.0").problem->problem, Problem::kUpgradeRequired);
}

TEST(WebSocketHandshake, IsRefusedInAnotherVersion) {
  for (const std::string lines : {"", "Sec-WebSocket-Version: 8\r\n", "Sec-WebSocket-Version: 13, 8\r\n"}) {
    EXPECT_EQ(ReadLines(kUpgrade + lines + kKey + kJson).problem->problem, Problem::kUpgradeRequired) << lines;
  }
  EXPECT_EQ(ReadLines(kUpgrade + kVersion + kVersion + kKey + kJson).problem->problem, Problem::kUpgradeRequired);
}

TEST(WebSocketHandshake, IsRefusedWithoutAGoodKey) {
  for (const std::string& lines : {std::string(), kKey + kKey, std::string("Sec-WebSocket-Key: \r\n"),
                                   std::string("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ\r\n"),
                                   std::string("Sec-WebSocket-Key: dGhlIHNhbXBsZQ==\r\n")}) {
    const Read read = ReadLines(kUpgrade + kVersion + lines + kJson);
    ASSERT_TRUE(read.problem.has_value()) << lines;
    EXPECT_EQ(read.problem->problem, Problem::kBadHeader);
  }
}

}  // namespace
}  // namespace quoin::net
