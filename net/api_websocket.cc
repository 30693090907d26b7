// ApiHandler for GET /v1/ws: the handshake of a WebSocket.
#include <memory>
#include <utility>

#include "net/api_handler.h"
#include "net/websocket_handshake.h"

namespace quoin::net {

std::optional<HttpResponse> ApiHandler::CheckWebSocket(const HttpHead& head, std::string_view request_id,
                                                       HeadVerdict* verdict) {
  WebSocketHandshake handshake;
  if (const auto problem = ReadHandshake(head, &handshake); problem.has_value()) {
    HttpResponse refusal = ProblemResponse(*problem, request_id);
    if (problem->problem == Problem::kUpgradeRequired) {
      refusal.headers.append("Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n");
    }
    return refusal;
  }
  verdict->upgrade = HeadVerdict::Upgrade{
      std::move(handshake.response_lines),
      [this, subprotocol = handshake.subprotocol, request_id = std::string(request_id)](
          SteadyTime now, ByteSession::Wake wake) -> std::unique_ptr<ByteSession> {
        return std::make_unique<WebSocketSession>(*this, gate_, options_.cluster, Watching{options_.watches, &watch_gate_},
                                                  options_.node, options_.web_socket, subprotocol, request_id, now,
                                                  std::move(wake));
      }};
  return std::nullopt;
}

}  // namespace quoin::net
