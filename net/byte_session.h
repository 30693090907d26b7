// ByteSession: what a connection carries, without the connection: fed bytes and the time, it hands back bytes to write.
// HttpSession and WebSocketSession are the two there are; sockets and timers belong to net/http_connection.h.
//
// Threads: lives on one shard.
// Lifetime: may be destroyed at any time; answers that come later are dropped.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

namespace quoin::net {

using SteadyTime = std::chrono::steady_clock::time_point;

class ByteSession {
 public:
  // Called when an answer that came later than the call it belongs to has made output() non-empty or changed
  // wants_bytes(). It must not call back into the session directly; it usually schedules a write.
  using Wake = std::function<void()>;

  virtual ~ByteSession() = default;

  // A turn of the shard's loop begins, in which calls of the others may follow. A session that does much for few bytes
  // does only some of it in each.
  virtual void OnTurn(SteadyTime /*now*/) {}
  // Something is left to do, and waits for nothing but the next turn.
  virtual bool wants_turn() const { return false; }

  // REQUIRES: wants_bytes(). Bytes that can't be parsed yet are kept.
  virtual void OnBytes(std::string_view bytes, SteadyTime now) = 0;
  // The peer will send no more.
  virtual void OnEndOfInput(SteadyTime now) = 0;
  // The peer will send no more than what has come already and isn't wanted yet: it may not be waiting for anything.
  // What has come is still given once it is wanted, and then the end of input. May be said more than once.
  virtual void OnEndInSight(SteadyTime /*now*/) {}
  virtual bool wants_bytes() const = 0;

  // The bytes that may be written now, in order; the views hold until OnWritten. Appends at most `limit` views.
  virtual void CollectOutput(std::vector<std::string_view>& views, std::size_t limit) const = 0;
  virtual bool has_output() const = 0;
  // The first `count` bytes of the output have been written.
  virtual void OnWritten(std::size_t count, SteadyTime now) = 0;

  // The moment at which OnTime must be called; may move either way with every call above.
  virtual SteadyTime deadline() const = 0;
  virtual void OnTime(SteadyTime now) = 0;

  // Whether the connection should be closed once all output is written (at once when there is none).
  virtual bool finished() const = 0;
  // The node is stopping: end what has begun, then finish. Idle sessions finish at once.
  virtual void Drain(SteadyTime now) = 0;

  // Once all output is written: the session in which the connection goes on, if its protocol has changed; it has been
  // given the bytes that came behind the change already. This session is at its end then.
  virtual std::unique_ptr<ByteSession> TakeSuccessor(SteadyTime /*now*/, Wake /*wake*/) { return nullptr; }
};

// Makes the session that follows.
using SessionMaker = std::function<std::unique_ptr<ByteSession>(SteadyTime now, ByteSession::Wake wake)>;

}  // namespace quoin::net
