#include "net/client/session.h"

#include <glog/logging.h>
#include <google/protobuf/arena.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/text.h"

namespace quoin::client {
namespace {

using net::CloseCode;
using net::CloseReason;
using net::Opcode;
using net::WebSocketDecoder;

// Where most of what one read brings is parsed into; longer answers take more from the heap.
constexpr std::size_t kArenaBytes = 16 << 10;
// Parsed answers are given back in between, so that one big read doesn't hold them all.
constexpr std::size_t kArenaLimitBytes = 256 << 10;
// No node should ask for less.
constexpr std::uint32_t kMaxSaneRequests = 1 << 20;

std::array<unsigned char, 16> DrawNonce(std::mt19937_64& random) {
  std::array<unsigned char, 16> nonce;
  for (std::size_t i = 0; i < nonce.size(); i += 8) {
    const std::uint64_t bits = random();
    for (std::size_t k = 0; k < 8; ++k) nonce[i + k] = static_cast<unsigned char>(bits >> 8 * k);
  }
  return nonce;
}

std::string Describe(const CloseReason& reason) {
  const auto code = static_cast<int>(reason.code);
  std::string text = "the node closed the connection";
  if (reason.code != CloseCode::kNoStatus) text += " (" + std::to_string(code) + ")";
  if (!reason.text.empty()) text += ": " + Printable(reason.text, 200);
  return text;
}

}  // namespace

Session::Session(SessionOptions options, std::mt19937_64& random, Time now, Receiver& receiver)
    : options_(std::move(options)),
      random_(random),
      receiver_(receiver),
      decoder_(options_.max_answer_bytes, net::Sender::kServer),
      heard_at_(now) {
  handshake_.emplace(options_.host, options_.user_agent, DrawNonce(random));
  output_ = handshake_->request();
}

void Session::OnBytes(std::string_view bytes, Time now) {
  if (over_) return;
  heard_at_ = now;
  pinged_ = false;
  if (handshake_.has_value()) {
    const Handshake::State state = handshake_->Read(&bytes);
    if (state == Handshake::State::kNeedsMore) return;
    if (state == Handshake::State::kRefused) return End(handshake_->reason());
    handshake_.reset();
  }
  alignas(8) char first_block[kArenaBytes];
  google::protobuf::ArenaOptions arena_options;
  arena_options.initial_block = first_block;
  arena_options.initial_block_size = sizeof(first_block);
  google::protobuf::Arena arena(arena_options);
  while (!over_) {
    const WebSocketDecoder::Event event = decoder_.Next(&bytes);
    if (event == WebSocketDecoder::Event::kNeedsMore) return;
    if (event == WebSocketDecoder::Event::kFault) return Fail(decoder_.fault());
    if (event == WebSocketDecoder::Event::kControl) {
      OnControl();
    } else if (decoder_.type() != Opcode::kBinary) {
      Fail({CloseCode::kUnsupportedData, "quoin.v1.protobuf has binary messages"});
    } else {
      OnMessage(decoder_.payload(), arena);
      if (arena.SpaceUsed() > kArenaLimitBytes) arena.Reset();
    }
  }
}

void Session::OnMessage(std::string_view payload, google::protobuf::Arena& arena) {
  auto* const frame = google::protobuf::Arena::CreateMessage<v1::ServerFrame>(&arena);
  if (!frame->ParseFromArray(payload.data(), static_cast<int>(payload.size()))) {
    return Fail({CloseCode::kBadPayload, "the message is no ServerFrame"});
  }
  if (!opened_) {
    if (!frame->has_hello()) return Fail({CloseCode::kPolicy, "the first message must be a hello"});
    return OnHello(frame->hello());
  }
  answer_bytes_ += payload.size();
  const std::size_t slot = std::size_t{frame->id()} - 1;
  if (frame->id() == 0 || slot >= slots_.size() || slots_[slot].serial == 0) {
    return Fail({CloseCode::kPolicy, "an answer to no request: id " + std::to_string(frame->id())});
  }
  if (frame->has_events()) {
    if (slots_[slot].watches) return receiver_.OnAnswer(slots_[slot].token, *frame);
    return Fail({CloseCode::kPolicy, "events for what is no watch: id " + std::to_string(frame->id())});
  }
  slots_[slot].serial = 0;
  if (std::exchange(slots_[slot].given_up, false)) --given_up_;
  free_.push_back(static_cast<std::uint32_t>(slot));
  --unanswered_;
  receiver_.OnAnswer(slots_[slot].token, *frame);
}

void Session::OnHello(const v1::Hello& hello) {
  if (hello.max_requests() == 0 || hello.max_message_bytes() == 0) {
    return Fail({CloseCode::kPolicy, "the hello allows no requests"});
  }
  hello_ = hello;
  hello_.set_max_requests(std::min(hello.max_requests(), kMaxSaneRequests));
  opened_ = true;
  receiver_.OnOpen(hello_);
}

void Session::OnControl() {
  switch (decoder_.type()) {
    case Opcode::kPing:
      AppendControl(Opcode::kPong, decoder_.payload());
      return;
    case Opcode::kClose: {
      const CloseReason reason = net::ReadClose(decoder_.payload());
      // Answered with the same code, as section 5.5.1 has it, unless that one may not be sent.
      AppendControl(Opcode::kClose, reason.code == CloseCode::kNoStatus ? "" : net::ClosePayload({reason.code, {}}));
      return End(Describe(reason));
    }
    default:
      return;  // A pong has done its work by coming.
  }
}

void Session::AppendControl(Opcode opcode, std::string_view payload) {
  const auto mask = static_cast<std::uint32_t>(random_());
  net::AppendMaskedFrameHead(opcode, payload.size(), mask, &output_);
  const std::size_t begin = output_.size();
  output_.append(payload);
  net::MaskPayload(begin, mask, &output_);
}

std::size_t Session::room() const {
  if (!opened_ || over_) return 0;
  return hello_.max_requests() - unanswered_;
}

void Session::Send(v1::ClientFrame& frame, Token token, Time now) {
  CHECK_GT(room(), 0u);
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(slots_.size()));
    slots_.emplace_back();
  }
  const std::uint32_t slot = free_.back();
  free_.pop_back();
  slots_[slot] = {token, next_serial_++, false, frame.has_watch()};
  // Silence counts from when there is something to answer.
  if (unanswered_++ == 0) heard_at_ = now;
  frame.set_id(slot + 1);
  const std::size_t size_bytes = frame.ByteSizeLong();
  CHECK(Fits(size_bytes)) << size_bytes;
  AppendMessage(frame, size_bytes);
}

void Session::Grant(std::uint64_t bytes) {
  CHECK(opened_ && !over_);
  v1::ClientFrame frame;
  frame.mutable_credit()->set_bytes(bytes);
  AppendMessage(frame, frame.ByteSizeLong());
}

void Session::AppendMessage(const v1::ClientFrame& frame, std::size_t size_bytes) {
  const auto mask = static_cast<std::uint32_t>(random_());
  net::AppendMaskedFrameHead(Opcode::kBinary, size_bytes, mask, &output_);
  const std::size_t begin = output_.size();
  output_.resize(begin + size_bytes);
  frame.SerializeWithCachedSizesToArray(reinterpret_cast<std::uint8_t*>(output_.data() + begin));
  net::MaskPayload(begin, mask, &output_);
}

void Session::GiveUpOn(Token token) {
  const auto found = std::ranges::find_if(
      slots_, [token](const Slot& slot) { return slot.serial != 0 && slot.token == token && !slot.given_up; });
  if (over_ || found == slots_.end()) return;
  found->given_up = true;
  if (2 * ++given_up_ > hello_.max_requests()) {
    End("the answers to " + std::to_string(given_up_) + " requests are missing");
  }
}

void Session::TakeOutput(std::string* spare) {
  CHECK(spare->empty());
  given_bytes_ += output_.size();
  spare->swap(output_);
}

void Session::Close(const CloseReason& reason) {
  if (over_) return;
  if (!handshake_.has_value()) AppendControl(Opcode::kClose, net::ClosePayload(reason));
  End(reason.text.empty() ? "closed" : reason.text);
}

void Session::Fail(const CloseReason& reason) {
  AppendControl(Opcode::kClose, net::ClosePayload(reason));
  End("what the server sends is not understood: " + reason.text);
}

void Session::OnEnd(const std::string& reason) { End(reason); }

void Session::End(std::string reason) {
  if (over_) return;
  over_ = true;
  reason_ = std::move(reason);
}

Time Session::deadline() const {
  if (over_ || !opened_ || unanswered_ == 0) return Time::max();
  return (pinged_ ? pinged_at_ : heard_at_) + options_.ping_interval;
}

// Nothing but what stands before the ping counts: a server that hangs has a kernel that goes on taking small requests
// for minutes.
void Session::OnTaken(std::uint64_t bytes, Time now) {
  if (bytes <= taken_bytes_) return;
  taken_bytes_ = bytes;
  if (!pinged_ || !ping_waits_) return;
  ping_waits_ = taken_bytes_ < ping_end_;
  pinged_at_ = now;
}

void Session::OnTime(Time now) {
  if (now < deadline()) return;
  if (pinged_) {
    return End("no sign of life for " + std::to_string(2 * options_.ping_interval.count()) + " ms");
  }
  ping_waits_ = taken_bytes_ < output_end();
  AppendControl(Opcode::kPing, "");
  ping_end_ = output_end();
  pinged_ = true;
  pinged_at_ = now;
}

std::vector<Session::Token> Session::TakeUnanswered() {
  CHECK(over_);
  std::vector<Slot> left;
  for (Slot& slot : slots_) {
    if (slot.serial != 0) left.push_back(std::exchange(slot, {}));
  }
  std::ranges::sort(left, {}, &Slot::serial);
  unanswered_ = 0;
  std::vector<Token> tokens;
  tokens.reserve(left.size());
  for (const Slot& slot : left) tokens.push_back(slot.token);
  return tokens;
}

}  // namespace quoin::client
