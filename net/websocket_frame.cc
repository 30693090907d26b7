#include "net/websocket_frame.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/text.h"

namespace quoin::net {
namespace {

// A buffer larger than this is given back once its message was told.
constexpr std::size_t kKeptBytes = 4 << 10;
constexpr std::size_t kMaxReasonBytes = kMaxControlBytes - 2;

bool IsControl(Opcode opcode) { return opcode >= Opcode::kClose; }

bool IsKnown(unsigned opcode) { return opcode <= 2 || (opcode >= 8 && opcode <= 10); }

// Applies or undoes the mask, which begins with the payload: `at` says how many bytes of it came before.
void ApplyMask(char* bytes, std::size_t size, const unsigned char mask[4], std::size_t at) {
  unsigned char turned[8];
  for (std::size_t i = 0; i < 8; ++i) turned[i] = mask[(at + i) % 4];
  std::uint64_t wide;
  std::memcpy(&wide, turned, sizeof(wide));
  std::size_t i = 0;
  for (; i + 8 <= size; i += 8) {
    std::uint64_t word;
    std::memcpy(&word, bytes + i, 8);
    word ^= wide;
    std::memcpy(bytes + i, &word, 8);
  }
  for (; i < size; ++i) bytes[i] = static_cast<char>(static_cast<unsigned char>(bytes[i]) ^ turned[i % 8]);
}

// `mask_bit` is 0x80 when a mask follows.
void AppendHead(Opcode opcode, std::size_t payload_bytes, unsigned mask_bit, std::string* out) {
  out->push_back(static_cast<char>(0x80 | static_cast<unsigned>(opcode)));
  std::size_t extra = 0;
  if (payload_bytes < 126) {
    out->push_back(static_cast<char>(mask_bit | payload_bytes));
  } else {
    extra = payload_bytes < 0x10000 ? 2 : 8;
    out->push_back(static_cast<char>(mask_bit | (extra == 2 ? 126 : 127)));
  }
  while (extra > 0) out->push_back(static_cast<char>(std::uint64_t{payload_bytes} >> 8 * --extra));
}

// The codes that may stand in a close frame: those of the RFC and its registry, and those of applications.
bool MayBeSent(unsigned code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

}  // namespace

WebSocketDecoder::Event WebSocketDecoder::Fail(CloseCode code, std::string text) {
  fault_ = {code, std::move(text)};
  message_ = std::string();
  return Event::kFault;
}

std::size_t WebSocketDecoder::HeadSize() const {
  if (head_size_ < 2) return 2;
  const unsigned length = head_[1] & 0x7f;
  return 2 + (length == 126 ? 2 : length == 127 ? 8 : 0) + ((head_[1] & 0x80) != 0 ? 4 : 0);
}

bool WebSocketDecoder::ReadHead(std::string_view* bytes) {
  while (head_size_ < HeadSize()) {
    if (bytes->empty()) return false;
    const std::size_t count = std::min(HeadSize() - head_size_, bytes->size());
    std::memcpy(head_ + head_size_, bytes->data(), count);
    head_size_ += count;
    bytes->remove_prefix(count);
    // What is wrong already with the first two bytes needs no others.
    if (head_size_ == 2 && !CheckHead()) return true;
  }
  return true;
}

bool WebSocketDecoder::CheckHead() {
  const unsigned opcode = head_[0] & 0x0f;
  const unsigned length = head_[1] & 0x7f;
  const auto fail = [this](const char* text) {
    Fail(CloseCode::kProtocolError, text);
    return false;
  };
  if ((head_[0] & 0x70) != 0) return fail("a reserved bit is set, and no extension was agreed on");
  if (!IsKnown(opcode)) return fail("the opcode is reserved");
  const bool masked = (head_[1] & 0x80) != 0;
  if (!masked && sender_ == Sender::kClient) return fail("frames of a client must be masked");
  if (masked && sender_ == Sender::kServer) return fail("frames of a server must not be masked");
  frame_ = static_cast<Opcode>(opcode);
  fin_ = (head_[0] & 0x80) != 0;
  if (IsControl(frame_)) {
    if (!fin_) return fail("a control frame may not be fragmented");
    if (length > kMaxControlBytes) return fail("a control frame has at most 125 bytes");
  } else if (frame_ == Opcode::kContinuation && !in_message_) {
    return fail("a continuation, and no message to continue");
  } else if (frame_ != Opcode::kContinuation && in_message_) {
    return fail("a new message within a fragmented one");
  }
  return true;
}

WebSocketDecoder::Event WebSocketDecoder::Next(std::string_view* bytes) {
  if (fault_.code != CloseCode::kNormal) return Event::kFault;
  if (std::exchange(message_told_, false)) {
    if (message_.capacity() > kKeptBytes) message_ = std::string();
    message_.clear();
  }
  while (true) {
    if (!in_payload_) {
      if (!ReadHead(bytes)) return Event::kNeedsMore;
      if (fault_.code != CloseCode::kNormal) return Event::kFault;
      const unsigned length = head_[1] & 0x7f;
      left_bytes_ = length;
      if (length >= 126) {
        const std::size_t size = length == 126 ? 2 : 8;
        left_bytes_ = 0;
        for (std::size_t i = 0; i < size; ++i) left_bytes_ = left_bytes_ << 8 | head_[2 + i];
        if (left_bytes_ < (length == 126 ? 126u : 0x10000u) || left_bytes_ >> 63 != 0) {
          return Fail(CloseCode::kProtocolError, "the length of a frame is not in its shortest form");
        }
      }
      if (!IsControl(frame_) && left_bytes_ > max_message_bytes_ - message_.size()) {
        return Fail(CloseCode::kTooBig, "a message has at most " + std::to_string(max_message_bytes_) + " bytes" +
                                            (sender_ == Sender::kClient ? " (--max_batch_size)" : ""));
      }
      if (IsControl(frame_)) {
        control_.clear();
      } else if (frame_ != Opcode::kContinuation) {
        message_type_ = frame_;
        in_message_ = true;
      }
      in_payload_ = true;
      mask_at_ = 0;
    }
    TakePayload(bytes);
    if (left_bytes_ > 0) return Event::kNeedsMore;
    if (const Event event = EndFrame(); event != Event::kNeedsMore) return event;
  }
}

void WebSocketDecoder::TakePayload(std::string_view* bytes) {
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(left_bytes_, bytes->size()));
  if (count == 0) return;
  std::string& target = IsControl(frame_) ? control_ : message_;
  const std::size_t before = target.size();
  target.append(bytes->substr(0, count));
  if (sender_ == Sender::kClient) {
    ApplyMask(target.data() + before, count, head_ + HeadSize() - 4, mask_at_);
    mask_at_ = (mask_at_ + count) % 4;
  }
  left_bytes_ -= count;
  bytes->remove_prefix(count);
}

WebSocketDecoder::Event WebSocketDecoder::EndFrame() {
  in_payload_ = false;
  head_size_ = 0;
  if (IsControl(frame_)) {
    type_ = frame_;
    return Event::kControl;
  }
  if (!fin_) return Event::kNeedsMore;
  in_message_ = false;
  message_told_ = true;
  type_ = message_type_;
  if (type_ == Opcode::kText && !IsUtf8(message_)) return Fail(CloseCode::kBadPayload, "a text message is not UTF-8");
  return Event::kMessage;
}

void AppendFrameHead(Opcode opcode, std::size_t payload_bytes, std::string* out) {
  AppendHead(opcode, payload_bytes, 0, out);
}

void AppendMaskedFrameHead(Opcode opcode, std::size_t payload_bytes, std::uint32_t mask, std::string* out) {
  AppendHead(opcode, payload_bytes, 0x80, out);
  for (int shift = 24; shift >= 0; shift -= 8) out->push_back(static_cast<char>(mask >> shift));
}

void MaskPayload(std::size_t payload_begin, std::uint32_t mask, std::string* out) {
  unsigned char bytes[4];
  for (std::size_t i = 0; i < 4; ++i) bytes[i] = static_cast<unsigned char>(mask >> (24 - 8 * i));
  ApplyMask(out->data() + payload_begin, out->size() - payload_begin, bytes, 0);
}

std::string ClosePayload(const CloseReason& reason) {
  std::string_view text = reason.text;
  if (text.size() > kMaxReasonBytes) {
    text = text.substr(0, kMaxReasonBytes);
    while (!IsUtf8(text)) text.remove_suffix(1);
  }
  const auto code = static_cast<unsigned>(reason.code);
  std::string payload = {static_cast<char>(code >> 8), static_cast<char>(code)};
  return payload.append(text);
}

void AppendClose(const CloseReason& reason, std::string* out) {
  const std::string payload = ClosePayload(reason);
  AppendFrameHead(Opcode::kClose, payload.size(), out);
  out->append(payload);
}

CloseReason ReadClose(std::string_view payload) {
  if (payload.empty()) return {CloseCode::kNoStatus, {}};
  if (payload.size() == 1) return {CloseCode::kProtocolError, "a close code has two bytes"};
  const unsigned code = static_cast<unsigned char>(payload[0]) << 8 | static_cast<unsigned char>(payload[1]);
  if (!MayBeSent(code)) return {CloseCode::kProtocolError, "a close code that may not be sent"};
  if (!IsUtf8(payload.substr(2))) return {CloseCode::kBadPayload, "the reason of a close is not UTF-8"};
  return {static_cast<CloseCode>(code), std::string(payload.substr(2))};
}

}  // namespace quoin::net
