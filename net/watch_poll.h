// WatchPoll: one long poll (docs/watch.md): answered as soon as there is something to tell, or when its time runs out.
//
// Threads: lives on the shard of its connection.
// Lifetime: in a shared_ptr, held by whoever may still ask for the answer; without, it answers nobody. Source and gate
// outlive it.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "net/byte_session.h"
#include "net/http_response.h"
#include "net/open_watch.h"
#include "net/problem.h"
#include "net/watch_gate.h"
#include "net/watch_source.h"

namespace quoin::net {

class WatchPoll : public std::enable_shared_from_this<WatchPoll> {
 public:
  // What comes so soon after the first event is told with it.
  static constexpr std::chrono::milliseconds kGathering{5};
  // An answer has about so much, or what one partition has, as far as WatchBuffer holds that.
  static constexpr std::size_t kAnswerBytes = 1 << 20;

  struct Calls {
    std::function<SteadyTime()> now;
    std::function<void(SteadyTime)> answer_by;  // See HttpRequest.
  };

  // `cursor_text`: what the client has; goes back to it when there's nothing new.
  WatchPoll(std::string request_id, std::string cursor_text, Calls calls)
      : request_id_(std::move(request_id)),
        given_cursor_text_(cursor_text),
        cursor_text_(std::move(cursor_text)),
        calls_(std::move(calls)) {}

  // The first call. REQUIRES: place != nullptr.
  void Begin(WatchSource& source, WatchGate::Place place, WatchOrder order);
  // The answer with what there is, once.
  HttpResponse Answer();

 private:
  void OnNews();
  // Why an answer would bring the client no further.
  ProblemReport TooMuch() const;

  const std::string request_id_;
  const std::string given_cursor_text_;
  std::string cursor_text_;
  const Calls calls_;
  bool hurried_ = false;
  std::unique_ptr<OpenWatch> watch_;
};

}  // namespace quoin::net
