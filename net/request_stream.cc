// RequestStream: messages in, messages out, credit and time. What is in between stands in request_stream_work.cc.
#include "net/request_stream.h"

#include <glog/logging.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace quoin::net {
namespace {

constexpr std::int64_t kMostCredit = std::int64_t{1} << 62;

std::uint32_t Clamp(std::size_t number) {
  return static_cast<std::uint32_t>(std::min<std::size_t>(number, std::numeric_limits<std::uint32_t>::max()));
}

CloseReason Policy(std::string text) { return {CloseCode::kPolicy, std::move(text)}; }

}  // namespace

RequestStream::RequestStream(HttpHandler& handler, KeyspaceGate& gate, const ClusterView* cluster,
                             const Watching& watching, const WebSocketLimits& limits, Subprotocol subprotocol,
                             std::string request_id, OutputQueue& output, std::function<void()> on_answer)
    : handler_(handler),
      gate_(gate),
      cluster_(cluster),
      watching_(watching),
      limits_(limits),
      subprotocol_(subprotocol),
      request_id_(std::move(request_id)),
      output_(output),
      on_answer_(std::move(on_answer)) {}

void RequestStream::Open(NodeId node) {
  v1::ServerFrame frame;
  v1::Hello& hello = *frame.mutable_hello();
  hello.set_node(node.ToString());
  hello.set_max_message_bytes(Clamp(limits_.max_message_bytes));
  hello.set_max_requests(Clamp(limits_.max_requests));
  hello.set_max_value_bytes(Clamp(gate_.options().max_value_bytes));
  hello.set_max_key_bytes(Clamp(kv::kMaxKeyBytes));
  hello.set_max_batch_operations(Clamp(kMaxBatchOperations));
  hello.set_ping_interval_ms(Clamp(static_cast<std::size_t>(limits_.ping_interval.count())));
  Send(frame);
  watches_.emplace(watching_.source, *watching_.gate, subprotocol_, [weak = weak_from_this()] {
    if (const auto self = weak.lock(); self != nullptr) self->OnNews();
  });
}

void RequestStream::Close() {
  closed_ = true;
  watches_.reset();
}

std::optional<CloseReason> RequestStream::OnMessage(std::string_view message, SteadyTime now) {
  now_ = now;
  v1::ClientFrame frame;
  if (const Status status = ReadClientFrame(message, subprotocol_, &frame); !status.ok()) {
    return CloseReason{CloseCode::kBadPayload, status.message()};
  }
  if (frame.body_case() == v1::ClientFrame::kCredit) return OnCredit(frame);
  if (frame.id() == 0) return Policy("a request has an id of at least 1");
  if (by_id_.contains(frame.id()) || watches_->contains(frame.id()))
    return Policy("the id " + std::to_string(frame.id()) + " is in use");
  if (slots_.size() + ready_.size() >= limits_.max_requests) {
    return Policy("more than " + std::to_string(limits_.max_requests) +
                  " requests are unanswered (--max_websocket_requests)");
  }
  if (frame.body_case() == v1::ClientFrame::kWatch || frame.body_case() == v1::ClientFrame::kUnwatch) {
    if (frame.body_case() == v1::ClientFrame::kWatch) {
      OnWatch(frame);
    } else {
      OnUnwatch(frame);
    }
    return std::nullopt;
  }
  auto work = TakeWork(frame);
  if (!work.ok()) {
    Refuse(frame.id(), {Problem::kBadBody, work.status().message()});
    return std::nullopt;
  }
  if (const auto* single = std::get_if<Single>(&*work); single != nullptr && single->operation.refusal.has_value()) {
    Refuse(frame.id(), *single->operation.refusal);
    return std::nullopt;
  }
  if (draining_) {
    Refuse(frame.id(), OfThisSending(*work, {Problem::kStopping, "the node is stopping"}));
    return std::nullopt;
  }
  Slot& slot = slots_.emplace_back();
  slot.id = frame.id();
  slot.serial = next_serial_++;
  slot.received = now;
  slot.request_bytes = message.size();
  slot.answer_bytes = AnswerBytes(*work);
  request_bytes_ += slot.request_bytes;
  by_id_.emplace(slot.id, std::prev(slots_.end()));
  BeginOrWait(slot, *std::move(work));
  return std::nullopt;
}

std::optional<CloseReason> RequestStream::OnCredit(const v1::ClientFrame& frame) {
  if (HasUnknown(frame) || HasUnknown(frame.credit())) return Policy("a credit with members that are not known");
  if (frame.id() != 0) return Policy("a credit is no request and has no id");
  if (frame.credit().bytes() == 0) return Policy("a credit of nothing");
  credit_limited_ = true;
  const auto more = static_cast<std::int64_t>(std::min<std::uint64_t>(frame.credit().bytes(), kMostCredit));
  credit_bytes_ = std::min(credit_bytes_, kMostCredit - more) + more;
  Pump(now_);
  return std::nullopt;
}

void RequestStream::OnWatch(v1::ClientFrame& frame) {
  if (HasUnknown(frame)) {
    return Refuse(frame.id(), {Problem::kBadBody, "the frame has a member that this node does not know"});
  }
  if (draining_) return Refuse(frame.id(), {Problem::kStopping, "the node is stopping"});
  if (const auto problem = watches_->Begin(frame.id(), *frame.mutable_watch()); problem.has_value()) {
    return Refuse(frame.id(), *problem);
  }
  handler_.OnAnswered({Method::kOther, Route::kWebSocket, 200, now_, request_id_});
}

void RequestStream::OnUnwatch(const v1::ClientFrame& frame) {
  if (HasUnknown(frame) || HasUnknown(frame.unwatch())) {
    return Refuse(frame.id(), {Problem::kBadBody, "the unwatch has a member that this node does not know"});
  }
  v1::ServerFrame answer;
  answer.set_id(frame.id());
  answer.mutable_result()->set_outcome(watches_->End(frame.unwatch().watch()) ? v1::DONE : v1::ABSENT);
  Send(answer);
  handler_.OnAnswered({Method::kOther, Route::kWebSocket, 200, now_, request_id_});
}

void RequestStream::OnNews() {
  const bool was_starving = starving_;
  Pump(now_);
  // now_ is of the client's latest doing, which may be long ago.
  starving_is_news_ = starving_ && !was_starving;
  on_answer_();
}

void RequestStream::Refuse(std::uint32_t id, const ProblemReport& problem) {
  v1::ServerFrame frame;
  frame.set_id(id);
  frame.mutable_result()->set_outcome(v1::ERROR);
  FillProblem(problem, frame.mutable_result()->mutable_problem());
  Send(frame);
  handler_.OnAnswered({Method::kOther, Route::kWebSocket, KindOf(problem.problem).status, now_, request_id_});
}

void RequestStream::Answer(Slot& slot, v1::ServerFrame& frame, int status) {
  frame.set_id(slot.id);
  Send(frame);
  handler_.OnAnswered({Method::kOther, Route::kWebSocket, status, slot.received, request_id_});
  CHECK(slot.waiting == nullptr) << "an answer to a request that was not begun";
  request_bytes_ -= slot.request_bytes;
  const auto found = by_id_.find(slot.id);
  const Slots::iterator place = found->second;
  by_id_.erase(found);
  slots_.erase(place);
}

void RequestStream::Send(const v1::ServerFrame& frame) {
  if (closed_) return;
  if (ready_.empty() && CanSend()) {
    const std::size_t payload_bytes = AppendServerFrame(frame, subprotocol_, &output_.Tail());
    output_.Settle();
    if (credit_limited_) credit_bytes_ -= static_cast<std::int64_t>(payload_bytes);
    return;
  }
  ReadyAnswer& ready = ready_.emplace_back();
  ready.payload_bytes = AppendServerFrame(frame, subprotocol_, &ready.message);
  ready_bytes_ += ready.message.size();
  NoteStarving();
}

void RequestStream::Pump(SteadyTime now) {
  now_ = now;
  while (!ready_.empty() && CanSend()) {
    ReadyAnswer& ready = ready_.front();
    if (credit_limited_) credit_bytes_ -= static_cast<std::int64_t>(ready.payload_bytes);
    ready_bytes_ -= ready.message.size();
    output_.AppendOwned(std::move(ready.message));
    ready_.pop_front();
  }
  // First what the client asked for.
  BeginWaiting();
  while (watches_.has_value() && watches_->has_news() && ready_.empty() && CanSend()) {
    std::string message;
    const std::size_t payload_bytes = watches_->AppendNext(&message);
    output_.AppendOwned(std::move(message));
    if (credit_limited_) credit_bytes_ -= static_cast<std::int64_t>(payload_bytes);
  }
  NoteStarving();
}

void RequestStream::NoteStarving() {
  const bool waits = !ready_.empty() || (watches_.has_value() && watches_->has_news());
  const bool starving = credit_limited_ && credit_bytes_ <= 0 && waits;
  if (starving && !starving_) starving_since_ = now_;
  if (!starving) starving_is_news_ = false;
  starving_ = starving;
}

void RequestStream::AfterLateAnswer() {
  BeginWaiting();
  on_answer_();
}

SteadyTime RequestStream::deadline() const {
  SteadyTime deadline = SteadyTime::max();
  if (!slots_.empty()) deadline = slots_.front().received + limits_.request_timeout;
  if (starving_is_news_) return now_;
  if (starving_) deadline = std::min(deadline, starving_since_ + limits_.idle_timeout);
  return deadline;
}

std::optional<CloseReason> RequestStream::OnTime(SteadyTime now) {
  now_ = now;
  if (std::exchange(starving_is_news_, false)) starving_since_ = now;
  if (starving_ && now >= starving_since_ + limits_.idle_timeout) {
    return Policy("no credit was given within --idle_timeout, and answers wait for it");
  }
  while (!slots_.empty() && now >= slots_.front().received + limits_.request_timeout) Expire(slots_.front());
  BeginWaiting();
  return std::nullopt;
}

}  // namespace quoin::net
