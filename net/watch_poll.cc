#include "net/watch_poll.h"

#include <string>
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
  if (!watch_->has_items() && !watch_->has_ended() && !watch_->behind()) {
    // That nothing has changed is no answer yet.
    if (const auto positions = watch_->TakePositions(); positions != nullptr) {
      cursor_text_ = CursorText(watch_->CursorOf(*positions));
    }
    return;
  }
  hurried_ = true;
  calls_.answer_by(calls_.now() + kGathering);
}

ProblemReport WatchPoll::TooMuch() const {
  if (watch_->squeezed()) {
    return {Problem::kTooManyWatches,
            "more than " + std::to_string(WatchGate::kMaxWaitingBytes) +
                " bytes wait for clients of watches on this node, and there is no room for this answer now"};
  }
  const bool goes_on = !given_cursor_text_.empty();
  return {Problem::kBadParameter, std::string(goes_on ? "what comes after the cursor in one partition"
                                                      : "the state of what is watched in one partition") +
                                      " is too large for a poll: use Accept: text/event-stream, or " +
                                      (goes_on ? "begin without the cursor" : "state=none")};
}

HttpResponse WatchPoll::Answer() {
  EventsBody body(Subprotocol::kJson);
  WatchPositionsPtr positions;
  bool told = false;
  while (const WatchBuffer::Item* const item = watch_->Take()) {
    body.Add(*item);
    told |= item->event.kind != quorum::WatchEvent::Kind::kGap || !item->event.key.empty();
    if (auto reached = watch_->TakePositions(); reached != nullptr) {
      // What comes next would be told again if the answer ended before the next ones.
      positions = std::move(reached);
      if (body.size_bytes() >= kAnswerBytes) break;
    }
  }
  if (!told && watch_->has_ended()) return ProblemResponse(watch_->problem(), request_id_);
  const bool moved = positions != nullptr && !positions->empty();
  if (positions != nullptr) cursor_text_ = CursorText(watch_->CursorOf(*positions));
  // With the same cursor, the next poll would end in the same place.
  const bool stands_still = (!told && !moved) || cursor_text_ == given_cursor_text_;
  if (watch_->behind() && stands_still) return ProblemResponse(TooMuch(), request_id_);
  HttpResponse response;
  response.content_type = kJsonType;
  response.headers = "Cache-Control: no-store\r\n";
  response.body = body.Json(cursor_text_);
  return response;
}

}  // namespace quoin::net
