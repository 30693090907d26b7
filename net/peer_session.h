// PeerInbound and PeerOutbound: the two ends of one connection between nodes, without the connection: fed bytes and the
// time, they hand back bytes to write. Who dials says hello, is answered, and then sends frames of packets; who was
// dialled only listens after its answer.
//
// Invariants:
//   E1  no packet is handed on before the hello was answered with a welcome;
//   E2  after the first thing that is wrong nothing more is handed on, and error() says what it was;
//   E3  a batch is handed on whole or not at all.
//
// Threads: live on one shard. A handler must not destroy the session that calls it; it may call End().
// Bounds: an inbound session keeps one frame, and one batch of at most max_batch_bytes as it arrives in pieces.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "net/byte_session.h"
#include "net/peer_frame.h"
#include "net/peer_hello.h"
#include "net/peer_queue.h"

namespace quoin::net {

class PeerSession : public ByteSession {
 public:
  // Why the session is at its end; empty: it isn't, or simply has nothing more to say.
  const std::string& error() const { return error_; }
  // The owner has had enough of it.
  void End() { ended_ = true; }

  bool wants_bytes() const override { return !ended_; }
  void CollectOutput(std::vector<std::string_view>& views, std::size_t limit) const override;
  bool has_output() const override { return !output_.empty(); }
  void OnWritten(std::size_t count, SteadyTime now) override;
  SteadyTime deadline() const override { return ended_ ? SteadyTime::max() : deadline_; }
  void OnTime(SteadyTime now) override;
  bool finished() const override { return ended_; }
  void Drain(SteadyTime /*now*/) override { End(); }

 protected:
  explicit PeerSession(SteadyTime deadline) : deadline_(deadline) {}

  void Fail(std::string error);
  // Takes kPeerMagic off the front of the stream; false: it isn't whole yet, or is something else.
  bool TakeMagic(std::string_view& bytes);

  FrameReader reader_;
  std::string output_;
  SteadyTime deadline_;  // Of the greeting.
  bool ended_ = false;

 private:
  std::size_t magic_bytes_ = 0;  // So many have come.
  std::string error_;
};

class PeerInbound final : public PeerSession {
 public:
  struct Limits {
    std::chrono::milliseconds greeting_timeout{5000};
    // Of one packet, plus what may stand in one batch before it.
    std::size_t max_batch_bytes = (72 << 20) + PeerQueue::kBatchBytes;
  };
  struct Handlers {
    // Call Answer, now or later.
    std::function<void(const PeerHello&)> hello;
    // A whole batch; the view holds during the call. An error ends the session.
    std::function<Status(std::string_view batch)> batch;
    // Ahead of the batch that came with it.
    std::function<void(std::uint64_t commit_number)> commit_number;
  };

  PeerInbound(const Limits& limits, Handlers handlers, SteadyTime now);

  // REQUIRES: hello() was called, and this wasn't. Only a welcome to a link lets the session go on; the owner sees to
  // it that the output is written. Without effect after the end.
  void Answer(const PeerAnswer& answer);
  bool linked() const { return state_ == State::kLinked; }

  void OnBytes(std::string_view bytes, SteadyTime now) override;
  void OnEndOfInput(SteadyTime now) override;

 private:
  enum class State { kAwaitingHello, kAwaitingAnswer, kLinked, kAnswered };

  Status OnFrame(const Frame& frame);
  Status OnPackets(const Frame& frame);

  const Limits limits_;
  const Handlers handlers_;
  State state_ = State::kAwaitingHello;
  PeerHello::Kind kind_ = PeerHello::Kind::kLink;
  std::string pieces_;  // The batch that is arriving in pieces.
};

class PeerOutbound final : public PeerSession {
 public:
  struct Handlers {
    // Judges the answer. An objection ends the session with its text as the error.
    std::function<Status(const PeerAnswer&)> answer;
    // Of this node, for each frame. May be empty.
    std::function<std::uint64_t()> commit_number;
  };

  // Says this hello. `queue` is what is sent after a welcome to a link; it outlives the session, and its owner sees to
  // it that the output is written when it adds to it. Without: the session ends with the answer.
  PeerOutbound(const PeerHello& hello, PeerQueue* queue, std::chrono::milliseconds greeting_timeout, Handlers handlers,
               SteadyTime now);

  bool linked() const { return linked_; }

  void OnBytes(std::string_view bytes, SteadyTime now) override;
  void OnEndOfInput(SteadyTime now) override;
  void CollectOutput(std::vector<std::string_view>& views, std::size_t limit) const override;
  bool has_output() const override;
  void OnWritten(std::size_t count, SteadyTime now) override;

 private:
  Status OnFrame(const Frame& frame);
  bool SendsFromQueue() const { return linked_ && output_.empty() && !ended_; }

  PeerQueue* const queue_;
  const Handlers handlers_;
  bool linked_ = false;
};

}  // namespace quoin::net
