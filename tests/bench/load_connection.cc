#include "tests/bench/load_connection.h"

#include <fcntl.h>
#include <glog/logging.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "net/proto/quoin.pb.h"
#include "tests/bench/load_answer.h"

namespace quoin::bench {
namespace {

constexpr std::size_t kReadBufferBytes = 256 << 10;
constexpr std::uint64_t kLookAtEach = 4096;
constexpr std::size_t kKeyDigits = 8;
constexpr std::string_view kKeyStart = "bench/";

std::string RequestPayload(const Load& load, std::uint32_t id) {
  v1::ClientFrame frame;
  frame.set_id(id);
  v1::Operation& operation = *frame.mutable_operation();
  operation.set_key(std::string(kKeyStart) + std::string(kKeyDigits, '0'));
  if (load.kind == LoadKind::kGet) {
    operation.mutable_get();
  } else {
    operation.mutable_put()->set_value(std::string(load.value_bytes, 'v'));
  }
  return frame.SerializeAsString();
}

}  // namespace

LoadConnection::LoadConnection(std::uint16_t port, Load* load, std::uint64_t seed)
    : load_(load), opened_(OpenWebSocket(port)), random_(seed * 0x9e3779b97f4a7c15 + 1), input_(kReadBufferBytes) {
  PCHECK(::fcntl(opened_.socket, F_SETFL, O_NONBLOCK) == 0);
  if (load_->kind == LoadKind::kEcho) {
    payload_.assign(load_->value_bytes, 'v');
    slots_.assign(load_->depth, Slot{MaskedFrame(kBinary, payload_), 0, 0});
    return;
  }
  for (std::uint32_t id = 1; id <= load_->depth; ++id) {
    const std::string payload = RequestPayload(*load_, id);
    slots_.push_back(
        {MaskedFrame(kBinary, payload), MaskedPayloadAt(payload.size()), payload.find(kKeyStart) + kKeyStart.size()});
  }
}

LoadConnection::~LoadConnection() { ::close(opened_.socket); }

void LoadConnection::Start() {
  for (std::uint32_t slot = 0; slot < load_->depth; ++slot) Ask(slot);
  std::string_view rest = opened_.rest;
  TakeAnswers(&rest);
  CHECK_LE(rest.size(), input_.size());
  std::memcpy(input_.data(), rest.data(), rest.size());
  held_ = rest.size();
  Write();
}

void LoadConnection::OnReady() {
  const ssize_t count = ::recv(opened_.socket, input_.data() + held_, input_.size() - held_, 0);
  if (count >= 0) {
    CHECK_GT(count, 0) << "the server has closed the connection";
    held_ += static_cast<std::size_t>(count);
    std::string_view bytes(input_.data(), held_);
    TakeAnswers(&bytes);
    CHECK_LT(bytes.size(), input_.size()) << "a message of the server does not fit into the buffer";
    std::memmove(input_.data(), bytes.data(), bytes.size());
    held_ = bytes.size();
  } else {
    PCHECK(errno == EAGAIN || errno == EINTR);
  }
  Write();
}

void LoadConnection::TakeAnswers(std::string_view* bytes) {
  while (const auto frame = TakeFrame(bytes)) {
    if (frame->opcode == kPing) {
      output_ += MaskedFrame(kPong, frame->payload);
      continue;
    }
    CHECK_EQ(frame->opcode, kBinary) << "the server closes the connection: "
                                     << frame->payload.substr(std::min<std::size_t>(2, frame->payload.size()));
    OnMessage(frame->payload);
  }
}

void LoadConnection::OnMessage(std::string_view payload) {
  if (load_->kind == LoadKind::kEcho) {
    const bool look = answers_ % kLookAtEach == 0;
    CHECK(payload.size() == payload_.size() && (!look || payload == payload_)) << "the echo is another one";
    // The echo tells nothing of slots, and needs none: all frames are the same.
    CountAnswer();
    return Ask(0);
  }
  if (!greeted_) {
    v1::ServerFrame frame;
    CHECK(frame.ParseFromArray(payload.data(), static_cast<int>(payload.size())) && frame.has_hello());
    CHECK_GE(frame.hello().max_requests(), load_->depth) << "the node does not allow so many requests at once";
    greeted_ = true;
    return;
  }
  const auto answer = ReadLoadAnswer(payload);
  CHECK(answer.has_value() && answer->id >= 1 && answer->id <= load_->depth) << "an answer to nothing that was asked";
  if (!answer->done) {
    ++load_->failures[answer->failure];
  } else if (answers_ % kLookAtEach == 0) {
    const std::string wrong =
        WrongWith(payload, load_->kind == LoadKind::kGet ? Expected::kValue : Expected::kVersion, load_->value_bytes);
    CHECK(wrong.empty()) << wrong;
  }
  CountAnswer();
  Ask(answer->id - 1);
}

void LoadConnection::CountAnswer() {
  CHECK_GT(under_way_, 0u) << "more answers than requests";
  --under_way_;
  ++answers_;
  ++load_->answers;
}

void LoadConnection::Ask(std::uint32_t slot) {
  if (load_->kind == LoadKind::kFill && load_->filled == load_->keys) return;
  if (load_->kind != LoadKind::kEcho) WriteKey(slots_[slot]);
  output_ += slots_[slot].frame;
  ++under_way_;
}

void LoadConnection::WriteKey(Slot& slot) {
  std::uint64_t number = load_->filled;
  if (load_->kind == LoadKind::kFill) {
    ++load_->filled;
  } else {
    random_ ^= random_ << 13;
    random_ ^= random_ >> 7;
    random_ ^= random_ << 17;
    number = random_ % load_->keys;
  }
  char digits[kKeyDigits];
  for (std::size_t i = kKeyDigits; i-- > 0; number /= 10) digits[i] = static_cast<char>('0' + number % 10);
  OverwritePayload(&slot.frame, slot.payload_at, slot.digits_at, {digits, kKeyDigits});
}

void LoadConnection::Write() {
  while (sent_ < output_.size()) {
    const ssize_t count = ::send(opened_.socket, output_.data() + sent_, output_.size() - sent_, MSG_NOSIGNAL);
    if (count < 0) {
      PCHECK(errno == EAGAIN || errno == EINTR);
      return;
    }
    sent_ += static_cast<std::size_t>(count);
  }
  output_.clear();
  sent_ = 0;
}

}  // namespace quoin::bench
