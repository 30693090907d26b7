// For tests and fuzzing of WebSockets: frames as a client makes them, right and wrong, and the far end of a session.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/api_handler.h"
#include "net/byte_session.h"
#include "net/http_testing.h"
#include "net/proto/quoin.pb.h"
#include "net/websocket_frame.h"
#include "net/websocket_handshake.h"

namespace quoin::net {

struct FrameOptions {
  bool fin = true;
  unsigned reserved_bits = 0;  // 1 to 7.
  bool masked = true;
  unsigned length_form = 0;  // 0: the shortest; 126 or 127: that one.
};
// One frame of a client.
std::string ClientBytes(Opcode opcode, std::string_view payload, FrameOptions options = {});

// One frame of a server.
struct ServerBytes {
  Opcode opcode = Opcode::kText;
  std::string payload;
};
// Takes whole frames apart. Fails the process on anything that a server may not send.
std::vector<ServerBytes> ParseServerBytes(std::string_view bytes);

// "GET /v1/ws ..." as it should be.
std::string HandshakeBytes(Subprotocol subprotocol);

// The far end of a WebSocket whose node is an ApiHandler over a keyspace in memory.
class TestWebSocket {
 public:
  // Opens it, and takes the hello.
  TestWebSocket(ApiHandler& handler, Subprotocol subprotocol);

  // In reads of at most `read_bytes`; stops when the session doesn't want more, and says whether it took all.
  bool SendRaw(std::string_view bytes, std::size_t read_bytes = SIZE_MAX);
  void Send(const v1::ClientFrame& frame);
  // In protobuf's JSON, whatever the subprotocol: for texts that are easier to read.
  void SendJson(const std::string& json);

  // Takes all output there is.
  std::vector<ServerBytes> Take();
  // The same when it is nothing but messages.
  std::vector<v1::ServerFrame> TakeFrames();
  // Send and take; the one answer.
  v1::ServerFrame Ask(const v1::ClientFrame& frame);
  v1::ServerFrame AskJson(const std::string& json);
  // Takes all output; the close frame must be in it, and be the last.
  CloseReason TakeClose();

  void Advance(std::chrono::milliseconds time);

  const Subprotocol subprotocol;
  SteadyTime now{std::chrono::hours(1)};
  int wakes = 0;
  v1::Hello hello;
  std::unique_ptr<ByteSession> session;
};

// A frame from protobuf's JSON.
v1::ClientFrame FrameOf(const std::string& json);

}  // namespace quoin::net
