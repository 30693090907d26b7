// The frames of a WebSocket (RFC 6455, section 5): a decoder for what either side sends, and the frames of both.
//
// Written by hand rather than with Boost.Beast's websocket::stream, for the same reasons as the HTTP parser: no
// sockets, so that it is fuzzed and tested byte by byte; the answers of one tick leave in one write, where Beast makes
// one write of each message; an idle connection holds no buffer. websocket_node_test has Beast's client on the other
// end, so the two agree on what the RFC says.
//
// What is accepted depends only on the bytes, never on how they were cut into reads.
// Threads: none of its own.
// Bounds: a message's payload max_message_bytes, a control frame's 125.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace quoin::net {

enum class Opcode : std::uint8_t { kContinuation = 0, kText = 1, kBinary = 2, kClose = 8, kPing = 9, kPong = 10 };

// Why a connection closes (section 7.4.1).
enum class CloseCode : std::uint16_t {
  kNormal = 1000,
  kGoingAway = 1001,
  kProtocolError = 1002,
  kUnsupportedData = 1003,
  kNoStatus = 1005,  // The peer gave none. Never sent.
  kBadPayload = 1007,
  kPolicy = 1008,
  kTooBig = 1009,
};

struct CloseReason {
  CloseCode code = CloseCode::kNormal;
  std::string text;  // UTF-8, at most 123 bytes.
};

inline constexpr std::size_t kMaxControlBytes = 125;

// Who sends: a client masks its frames, a server does not (section 5.1).
enum class Sender : std::uint8_t { kClient, kServer };

class WebSocketDecoder {
 public:
  enum class Event {
    kNeedsMore,  // All bytes were taken.
    kMessage,    // A whole message: type() and payload().
    kControl,    // A ping, pong or close: type() and payload().
    kFault,      // fault(). Nothing more can be understood.
  };

  // Of what `sender` sends.
  explicit WebSocketDecoder(std::size_t max_message_bytes, Sender sender = Sender::kClient)
      : max_message_bytes_(max_message_bytes), sender_(sender) {}

  // Takes what belongs to the next event off the front of *bytes.
  Event Next(std::string_view* bytes);

  // Of the latest event; until the next call.
  Opcode type() const { return type_; }
  std::string_view payload() const { return type_ >= Opcode::kClose ? control_ : message_; }
  const CloseReason& fault() const { return fault_; }

  // Whether a message has begun and is not complete.
  bool in_message() const { return in_message_ || head_size_ > 0; }

 private:
  Event Fail(CloseCode code, std::string text);
  // Whether the head of a frame is complete; takes its bytes.
  bool ReadHead(std::string_view* bytes);
  std::size_t HeadSize() const;
  bool CheckHead();
  void TakePayload(std::string_view* bytes);
  Event EndFrame();

  const std::size_t max_message_bytes_;
  const Sender sender_;
  unsigned char head_[14];
  std::size_t head_size_ = 0;  // So much of the head has come.
  bool in_payload_ = false;
  std::uint64_t left_bytes_ = 0;  // Of the frame's payload.
  std::size_t mask_at_ = 0;       // Payload bytes taken, modulo 4.
  Opcode frame_ = Opcode::kText;  // Of the frame being read.
  bool fin_ = false;

  bool in_message_ = false;  // A message has begun; what comes next continues it.
  bool message_told_ = false;
  Opcode message_type_ = Opcode::kText;
  std::string message_;
  std::string control_;
  Opcode type_ = Opcode::kText;
  CloseReason fault_;
};

// Appends the head of a whole, unmasked message or control frame; the payload must follow.
void AppendFrameHead(Opcode opcode, std::size_t payload_bytes, std::string* out);

// Appends the head of a whole message or control frame of a client. The payload must follow, and then be masked with
// MaskPayload, from the size that *out has after this call on.
void AppendMaskedFrameHead(Opcode opcode, std::size_t payload_bytes, std::uint32_t mask, std::string* out);
void MaskPayload(std::size_t payload_begin, std::uint32_t mask, std::string* out);

// Appends a close frame of a server. The text is cut where it is too long.
void AppendClose(const CloseReason& reason, std::string* out);
// The payload of a close frame, for either side; cut in the same way.
std::string ClosePayload(const CloseReason& reason);

// What a close frame's payload says; a code of kProtocolError or kBadPayload when it may not say that (section 7.4).
CloseReason ReadClose(std::string_view payload);

}  // namespace quoin::net
