#include "net/key_operation.h"

#include "net/ballot_text.h"

namespace quoin::net {
namespace {

std::size_t ValueSize(const quorum::Operation& operation) {
  if (const auto* put = std::get_if<quorum::Put>(&operation)) return put->value.size();
  if (const auto* swap = std::get_if<quorum::Swap>(&operation)) return swap->put.value.size();
  if (const auto* append = std::get_if<quorum::Append>(&operation)) return append->bytes.size();
  return 0;
}

}  // namespace

Status ReadClientSending(const ClientSending& given, KeyOperation* out) {
  const auto invalid = [](std::string why) { return Status(Code::kInvalid, std::move(why)); };
  if (!given.operation_id.has_value()) {
    if (given.ballot.has_value()) return invalid("ballot means something only beside an operation_id");
    if (given.repeated) return invalid("repeated means something only beside an operation_id");
    if (given.finished_below != 0) return invalid("finished_below means something only beside an operation_id");
    return Status::Ok();
  }
  if (!quorum::IsWrite(out->operation)) {
    return invalid("operation_id is for writes: a read may be sent as often as one likes without it");
  }
  out->id = ParseOperationId(*given.operation_id);
  if (!out->id.has_value()) {
    return invalid("operation_id is 16 hexadecimal digits, not all 0, a hyphen and a number: 00c0ffee00c0ffee-17");
  }
  if (given.finished_below > out->id->number) {
    return invalid("finished_below says that this very operation is finished: it is at most the number in its operation_id");
  }
  out->sending = {
      .repeated = given.repeated, .known = {}, .finished_below = given.finished_below, .fresh = false};
  if (!given.ballot.has_value()) return Status::Ok();
  const auto known = ParseBallot(*given.ballot);
  if (!known.has_value()) {
    return invalid("ballot is what an earlier answer about this key gave, such as 3.00c0ffee00c0ffee.41");
  }
  out->sending.known = *known;
  return Status::Ok();
}

std::optional<ProblemReport> CheckValueSize(const quorum::Operation& operation, std::size_t max_value_bytes) {
  const std::size_t size_bytes = ValueSize(operation);
  if (size_bytes <= max_value_bytes) return std::nullopt;
  return ProblemReport{Problem::kValueTooLarge,
                       "the value has " + std::to_string(size_bytes) + " bytes; --max_value_size allows " +
                           std::to_string(max_value_bytes),
                       "max_value_size"};
}

}  // namespace quoin::net
