// Session: the client's end of one connection to a node, without the connection: fed bytes and the time, it hands back
// bytes to write and answers. Handshake, hello, frames, pings, and which requests are unanswered.
//
// Invariants:
//   S1  Every request that was sent is answered at most once, to the token that it was sent with; whatever has no
//       answer when the session is over is given back by TakeUnanswered. (A watch is answered by events any number of
//       times, and counts as unanswered until something else answers it.)
//   S2  Never more requests unanswered than the node's hello allows.
//   S3  Once over() nothing is sent or told any more.
//   S4  Requests that nobody waits for any more (GiveUpOn) don't hold up others for ever.
//   S5  A peer that still takes what was sent before a ping is not given up: it can't answer the ping yet. One that has
//       the ping, or takes nothing, is, however much is sent meanwhile.
//
// Threads: none of its own. Not reentrant: a Receiver must not call OnBytes, OnEnd or OnTime; it may Send and Close.
// Bounds: an answer of max_answer_bytes; the output is what was sent and not taken yet.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "net/client/handshake.h"
#include "net/proto/quoin.pb.h"
#include "net/websocket_frame.h"

namespace google::protobuf {
class Arena;
}

namespace quoin::client {

using Time = std::chrono::steady_clock::time_point;

struct SessionOptions {
  std::string host;  // "127.0.0.1:8080"
  std::string user_agent;
  std::size_t max_answer_bytes = 64 << 20;
  std::chrono::milliseconds ping_interval{5000};
};

class Session {
 public:
  using Token = std::uint64_t;

  class Receiver {
   public:
    virtual ~Receiver() = default;
    // The node has said hello: from now on Send may be called.
    virtual void OnOpen(const v1::Hello& hello) = 0;
    // The answer to what was sent with `token`, or some of a watch's events; may be taken apart.
    virtual void OnAnswer(Token token, v1::ServerFrame& answer) = 0;
  };

  // `random` draws masks and the handshake's nonce; it must outlive the session, like the receiver.
  Session(SessionOptions options, std::mt19937_64& random, Time now, Receiver& receiver);
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void OnBytes(std::string_view bytes, Time now);
  // The peer will send no more, or the connection broke.
  void OnEnd(const std::string& reason);

  // Room for so many requests: 0 before the hello and once over.
  std::size_t room() const;
  // Whether a request of so many bytes may be sent at all. REQUIRES: the hello has come.
  bool Fits(std::size_t message_bytes) const { return message_bytes <= hello_.max_message_bytes(); }
  const v1::Hello& hello() const { return hello_; }

  // Gives the frame an id and appends it to the output. REQUIRES: room() > 0 and Fits(frame.ByteSizeLong()).
  void Send(v1::ClientFrame& frame, Token token, Time now);
  std::size_t unanswered() const { return unanswered_; }
  // Gives the node credit for so many bytes of answers (net/proto/quoin.proto, Credit). REQUIRES: the hello has come,
  // and the session is not over.
  void Grant(std::uint64_t bytes);
  // Of the messages that have come since the hello, as the node counts them against credit.
  std::uint64_t answer_bytes() const { return answer_bytes_; }
  // Nobody waits for the answer to this token any more, though it may still come. When answers to half of all requests
  // that the node allows are missing in this way, something eats them, and the session is over (S4).
  // Slow: looks at each request.
  void GiveUpOn(Token token);

  // What is to be written, in order. Taking it empties it.
  bool has_output() const { return !output_.empty(); }
  std::size_t output_bytes() const { return output_.size(); }
  // Swaps the output with *spare, which must be empty; its memory is used for the output from then on.
  void TakeOutput(std::string* spare);

  // Says goodbye: a close frame goes into the output, and the session is over.
  void Close(const net::CloseReason& reason);

  // The moment at which OnTaken and OnTime must be called.
  Time deadline() const;
  // The peer's end of the connection has acknowledged so many bytes, of all that ever was output.
  void OnTaken(std::uint64_t bytes, Time now);
  void OnTime(Time now);

  // Over: the connection is to be closed once the output is written.
  bool over() const { return over_; }
  // Whether the hello has ever come.
  bool opened() const { return opened_; }
  // Why it is over, for people.
  const std::string& reason() const { return reason_; }
  // The tokens of requests that were not answered, in the order in which they were sent. REQUIRES: over().
  std::vector<Token> TakeUnanswered();

 private:
  struct Slot {
    Token token = 0;
    std::uint64_t serial = 0;  // 0: free.
    bool given_up = false;
    bool watches = false;
  };

  void OnMessage(std::string_view payload, google::protobuf::Arena& arena);
  void OnControl();
  void OnHello(const v1::Hello& hello);
  // How many bytes ever were output.
  std::uint64_t output_end() const { return given_bytes_ + output_.size(); }
  void AppendControl(net::Opcode opcode, std::string_view payload);
  void AppendMessage(const v1::ClientFrame& frame, std::size_t size_bytes);
  // The peer broke the protocol: tells it, and is over.
  void Fail(const net::CloseReason& reason);
  void End(std::string reason);

  const SessionOptions options_;
  std::mt19937_64& random_;
  Receiver& receiver_;
  std::optional<Handshake> handshake_;  // Until it is done.
  net::WebSocketDecoder decoder_;
  v1::Hello hello_;
  std::string output_;
  std::uint64_t given_bytes_ = 0;    // Of output that is no longer in output_,
  std::uint64_t taken_bytes_ = 0;    // and that the peer has acknowledged.
  std::vector<Slot> slots_;          // Request id i + 1 is slot i.
  std::vector<std::uint32_t> free_;  // Slots.
  std::uint64_t next_serial_ = 1;
  std::size_t unanswered_ = 0;
  std::size_t given_up_ = 0;  // Of those.
  std::uint64_t answer_bytes_ = 0;
  bool opened_ = false;
  bool over_ = false;
  std::string reason_;
  Time heard_at_;            // When the peer last sent something, or had nothing to answer.
  bool pinged_ = false;      // And nothing has come since.
  Time pinged_at_;           // When the ping was sent, or the peer was last seen to take what stands before it.
  bool ping_waits_ = false;  // When last looked at, the peer had not taken all that stands before the ping.
  std::uint64_t ping_end_ = 0;
};

}  // namespace quoin::client
