// HttpHandler: from a parsed request to an answer, as sessions see it. The node's own is net/api_handler.h.
//
// Thread safety: one object serves all sessions of all shards at once.
// Lifetime: must outlive its sessions and every answer that is still to come.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "net/answer_room.h"
#include "net/byte_session.h"
#include "net/http_message.h"
#include "net/http_response.h"
#include "net/problem.h"

namespace quoin::net {

// What is known about a request before its body: where it goes, and how much body it may have.
struct HeadVerdict {
  Route route = Route::kNone;
  // Given: the request is refused for its head alone, and its body is not wanted.
  std::optional<HttpResponse> refusal;
  // Beyond this many bytes of body the answer is `too_large`, naming the flag.
  std::size_t max_body_bytes = 0;
  Problem too_large = Problem::kBodyTooLarge;
  std::string_view limit_flag = {};
  std::string headers = {};  // Further whole lines of every answer to it.
  // What its answer counts as until it is there, in bytes of values: 0 for one that is small, or that is given during
  // Handle. See HttpSession, H4.
  std::size_t answer_bytes = 0;
  // Given: an answer with this status and these lines, and then the connection goes on in this session: 101, when the
  // request asks for another protocol and gets it; 200, when all that follows is the answer's body.
  struct Upgrade {
    std::string headers;
    SessionMaker successor;
    int status = 101;
    std::string_view content_type = {};  // Of constant life.
  };
  std::optional<Upgrade> upgrade;
  // Given: the answer may take so long, as what it tells may not have happened yet. It is given up for when the node
  // stops or the peer has no more to say.
  std::optional<std::chrono::milliseconds> patience = {};
};

// One answer that has been given, for whoever counts.
struct AnsweredRequest {
  Method method = Method::kOther;
  Route route = Route::kNone;
  int status = 0;
  SteadyTime received;  // When the request was complete.
  std::string_view request_id;
};

class HttpHandler {
 public:
  // Called at most once, on the shard of the request.
  using Respond = std::function<void(HttpResponse)>;
  // Says what to answer when the time for an answer has run out. Called at most once, on the same shard.
  using OnTimeout = std::function<HttpResponse()>;

  virtual ~HttpHandler() = default;

  // "Quoin-Node: 00c0ffee00c0ffee\r\n": part of every answer.
  virtual std::string_view node_line() const = 0;
  // For a request that brings none.
  virtual std::string NewRequestId() = 0;

  virtual HeadVerdict CheckHead(const HttpHead& head, std::string_view request_id) = 0;

  // Answers by `respond`, during the call or later. When it is later, the returned function is not empty.
  // `request.head` is only good during the call.
  virtual OnTimeout Handle(HttpRequest request, Respond respond) = 0;

  // For metrics and logs.
  virtual void OnConnection(bool /*opened*/) {}
  virtual void OnTraffic(std::size_t /*received_bytes*/, std::size_t /*sent_bytes*/) {}
  virtual void OnAnswered(const AnsweredRequest& /*answered*/) {}

  // What waits in all sessions.
  AnswerRoom& answer_room() { return answer_room_; }

 private:
  AnswerRoom answer_room_;
};

}  // namespace quoin::net
