#include "net/event_stream_session.h"

#include <algorithm>
#include <utility>

#include "net/watch_encoding.h"
#include "net/websocket_limits.h"

namespace quoin::net {
namespace {

// Events that are told together, with one cursor: about so much.
constexpr std::size_t kTogetherBytes = 64 << 10;

}  // namespace

EventStreamSession::EventStreamSession(HttpHandler& handler, WatchSource& source, WatchGate::Place place,
                                       WatchOrder order, std::string request_id, std::chrono::milliseconds idle_timeout,
                                       SteadyTime now, Wake wake)
    : handler_(handler),
      request_id_(std::move(request_id)),
      idle_timeout_(idle_timeout),
      wake_(std::move(wake)),
      writing_since_(now),
      quiet_since_(now),
      watch_(source, std::move(place), std::move(order), OpenWatch::Options(), [this] { OnNews(); }) {
  output_.Tail().append("retry: ").append(std::to_string(kRetry.count())).append("\n\n");
  output_.Settle();
  Pump();
}

EventStreamSession::~EventStreamSession() { handler_.OnConnection(false); }

void EventStreamSession::OnBytes(std::string_view bytes, SteadyTime) { handler_.OnTraffic(bytes.size(), 0); }

void EventStreamSession::OnEndOfInput(SteadyTime) { aborted_ = true; }

void EventStreamSession::OnNews() {
  const bool was_empty = output_.empty();
  Pump();
  writing_is_news_ = was_empty && !output_.empty();
  if (!output_.empty()) wake_();
}

void EventStreamSession::Pump() {
  while (!finished() && watch_.has_news() && output_.size_bytes() < kMaxWaitingOutputBytes) {
    if (watch_.has_ended()) {
      output_.AppendOwned("event: problem\ndata: " + ProblemJson(watch_.problem(), request_id_) + "\n\n");
      finished_ = true;
      return;
    }
    AppendEvents();
    watch_.Resume();
  }
}

void EventStreamSession::AppendEvents() {
  std::string text;
  while (text.size() < kTogetherBytes) {
    const WatchBuffer::Item* const item = watch_.Take();
    if (item == nullptr) break;
    if (!text.empty()) text.push_back('\n');
    text.append("event: ").append(EventName(item->event.kind));
    text.append("\ndata: ").append(EncodeEvent(*item, Subprotocol::kJson)).push_back('\n');
  }
  if (const auto cursor = watch_.TakeCursor(); cursor.has_value()) {
    // Without events it is no event for the client, which remembers it all the same.
    const std::string cursor_text = CursorText(*cursor);
    if (cursor_text.size() <= kMaxCursorTextBytes) text.append("id: ").append(cursor_text).push_back('\n');
  }
  if (text.empty()) return;
  text.push_back('\n');
  output_.AppendOwned(std::move(text));
}

void EventStreamSession::CollectOutput(std::vector<std::string_view>& views, std::size_t limit) const {
  if (has_output()) output_.Collect(views, limit);
}

void EventStreamSession::OnWritten(std::size_t count, SteadyTime now) {
  writing_since_ = quiet_since_ = now;
  writing_is_news_ = false;
  handler_.OnTraffic(0, count);
  output_.Written(count);
  Pump();
}

SteadyTime EventStreamSession::deadline() const {
  if (finished() && output_.empty()) return SteadyTime::max();
  if (output_.empty()) return quiet_since_ + kKeepAlive;
  return writing_is_news_ ? quiet_since_ : writing_since_ + idle_timeout_;
}

void EventStreamSession::OnTime(SteadyTime now) {
  if (now < deadline()) return;
  if (output_.empty()) {
    // A comment.
    output_.AppendConstant(":\n\n");
    writing_since_ = quiet_since_ = now;
  } else if (std::exchange(writing_is_news_, false)) {
    writing_since_ = now;
  } else {
    aborted_ = true;
  }
}

void EventStreamSession::Drain(SteadyTime) { finished_ = true; }

}  // namespace quoin::net
