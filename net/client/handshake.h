// The opening handshake of a WebSocket from the client's side (RFC 6455, section 4.1).
//
// Threads: none of its own. Bounds: an answer of kMaxHandshakeBytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace quoin::client {

inline constexpr std::size_t kMaxHandshakeBytes = 16 << 10;

class Handshake {
 public:
  // `host` is what the Host field says; `nonce` is drawn at random for each connection.
  Handshake(std::string_view host, std::string_view user_agent, const std::array<unsigned char, 16>& nonce);

  const std::string& request() const { return request_; }

  enum class State : std::uint8_t { kNeedsMore, kOpen, kRefused };
  // Takes what belongs to the answer off the front of *bytes. kRefused: reason() says why, and nothing more can be
  // read.
  State Read(std::string_view* bytes);
  const std::string& reason() const { return reason_; }

 private:
  State Refuse(std::string reason);
  State Check(std::string_view head);

  std::string request_;
  std::string expected_accept_;
  std::string answer_;
  std::string reason_;
};

}  // namespace quoin::client
