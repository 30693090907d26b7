#include "net/websocket_testing.h"

#include <glog/logging.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <utility>

#include "net/operation_proto.h"

namespace quoin::net {
namespace {

std::string TakeAll(ByteSession& session, SteadyTime now) {
  std::string output;
  std::size_t write_bytes = 7;
  while (session.has_output()) {
    std::vector<std::string_view> views;
    session.CollectOutput(views, 3);
    CHECK(!views.empty());
    std::size_t left = write_bytes;
    std::size_t written = 0;
    for (const std::string_view view : views) {
      const std::size_t count = std::min(left, view.size());
      output.append(view.substr(0, count));
      left -= count;
      written += count;
    }
    session.OnWritten(written, now);
    write_bytes = write_bytes * 3;
  }
  return output;
}

}  // namespace

std::string ClientBytes(Opcode opcode, std::string_view payload, FrameOptions options) {
  std::string bytes;
  bytes.push_back(
      static_cast<char>((options.fin ? 0x80 : 0) | options.reserved_bits << 4 | static_cast<unsigned>(opcode)));
  unsigned form = options.length_form;
  if (form == 0)
    form = payload.size() < 126 ? static_cast<unsigned>(payload.size()) : payload.size() < 65536 ? 126 : 127;
  bytes.push_back(static_cast<char>((options.masked ? 0x80 : 0) | form));
  for (int i = form == 127 ? 8 : form == 126 ? 2 : 0; i > 0; --i) {
    bytes.push_back(static_cast<char>(std::uint64_t{payload.size()} >> 8 * (i - 1)));
  }
  if (!options.masked) return bytes.append(payload);
  constexpr std::string_view kMask = "\x12\x34\xab\xcd";
  bytes.append(kMask);
  for (std::size_t i = 0; i < payload.size(); ++i) bytes.push_back(static_cast<char>(payload[i] ^ kMask[i % 4]));
  return bytes;
}

std::vector<ServerBytes> ParseServerBytes(std::string_view bytes) {
  std::vector<ServerBytes> frames;
  const auto take = [&bytes](std::size_t count) {
    CHECK_LE(count, bytes.size()) << "a frame is cut off";
    const std::string_view taken = bytes.substr(0, count);
    bytes.remove_prefix(count);
    return taken;
  };
  while (!bytes.empty()) {
    const std::string_view head = take(2);
    const auto first = static_cast<unsigned char>(head[0]);
    std::uint64_t size = static_cast<unsigned char>(head[1]);
    CHECK_EQ(first & 0xf0, 0x80) << "servers here send whole messages, without reserved bits";
    CHECK_LT(size, 128u) << "a server does not mask";
    if (size >= 126) {
      const std::string_view length = take(size == 126 ? 2 : 8);
      size = 0;
      for (const char c : length) size = size << 8 | static_cast<unsigned char>(c);
      CHECK_GE(size, length.size() == 2 ? 126u : 65536u);
    }
    frames.push_back({static_cast<Opcode>(first & 0xf), std::string(take(size))});
  }
  return frames;
}

std::string HandshakeBytes(Subprotocol subprotocol) {
  return "GET /v1/ws HTTP/1.1\r\nHost: node\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
         "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: " +
         std::string(SubprotocolName(subprotocol)) + "\r\n\r\n";
}

v1::ClientFrame FrameOf(const std::string& json) {
  v1::ClientFrame frame;
  const auto status = google::protobuf::util::JsonStringToMessage(json, &frame);
  CHECK(status.ok()) << json << ": " << status.ToString();
  return frame;
}

TestWebSocket::TestWebSocket(ApiHandler& handler, Subprotocol subprotocol_name) : subprotocol(subprotocol_name) {
  HttpSession http(handler, HttpLimits(), now, [] {});
  http.OnBytes(HandshakeBytes(subprotocol), now);
  const std::string answer = TakeAll(http, now);
  CHECK(answer.starts_with("HTTP/1.1 101 ")) << answer;
  session = http.TakeSuccessor(now, [this] { ++wakes; });
  CHECK(session != nullptr);
  const auto frames = TakeFrames();
  CHECK_EQ(frames.size(), 1u);
  CHECK(frames[0].has_hello());
  hello = frames[0].hello();
}

bool TestWebSocket::SendRaw(std::string_view bytes, std::size_t read_bytes) {
  while (!bytes.empty()) {
    if (!session->wants_bytes()) return false;
    const std::string read(bytes.substr(0, std::min(read_bytes, bytes.size())));
    session->OnBytes(read, now);
    bytes.remove_prefix(read.size());
  }
  return true;
}

void TestWebSocket::Send(const v1::ClientFrame& frame) {
  std::string message;
  if (subprotocol == Subprotocol::kProtobuf) {
    message = frame.SerializeAsString();
  } else {
    CHECK(google::protobuf::util::MessageToJsonString(frame, &message).ok());
  }
  CHECK(SendRaw(ClientBytes(subprotocol == Subprotocol::kJson ? Opcode::kText : Opcode::kBinary, message)));
}

void TestWebSocket::SendJson(const std::string& json) { Send(FrameOf(json)); }

std::vector<ServerBytes> TestWebSocket::Take() { return ParseServerBytes(TakeAll(*session, now)); }

std::vector<v1::ServerFrame> TestWebSocket::TakeFrames() {
  std::vector<v1::ServerFrame> frames;
  for (const ServerBytes& bytes : Take()) {
    v1::ServerFrame& frame = frames.emplace_back();
    if (subprotocol == Subprotocol::kProtobuf) {
      CHECK(bytes.opcode == Opcode::kBinary);
      CHECK(frame.ParseFromString(bytes.payload));
    } else {
      CHECK(bytes.opcode == Opcode::kText);
      const auto status = google::protobuf::util::JsonStringToMessage(bytes.payload, &frame);
      CHECK(status.ok()) << bytes.payload << ": " << status.ToString();
    }
  }
  return frames;
}

v1::ServerFrame TestWebSocket::Ask(const v1::ClientFrame& frame) {
  Send(frame);
  auto answers = TakeFrames();
  CHECK_EQ(answers.size(), 1u);
  CHECK_EQ(answers[0].id(), frame.id());
  return std::move(answers[0]);
}

v1::ServerFrame TestWebSocket::AskJson(const std::string& json) { return Ask(FrameOf(json)); }

CloseReason TestWebSocket::TakeClose() {
  const auto frames = Take();
  CHECK(!frames.empty() && frames.back().opcode == Opcode::kClose) << "no close frame";
  for (std::size_t i = 0; i + 1 < frames.size(); ++i) CHECK(frames[i].opcode != Opcode::kClose);
  return ReadClose(frames.back().payload);
}

void TestWebSocket::Advance(std::chrono::milliseconds time) {
  now += time;
  if (now >= session->deadline()) session->OnTime(now);
}

}  // namespace quoin::net
