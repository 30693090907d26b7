// HttpSession, the way in: from heads to requests (see http_session_impl.h).
#include <utility>

#include "net/http_session_impl.h"

namespace quoin::net {
namespace {

// The body of a refused request is read and thrown away up to this size, so that the connection can go on; a larger one
// isn't worth it.
constexpr std::size_t kMaxDiscardedBytes = 64 << 10;

bool IsRequestId(std::string_view id) {
  if (id.empty() || id.size() > 64) return false;
  for (const char c : id) {
    const bool ok =
        (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '_' || c == '-';
    if (!ok) return false;
  }
  return true;
}

}  // namespace

std::optional<ProblemReport> HttpSession::Impl::CheckExpectations(const HttpHead& head) const {
  if (head.minor_version() == 0) return std::nullopt;  // HTTP/1.0 knows neither (RFC 9110, sections 7.8 and 10.1.1).
  if (head.Count(FieldName::kExpect) > 0 &&
      (head.Count(FieldName::kExpect) > 1 || !EqualsIgnoringCase(*head.Find(FieldName::kExpect), "100-continue"))) {
    return ProblemReport{Problem::kExpectationFailed, "the only expectation that can be met is 100-continue"};
  }
  if (verdict_.route != Route::kWebSocket && head.Count(FieldName::kUpgrade) > 0 &&
      head.HasToken(FieldName::kConnection, "upgrade")) {
    return ProblemReport{Problem::kUnsupportedEncoding, "this path speaks nothing but HTTP/1.1"};
  }
  return std::nullopt;
}

void HttpSession::Impl::Judge() {
  const HttpHead& head = parser_.head();
  const auto brought_id = head.Find(FieldName::kRequestId);
  const bool id_is_good = brought_id.has_value() && head.Count(FieldName::kRequestId) == 1 && IsRequestId(*brought_id);
  if (id_is_good) {
    next_request_id_ = *brought_id;
  } else if (next_request_id_.empty()) {
    next_request_id_ = handler_.NewRequestId();
  }

  verdict_ = handler_.CheckHead(head, next_request_id_);
  if (const auto problem = CheckExpectations(head); problem.has_value()) {
    verdict_.refusal = ProblemResponse(*problem, next_request_id_);
  } else if (brought_id.has_value() && !id_is_good) {
    verdict_.refusal = ProblemResponse({Problem::kBadHeader, "Quoin-Request-Id has 1 to 64 characters of A-Za-z0-9._-"},
                                       next_request_id_);
  }
  const std::uint64_t length = parser_.content_length().value_or(0);
  if (!verdict_.refusal.has_value() && length > verdict_.max_body_bytes) {
    verdict_.refusal =
        ProblemResponse({verdict_.too_large,
                         "the body has " + std::to_string(length) + " bytes; --" + std::string(verdict_.limit_flag) +
                             " allows " + std::to_string(verdict_.max_body_bytes),
                         verdict_.limit_flag},
                        next_request_id_);
  }
  next_answer_bytes_ = verdict_.refusal.has_value() ? 0 : verdict_.answer_bytes;
}

void HttpSession::Impl::BeginRequest(std::string_view rest) {
  ++turn_requests_;
  const HttpHead& head = parser_.head();
  Slot& slot = PushSlot(std::exchange(next_request_id_, {}));
  slot.answer_bytes = std::exchange(next_answer_bytes_, 0);
  expected_bytes_ += slot.answer_bytes;
  slot.method = head.method();
  slot.http_1_0 = head.minor_version() == 0;
  slot.close = head.HasToken(FieldName::kConnection, "close") ||
               (slot.http_1_0 && !head.HasToken(FieldName::kConnection, "keep-alive"));
  slot.route = verdict_.route;
  slot.headers = std::exchange(verdict_.headers, {});

  const std::uint64_t length = parser_.content_length().value_or(0);
  const bool has_body = length > 0 || parser_.chunked();
  const bool expects = !slot.http_1_0 && head.Count(FieldName::kExpect) > 0;
  state_ = has_body ? State::kBody : State::kBetween;
  discarding_ = false;
  if (verdict_.refusal.has_value()) {
    // Whether a body follows a refused expectation is the client's choice, so nothing after it can be understood.
    if (has_body && (expects || parser_.chunked() || length > kMaxDiscardedBytes)) slot.close = true;
    if (slot.close || verdict_.refusal->close) {
      CloseInput();
    } else if (has_body) {
      discarding_ = true;
      body_left_bytes_ = length;
    } else {
      CloseInputIfDone();
    }
    return OnAnswer(first_slot_id_ + slots_.size() - 1, *std::move(verdict_.refusal));
  }
  if (verdict_.upgrade.has_value()) return Upgrade(rest);
  if (!has_body) return Dispatch({});

  slot.receiving = true;
  receiving_since_ = now_;
  body_.clear();
  if (parser_.chunked()) {
    chunks_.emplace(verdict_.max_body_bytes, limits_.max_header_bytes);
  } else {
    body_left_bytes_ = length;
  }
  if (expects && (parser_.chunked() || rest.size() < length)) {
    slot.owes_continue = true;
    Flush();
  }
}

void HttpSession::Impl::Upgrade(std::string_view rest) {
  successor_ = std::move(verdict_.upgrade->successor);
  successor_bytes_.assign(rest);
  HttpResponse response;
  response.status = verdict_.upgrade->status;
  response.content_type = verdict_.upgrade->content_type;
  response.headers = std::move(verdict_.upgrade->headers);
  response.endless = true;
  slots_.back().hands_over = true;
  CloseInput();
  OnAnswer(first_slot_id_ + slots_.size() - 1, std::move(response));
}

}  // namespace quoin::net
