#include "net/watch_poll.h"

#include <utility>

#include "net/watch_encoding.h"

namespace quoin::net {

void WatchPoll::Begin(WatchSource& source, WatchGate::Place place, WatchOrder order) {
  OpenWatch::Options options;
  options.limits.partial = true;
  options.pace = WatchSource::Pace::kAlways;
  watch_ = std::make_unique<OpenWatch>(source, std::move(place), std::move(order), options, [weak = weak_from_this()] {
    if (const auto self = weak.lock(); self != nullptr) self->OnNews();
  });
  if (watch_->has_news()) OnNews();
}

void WatchPoll::OnNews() {
  if (hurried_) return;
  if (!watch_->has_items() && !watch_->has_ended()) {
    // That nothing has changed is no answer yet.
    if (const auto positions = watch_->TakePositions(); positions != nullptr) {
      cursor_text_ = CursorText(watch_->CursorOf(*positions));
    }
    return;
  }
  hurried_ = true;
  calls_.answer_by(calls_.now() + kGathering);
}

HttpResponse WatchPoll::Answer() {
  EventsBody body(Subprotocol::kJson);
  WatchPositionsPtr positions;
  while (const WatchBuffer::Item* const item = watch_->Take()) {
    body.Add(*item);
    if (auto reached = watch_->TakePositions(); reached != nullptr) {
      // What comes next would be told again if the answer ended before the next ones.
      positions = std::move(reached);
      if (body.size_bytes() >= kAnswerBytes) break;
    }
  }
  if (body.empty() && watch_->has_ended()) return ProblemResponse(watch_->problem(), request_id_);
  if (body.empty() && watch_->behind()) {
    return ProblemResponse({Problem::kBadParameter,
                            "the state of what is watched is too large for a poll: use Accept: text/event-stream, or "
                            "state=none"},
                           request_id_);
  }
  if (positions != nullptr) cursor_text_ = CursorText(watch_->CursorOf(*positions));
  HttpResponse response;
  response.content_type = kJsonType;
  response.headers = "Cache-Control: no-store\r\n";
  response.body = body.Json(cursor_text_);
  return response;
}

}  // namespace quoin::net
