// WebSocketSession: the server side of one WebSocket after its handshake, without the connection (RFC 6455). It turns
// bytes into messages and control frames, answers pings, pings a silent client, closes with a reason, and keeps the
// time; what the messages mean is RequestStream's business (net/request_stream.h).
//
// Invariants:
//   W1  nothing is sent after a close frame, and every connection that the node ends gets one, unless its peer has
//       gone or takes nothing;
//   W2  memory is bounded by the limits: one message, requests and answers as RequestStream says (Q2, Q3), what watches
//       keep (WatchStream, S3), and the output that waits; a client that doesn't take its answers within idle_timeout is closed with a reason;
//   W3  of the pings that come in one read only the last is answered (section 5.5.3 allows that), and more than
//       kMaxControlFramesPerSecond control frames end the connection.
//
// Threads: lives on one shard. A request's answer arrives on the same shard, during the call or later.
// Lifetime: may be destroyed at any time; answers that come later are dropped. `handler`, `gate` and `cluster` outlive
// it and them.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "net/byte_session.h"
#include "net/http_handler.h"
#include "net/keyspace_gate.h"
#include "net/output_queue.h"
#include "net/request_stream.h"
#include "net/websocket_frame.h"
#include "net/websocket_handshake.h"
#include "net/websocket_limits.h"

namespace quoin::net {

class WebSocketSession : public ByteSession {
 public:
  // Takes over a connection that the handler has been told of (HttpHandler::OnConnection), and tells it of its end.
  // `cluster` and `watching`: see RequestStream.
  WebSocketSession(HttpHandler& handler, KeyspaceGate& gate, const ClusterView* cluster, const Watching& watching,
                   NodeId node, const WebSocketLimits& limits, Subprotocol subprotocol, std::string request_id, SteadyTime now,
                   Wake wake);
  ~WebSocketSession() override;
  WebSocketSession(const WebSocketSession&) = delete;
  WebSocketSession& operator=(const WebSocketSession&) = delete;

  void OnBytes(std::string_view bytes, SteadyTime now) override;
  // Without a close frame before it, the peer is gone: nothing more is sent.
  void OnEndOfInput(SteadyTime now) override;
  bool wants_bytes() const override;
  void CollectOutput(std::vector<std::string_view>& views, std::size_t limit) const override;
  bool has_output() const override { return !aborted_ && !output_.empty(); }
  void OnWritten(std::size_t count, SteadyTime now) override;
  SteadyTime deadline() const override;
  void OnTime(SteadyTime now) override;
  bool finished() const override { return aborted_ || finished_; }
  // Answers what was asked, then closes with kGoingAway.
  void Drain(SteadyTime now) override;

 private:
  class Call;

  // Takes what can be taken now off the front of *bytes.
  void Consume(std::string_view* bytes);
  void ConsumeKept();
  void OnControl();
  void OnClose(std::string_view payload);
  bool CanRead() const;
  void CloseWith(const CloseReason& reason);
  // The same when nothing that comes after can be understood.
  void Fail(const CloseReason& reason);
  // After each event.
  void Settle();

  HttpHandler& handler_;
  const WebSocketLimits limits_;
  const Subprotocol subprotocol_;
  const Wake wake_;

  OutputQueue output_;
  std::shared_ptr<RequestStream> stream_;  // Until the close frame is said. Refers to output_.
  WebSocketDecoder decoder_;
  std::string input_;                // Bytes that couldn't be taken yet.
  std::optional<std::string> pong_;  // Owed.

  bool in_call_ = false;
  bool draining_ = false;
  bool closing_ = false;   // The close frame is in the output.
  bool finished_ = false;  // Nothing more is to come from the peer, or is of interest.
  bool aborted_ = false;   // Nothing more is written either.
  bool ping_waits_ = false;

  SteadyTime now_;            // Of the latest call.
  SteadyTime heard_at_;       // When the peer last sent something.
  SteadyTime pinged_at_;      // While ping_waits_.
  SteadyTime message_since_;  // When the message that is incomplete began to arrive.
  bool message_open_ = false;
  bool was_reading_ = true;  // wants_bytes(), at the end of the last call.
  SteadyTime writing_since_;  // When output last began to wait, or moved.
  SteadyTime close_by_;       // While closing_.
  SteadyTime control_since_;  // The second in which control frames are counted.
  int control_count_ = 0;
};

}  // namespace quoin::net
