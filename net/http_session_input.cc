// HttpSession, the way in: from bytes to requests (see http_session_impl.h).
#include <glog/logging.h>

#include <algorithm>
#include <utility>

#include "net/http_session_impl.h"

namespace quoin::net {
namespace {

// The body of a refused request is read and thrown away up to this size, so that the connection can go on; a larger one
// isn't worth it.
constexpr std::size_t kMaxDiscardedBytes = 64 << 10;
// What is reserved for a body before any of it has come: its announced length is only a promise.
constexpr std::size_t kMaxReservedBytes = 64 << 10;

bool IsRequestId(std::string_view id) {
  if (id.empty() || id.size() > 64) return false;
  for (const char c : id) {
    const bool ok =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' || c == '-';
    if (!ok) return false;
  }
  return true;
}

}  // namespace

void HttpSession::Impl::OnTurn(SteadyTime now) {
  const Call call(*this);
  now_ = now;
  turn_requests_ = turn_answer_bytes_ = 0;
  Advance();
}

void HttpSession::Impl::OnBytes(std::string_view bytes, SteadyTime now) {
  const Call call(*this);
  now_ = last_activity_ = now;
  handler_.OnTraffic(bytes.size(), 0);
  if (input_closed_) return;
  if (input_.empty()) {
    const std::size_t consumed = Consume(bytes);
    if (!input_closed_) input_.assign(bytes.substr(consumed));
  } else {
    input_.append(bytes);
    input_.erase(0, Consume(input_));
  }
  CloseInputIfDone();
}

void HttpSession::Impl::Advance() {
  if (!input_.empty() && !input_closed_) input_.erase(0, Consume(input_));
  CloseInputIfDone();
}

void HttpSession::Impl::OnEndOfInput(SteadyTime now) {
  const Call call(*this);
  now_ = now;
  end_of_input_ = true;
  CloseInputIfDone();
  EndPatience();
}

void HttpSession::Impl::OnEndInSight(SteadyTime now) {
  const Call call(*this);
  now_ = now;
  EndPatience();
}

void HttpSession::Impl::Drain(SteadyTime now) {
  const Call call(*this);
  now_ = now;
  draining_ = true;
  CloseInputIfDone();
  EndPatience();
}

void HttpSession::Impl::CloseInputIfDone() {
  if (input_closed_) return;
  // Whole requests may be waiting for their turn.
  if (state_ == State::kBetween && rest_bytes_ > 0) return;
  if (end_of_input_ && state_ == State::kBody && !discarding_) {
    slots_.pop_back();  // It will never be complete, and nobody is there to be told.
  }
  if (end_of_input_ || (draining_ && state_ == State::kBetween)) CloseInput();
}

void HttpSession::Impl::CloseInput() {
  input_closed_ = true;
  state_ = State::kBetween;
  rest_bytes_ = 0;
  chunks_.reset();
  body_ = std::string();
  // input_ may be what is being parsed; it goes with the session.
}

bool HttpSession::Impl::wants_bytes() const {
  if (input_closed_ || end_of_input_ || aborted_) return false;
  return state_ != State::kBetween || (rest_bytes_ == 0 && CanBegin());
}

std::size_t HttpSession::Impl::Consume(std::string_view bytes) {
  std::string_view rest = bytes;
  while (!rest.empty() && !input_closed_) {
    rest_bytes_ = rest.size();
    if (state_ == State::kBetween) {
      if (!CanBegin() || TurnIsOver()) break;
      parser_.Reset();
      state_ = State::kHead;
      receiving_since_ = now_;
    }
    const bool goes_on = state_ == State::kHead ? ReadHead(&rest) : ReadBody(&rest);
    if (!goes_on) break;
  }
  rest_bytes_ = input_closed_ ? 0 : rest.size();
  return bytes.size() - rest.size();
}

bool HttpSession::Impl::ReadHead(std::string_view* rest) {
  switch (parser_.Parse(*rest)) {
    case Progress::kNeedsMore:
      return false;
    case Progress::kFault:
      Fail(parser_.fault());
      return false;
    case Progress::kDone:
      break;
  }
  std::string_view bytes = *rest;
  rest->remove_prefix(parser_.size_bytes());
  rest_bytes_ = rest->size();
  BeginRequest(*rest);
  if (state_ == State::kBody && !discarding_) {
    // The read buffer is about to go; the head is still needed.
    head_bytes_.assign(bytes.substr(0, parser_.size_bytes()));
    parser_.head().SetBytes(head_bytes_.data());
  }
  return true;
}

std::optional<ProblemReport> HttpSession::Impl::CheckExpectations(const HttpHead& head) const {
  if (head.minor_version() == 0) return std::nullopt;  // HTTP/1.0 knows neither (RFC 9110, sections 7.8 and 10.1.1).
  if (head.Count(FieldName::kExpect) > 0 &&
      (head.Count(FieldName::kExpect) > 1 || !EqualsIgnoringCase(*head.Find(FieldName::kExpect), "100-continue"))) {
    return ProblemReport{Problem::kExpectationFailed, "the only expectation that can be met is 100-continue"};
  }
  if (verdict_.route != Route::kWebSocket && head.Count(FieldName::kUpgrade) > 0 &&
      head.HasToken(FieldName::kConnection, "upgrade")) {
    return ProblemReport{Problem::kUnsupportedEncoding, "this path speaks nothing but HTTP/1.1"};
  }
  return std::nullopt;
}

void HttpSession::Impl::BeginRequest(std::string_view rest) {
  ++turn_requests_;
  const HttpHead& head = parser_.head();
  const auto brought_id = head.Find(FieldName::kRequestId);
  const bool id_is_good = brought_id.has_value() && head.Count(FieldName::kRequestId) == 1 && IsRequestId(*brought_id);

  Slot& slot = PushSlot(id_is_good ? std::string(*brought_id) : handler_.NewRequestId());
  slot.method = head.method();
  slot.http_1_0 = head.minor_version() == 0;
  slot.close = head.HasToken(FieldName::kConnection, "close") ||
               (slot.http_1_0 && !head.HasToken(FieldName::kConnection, "keep-alive"));
  slot.received = now_;

  verdict_ = handler_.CheckHead(head, slot.request_id);
  slot.route = verdict_.route;
  slot.headers = std::exchange(verdict_.headers, {});
  if (const auto problem = CheckExpectations(head); problem.has_value()) {
    verdict_.refusal = ProblemResponse(*problem, slot.request_id);
  } else if (brought_id.has_value() && !id_is_good) {
    verdict_.refusal = ProblemResponse({Problem::kBadHeader, "Quoin-Request-Id has 1 to 64 characters of A-Za-z0-9._-"},
                                       slot.request_id);
  }
  const std::uint64_t length = parser_.content_length().value_or(0);
  if (!verdict_.refusal.has_value() && length > verdict_.max_body_bytes) {
    verdict_.refusal =
        ProblemResponse({verdict_.too_large,
                         "the body has " + std::to_string(length) + " bytes; --" + std::string(verdict_.limit_flag) +
                             " allows " + std::to_string(verdict_.max_body_bytes),
                         verdict_.limit_flag},
                        slot.request_id);
  }

  const bool has_body = length > 0 || parser_.chunked();
  const bool expects = !slot.http_1_0 && head.Count(FieldName::kExpect) > 0;
  state_ = has_body ? State::kBody : State::kBetween;
  discarding_ = false;
  if (verdict_.refusal.has_value()) {
    // Whether a body follows a refused expectation is the client's choice, so nothing after it can be understood.
    if (has_body && (expects || parser_.chunked() || length > kMaxDiscardedBytes)) slot.close = true;
    if (slot.close || verdict_.refusal->close) {
      CloseInput();
    } else if (has_body) {
      discarding_ = true;
      body_left_bytes_ = length;
    } else {
      CloseInputIfDone();
    }
    return OnAnswer(first_slot_id_ + slots_.size() - 1, *std::move(verdict_.refusal));
  }
  if (verdict_.upgrade.has_value()) return Upgrade(rest);
  if (!has_body) return Dispatch({});

  slot.receiving = true;
  receiving_since_ = now_;
  body_.clear();
  if (parser_.chunked()) {
    chunks_.emplace(verdict_.max_body_bytes, limits_.max_header_bytes);
  } else {
    body_left_bytes_ = length;
  }
  if (expects && (parser_.chunked() || rest.size() < length)) {
    slot.owes_continue = true;
    Flush();
  }
}

bool HttpSession::Impl::ReadBody(std::string_view* rest) {
  if (discarding_ || !chunks_.has_value()) {
    const std::size_t taken = std::min(body_left_bytes_, rest->size());
    if (!discarding_) {
      if (body_.empty()) body_.reserve(std::min(body_left_bytes_, std::max(taken, kMaxReservedBytes)));
      body_.append(rest->substr(0, taken));
    }
    rest->remove_prefix(taken);
    body_left_bytes_ -= taken;
    if (body_left_bytes_ > 0) return false;
  } else {
    const Progress progress = chunks_->Decode(rest, &body_);
    if (progress == Progress::kNeedsMore) return false;
    if (progress == Progress::kFault) {
      if (!chunks_->too_large()) {
        Fail(chunks_->fault());
      } else {
        Fail({verdict_.too_large,
              "the body is over the " + std::to_string(verdict_.max_body_bytes) + " bytes of --" +
                  std::string(verdict_.limit_flag),
              verdict_.limit_flag});
      }
      return false;
    }
    chunks_.reset();
  }
  rest_bytes_ = rest->size();
  state_ = State::kBetween;
  if (!discarding_) Dispatch(std::move(body_));
  body_ = std::string();
  return true;
}

void HttpSession::Impl::Dispatch(std::string body) {
  state_ = State::kBetween;
  const std::uint64_t id = first_slot_id_ + slots_.size() - 1;
  {
    Slot& slot = slots_.back();
    slot.receiving = false;
    slot.received = now_;
    slot.patient = verdict_.patience.has_value();
    slot.deadline = now_ + verdict_.patience.value_or(limits_.request_timeout);
    if (slot.close) CloseInput();
  }
  CloseInputIfDone();
  HttpRequest request{&parser_.head(), slots_.back().route, std::move(body), slots_.back().request_id, {}};
  if (slots_.back().patient) {
    request.answer_by = [weak = weak_from_this(), id](SteadyTime when) {
      if (const auto impl = weak.lock()) impl->AnswerBy(id, when);
    };
  }
  HttpHandler::OnTimeout on_timeout =
      handler_.Handle(std::move(request), [weak = weak_from_this(), id](HttpResponse response) {
        if (const auto impl = weak.lock()) impl->OnAnswer(id, std::move(response));
      });
  Slot* const slot = FindSlot(id);
  if (slot == nullptr || slot->answered) return;
  CHECK(on_timeout) << "a request is under way and nobody knows what to say when its time runs out";
  slot->on_timeout = std::move(on_timeout);
  if (patience_ended_ && slot->patient) OnAnswer(id, std::exchange(slot->on_timeout, nullptr)());
}

void HttpSession::Impl::Upgrade(std::string_view rest) {
  successor_ = std::move(verdict_.upgrade->successor);
  successor_bytes_.assign(rest);
  HttpResponse response;
  response.status = verdict_.upgrade->status;
  response.content_type = verdict_.upgrade->content_type;
  response.headers = std::move(verdict_.upgrade->headers);
  response.endless = true;
  slots_.back().hands_over = true;
  CloseInput();
  OnAnswer(first_slot_id_ + slots_.size() - 1, std::move(response));
}

void HttpSession::Impl::Fail(ProblemReport report) {
  const bool has_slot = state_ == State::kBody && !discarding_;
  Slot& slot = has_slot ? slots_.back() : PushSlot(handler_.NewRequestId());
  slot.receiving = false;
  slot.close = true;
  CloseInput();
  OnAnswer(first_slot_id_ + slots_.size() - 1, ProblemResponse(report, slot.request_id));
}

}  // namespace quoin::net
