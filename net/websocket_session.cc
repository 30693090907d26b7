#include "net/websocket_session.h"

#include <glog/logging.h>

#include <algorithm>
#include <utility>

namespace quoin::net {
namespace {

// How long, after the close frame, a peer may take to say its own, and to take what was sent before.
constexpr std::chrono::milliseconds kCloseGrace{2000};

}  // namespace

// Marks that a public call is under way, during which nobody needs to be woken; and settles at its end.
class WebSocketSession::Call {
 public:
  Call(WebSocketSession& session, SteadyTime now) : session_(session) {
    session_.in_call_ = true;
    session_.now_ = now;
  }
  ~Call() {
    session_.Settle();
    session_.in_call_ = false;
  }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

 private:
  WebSocketSession& session_;
};

WebSocketSession::WebSocketSession(HttpHandler& handler, KeyspaceGate& gate, const ClusterView* cluster,
                                   const Watching& watching, NodeId node, const WebSocketLimits& limits,
                                   Subprotocol subprotocol, std::string request_id, SteadyTime now, Wake wake)
    : handler_(handler),
      limits_(limits),
      subprotocol_(subprotocol),
      wake_(std::move(wake)),
      decoder_(limits.max_message_bytes),
      now_(now),
      heard_at_(now),
      writing_since_(now),
      control_since_(now) {
  const auto on_answer = [this] {
    if (in_call_) return;
    {
      // An answer makes room: what was kept may be taken now.
      const Call call(*this, now_);
      ConsumeKept();
    }
    wake_();
  };
  stream_ = std::make_shared<RequestStream>(handler, gate, cluster, watching, limits, subprotocol, std::move(request_id),
                                            output_, on_answer);
  stream_->Open(node);
}

WebSocketSession::~WebSocketSession() {
  // A callback that is running holds the stream for longer than this.
  if (stream_ != nullptr) stream_->Close();
  handler_.OnConnection(false);
}

void WebSocketSession::OnBytes(std::string_view bytes, SteadyTime now) {
  const Call call(*this, now);
  heard_at_ = now;
  ping_waits_ = false;
  handler_.OnTraffic(bytes.size(), 0);
  if (finished()) return;
  if (!input_.empty()) {
    input_.append(bytes);
    return ConsumeKept();
  }
  Consume(&bytes);
  input_.assign(bytes);
}

void WebSocketSession::ConsumeKept() {
  if (input_.empty()) return;
  std::string kept = std::exchange(input_, {});
  std::string_view rest = kept;
  Consume(&rest);
  kept.erase(0, kept.size() - rest.size());
  input_ = std::move(kept);
}

bool WebSocketSession::CanRead() const {
  if (finished()) return false;
  return closing_ || (stream_->wants_messages() && output_.size_bytes() < kMaxWaitingOutputBytes);
}

bool WebSocketSession::wants_bytes() const { return input_.empty() && CanRead(); }

void WebSocketSession::Consume(std::string_view* bytes) {
  while (!bytes->empty() && CanRead()) {
    switch (decoder_.Next(bytes)) {
      case WebSocketDecoder::Event::kNeedsMore:
        break;
      case WebSocketDecoder::Event::kFault:
        Fail(decoder_.fault());
        break;
      case WebSocketDecoder::Event::kControl:
        OnControl();
        break;
      case WebSocketDecoder::Event::kMessage: {
        message_open_ = false;
        if (closing_) break;  // It has been told that nothing is read any more.
        const bool is_text = decoder_.type() == Opcode::kText;
        if (is_text != (subprotocol_ == Subprotocol::kJson)) {
          Fail({CloseCode::kUnsupportedData, std::string(SubprotocolName(subprotocol_)) +
                                                 (is_text ? " takes binary messages" : " takes text messages")});
          break;
        }
        if (const auto reason = stream_->OnMessage(decoder_.payload(), now_); reason.has_value()) CloseWith(*reason);
        break;
      }
    }
  }
  if (decoder_.in_message() && !message_open_) message_since_ = now_;
  message_open_ = decoder_.in_message();
}

void WebSocketSession::OnControl() {
  if (now_ - control_since_ >= std::chrono::seconds(1)) {
    control_since_ = now_;
    control_count_ = 0;
  }
  if (decoder_.type() == Opcode::kClose) return OnClose(decoder_.payload());
  if (++control_count_ > kMaxControlFramesPerSecond) {
    return CloseWith({CloseCode::kPolicy,
                      "more than " + std::to_string(kMaxControlFramesPerSecond) + " control frames within a second"});
  }
  if (decoder_.type() == Opcode::kPing && !closing_) pong_ = std::string(decoder_.payload());
}

void WebSocketSession::OnClose(std::string_view payload) {
  CloseReason reason = ReadClose(payload);
  if (!closing_) {
    if (reason.code == CloseCode::kNoStatus) {
      // Answered in kind.
      stream_->Close();
      stream_ = nullptr;
      closing_ = true;
      close_by_ = now_ + kCloseGrace;
      AppendFrameHead(Opcode::kClose, 0, &output_.Tail());
      output_.Settle();
    } else {
      // A fault of the frame itself is told; otherwise the code goes back as it came.
      const bool at_fault = reason.code == CloseCode::kProtocolError || reason.code == CloseCode::kBadPayload;
      if (!at_fault) reason.text.clear();
      CloseWith(reason);
    }
  }
  finished_ = true;
}

void WebSocketSession::CloseWith(const CloseReason& reason) {
  if (closing_) return;
  VLOG(1) << "a WebSocket closes with " << static_cast<int>(reason.code) << ": " << reason.text;
  stream_->Close();
  stream_ = nullptr;
  pong_.reset();
  closing_ = true;
  close_by_ = now_ + kCloseGrace;
  AppendClose(reason, &output_.Tail());
  output_.Settle();
}

void WebSocketSession::Fail(const CloseReason& reason) {
  CloseWith(reason);
  finished_ = true;
}

void WebSocketSession::Settle() {
  if (pong_.has_value() && !closing_) {
    AppendFrameHead(Opcode::kPong, pong_->size(), &output_.Tail());
    output_.Settle();
    output_.AppendOwned(std::move(*pong_));
  }
  pong_.reset();
  if (draining_ && !closing_ && stream_->idle()) CloseWith({CloseCode::kGoingAway, "the node is stopping"});
  if (finished()) input_ = std::string();
  if (output_.empty()) writing_since_ = now_;
  // The time in which nothing was read is nobody's delay.
  const bool reads = wants_bytes();
  if (reads && !was_reading_) message_since_ = now_;
  was_reading_ = reads;
}

void WebSocketSession::OnEndOfInput(SteadyTime now) {
  const Call call(*this, now);
  if (!finished_) aborted_ = true;
}

void WebSocketSession::CollectOutput(std::vector<std::string_view>& views, std::size_t limit) const {
  if (has_output()) output_.Collect(views, limit);
}

void WebSocketSession::OnWritten(std::size_t count, SteadyTime now) {
  const Call call(*this, now);
  writing_since_ = now;
  if (closing_) close_by_ = now + kCloseGrace;
  handler_.OnTraffic(0, count);
  output_.Written(count);
  if (stream_ != nullptr) stream_->Pump(now);
  ConsumeKept();
}

SteadyTime WebSocketSession::deadline() const {
  if (aborted_) return SteadyTime::max();
  if (closing_) return finished_ && output_.empty() ? SteadyTime::max() : close_by_;
  SteadyTime deadline = stream_->deadline();
  if (!output_.empty()) deadline = std::min(deadline, writing_since_ + limits_.idle_timeout);
  // Who isn't read can't be blamed for silence.
  if (wants_bytes()) {
    if (message_open_) deadline = std::min(deadline, message_since_ + limits_.body_timeout);
    deadline = std::min(deadline, ping_waits_ ? pinged_at_ + limits_.ping_timeout : heard_at_ + limits_.ping_interval);
  }
  return deadline;
}

void WebSocketSession::OnTime(SteadyTime now) {
  const Call call(*this, now);
  if (aborted_ || now < deadline()) return;
  if (closing_) {
    // The peer neither takes what was sent nor says goodbye.
    (output_.empty() ? finished_ : aborted_) = true;
    return;
  }
  if (!output_.empty() && now >= writing_since_ + limits_.idle_timeout) {
    return CloseWith({CloseCode::kPolicy, "answers were not taken within --idle_timeout"});
  }
  if (const auto reason = stream_->OnTime(now); reason.has_value()) return CloseWith(*reason);
  // What has run out of time makes room, as an answer does.
  ConsumeKept();
  if (closing_ || !wants_bytes()) return;
  if (message_open_ && now >= message_since_ + limits_.body_timeout) {
    return CloseWith({CloseCode::kPolicy, "a message did not arrive within --body_timeout"});
  }
  if (ping_waits_ && now >= pinged_at_ + limits_.ping_timeout) {
    return CloseWith({CloseCode::kPolicy, "nothing was heard within --ping_timeout of a ping"});
  }
  if (!ping_waits_ && now >= heard_at_ + limits_.ping_interval) {
    ping_waits_ = true;
    pinged_at_ = now;
    AppendFrameHead(Opcode::kPing, 0, &output_.Tail());
    output_.Settle();
  }
}

void WebSocketSession::Drain(SteadyTime now) {
  const Call call(*this, now);
  draining_ = true;
  if (stream_ != nullptr) stream_->Drain();
}

}  // namespace quoin::net
