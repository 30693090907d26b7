#include "net/http_parser.h"

#include <array>
#include <cstring>
#include <limits>

#include "base/text.h"

namespace quoin::net {
namespace {

// Longer tokens are no method that anyone has.
constexpr std::size_t kMaxMethodBytes = 32;

// What may stand in a field's value: visible characters, spaces, tabs, and bytes that old specifications left open.
// NUL, CR and every other control character never.
constexpr std::array<bool, 256> MakeValueChars() {
  std::array<bool, 256> chars{};
  for (int c = 0x20; c < 0x100; ++c) chars[static_cast<std::size_t>(c)] = c != 0x7f;
  chars['\t'] = true;
  return chars;
}
constexpr std::array<bool, 256> kValueChars = MakeValueChars();

// What may stand in a target. A fragment never does: a client that sends one doesn't know what it asks for.
constexpr std::array<bool, 256> MakeTargetChars() {
  std::array<bool, 256> chars{};
  for (int c = 0x21; c < 0x100; ++c) chars[static_cast<std::size_t>(c)] = c != 0x7f && c != '#';
  return chars;
}
constexpr std::array<bool, 256> kTargetChars = MakeTargetChars();

bool IsBlank(char c) { return c == ' ' || c == '\t'; }

// The characters of uri-host and port (RFC 3986, section 3.2.2): letters, digits, and what is listed here.
bool IsHost(std::string_view host) {
  for (const char c : host) {
    const bool ok = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                    std::string_view("-._~%!$&'()*+,;=:[]").find(c) != std::string_view::npos;
    if (!ok) return false;
  }
  return true;
}

// Tokens with commas and blanks between them.
bool IsTokenList(std::string_view list) {
  std::size_t i = 0;
  while (true) {
    while (i < list.size() && (IsBlank(list[i]) || list[i] == ',')) ++i;
    if (i == list.size()) return true;
    const std::size_t begin = i;
    while (i < list.size() && IsTokenChar(list[i])) ++i;
    if (i == begin) return false;
    while (i < list.size() && IsBlank(list[i])) ++i;
    if (i < list.size() && list[i] != ',') return false;
  }
}

HttpHead::Span SpanOf(std::size_t offset, std::size_t size) {
  return {static_cast<std::uint32_t>(offset), static_cast<std::uint32_t>(size)};
}

// Splits a field line. An empty answer means that it is well-formed; otherwise it says what is wrong.
std::string_view SplitField(std::string_view line, std::size_t* name_size, std::size_t* value_begin,
                            std::size_t* value_end) {
  if (IsBlank(line.front())) return "a field is folded over several lines";
  std::size_t i = 0;
  while (i < line.size() && IsTokenChar(line[i])) ++i;
  if (i == line.size()) return "a field has no colon";
  if (line[i] != ':')
    return IsBlank(line[i]) ? "white space stands before a colon" : "a field name has a bad character";
  if (i == 0) return "a field has no name";
  *name_size = i;
  std::size_t begin = i + 1;
  while (begin < line.size() && IsBlank(line[begin])) ++begin;
  std::size_t end = line.size();
  while (end > begin && IsBlank(line[end - 1])) --end;
  for (i = begin; i < end; ++i) {
    if (!kValueChars[static_cast<unsigned char>(line[i])]) return "a field value has a control character";
  }
  *value_begin = begin;
  *value_end = end;
  return {};
}

}  // namespace

void HttpHeadParser::Reset() {
  scanned_ = 0;
  searched_ = 0;
  has_request_line_ = false;
  head_.Clear();
  content_length_.reset();
  chunked_ = false;
  fault_ = {};
}

Progress HttpHeadParser::Fail(Problem problem, std::string detail) {
  fault_ = {problem, std::move(detail)};
  return Progress::kFault;
}

Progress HttpHeadParser::TooLarge() {
  fault_ = {Problem::kHeaderTooLarge,
            "the head of the request is over the " + std::to_string(max_bytes_) + " bytes of --max_header_size",
            "max_header_size"};
  return Progress::kFault;
}

Progress HttpHeadParser::Parse(std::string_view bytes) {
  while (true) {
    if (!has_request_line_ && scanned_ < bytes.size() && bytes[scanned_] != '\r' && !IsTokenChar(bytes[scanned_])) {
      // TLS, or some other protocol: no need to wait for a line that may never end.
      return Fail(Problem::kBadRequest, "a request begins with a method");
    }
    const void* found = std::memchr(bytes.data() + searched_, '\n', bytes.size() - searched_);
    if (found == nullptr) {
      searched_ = bytes.size();
      return bytes.size() >= max_bytes_ ? TooLarge() : Progress::kNeedsMore;
    }
    const std::size_t end = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
    if (end >= max_bytes_) return TooLarge();
    const std::size_t begin = scanned_;
    if (end == begin || bytes[end - 1] != '\r') return Fail(Problem::kBadRequest, "a line does not end with CR LF");
    const std::string_view line = bytes.substr(begin, end - 1 - begin);
    scanned_ = searched_ = end + 1;

    Progress progress = Progress::kNeedsMore;
    if (!has_request_line_) {
      if (line.empty() && begin == 0) continue;  // One empty line before a request is forgiven (RFC 9112, 2.2).
      progress = ParseRequestLine(line, begin);
    } else if (line.empty()) {
      head_.SetBytes(bytes.data());
      return CheckFields();
    } else {
      progress = ParseField(line, begin);
    }
    if (progress == Progress::kFault) return progress;
  }
}

Progress HttpHeadParser::ParseRequestLine(std::string_view line, std::size_t offset) {
  const std::size_t first = line.find(' ');
  if (first == std::string_view::npos || first > kMaxMethodBytes || !IsToken(line.substr(0, first))) {
    return Fail(Problem::kBadRequest, "the request line does not begin with a method and a space");
  }
  std::size_t second = first + 1;
  while (second < line.size() && kTargetChars[static_cast<unsigned char>(line[second])]) ++second;
  if (second == first + 1) return Fail(Problem::kBadRequest, "the request line has no target");
  if (second == line.size() || line[second] != ' ') {
    return Fail(Problem::kBadRequest, second == line.size() ? "the request line has no version"
                                                            : "the target has a character that must be encoded");
  }
  const std::string_view version = line.substr(second + 1);
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  if (version.size() != 8 || version.substr(0, 5) != "HTTP/" || !is_digit(version[5]) || version[6] != '.' ||
      !is_digit(version[7])) {
    return Fail(Problem::kBadRequest, "the request line does not end with a version");
  }
  if (version[5] != '1' || version[7] > '1') {
    return Fail(Problem::kUnsupportedVersion, std::string(version) + " is not spoken here");
  }
  head_.SetRequestLine(ParseMethod(line.substr(0, first)), SpanOf(offset, first),
                       SpanOf(offset + first + 1, second - first - 1), version[7] - '0');
  has_request_line_ = true;
  return Progress::kNeedsMore;
}

Progress HttpHeadParser::ParseField(std::string_view line, std::size_t offset) {
  std::size_t name_size = 0;
  std::size_t value_begin = 0;
  std::size_t value_end = 0;
  const std::string_view wrong = SplitField(line, &name_size, &value_begin, &value_end);
  if (!wrong.empty()) return Fail(Problem::kBadRequest, std::string(wrong));
  if (head_.fields().size() == kMaxFields) {
    return Fail(Problem::kHeaderTooLarge, "the request has more than " + std::to_string(kMaxFields) + " fields");
  }
  head_.AddField(ParseFieldName(line.substr(0, name_size)), SpanOf(offset, name_size),
                 SpanOf(offset + value_begin, value_end - value_begin));
  return Progress::kNeedsMore;
}

Progress HttpHeadParser::CheckFields() {
  const std::size_t hosts = head_.Count(FieldName::kHost);
  if (hosts > 1) return Fail(Problem::kBadRequest, "there is more than one Host");
  if (hosts == 0 && head_.minor_version() == 1) return Fail(Problem::kBadRequest, "there is no Host");
  if (hosts == 1 && !IsHost(*head_.Find(FieldName::kHost))) {
    return Fail(Problem::kBadRequest, "Host is not a host with an optional port");
  }
  for (const std::string_view value : head_.FindAll(FieldName::kConnection)) {
    if (!IsTokenList(value)) return Fail(Problem::kBadRequest, "Connection is not a list of options");
  }
  return CheckFraming();
}

Progress HttpHeadParser::CheckFraming() {
  const std::size_t lengths = head_.Count(FieldName::kContentLength);
  const std::size_t encodings = head_.Count(FieldName::kTransferEncoding);
  if (lengths + encodings == 0) return Progress::kDone;
  if (lengths > 0 && encodings > 0) {
    return Fail(Problem::kBadRequest, "Content-Length and Transfer-Encoding exclude each other");
  }
  if (lengths > 1) return Fail(Problem::kBadRequest, "there is more than one Content-Length");
  if (lengths == 1) {
    content_length_ = ParseUint64(*head_.Find(FieldName::kContentLength));
    if (!content_length_.has_value()) return Fail(Problem::kBadRequest, "Content-Length is not a number of bytes");
    return Progress::kDone;
  }
  if (encodings > 1) return Fail(Problem::kBadRequest, "there is more than one Transfer-Encoding");
  if (head_.minor_version() == 0) return Fail(Problem::kBadRequest, "HTTP/1.0 has no Transfer-Encoding");
  const std::string_view encoding = *head_.Find(FieldName::kTransferEncoding);
  if (encoding.empty()) return Fail(Problem::kBadRequest, "Transfer-Encoding is empty");
  if (!EqualsIgnoringCase(encoding, "chunked")) {
    return Fail(Problem::kUnsupportedEncoding, "the only transfer coding is chunked");
  }
  chunked_ = true;
  return Progress::kDone;
}

Progress ChunkedDecoder::Fail(Problem problem, std::string detail) {
  fault_ = {problem, std::move(detail)};
  return Progress::kFault;
}

std::optional<Progress> ChunkedDecoder::ReadLine(std::string_view* bytes) {
  const std::size_t end = bytes->find('\n');
  const std::size_t taken = end == std::string_view::npos ? bytes->size() : end + 1;
  if (taken > max_overhead_bytes_ - overhead_bytes_) {
    fault_ = {
        Problem::kHeaderTooLarge,
        "chunk sizes and trailers are over the " + std::to_string(max_overhead_bytes_) + " bytes of --max_header_size",
        "max_header_size"};
    return Progress::kFault;
  }
  overhead_bytes_ += taken;
  line_.append(bytes->substr(0, taken));
  bytes->remove_prefix(taken);
  if (end == std::string_view::npos) return Progress::kNeedsMore;
  if (line_.size() < 2 || line_[line_.size() - 2] != '\r') {
    return Fail(Problem::kBadRequest, "a line of the chunked body does not end with CR LF");
  }
  line_.resize(line_.size() - 2);
  return std::nullopt;
}

Progress ChunkedDecoder::ParseSizeLine() {
  std::size_t digits = 0;
  while (digits < line_.size() && std::strchr("0123456789abcdefABCDEF", line_[digits]) != nullptr &&
         line_[digits] != '\0') {
    ++digits;
  }
  const auto size = ParseHex64(std::string_view(line_).substr(0, digits));
  if (!size.has_value()) return Fail(Problem::kBadRequest, "a chunk has no hexadecimal size");
  std::size_t rest = digits;
  while (rest < line_.size() && IsBlank(line_[rest])) ++rest;
  if (rest < line_.size() ? line_[rest] != ';' : rest != digits) {
    return Fail(Problem::kBadRequest, "something other than an extension follows a chunk's size");
  }
  for (std::size_t i = rest; i < line_.size(); ++i) {
    if (!kValueChars[static_cast<unsigned char>(line_[i])]) {
      return Fail(Problem::kBadRequest, "a chunk extension has a control character");
    }
  }
  line_.clear();
  overhead_bytes_ = 0;
  if (*size > max_body_bytes_ - body_bytes_) {
    too_large_ = true;
    return Progress::kFault;
  }
  chunk_left_bytes_ = *size;
  state_ = *size == 0 ? State::kTrailer : State::kData;
  return Progress::kNeedsMore;
}

Progress ChunkedDecoder::Decode(std::string_view* bytes, std::string* body) {
  while (!bytes->empty()) {
    if (state_ == State::kData) {
      const std::size_t taken = std::min<std::uint64_t>(chunk_left_bytes_, bytes->size());
      body->append(bytes->substr(0, taken));
      bytes->remove_prefix(taken);
      body_bytes_ += taken;
      chunk_left_bytes_ -= taken;
      if (chunk_left_bytes_ == 0) state_ = State::kDataEnd;
      continue;
    }
    // After a chunk's data exactly CR LF: the first wrong byte is told at once.
    if (state_ == State::kDataEnd) {
      const char expected = line_.empty() ? '\r' : '\n';
      if (bytes->front() != expected) return Fail(Problem::kBadRequest, "a chunk is not as long as its size says");
      bytes->remove_prefix(1);
      if (expected == '\r') {
        line_.push_back('\r');
      } else {
        line_.clear();
        state_ = State::kSizeLine;
      }
      continue;
    }
    if (const auto unfinished = ReadLine(bytes); unfinished.has_value()) return *unfinished;
    if (state_ == State::kSizeLine) {
      if (ParseSizeLine() == Progress::kFault) return Progress::kFault;
      continue;
    }
    if (line_.empty()) return Progress::kDone;
    std::size_t unused = 0;
    const std::string_view wrong = SplitField(line_, &unused, &unused, &unused);
    if (!wrong.empty()) return Fail(Problem::kBadRequest, "in the trailers, " + std::string(wrong));
    line_.clear();
  }
  return Progress::kNeedsMore;
}

}  // namespace quoin::net
