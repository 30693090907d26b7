// What the WebSocket measurements need of a client, and no more: the opening handshake, frames as a client sends them,
// and the heads of those that a server sends. Cheap, so that what is measured is the server.
//
// A server that breaks the protocol ends the process: a measurement of it would mean nothing.
// Threads: none of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace quoin::bench {

// Of every frame. Not zero, so that the server has to undo it as it would any other.
inline constexpr unsigned char kMask[4] = {0x37, 0xfa, 0x21, 0x3d};

inline constexpr unsigned kBinary = 2, kClose = 8, kPing = 9, kPong = 10;  // Opcodes (RFC 6455, section 5.2).

// A whole frame of a client. REQUIRES: the payload has at most 65535 bytes.
std::string MaskedFrame(unsigned opcode, std::string_view payload);
// Where the payload begins in what MaskedFrame made of so many bytes.
std::size_t MaskedPayloadAt(std::size_t payload_bytes);
// Overwrites payload bytes of a masked frame, from `at` of the payload on. REQUIRES: they lie within it.
void OverwritePayload(std::string* frame, std::size_t payload_at, std::size_t at, std::string_view bytes);

struct ServerFrame {
  unsigned opcode = 0;
  std::string_view payload;  // Within what was given to TakeFrame.
};
// Takes a whole frame off the front of *bytes; nullopt, and nothing taken, while it isn't whole.
std::optional<ServerFrame> TakeFrame(std::string_view* bytes);

struct OpenedWebSocket {
  int socket = -1;   // Blocking, without delay. The caller closes it.
  std::string rest;  // What came after the handshake already.
};
// Opens a WebSocket with the subprotocol quoin.v1.protobuf. `host` is an IPv4 address.
OpenedWebSocket OpenWebSocket(std::uint16_t port, const std::string& host = "127.0.0.1");

// Lets this process have as many open files as the system allows it. Dies, naming `ulimit -n`, when that is less than
// `wanted`.
void AllowOpenFiles(std::size_t wanted);

}  // namespace quoin::bench
