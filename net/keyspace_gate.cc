#include "net/keyspace_gate.h"

#include <glog/logging.h>

#include <string>

#include "net/shards.h"

namespace quoin::net {

bool KeyspaceGate::Enter() {
  const std::size_t before = in_flight_.fetch_add(1, std::memory_order_relaxed);
  if (before < options_.max_inflight_requests) return true;
  in_flight_.fetch_sub(1, std::memory_order_relaxed);
  return false;
}

void KeyspaceGate::Leave() { CHECK_GT(in_flight_.fetch_sub(1, std::memory_order_relaxed), 0u); }

ProblemReport KeyspaceGate::TooManyRequests() const {
  return {
      Problem::kTooManyRequests,
      "more than --max_inflight_requests=" + std::to_string(options_.max_inflight_requests) + " requests are under way",
      "max_inflight_requests"};
}

kv::OperationId KeyspaceGate::NewOperationId() {
  return {options_.start_nonce + Shards::Current().value_or(0),
          next_operation_.fetch_add(1, std::memory_order_relaxed)};
}

ProblemReport OutOfTime(bool is_write, const kv::OperationId& id) {
  constexpr const char* kDetail = "there was no answer within --request_timeout";
  if (!is_write) return {Problem::kTimedOut, kDetail, "request_timeout"};
  return {Problem::kOutcomeUnknown, kDetail, "request_timeout", id};
}

}  // namespace quoin::net
