// gRPC (https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md) over HTTP/2 (RFC 9113) as far as unary calls
// with small messages need it. Headers that come are not decoded: a call that brought a message and then ended went
// well, and one that brought none did not.
#include <glog/logging.h>

#include <algorithm>
#include <utility>

#include "tests/bench/peer_client.h"

namespace quoin::bench {
namespace {

constexpr unsigned kData = 0, kHeaders = 1, kResetStream = 3, kSettings = 4, kPingFrame = 6, kGoAway = 7,
                   kWindowUpdate = 8;
constexpr unsigned kEndStream = 1, kAck = 1, kEndHeaders = 4;
constexpr std::size_t kHeadBytes = 9;
constexpr std::size_t kPrefixBytes = 5;  // Of a gRPC message: compressed or not, and its length.
constexpr std::uint32_t kWideWindow = 1u << 30;
constexpr std::int64_t kFirstWindow = 65535;  // RFC 9113, section 6.9.2.

void AppendNumber(std::uint64_t number, std::size_t bytes, std::string* output) {
  while (bytes-- > 0) *output += static_cast<char>(number >> (8 * bytes));
}
std::uint32_t ReadNumber(std::string_view bytes) {
  std::uint32_t number = 0;
  for (const char byte : bytes) number = number << 8 | static_cast<unsigned char>(byte);
  return number;
}

void AppendHead(std::size_t size, unsigned type, unsigned flags, std::uint32_t stream, std::string* output) {
  AppendNumber(size, 3, output);
  AppendNumber(type, 1, output);
  AppendNumber(flags, 1, output);
  AppendNumber(stream, 4, output);
}

// HPACK (RFC 7541): a literal that is added to the dynamic table, its name by its number in the static table, or
// spelled.
void AppendLiteral(unsigned name, std::string_view spelled, std::string_view value, std::string* block) {
  *block += static_cast<char>(0x40 | name);
  if (name == 0) {
    *block += static_cast<char>(spelled.size());
    *block += spelled;
  }
  CHECK_LT(value.size(), 127u);
  *block += static_cast<char>(value.size());
  *block += value;
}

// A bytes field of protobuf.
void AppendField(unsigned number, std::string_view bytes, std::string* message) {
  *message += static_cast<char>(number << 3 | 2);
  std::size_t size = bytes.size();
  for (; size >= 128; size >>= 7) *message += static_cast<char>(size | 128);
  *message += static_cast<char>(size);
  *message += bytes;
}

class EtcdClient final : public PeerClient {
 public:
  EtcdClient(const std::string& host, bool puts, std::string* output) : puts_(puts) {
    *output += "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    AppendHead(6, kSettings, 0, 0, output);
    AppendNumber(4, 2, output);  // SETTINGS_INITIAL_WINDOW_SIZE
    AppendNumber(kWideWindow, 4, output);
    AppendHead(4, kWindowUpdate, 0, 0, output);
    AppendNumber(kWideWindow, 4, output);
    // The first call spells its headers, all others name their numbers: the newest has 62.
    constexpr std::string_view kPostHttp = "\x83\x86";
    first_headers_ = kPostHttp;
    AppendLiteral(4, "", puts ? "/etcdserverpb.KV/Put" : "/etcdserverpb.KV/Range", &first_headers_);
    AppendLiteral(1, "", host, &first_headers_);
    AppendLiteral(31, "", "application/grpc", &first_headers_);
    AppendLiteral(0, "te", "trailers", &first_headers_);
    other_headers_ = kPostHttp;
    for (const unsigned number : {65u, 64u, 63u, 62u}) other_headers_ += static_cast<char>(0x80 | number);
  }

  void Put(std::string_view key, std::string_view value, std::string* output) override {
    message_.clear();
    AppendField(1, key, &message_);
    AppendField(2, value, &message_);
    Call(output);
  }
  void Get(std::string_view key, std::string* output) override {
    message_.clear();
    AppendField(1, key, &message_);
    Call(output);
  }

  std::optional<PeerAnswer> Take(std::string_view* input, std::string* output) override {
    while (input->size() >= kHeadBytes) {
      const std::size_t size = ReadNumber(input->substr(0, 3));
      if (input->size() < kHeadBytes + size) break;
      const auto type = static_cast<unsigned char>((*input)[3]), flags = static_cast<unsigned char>((*input)[4]);
      const std::uint32_t stream = ReadNumber(input->substr(5, 4)) & 0x7fffffff;
      const std::string_view payload = input->substr(kHeadBytes, size);
      input->remove_prefix(kHeadBytes + size);
      if (auto answer = TakeOne(type, flags, stream, payload, output)) return answer;
    }
    return std::nullopt;
  }

 private:
  void Call(std::string* output) {
    stream_ = stream_ == 0 ? 1 : stream_ + 2;
    const std::string& headers = stream_ == 1 ? first_headers_ : other_headers_;
    AppendHead(headers.size(), kHeaders, kEndHeaders, stream_, output);
    *output += headers;
    AppendHead(kPrefixBytes + message_.size(), kData, kEndStream, stream_, output);
    *output += '\0';
    AppendNumber(message_.size(), 4, output);
    *output += message_;
    window_ -= static_cast<std::int64_t>(kPrefixBytes + message_.size());
    CHECK_GE(window_, 0) << "etcd takes no more on this connection";
    received_ = 0;
  }

  std::optional<PeerAnswer> TakeOne(unsigned type, unsigned flags, std::uint32_t stream, std::string_view payload,
                                    std::string* output) {
    switch (type) {
      case kSettings:
        if ((flags & kAck) == 0) AppendHead(0, kSettings, kAck, 0, output);
        return std::nullopt;
      case kPingFrame:
        if ((flags & kAck) != 0) return std::nullopt;
        AppendHead(payload.size(), kPingFrame, kAck, 0, output);
        *output += payload;
        return std::nullopt;
      case kWindowUpdate:
        if (stream == 0) window_ += ReadNumber(payload);
        return std::nullopt;
      case kData:
        received_ += payload.size();
        consumed_ += static_cast<std::uint32_t>(payload.size());
        if (consumed_ > kWideWindow / 2) {
          AppendHead(4, kWindowUpdate, 0, 0, output);
          AppendNumber(std::exchange(consumed_, 0), 4, output);
        }
        break;
      case kResetStream:
        return PeerAnswer{"the call was reset"};
      case kGoAway:
        LOG(FATAL) << "etcd closes the connection: " << payload.substr(std::min<std::size_t>(8, payload.size()));
      default:
        break;
    }
    const bool over = (type == kData || type == kHeaders) && (flags & kEndStream) != 0 && stream == stream_;
    if (!over) return std::nullopt;
    if (received_ <= kPrefixBytes) return PeerAnswer{"the call was refused"};
    // A range without a key is a header and nothing more, some thirty bytes; the value is longer in these measurements.
    if (!puts_ && received_ < kLeastRange) return PeerAnswer{"absent"};
    return PeerAnswer{};
  }

  static constexpr std::size_t kLeastRange = 64;

  const bool puts_;
  std::string first_headers_, other_headers_;
  std::string message_;
  std::uint32_t stream_ = 0;
  std::int64_t window_ = kFirstWindow;  // Bytes that etcd takes yet.
  std::size_t received_ = 0;            // Bytes of messages in the present call.
  std::uint32_t consumed_ = 0;          // Bytes that etcd has not been given room for again.
};

}  // namespace

std::unique_ptr<PeerClient> NewEtcdClient(const std::string& host, bool puts, std::string* output) {
  return std::make_unique<EtcdClient>(host, puts, output);
}

}  // namespace quoin::bench
