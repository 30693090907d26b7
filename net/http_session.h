// HttpSession: the HTTP/1.1 server side of one connection, without the connection. It is fed bytes and the time, and
// hands back bytes to write; sockets and timers belong to net/http_connection.h, tests and the fuzzer have neither.
//
// Requests are parsed as they arrive and handed to the HttpHandler at once, so that many can be under way on one
// connection; answers leave in the order of the requests (RFC 9112, section 9.3.2), however they finish.
//
// Invariants:
//   H1  every request that reached the handler is answered exactly once, unless the connection ends first;
//   H2  nothing is answered after an answer that closes the connection, and nothing is parsed after a request that
//       does;
//   H3  at most limits.max_pipelined requests are unanswered at any time: beyond that wants_bytes() is false;
//   H4  memory is bounded by the limits: unparsed input never grows past one read plus one head, a body never past its
//       limit; and no request is begun while 256 KiB of output wait, nor while what answers under way count as
//       (HeadVerdict::answer_bytes), what has been answered and isn't sent, and what its own answer counts as are more
//       than 8 MiB together, but that one answer is always let through. A page counts as the largest that it may be:
//       1 MiB and one value more with the default limits, so that four are under way. A single value may be large but
//       hardly ever is, and counts as a 16th of the largest one: 64 KiB by default, so that 64 gets fill the pipeline
//       with 4 MiB set aside. If all of them turn out to be the largest, they are what fits into 8 MiB 16 times, 128
//       MiB at most, or one; 64 MiB with the default limits. (JSON may make more of a value, six bytes of a control
//       character.) While more than AnswerRoom allows waits on the whole node, each connection has one answer at a
//       time;
//   H5  a turn of the loop (ByteSession::OnTurn) begins at most 64 requests, and none after it has made 256 KiB of
//       answers. Some 1,500 small requests fit into one read, and when all are answered at once, the others on the
//       shard, a leader's heartbeats among them, must not wait for that.
//
// A request that the handler lets change the protocol, or answers without end, is the last one: once what was asked
// before it is answered, the head of its answer leaves, and TakeSuccessor hands the connection on, with the bytes that
// came behind the request.
//
// Threads: lives on one shard. A handler's answer arrives on the same shard, during the call or later.
// Lifetime: may be destroyed at any time; answers that come later are dropped.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "net/byte_session.h"

namespace quoin::net {

// What one connection may ask for (docs/api.md, "Limits").
struct HttpLimits {
  std::size_t max_header_bytes = 16 << 10;
  std::size_t max_value_bytes = 1 << 20;
  std::size_t max_batch_bytes = 8 << 20;
  std::size_t max_page_bytes = 1 << 20;
  std::size_t max_pipelined = 64;
  std::chrono::milliseconds header_timeout{10'000};
  std::chrono::milliseconds body_timeout{30'000};
  std::chrono::milliseconds idle_timeout{75'000};
  std::chrono::milliseconds request_timeout{5'000};
};

class HttpHandler;  // net/http_handler.h: from a parsed request to an answer.

class HttpSession : public ByteSession {
 public:
  HttpSession(HttpHandler& handler, const HttpLimits& limits, SteadyTime now, Wake wake);
  ~HttpSession() override;
  HttpSession(const HttpSession&) = delete;
  HttpSession& operator=(const HttpSession&) = delete;

  void OnTurn(SteadyTime now) override;
  bool wants_turn() const override;
  void OnBytes(std::string_view bytes, SteadyTime now) override;
  // What is under way is still answered.
  void OnEndOfInput(SteadyTime now) override;
  // Patient requests (HeadVerdict::patience) are answered with what there is, those that are still to begin, too.
  void OnEndInSight(SteadyTime now) override;
  bool wants_bytes() const override;
  void CollectOutput(std::vector<std::string_view>& views, std::size_t limit) const override;
  bool has_output() const override;
  void OnWritten(std::size_t count, SteadyTime now) override;
  // Of the header, body, idle, request and write timeouts.
  SteadyTime deadline() const override;
  void OnTime(SteadyTime now) override;
  bool finished() const override;
  void Drain(SteadyTime now) override;
  // After the answer that hands the connection over, which is always the last one.
  std::unique_ptr<ByteSession> TakeSuccessor(SteadyTime now, Wake wake) override;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;  // Shared with answers that are still to come, weakly.
};

}  // namespace quoin::net
