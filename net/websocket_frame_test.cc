#include "net/websocket_frame.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "net/websocket_testing.h"

namespace quoin::net {
namespace {

using Event = WebSocketDecoder::Event;

// What a decoder makes of the bytes, in reads of at most `read_bytes`: "text:..", "binary:..", "ping:..", "fault 1002".
std::vector<std::string> Decode(const std::string& bytes, std::size_t read_bytes = SIZE_MAX,
                                std::size_t max_message_bytes = 1000) {
  WebSocketDecoder decoder(max_message_bytes);
  std::vector<std::string> events;
  for (std::size_t at = 0; at < bytes.size(); at += std::min(read_bytes, bytes.size() - at)) {
    const std::string read = bytes.substr(at, read_bytes);
    std::string_view rest = read;
    while (!rest.empty()) {
      const Event event = decoder.Next(&rest);
      if (event == Event::kNeedsMore) break;
      if (event == Event::kFault) {
        events.push_back("fault " + std::to_string(static_cast<int>(decoder.fault().code)));
        return events;
      }
      const char* const name = decoder.type() == Opcode::kText     ? "text:"
                               : decoder.type() == Opcode::kBinary ? "binary:"
                               : decoder.type() == Opcode::kPing   ? "ping:"
                               : decoder.type() == Opcode::kPong   ? "pong:"
                                                                   : "close:";
      events.push_back(name + std::string(decoder.payload()));
    }
  }
  return events;
}

using Events = std::vector<std::string>;
constexpr FrameOptions kUnfinished = {.fin = false};

TEST(WebSocketDecoder, ReadsMessagesHoweverTheyAreCut) {
  const std::string long_text(700, 'x');
  const std::string bytes = ClientBytes(Opcode::kText, "one") + ClientBytes(Opcode::kBinary, std::string("\0\xff", 2)) +
                            ClientBytes(Opcode::kText, "") + ClientBytes(Opcode::kPing, "p") +
                            ClientBytes(Opcode::kText, long_text);
  const Events expected = {"text:one", "binary:" + std::string("\0\xff", 2), "text:", "ping:p", "text:" + long_text};
  for (const std::size_t read_bytes :
       {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{7}, std::size_t{64}, std::size_t{100'000}}) {
    EXPECT_EQ(Decode(bytes, read_bytes), expected) << read_bytes;
  }
}

// The same from the client's side: what a server sends has no mask.
TEST(WebSocketDecoder, ReadsWhatAServerSends) {
  std::string bytes;
  for (const std::size_t size : {std::size_t{0}, std::size_t{5}, std::size_t{126}, std::size_t{70'000}}) {
    AppendFrameHead(Opcode::kBinary, size, &bytes);
    bytes.append(size, 'x');
  }
  AppendClose({CloseCode::kGoingAway, "bye"}, &bytes);
  for (const std::size_t read_bytes : {std::size_t{1}, std::size_t{1000}, bytes.size()}) {
    WebSocketDecoder decoder(100'000, Sender::kServer);
    std::vector<std::size_t> sizes;
    for (std::size_t at = 0; at < bytes.size(); at += read_bytes) {
      std::string_view rest = std::string_view(bytes).substr(at, read_bytes);
      while (decoder.Next(&rest) == Event::kMessage) sizes.push_back(decoder.payload().size());
    }
    EXPECT_EQ(sizes, (std::vector<std::size_t>{0, 5, 126, 70'000}));
    EXPECT_EQ(decoder.type(), Opcode::kClose);
    EXPECT_EQ(ReadClose(decoder.payload()).text, "bye");
  }
  const std::string masked = ClientBytes(Opcode::kBinary, "x");
  std::string_view rest = masked;
  WebSocketDecoder decoder(1000, Sender::kServer);
  EXPECT_EQ(decoder.Next(&rest), Event::kFault);
  EXPECT_EQ(decoder.fault().code, CloseCode::kProtocolError);
}

TEST(WebSocketFrame, OfAClientAreMasked) {
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{3}, std::size_t{125}, std::size_t{126}, std::size_t{70'000}}) {
    std::string payload;
    for (std::size_t i = 0; i < size; ++i) payload.push_back(static_cast<char>(i * 7));
    std::string bytes = "before";
    AppendMaskedFrameHead(Opcode::kBinary, size, 0x1234abcd, &bytes);
    const std::size_t begin = bytes.size();
    bytes += payload;
    MaskPayload(begin, 0x1234abcd, &bytes);
    EXPECT_EQ(bytes, "before" + ClientBytes(Opcode::kBinary, payload));
    EXPECT_EQ(Decode(bytes.substr(6), SIZE_MAX, 100'000), Events{"binary:" + payload});
  }
}

TEST(WebSocketDecoder, PutsFragmentsTogether) {
  const std::string bytes = ClientBytes(Opcode::kText, "a", kUnfinished) +
                            ClientBytes(Opcode::kContinuation, "", kUnfinished) +
                            ClientBytes(Opcode::kContinuation, "bc", kUnfinished) +
                            ClientBytes(Opcode::kContinuation, "d") + ClientBytes(Opcode::kText, "next");
  EXPECT_EQ(Decode(bytes), (Events{"text:abcd", "text:next"}));
  EXPECT_EQ(Decode(bytes, 1), (Events{"text:abcd", "text:next"}));
}

TEST(WebSocketDecoder, TellsControlFramesBetweenFragments) {
  const std::string bytes = ClientBytes(Opcode::kText, "a", kUnfinished) + ClientBytes(Opcode::kPing, "1") +
                            ClientBytes(Opcode::kContinuation, "b", kUnfinished) + ClientBytes(Opcode::kPong, "2") +
                            ClientBytes(Opcode::kContinuation, "c");
  EXPECT_EQ(Decode(bytes, 1), (Events{"ping:1", "pong:2", "text:abc"}));
}

TEST(WebSocketDecoder, RefusesFragmentsOutOfOrder) {
  EXPECT_EQ(Decode(ClientBytes(Opcode::kContinuation, "a")), Events{"fault 1002"});
  EXPECT_EQ(Decode(ClientBytes(Opcode::kText, "a", kUnfinished) + ClientBytes(Opcode::kText, "b")),
            Events{"fault 1002"});
  EXPECT_EQ(Decode(ClientBytes(Opcode::kText, "a") + ClientBytes(Opcode::kContinuation, "b")),
            (Events{"text:a", "fault 1002"}));
}

TEST(WebSocketDecoder, RefusesReservedBits) {
  for (unsigned bits = 1; bits < 8; ++bits) {
    EXPECT_EQ(Decode(ClientBytes(Opcode::kText, "a", {.reserved_bits = bits})), Events{"fault 1002"}) << bits;
    EXPECT_EQ(Decode(ClientBytes(Opcode::kPing, "a", {.reserved_bits = bits})), Events{"fault 1002"}) << bits;
  }
}

TEST(WebSocketDecoder, RefusesReservedOpcodes) {
  for (const unsigned opcode : {3u, 4u, 5u, 6u, 7u, 11u, 12u, 13u, 14u, 15u}) {
    EXPECT_EQ(Decode(ClientBytes(static_cast<Opcode>(opcode), "")), Events{"fault 1002"}) << opcode;
  }
}

TEST(WebSocketDecoder, RefusesFramesWithoutAMask) {
  EXPECT_EQ(Decode(ClientBytes(Opcode::kText, "a", {.masked = false})), Events{"fault 1002"});
  EXPECT_EQ(Decode(ClientBytes(Opcode::kPing, "", {.masked = false}), 1), Events{"fault 1002"});
}

TEST(WebSocketDecoder, RefusesLargeAndFragmentedControlFrames) {
  EXPECT_EQ(Decode(ClientBytes(Opcode::kPing, std::string(125, 'x'))), Events{"ping:" + std::string(125, 'x')});
  EXPECT_EQ(Decode(ClientBytes(Opcode::kPing, std::string(126, 'x'))), Events{"fault 1002"});
  EXPECT_EQ(Decode(ClientBytes(Opcode::kPing, "x", {.length_form = 126})), Events{"fault 1002"});
  EXPECT_EQ(Decode(ClientBytes(Opcode::kClose, "", kUnfinished)), Events{"fault 1002"});
}

TEST(WebSocketDecoder, RefusesLengthsThatAreNotInTheirShortestForm) {
  EXPECT_EQ(Decode(ClientBytes(Opcode::kText, "x", {.length_form = 126})), Events{"fault 1002"});
  EXPECT_EQ(Decode(ClientBytes(Opcode::kText, std::string(300, 'x'), {.length_form = 127})), Events{"fault 1002"});
  EXPECT_EQ(Decode(std::string("\x81\xff\x80\0\0\0\0\1\0\0mask", 14)), Events{"fault 1002"});
}

TEST(WebSocketDecoder, RefusesWhatIsTooLargeForItsHeadAlone) {
  std::string head = ClientBytes(Opcode::kBinary, std::string(1001, 'x'));
  head.resize(8);
  EXPECT_EQ(Decode(head), Events{"fault 1009"});
  EXPECT_EQ(Decode(std::string("\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xffmask", 14)), Events{"fault 1009"});
  EXPECT_EQ(Decode(ClientBytes(Opcode::kBinary, std::string(1000, 'x'))).size(), 1u);
  EXPECT_EQ(Decode(ClientBytes(Opcode::kBinary, std::string(600, 'x'), kUnfinished) +
                   ClientBytes(Opcode::kContinuation, std::string(401, 'x'))),
            Events{"fault 1009"});
}

TEST(WebSocketDecoder, RefusesTextThatIsNotUtf8) {
  for (const char* text : {"\xff", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "a\xe2\x82"}) {
    EXPECT_EQ(Decode(ClientBytes(Opcode::kText, text)), Events{"fault 1007"});
    EXPECT_EQ(Decode(ClientBytes(Opcode::kBinary, text)).size(), 1u);
  }
  // A character may be cut by a fragment.
  EXPECT_EQ(Decode(ClientBytes(Opcode::kText, "\xe2\x82", kUnfinished) + ClientBytes(Opcode::kContinuation, "\xac")),
            Events{"text:\xe2\x82\xac"});
}

TEST(WebSocketDecoder, UnderstandsNothingAfterAFault) {
  WebSocketDecoder decoder(10);
  const std::string bytes = ClientBytes(Opcode::kContinuation, "a") + ClientBytes(Opcode::kText, "b");
  std::string_view rest = bytes;
  EXPECT_EQ(decoder.Next(&rest), Event::kFault);
  EXPECT_EQ(decoder.Next(&rest), Event::kFault);
}

TEST(WebSocketFrame, HeadsAreInTheirShortestForm) {
  for (const std::size_t size : {0u, 125u, 126u, 65535u, 65536u}) {
    std::string bytes;
    AppendFrameHead(Opcode::kBinary, size, &bytes);
    EXPECT_EQ(bytes.size(), size < 126 ? 2u : size < 65536 ? 4u : 10u);
    bytes.append(size, 'x');
    const auto frames = ParseServerBytes(bytes);
    ASSERT_EQ(frames.size(), 1u);
    EXPECT_EQ(frames[0].payload.size(), size);
  }
}

TEST(WebSocketFrame, CloseReasonsFitAndStayUtf8) {
  std::string bytes;
  std::string text;
  while (text.size() < 200) text += "\xe2\x82\xac";
  AppendClose({CloseCode::kPolicy, text}, &bytes);
  const auto frames = ParseServerBytes(bytes);
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_LE(frames[0].payload.size(), kMaxControlBytes);
  const CloseReason read = ReadClose(frames[0].payload);
  EXPECT_EQ(read.code, CloseCode::kPolicy);
  EXPECT_EQ(read.text.size(), 123u);
}

TEST(WebSocketFrame, ReadsOnlyCloseCodesThatMayBeSent) {
  const auto code_of = [](unsigned code, const std::string& text = "") {
    return static_cast<unsigned>(
        ReadClose(std::string{static_cast<char>(code >> 8), static_cast<char>(code)} + text).code);
  };
  for (const unsigned code : {1000u, 1001u, 1002u, 1003u, 1007u, 1011u, 1014u, 3000u, 4999u}) {
    EXPECT_EQ(code_of(code), code);
  }
  for (const unsigned code : {0u, 999u, 1004u, 1005u, 1006u, 1015u, 1016u, 2999u, 5000u, 65535u}) {
    EXPECT_EQ(code_of(code), 1002u) << code;
  }
  EXPECT_EQ(code_of(1000, "\xff"), 1007u);
  EXPECT_EQ(ReadClose("").code, CloseCode::kNoStatus);
  EXPECT_EQ(ReadClose("x").code, CloseCode::kProtocolError);
}

}  // namespace
}  // namespace quoin::net
