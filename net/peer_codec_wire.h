// Protobuf's wire format (protobuf.dev, "Encoding"), as far as net/proto/peer.proto needs it. For net/peer_codec only.
//
// Out writes the very bytes that protoc's code would write when fields are put in the order of their numbers. In reads
// whatever a program makes that keeps protobuf's rules; groups, which proto3 does not have, are errors.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace quoin::net::peer_wire {

enum WireType : std::uint32_t { kVarint = 0, kFixed64 = 1, kSized = 2, kFixed32 = 5 };

constexpr std::uint64_t ZigZag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}
constexpr std::int64_t UnZigZag(std::uint64_t value) {
  return static_cast<std::int64_t>((value >> 1) ^ (~(value & 1) + 1));
}

// ---- Writing. A message's length stands before it, so everything is first put into a SizeSink. ----

class SizeSink {
 public:
  void Varint(std::uint64_t value) { size_bytes_ += (static_cast<std::size_t>(std::bit_width(value | 1)) + 6) / 7; }
  void Fixed(std::uint64_t) { size_bytes_ += 8; }
  void Raw(std::string_view bytes) { size_bytes_ += bytes.size(); }
  void Add(const SizeSink& other) { size_bytes_ += other.size_bytes_; }

  std::size_t size_bytes() const { return size_bytes_; }

 private:
  std::size_t size_bytes_ = 0;
};

// Gathers what is small, so that the string grows in few steps.
class StringSink {
 public:
  explicit StringSink(std::string* out) : out_(out) {}
  StringSink(const StringSink&) = delete;
  StringSink& operator=(const StringSink&) = delete;
  ~StringSink() { Flush(); }

  void Varint(std::uint64_t value) {
    MakeRoom(10);
    for (; value >= 0x80; value >>= 7) *at_++ = static_cast<char>(value | 0x80);
    *at_++ = static_cast<char>(value);
  }
  void Fixed(std::uint64_t value) {
    MakeRoom(8);
    for (int shift = 0; shift < 64; shift += 8) *at_++ = static_cast<char>(value >> shift);
  }
  void Raw(std::string_view bytes) {
    if (bytes.size() > sizeof buffer_ / 2) {
      Flush();
      out_->append(bytes);
      return;
    }
    if (bytes.empty()) return;  // Which may be nowhere.
    MakeRoom(bytes.size());
    std::memcpy(at_, bytes.data(), bytes.size());
    at_ += bytes.size();
  }

 private:
  void MakeRoom(std::size_t count) {
    if (static_cast<std::size_t>(buffer_ + sizeof buffer_ - at_) < count) Flush();
  }
  void Flush() {
    out_->append(buffer_, static_cast<std::size_t>(at_ - buffer_));
    at_ = buffer_;
  }

  std::string* out_;
  char buffer_[512];
  char* at_ = buffer_;
};

// Puts fields. A plain field that has its default value is left out; an optional one is there when it has a value.
// What a message holds, an overload of Put(Out<Sink>&, const M&) says, in this namespace.
template <typename Sink>
class Out {
 public:
  explicit Out(Sink* sink) : sink_(*sink) {}

  void Uint(std::uint32_t field, std::uint64_t value) {
    if (value != 0) Always(field, value);
  }
  void Uint(std::uint32_t field, const std::optional<std::uint64_t>& value) {
    if (value) Always(field, *value);
  }
  void Sint(std::uint32_t field, std::int64_t value) { Uint(field, ZigZag(value)); }
  void Sint(std::uint32_t field, const std::optional<std::int64_t>& value) {
    if (value) Always(field, ZigZag(*value));
  }
  template <typename E>
  void Enum(std::uint32_t field, E value) {
    Uint(field, static_cast<std::uint64_t>(value));
  }
  void Fixed(std::uint32_t field, std::uint64_t value) {
    if (value != 0) Fixed(field, std::optional(value));
  }
  void Fixed(std::uint32_t field, const std::optional<std::uint64_t>& value) {
    if (!value) return;
    Tag(field, kFixed64);
    sink_.Fixed(*value);
  }
  void Bytes(std::uint32_t field, std::string_view bytes) {
    if (!bytes.empty()) BytesAlways(field, bytes);
  }
  // Also when there are none: an element of a list, a member of a oneof, an optional field.
  void BytesAlways(std::uint32_t field, std::string_view bytes) {
    Tag(field, kSized);
    sink_.Varint(bytes.size());
    sink_.Raw(bytes);
  }
  void OptionalBytes(std::uint32_t field, const std::optional<std::string>& bytes) {
    if (bytes) BytesAlways(field, *bytes);
  }
  template <typename M>
  void Message(std::uint32_t field, const M& message) {
    Message(
        field, [&](auto& out) { Put(out, message); }, 0);
  }
  // Leaves out what equals M(): a zero ballot or version.
  template <typename M>
  void MessageUnlessDefault(std::uint32_t field, const M& message) {
    if (message != M()) Message(field, message);
  }
  // A message whose fields `put` puts, by way of Out<...>&.
  template <typename F>
  void Message(std::uint32_t field, const F& put, int) {
    SizeSink size;
    Out<SizeSink> sizer(&size);
    put(sizer);
    Tag(field, kSized);
    sink_.Varint(size.size_bytes());
    if constexpr (std::is_same_v<Sink, SizeSink>) {
      sink_.Add(size);
    } else {
      put(*this);
    }
  }
  void Tag(std::uint32_t field, WireType type) { sink_.Varint(field << 3 | type); }
  Sink& sink() { return sink_; }

 private:
  void Always(std::uint32_t field, std::uint64_t value) {
    Tag(field, kVarint);
    sink_.Varint(value);
  }

  Sink& sink_;
};

// ---- Reading ----

// What reading a packet came to, shared by the readers of all its messages. The first problem stands.
class Verdict {
 public:
  bool good() const { return state_ == State::kGood; }
  // Nothing is wrong with it, but it says something that only newer programs understand.
  bool newer() const { return state_ == State::kNewer; }
  const std::string& why() const { return why_; }

  void SetNewer() {
    if (good()) state_ = State::kNewer;
  }
  void Fail(std::string why) {
    if (!good()) return;
    state_ = State::kBad;
    why_ = std::move(why);
  }
  // For the next packet. REQUIRES: good() or newer()
  void Renew() { state_ = State::kGood; }

 private:
  enum class State { kGood, kNewer, kBad };
  State state_ = State::kGood;
  std::string why_;
};

// Walks the fields of one message:  while (in.Next()) { if (in.Is(1)) x = in.Uint(); ... }
// A field that nobody asks for is skipped. Once the verdict isn't good there are no more fields, and values are zero.
class In {
 public:
  In(std::string_view bytes, Verdict* verdict)
      : at_(bytes.data()), end_(bytes.data() + bytes.size()), verdict_(verdict) {}

  bool Next() {
    if (at_ == end_ || !verdict_->good()) return false;
    std::uint64_t tag = 0;
    if (!ReadVarint(&tag)) return false;
    type_ = static_cast<std::uint32_t>(tag & 7);
    field_ = static_cast<std::uint32_t>(tag >> 3);
    if (field_ == 0 || tag > 0xffffffff) return Cut("a field without a number");
    switch (type_) {
      case kVarint:
        return ReadVarint(&value_);
      case kFixed64:
        return ReadFixed64();
      case kSized:
        return ReadSized();
      case kFixed32:
        if (end_ - at_ < 4) return Cut("it is cut short");
        at_ += 4;
        return true;
      default:
        return Cut("a field of a wire type that proto3 does not have");
    }
  }

  std::uint32_t field() const { return field_; }
  bool Is(std::uint32_t field) const { return field_ == field; }

  // The field's value. A field of another type than the schema's makes the verdict bad.
  std::uint64_t Uint(std::uint64_t most = ~std::uint64_t{0}) {
    if (HasType(kVarint) && value_ <= most) return value_;
    return FailAbove(most);
  }
  std::uint32_t Uint32() { return static_cast<std::uint32_t>(Uint(0xffffffff)); }
  bool Bool() { return Uint(1) != 0; }
  std::int64_t Sint() { return UnZigZag(Uint()); }
  // `last`: the highest enumerator that is known.
  template <typename E>
  E Enum(E last) {
    return static_cast<E>(Uint(static_cast<std::uint64_t>(last)));
  }
  std::uint64_t Fixed() { return HasType(kFixed64) ? value_ : 0; }
  std::string_view Bytes() { return HasType(kSized) ? sized_ : std::string_view(); }
  In Message() { return In(Bytes(), verdict_); }
  bool is_sized() const { return type_ == kSized; }
  // What has not been walked yet.
  std::string_view rest() const { return {at_, static_cast<std::size_t>(end_ - at_)}; }

  bool good() const { return verdict_->good(); }
  void Fail(std::string why) { verdict_->Fail(std::move(why)); }
  // A message that has to say one of several things says none that is known. `saw_unknown`: it says others.
  void SaysNothing(bool saw_unknown, const char* what) {
    if (saw_unknown) return verdict_->SetNewer();
    Fail(what);
  }

 private:
  bool HasType(WireType type) {
    if (type_ == type) return true;
    FailType(type);
    return false;
  }
  bool ReadVarint(std::uint64_t* value) {
    if (at_ == end_ || static_cast<unsigned char>(*at_) >= 0x80) return ReadLongVarint(value);
    *value = static_cast<unsigned char>(*at_++);
    return true;
  }
  bool ReadFixed64() {
    if (end_ - at_ < 8) return Cut("it is cut short");
    value_ = 0;
    for (int i = 7; i >= 0; --i) value_ = value_ << 8 | static_cast<unsigned char>(at_[i]);
    at_ += 8;
    return true;
  }
  bool ReadSized() {
    std::uint64_t size = 0;
    if (!ReadVarint(&size)) return false;
    if (size > static_cast<std::uint64_t>(end_ - at_)) return Cut("it is cut short");
    sized_ = std::string_view(at_, static_cast<std::size_t>(size));
    at_ += size;
    return true;
  }

  // Seldom: peer_codec_wire.cc.
  bool ReadLongVarint(std::uint64_t* value);
  bool Cut(const char* why);
  void FailType(WireType type);
  // The verdict becomes bad, if it isn't: the value is above `most`. Always 0.
  std::uint64_t FailAbove(std::uint64_t most);

  const char* at_;
  const char* end_;
  Verdict* verdict_;
  std::uint32_t field_ = 0;
  std::uint32_t type_ = 0;
  std::uint64_t value_ = 0;
  std::string_view sized_;
};

}  // namespace quoin::net::peer_wire
