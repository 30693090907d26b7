// HttpSession, the way in: from bytes to heads and bodies (see http_session_impl.h).
#include <glog/logging.h>

#include <algorithm>
#include <utility>

#include "net/http_session_impl.h"

namespace quoin::net {
namespace {

// What is reserved for a body before any of it has come: its announced length is only a promise.
constexpr std::size_t kMaxReservedBytes = 64 << 10;

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
    expected_bytes_ -= slots_.back().answer_bytes;
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
  Judge();
  if (!HasRoom()) {
    // It is read again when there is; what the verdict holds on to must not wait as well.
    verdict_ = HeadVerdict();
    state_ = State::kBetween;
    return false;
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

void HttpSession::Impl::Fail(ProblemReport report) {
  const bool has_slot = state_ == State::kBody && !discarding_;
  Slot& slot = has_slot ? slots_.back() : PushSlot(handler_.NewRequestId());
  slot.receiving = false;
  slot.close = true;
  CloseInput();
  OnAnswer(first_slot_id_ + slots_.size() - 1, ProblemResponse(report, slot.request_id));
}

}  // namespace quoin::net
