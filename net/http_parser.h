// The incremental parsers of HTTP/1: the head of a request (RFC 9112, sections 2 to 6) and a chunked body
// (section 7.1).
//
// They are stricter than the RFC demands wherever leniency is how requests get smuggled past a proxy: lines end with
// CRLF only, no folded fields, no white space before a colon, one Content-Length or one Transfer-Encoding, one Host.
// Boost.Beast's parser lets some of these pass or repairs them silently, so it would need a second scan in front of it;
// http_parser_test holds that whatever is accepted here Beast accepts too, and reads in the same way.
//
// A fault depends only on the bytes up to it, never on how they were cut into reads.
// Threads: none of their own. Bounds: as given at construction.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "net/http_message.h"
#include "net/problem.h"

namespace quoin::net {

enum class Progress { kNeedsMore, kDone, kFault };

class HttpHeadParser {
 public:
  static constexpr std::size_t kMaxFields = 100;

  explicit HttpHeadParser(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  // Forgets the head; the next Parse begins a new one.
  void Reset();

  // `bytes` begins where the head begins, and holds all that has come of it so far (each call the same bytes and more;
  // their address may differ). After kDone, head() has its fields and its views point into `bytes`.
  Progress Parse(std::string_view bytes);

  // After kDone: the length of the head.
  std::size_t size_bytes() const { return scanned_; }
  HttpHead& head() { return head_; }
  // After kDone: how the body is framed. nullopt: no body is announced.
  std::optional<std::uint64_t> content_length() const { return content_length_; }
  bool chunked() const { return chunked_; }

  // After kFault.
  const ProblemReport& fault() const { return fault_; }

 private:
  Progress Fail(Problem problem, std::string detail);
  Progress TooLarge();
  // One line without its CRLF, at `offset`.
  Progress ParseRequestLine(std::string_view line, std::size_t offset);
  Progress ParseField(std::string_view line, std::size_t offset);
  // What the fields mean together, once all are there.
  Progress CheckFields();
  Progress CheckFraming();

  const std::size_t max_bytes_;
  std::size_t scanned_ = 0;   // Up to here lines are complete and parsed.
  std::size_t searched_ = 0;  // Up to here there is no further end of line.
  bool has_request_line_ = false;
  HttpHead head_;
  std::optional<std::uint64_t> content_length_;
  bool chunked_ = false;
  ProblemReport fault_;
};

// A chunked body. Chunk extensions and trailers are checked, bounded and thrown away.
class ChunkedDecoder {
 public:
  // `max_overhead_bytes`: for each size line, and for all trailers together.
  ChunkedDecoder(std::size_t max_body_bytes, std::size_t max_overhead_bytes)
      : max_body_bytes_(max_body_bytes), max_overhead_bytes_(max_overhead_bytes) {}

  // Takes bytes off the front of *bytes and appends what they carry to *body. kFault with too_large(): the body is
  // larger than max_body_bytes.
  Progress Decode(std::string_view* bytes, std::string* body);

  bool too_large() const { return too_large_; }
  const ProblemReport& fault() const { return fault_; }

 private:
  enum class State { kSizeLine, kData, kDataEnd, kTrailer };

  Progress Fail(Problem problem, std::string detail);
  // Moves bytes to line_ until it holds a whole line. nullopt: not yet. Sets the fault when it never will.
  std::optional<Progress> ReadLine(std::string_view* bytes);
  Progress ParseSizeLine();

  const std::size_t max_body_bytes_;
  const std::size_t max_overhead_bytes_;
  State state_ = State::kSizeLine;
  std::string line_;
  std::uint64_t chunk_left_bytes_ = 0;
  std::size_t overhead_bytes_ = 0;
  std::size_t body_bytes_ = 0;
  bool too_large_ = false;
  ProblemReport fault_;
};

}  // namespace quoin::net
