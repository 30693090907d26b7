#include "tests/bench/load_answer.h"

#include "net/proto/quoin.pb.h"

namespace quoin::bench {
namespace {

// Tags of protobuf: the field's number, and how it is written (0: varint, 2: bytes).
constexpr unsigned kIdTag = 1 << 3 | 0;       // ServerFrame.id
constexpr unsigned kResultTag = 2 << 3 | 2;   // ServerFrame.result
constexpr unsigned kOutcomeTag = 1 << 3 | 0;  // Result.outcome

bool TakeByte(std::string_view* bytes, unsigned wanted) {
  if (bytes->empty() || static_cast<unsigned char>(bytes->front()) != wanted) return false;
  bytes->remove_prefix(1);
  return true;
}

std::optional<std::uint32_t> TakeVarint(std::string_view* bytes) {
  std::uint32_t value = 0;
  for (unsigned shift = 0; shift < 28 && !bytes->empty(); shift += 7) {
    const unsigned byte = static_cast<unsigned char>(bytes->front());
    bytes->remove_prefix(1);
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

// The answer, if it begins as those do that are done.
std::optional<LoadAnswer> ReadDone(std::string_view payload) {
  if (!TakeByte(&payload, kIdTag)) return std::nullopt;
  const auto id = TakeVarint(&payload);
  if (!id || !TakeByte(&payload, kResultTag) || !TakeVarint(&payload)) return std::nullopt;
  if (!TakeByte(&payload, kOutcomeTag) || !TakeByte(&payload, v1::DONE)) return std::nullopt;
  return LoadAnswer{*id, true, ""};
}

std::optional<v1::ServerFrame> ParseResult(std::string_view payload) {
  v1::ServerFrame frame;
  if (!frame.ParseFromArray(payload.data(), static_cast<int>(payload.size())) || !frame.has_result()) {
    return std::nullopt;
  }
  return frame;
}

}  // namespace

std::optional<LoadAnswer> ReadLoadAnswer(std::string_view payload) {
  if (auto done = ReadDone(payload)) return done;
  const auto frame = ParseResult(payload);
  if (!frame) return std::nullopt;
  const v1::Result& result = frame->result();
  LoadAnswer answer{frame->id(), result.outcome() == v1::DONE, ""};
  if (!answer.done) {
    answer.failure = v1::Outcome_Name(result.outcome());
    if (result.has_problem()) answer.failure += " " + result.problem().type();
  }
  return answer;
}

std::string WrongWith(std::string_view payload, Expected expected, std::size_t value_bytes) {
  const auto frame = ParseResult(payload);
  if (!frame) return "the answer is no result";
  const v1::Result& result = frame->result();
  if (result.outcome() != v1::DONE) return "the outcome is " + v1::Outcome_Name(result.outcome());
  if (result.version().empty()) return "the answer names no version";
  if (expected == Expected::kValue && result.state().value().size() != value_bytes) {
    return "the value has " + std::to_string(result.state().value().size()) + " bytes, and " +
           std::to_string(value_bytes) + " were stored";
  }
  return "";
}

}  // namespace quoin::bench
