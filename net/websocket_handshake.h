// The opening handshake of a WebSocket, from the server's side (RFC 6455, section 4.2).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/http_message.h"
#include "net/problem.h"

namespace quoin::net {

// How frames are spelled (net/proto/quoin.proto).
enum class Subprotocol : std::uint8_t { kProtobuf, kJson };
// "quoin.v1.protobuf", "quoin.v1.json"
std::string_view SubprotocolName(Subprotocol subprotocol);

struct WebSocketHandshake {
  Subprotocol subprotocol = Subprotocol::kProtobuf;
  std::string response_lines;  // Of the answer 101, each ending with CR LF.
};

// nullopt when the request opens a WebSocket; otherwise why it does not, and what would. Of several subprotocols the
// first one that is known is taken. Extensions are never accepted. The Origin is not looked at.
// REQUIRES: the request is a GET.
std::optional<ProblemReport> ReadHandshake(const HttpHead& head, WebSocketHandshake* out);

}  // namespace quoin::net
