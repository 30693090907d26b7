// HttpSession, the way out: from answers to bytes, and what happens as time passes (see http_session_impl.h).
#include "net/http_session.h"

#include <glog/logging.h>

#include <algorithm>
#include <utility>

#include "net/http_session_impl.h"

namespace quoin::net {
namespace {

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";

}  // namespace

HttpSession::Impl::Slot& HttpSession::Impl::PushSlot(std::string request_id) {
  Slot& slot = slots_.emplace_back();
  slot.request_id = std::move(request_id);
  slot.received = now_;
  return slot;
}

HttpSession::Impl::Slot* HttpSession::Impl::FindSlot(std::uint64_t id) {
  return id < first_slot_id_ || id - first_slot_id_ >= slots_.size() ? nullptr : &slots_[id - first_slot_id_];
}

bool HttpSession::Impl::HasRoom() const {
  if (slots_.empty() && output_.empty()) return true;
  if (output_.size_bytes() >= kMaxWaitingOutputBytes || handler_.answer_room().full()) return false;
  return expected_bytes_ + answered_bytes_ + output_.size_bytes() + next_answer_bytes_ <= kMaxAnswerBytes;
}

void HttpSession::Impl::TellWaiting() {
  const std::size_t waiting_bytes = answered_bytes_ + output_.size_bytes();
  if (waiting_bytes == told_waiting_bytes_) return;
  handler_.answer_room().Change(std::exchange(told_waiting_bytes_, waiting_bytes), waiting_bytes);
}

void HttpSession::Impl::OnAnswer(std::uint64_t id, HttpResponse response) {
  Slot* const slot = FindSlot(id);
  // The time ran out before, or an answer in front closed the connection.
  if (slot == nullptr || slot->answered || aborted_) return;
  slot->answered = true;
  slot->on_timeout = nullptr;
  slot->response = std::move(response);
  expected_bytes_ -= slot->answer_bytes;
  slot->answer_bytes = slot->response.body_view().size();
  answered_bytes_ += slot->answer_bytes;
  turn_answer_bytes_ += slot->answer_bytes;
  const std::size_t before = output_.size_bytes();
  Flush();
  if (in_call_) return;
  TellWaiting();
  if (output_.size_bytes() > before) wake_();
}

void HttpSession::Impl::AnswerBy(std::uint64_t id, SteadyTime when) {
  Slot* const slot = FindSlot(id);
  if (slot == nullptr || slot->answered || when >= slot->deadline) return;
  slot->deadline = when;
  if (!in_call_) wake_();
}

void HttpSession::Impl::EndPatience() {
  patience_ended_ = true;
  const std::uint64_t end = first_slot_id_ + slots_.size();
  for (std::uint64_t id = first_slot_id_; id < end; ++id) {
    Slot* const slot = FindSlot(id);
    if (slot == nullptr || slot->answered || !slot->patient || !slot->on_timeout) continue;
    OnAnswer(id, std::exchange(slot->on_timeout, nullptr)());
  }
}

void HttpSession::Impl::Flush() {
  if (output_.empty()) writing_since_ = now_;
  while (!slots_.empty()) {
    Slot& slot = slots_.front();
    if (!slot.answered) {
      if (slot.owes_continue) {
        slot.owes_continue = false;
        output_.AppendConstant(kContinue);
      }
      return;
    }
    const bool hands_over = slot.hands_over;
    const bool close = hands_over ? slot.response.status != 101
                                  : slot.close || slot.response.close || (input_closed_ && slots_.size() == 1);
    upgraded_ = upgraded_ || hands_over;
    Write(slot, close);
    answered_bytes_ -= slot.answer_bytes;
    slots_.pop_front();
    ++first_slot_id_;
    if (close) {
      first_slot_id_ += slots_.size();
      slots_.clear();
      expected_bytes_ = answered_bytes_ = 0;
      CloseInput();
    }
  }
}

void HttpSession::Impl::Write(Slot& slot, bool close) {
  HttpResponse& response = slot.response;
  AppendHead(response, {handler_.node_line(), slot.request_id, slot.headers, close, slot.http_1_0}, &output_.Tail());
  output_.Settle();
  if (slot.method != Method::kHead && HasBody(response.status) && !response.endless) {
    if (response.record != nullptr) {
      output_.AppendValue(std::move(response.record));
    } else if (response.body.empty()) {
      output_.AppendConstant(response.constant_body);
    } else {
      output_.AppendOwned(std::move(response.body));
    }
  }
  handler_.OnAnswered({slot.method, slot.route, response.status, slot.received, slot.request_id});
}

void HttpSession::Impl::OnWritten(std::size_t count, SteadyTime now) {
  const Call call(*this);
  now_ = last_activity_ = writing_since_ = now;
  handler_.OnTraffic(0, count);
  output_.Written(count);
  Advance();
}

std::unique_ptr<ByteSession> HttpSession::Impl::TakeSuccessor(SteadyTime now, Wake wake) {
  if (!upgraded_ || handed_over_ || aborted_ || !output_.empty()) return nullptr;
  handed_over_ = true;
  // What it holds on to goes with it.
  const SessionMaker make_successor = std::exchange(successor_, nullptr);
  auto successor = make_successor(now, std::move(wake));
  if (!successor_bytes_.empty()) successor->OnBytes(successor_bytes_, now);
  return successor;
}

SteadyTime HttpSession::Impl::deadline() const {
  SteadyTime deadline = SteadyTime::max();
  if (aborted_) return deadline;
  if (!output_.empty()) deadline = writing_since_ + limits_.idle_timeout;
  if (state_ == State::kHead) deadline = std::min(deadline, receiving_since_ + limits_.header_timeout);
  if (state_ == State::kBody) deadline = std::min(deadline, receiving_since_ + limits_.body_timeout);
  // The first slot is never answered, as it would have left; the others' answers would have to wait for it anyway.
  if (!slots_.empty() && !slots_.front().receiving) deadline = std::min(deadline, slots_.front().deadline);
  if (output_.empty() && slots_.empty() && state_ == State::kBetween && !input_closed_) {
    deadline = std::min(deadline, last_activity_ + limits_.idle_timeout);
  }
  return deadline;
}

void HttpSession::Impl::OnTime(SteadyTime now) {
  const Call call(*this);
  now_ = now;
  if (!output_.empty() && now >= writing_since_ + limits_.idle_timeout) {
    aborted_ = true;
    CloseInput();
    return;
  }
  if (state_ == State::kHead && now >= receiving_since_ + limits_.header_timeout) {
    Fail({Problem::kTooSlow, "the head did not arrive within --header_timeout", "header_timeout"});
  } else if (state_ == State::kBody && now >= receiving_since_ + limits_.body_timeout) {
    if (discarding_) {
      CloseInput();
    } else {
      Fail({Problem::kTooSlow, "the body did not arrive within --body_timeout", "body_timeout"});
    }
  }
  while (!slots_.empty() && !slots_.front().receiving && now >= slots_.front().deadline) {
    const std::uint64_t id = first_slot_id_;
    OnAnswer(id, std::exchange(slots_.front().on_timeout, nullptr)());
  }
  if (output_.empty() && slots_.empty() && state_ == State::kBetween && now >= last_activity_ + limits_.idle_timeout) {
    CloseInput();
  }
  CloseInputIfDone();
}

HttpSession::HttpSession(HttpHandler& handler, const HttpLimits& limits, SteadyTime now, std::function<void()> wake)
    : impl_(std::make_shared<Impl>(handler, limits, now, std::move(wake))) {}
HttpSession::~HttpSession() = default;
void HttpSession::OnTurn(SteadyTime now) { impl_->OnTurn(now); }
bool HttpSession::wants_turn() const { return impl_->wants_turn(); }
void HttpSession::OnBytes(std::string_view bytes, SteadyTime now) { impl_->OnBytes(bytes, now); }
void HttpSession::OnEndOfInput(SteadyTime now) { impl_->OnEndOfInput(now); }
void HttpSession::OnEndInSight(SteadyTime now) { impl_->OnEndInSight(now); }
bool HttpSession::wants_bytes() const { return impl_->wants_bytes(); }
void HttpSession::CollectOutput(std::vector<std::string_view>& views, std::size_t limit) const {
  if (impl_->has_output()) impl_->output().Collect(views, limit);
}
bool HttpSession::has_output() const { return impl_->has_output(); }
void HttpSession::OnWritten(std::size_t count, SteadyTime now) { impl_->OnWritten(count, now); }
SteadyTime HttpSession::deadline() const { return impl_->deadline(); }
void HttpSession::OnTime(SteadyTime now) { impl_->OnTime(now); }
bool HttpSession::finished() const { return impl_->finished(); }
void HttpSession::Drain(SteadyTime now) { impl_->Drain(now); }
std::unique_ptr<ByteSession> HttpSession::TakeSuccessor(SteadyTime now, Wake wake) {
  return impl_->TakeSuccessor(now, std::move(wake));
}

}  // namespace quoin::net
