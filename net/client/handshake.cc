#include "net/client/handshake.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.h"
#include "net/field_text.h"
#include "net/sha1.h"

namespace quoin::client {
namespace {

constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
constexpr std::string_view kSubprotocol = "quoin.v1.protobuf";

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool EqualsIgnoringCase(std::string_view a, std::string_view b) { return std::ranges::equal(a, b, {}, &Lower, &Lower); }

// The first field of that name in the lines behind the status line; nullopt: there is none.
std::optional<std::string_view> Field(std::string_view head, std::string_view name) {
  for (std::size_t at = head.find("\r\n"); at != std::string_view::npos;) {
    const std::size_t begin = at + 2;
    at = head.find("\r\n", begin);
    const std::string_view line = head.substr(begin, at == std::string_view::npos ? at : at - begin);
    const std::size_t colon = line.find(':');
    if (colon != std::string_view::npos && EqualsIgnoringCase(line.substr(0, colon), name)) {
      return net::Trim(line.substr(colon + 1));
    }
  }
  return std::nullopt;
}

}  // namespace

Handshake::Handshake(std::string_view host, std::string_view user_agent, const std::array<unsigned char, 16>& nonce) {
  const std::string key = Base64Encode({reinterpret_cast<const char*>(nonce.data()), nonce.size()});
  expected_accept_ = Base64Encode(net::Sha1(key + std::string(kGuid)));
  request_ = "GET /v1/ws HTTP/1.1\r\nHost: ";
  request_.append(host).append("\r\nUser-Agent: ").append(user_agent);
  request_.append("\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ");
  request_.append(key).append("\r\nSec-WebSocket-Protocol: ").append(kSubprotocol).append("\r\n\r\n");
}

Handshake::State Handshake::Refuse(std::string reason) {
  reason_ = std::move(reason);
  return State::kRefused;
}

Handshake::State Handshake::Read(std::string_view* bytes) {
  const std::size_t before = answer_.size();
  answer_.append(bytes->substr(0, kMaxHandshakeBytes - before));
  const std::size_t end = answer_.find("\r\n\r\n", before < 3 ? 0 : before - 3);
  if (end == std::string::npos) {
    if (answer_.size() == kMaxHandshakeBytes) return Refuse("the answer to the handshake has no end");
    bytes->remove_prefix(bytes->size());
    return State::kNeedsMore;
  }
  bytes->remove_prefix(end + 4 - before);
  return Check(std::string_view(answer_).substr(0, end));
}

Handshake::State Handshake::Check(std::string_view head) {
  const std::string_view status_line = head.substr(0, head.find("\r\n"));
  if (!status_line.starts_with("HTTP/1.1 101")) {
    if (!status_line.starts_with("HTTP/1.")) return Refuse("who answers speaks no HTTP");
    std::string reason = "the WebSocket was refused: " + Printable(status_line, 128);
    // Who says no Origin is forbidden it for one reason only.
    if (status_line.starts_with("HTTP/1.1 403")) {
      reason.append("; a node may have to be told that it has the name by which it is reached (its flag --hosts)");
    }
    return Refuse(std::move(reason));
  }
  if (Field(head, "Sec-WebSocket-Accept") != expected_accept_) {
    return Refuse("the answer to the handshake is no WebSocket server's (Sec-WebSocket-Accept)");
  }
  if (Field(head, "Sec-WebSocket-Protocol") != kSubprotocol) {
    return Refuse("the server does not speak " + std::string(kSubprotocol));
  }
  if (Field(head, "Sec-WebSocket-Extensions").value_or("") != "") {
    return Refuse("the server wants a WebSocket extension that was not offered");
  }
  return State::kOpen;
}

}  // namespace quoin::client
