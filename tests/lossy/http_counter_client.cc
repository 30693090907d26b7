#include "tests/lossy/http_counter_client.h"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <chrono>
#include <optional>

#include "base/text.h"
#include "tests/process/child_process.h"

namespace quoin::tests {
namespace {

namespace json = boost::json;
using net::HttpClientRequest;
using net::HttpClientResponse;

net::HttpClient::Time Deadline() { return std::chrono::steady_clock::now() + kPatience; }

// The sum in the result of an increment; nullopt when there is none.
std::optional<std::int64_t> SumIn(const std::string& body) {
  boost::system::error_code error;
  const json::value parsed = json::parse(body, error);
  if (error || !parsed.is_object()) return std::nullopt;
  const json::value* value = parsed.as_object().if_contains("value");
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return ParseInt64(std::string(value->as_string()));
}

// Whether the node says that this sending certainly did nothing, and that another may be tried.
bool MayBeTriedAgain(unsigned status) { return status == 429 || status == 503; }

}  // namespace

HttpCounterClient::HttpCounterClient(std::uint16_t port, std::uint64_t client_id, Ids ids)
    : client_id_(client_id), ids_(ids), client_({"127.0.0.1", port}) {}

std::string HttpCounterClient::NewId() { return Hex64(client_id_) + "-" + std::to_string(next_++); }

void HttpCounterClient::Learn(const std::string& counter, const HttpClientResponse& answer) {
  if (const auto ballot = answer.Field("Quoin-Ballot")) ballots_[counter] = std::string(*ballot);
}

void HttpCounterClient::Read(const std::string& counter) {
  for (const auto deadline = Deadline(); std::chrono::steady_clock::now() < deadline;) {
    const auto answer = client_.Do({"GET", "/v1/kv/" + counter, {}, ""}, deadline);
    if (!answer.ok() || MayBeTriedAgain(answer->status)) continue;
    EXPECT_TRUE(answer->status == 200 || answer->status == 404) << answer->status << " " << answer->body;
    return Learn(counter, *answer);
  }
  ADD_FAILURE() << counter << " could not be read";
}

void HttpCounterClient::Increment(const std::string& counter, CounterLedger& ledger) {
  HttpClientRequest request{"POST", "/v1/kv/" + counter, {}, R"({"op":"increment"})"};
  request.fields = {{"Content-Type", "application/json"}, {"Idempotency-Key", NewId()}};
  if (const auto known = ballots_.find(counter); known != ballots_.end()) {
    request.fields.push_back({"Quoin-Ballot", known->second});
  }
  std::string& id = request.fields[1].second;
  int answered_unknown = 0;
  std::string last;  // For a failure's message.
  const auto deadline = Deadline();
  for (int sending = 1; std::chrono::steady_clock::now() < deadline; ++sending) {
    if (ids_ == Ids::kNewForEachSending && sending > 1) id = NewId();
    ++sendings_;
    const auto answer = client_.Do(request, deadline);
    last = answer.ok() ? std::to_string(answer->status) + " " + answer->body : answer.status().ToString();
    if (!answer.ok()) continue;  // Cut off: this sending may have been applied, or may yet be.
    Learn(counter, *answer);
    if (answer->status == 200) {
      const auto sum = SumIn(answer->body);
      if (!sum) ADD_FAILURE() << "no sum in " << answer->body;
      resolved_by_repetition_ += sending > 1;
      return ledger.Acknowledge(counter, sum.value_or(0));
    }
    // Once the key has forgotten, it does not remember again. Only where the leadership changes meanwhile can the next
    // answer be another one.
    if (answer->status == 504 && ++answered_unknown == 3) return ledger.LeaveUnresolved(counter);
    if (answer->status != 504 && !MayBeTriedAgain(answer->status)) {
      ADD_FAILURE() << id << ": " << last;
      return ledger.LeaveUnresolved(counter);
    }
  }
  ADD_FAILURE() << id << " was not settled in time; last: " << last;
  ledger.LeaveUnresolved(counter);
}

}  // namespace quoin::tests
