#include "net/key_operation.h"

namespace quoin::net {
namespace {

std::size_t ValueSize(const quorum::Operation& operation) {
  if (const auto* put = std::get_if<quorum::Put>(&operation)) return put->value.size();
  if (const auto* swap = std::get_if<quorum::Swap>(&operation)) return swap->put.value.size();
  if (const auto* append = std::get_if<quorum::Append>(&operation)) return append->bytes.size();
  return 0;
}

}  // namespace

std::optional<ProblemReport> CheckValueSize(const quorum::Operation& operation, std::size_t max_value_bytes) {
  const std::size_t size_bytes = ValueSize(operation);
  if (size_bytes <= max_value_bytes) return std::nullopt;
  return ProblemReport{Problem::kValueTooLarge,
                       "the value has " + std::to_string(size_bytes) + " bytes; --max_value_size allows " +
                           std::to_string(max_value_bytes),
                       "max_value_size"};
}

}  // namespace quoin::net
