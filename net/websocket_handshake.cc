#include "net/websocket_handshake.h"

#include <array>

#include "base/text.h"
#include "net/field_text.h"
#include "net/sha1.h"

namespace quoin::net {
namespace {

constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
constexpr std::array kSubprotocols = {Subprotocol::kProtobuf, Subprotocol::kJson};

// The first of those offered that is known. (Their names are case-sensitive: section 4.1, 10.)
std::optional<Subprotocol> ChooseSubprotocol(const HttpHead& head) {
  for (std::string_view list : head.FindAll(FieldName::kWebSocketProtocol)) {
    while (!list.empty()) {
      const std::string_view token = TakeItem(&list);
      for (const Subprotocol known : kSubprotocols) {
        if (token == SubprotocolName(known)) return known;
      }
    }
  }
  return std::nullopt;
}

}  // namespace

std::string_view SubprotocolName(Subprotocol subprotocol) {
  return subprotocol == Subprotocol::kProtobuf ? "quoin.v1.protobuf" : "quoin.v1.json";
}

std::optional<ProblemReport> ReadHandshake(const HttpHead& head, WebSocketHandshake* out) {
  if (!head.HasToken(FieldName::kConnection, "upgrade") || !head.HasToken(FieldName::kUpgrade, "websocket")) {
    return ProblemReport{Problem::kUpgradeRequired,
                         "a WebSocket is opened with 'Connection: Upgrade' and 'Upgrade: websocket'"};
  }
  if (head.minor_version() == 0) {
    return ProblemReport{Problem::kUpgradeRequired, "a WebSocket is opened with HTTP/1.1"};
  }
  if (head.Count(FieldName::kWebSocketVersion) != 1 || *head.Find(FieldName::kWebSocketVersion) != "13") {
    return ProblemReport{Problem::kUpgradeRequired, "the one Sec-WebSocket-Version that is spoken is 13"};
  }
  const std::string_view key = head.Find(FieldName::kWebSocketKey).value_or(std::string_view());
  const auto nonce = Base64Decode(key);
  if (head.Count(FieldName::kWebSocketKey) != 1 || !nonce.has_value() || nonce->size() != 16) {
    return ProblemReport{Problem::kBadHeader, "Sec-WebSocket-Key must be there once, with 16 bytes in base64"};
  }
  const auto subprotocol = ChooseSubprotocol(head);
  if (!subprotocol.has_value()) {
    return ProblemReport{Problem::kBadHeader, "Sec-WebSocket-Protocol must offer quoin.v1.protobuf or quoin.v1.json"};
  }
  out->subprotocol = *subprotocol;
  out->response_lines = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: " +
                        Base64Encode(Sha1(std::string(key).append(kGuid))) +
                        "\r\nSec-WebSocket-Protocol: " + std::string(SubprotocolName(*subprotocol)) + "\r\n";
  return std::nullopt;
}

}  // namespace quoin::net
