#include "net/peer_session.h"

#include <glog/logging.h>

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace quoin::net {
namespace {

// A big value's memory is given back; what is small is used again.
constexpr std::size_t kMaxKeptBytes = 1 << 20;

}  // namespace

void PeerSession::CollectOutput(std::vector<std::string_view>& views, std::size_t limit) const {
  if (!output_.empty() && limit > 0) views.push_back(output_);
}

void PeerSession::OnWritten(std::size_t count, SteadyTime /*now*/) { output_.erase(0, count); }

void PeerSession::OnTime(SteadyTime now) {
  if (now >= deadline()) Fail("no greeting within the time for it");
}

void PeerSession::Fail(std::string error) {
  if (ended_) return;
  error_ = std::move(error);
  ended_ = true;
}

bool PeerSession::TakeMagic(std::string_view& bytes) {
  const std::size_t count = std::min(kPeerMagic.size() - magic_bytes_, bytes.size());
  const std::string_view come = bytes.substr(0, count);
  if (come != kPeerMagic.substr(magic_bytes_, count)) {
    Fail("what it says is no greeting of a Quoin node: '" + Printable(bytes, 32) + "'");
    return false;
  }
  magic_bytes_ += count;
  bytes.remove_prefix(count);
  return magic_bytes_ == kPeerMagic.size();
}

// ---- Who was dialled ----

PeerInbound::PeerInbound(const Limits& limits, Handlers handlers, SteadyTime now)
    : PeerSession(now + limits.greeting_timeout), limits_(limits), handlers_(std::move(handlers)) {
  reader_.set_max_payload_bytes(kMaxGreetingBytes);
}

void PeerInbound::OnBytes(std::string_view bytes, SteadyTime /*now*/) {
  if (ended_ || !TakeMagic(bytes)) return;
  const Status status = reader_.Feed(bytes, [this](const Frame& frame) { return OnFrame(frame); });
  if (!status.ok()) Fail(status.message());
}

void PeerInbound::OnEndOfInput(SteadyTime /*now*/) { Fail("the other side closed the connection"); }

Status PeerInbound::OnFrame(const Frame& frame) {
  if (ended_) return Status(Code::kUnavailable, "the connection is being closed");
  if (state_ == State::kLinked) return OnPackets(frame);
  if (state_ != State::kAwaitingHello) return Status(Code::kInvalid, "it didn't wait for the answer to its greeting");
  if (frame.kind != FrameKind::kHello) return Status(Code::kInvalid, "its first frame is no greeting");
  auto hello = DecodeHello(frame.payload);
  if (!hello.ok()) return hello.status();
  kind_ = hello->kind;
  state_ = State::kAwaitingAnswer;
  handlers_.hello(*hello);
  return Status::Ok();
}

void PeerInbound::Answer(const PeerAnswer& answer) {
  if (ended_) return;
  CHECK(state_ == State::kAwaitingAnswer);
  output_ += kPeerMagic;
  AppendFrame(FrameKind::kAnswer, answer.who.commit_number, EncodeAnswer(answer), &output_);
  if (kind_ == PeerHello::Kind::kLink && answer.objection.refusal == PeerRefusal::kNone) {
    state_ = State::kLinked;
    deadline_ = SteadyTime::max();
    reader_.set_max_payload_bytes(kMaxFrameBytes);
  } else {
    state_ = State::kAnswered;
    ended_ = true;  // And the output is still written.
  }
}

Status PeerInbound::OnPackets(const Frame& frame) {
  if (frame.payload.empty()) return Status(Code::kInvalid, "an empty frame");
  handlers_.commit_number(frame.commit_number);
  switch (frame.kind) {
    case FrameKind::kUrgent:
      return handlers_.batch(frame.payload);
    case FrameKind::kPiece:
    case FrameKind::kBulk:
      break;
    default:
      return Status(Code::kInvalid, "another greeting after the first one");
  }
  const bool last = frame.kind == FrameKind::kBulk;
  if (last && pieces_.empty()) return handlers_.batch(frame.payload);
  if (frame.payload.size() > limits_.max_batch_bytes - pieces_.size()) {
    return Status(Code::kInvalid, "a batch of more than " + HumanSize(limits_.max_batch_bytes));
  }
  pieces_ += frame.payload;
  if (!last) return Status::Ok();
  const Status status = handlers_.batch(pieces_);
  pieces_.clear();
  if (pieces_.capacity() > kMaxKeptBytes) pieces_.shrink_to_fit();
  return status;
}

// ---- Who dials ----

PeerOutbound::PeerOutbound(const PeerHello& hello, PeerQueue* queue, std::chrono::milliseconds greeting_timeout,
                           Handlers handlers, SteadyTime now)
    : PeerSession(now + greeting_timeout), queue_(queue), handlers_(std::move(handlers)) {
  reader_.set_max_payload_bytes(kMaxGreetingBytes);
  output_ += kPeerMagic;
  AppendFrame(FrameKind::kHello, hello.who.commit_number, EncodeHello(hello), &output_);
}

void PeerOutbound::OnBytes(std::string_view bytes, SteadyTime /*now*/) {
  if (ended_ || !TakeMagic(bytes)) return;
  const Status status = reader_.Feed(bytes, [this](const Frame& frame) { return OnFrame(frame); });
  if (!status.ok()) Fail(status.message());
}

void PeerOutbound::OnEndOfInput(SteadyTime /*now*/) {
  Fail(linked_ ? "the other side closed the connection" : "the other side closed the connection without an answer");
}

Status PeerOutbound::OnFrame(const Frame& frame) {
  if (ended_) return Status(Code::kUnavailable, "the connection is being closed");
  if (linked_ || frame.kind != FrameKind::kAnswer) {
    return Status(Code::kInvalid, "something else than one answer to the greeting");
  }
  auto answer = DecodeAnswer(frame.payload);
  if (!answer.ok()) return answer.status();
  QUOIN_RETURN_IF_ERROR(handlers_.answer(*answer));
  if (queue_ == nullptr) {
    End();
    return Status::Ok();
  }
  if (answer->objection.refusal != PeerRefusal::kNone) {
    return Status(Code::kIncompatible, answer->objection.text);
  }
  linked_ = true;
  deadline_ = SteadyTime::max();
  return Status::Ok();
}

void PeerOutbound::CollectOutput(std::vector<std::string_view>& views, std::size_t limit) const {
  if (!SendsFromQueue()) return PeerSession::CollectOutput(views, limit);
  queue_->Fill(handlers_.commit_number ? handlers_.commit_number() : 0);
  queue_->Collect(views, limit);
}

bool PeerOutbound::has_output() const { return SendsFromQueue() ? !queue_->empty() : PeerSession::has_output(); }

void PeerOutbound::OnWritten(std::size_t count, SteadyTime now) {
  if (SendsFromQueue()) {
    queue_->Written(count);
  } else {
    PeerSession::OnWritten(count, now);
  }
}

}  // namespace quoin::net
