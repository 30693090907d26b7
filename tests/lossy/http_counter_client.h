// HttpCounterClient: a client that increments counters over HTTP by the rules of docs/api.md, "Sending again": each
// increment has an Idempotency-Key and names the ballot that the client knew of when it sent it first, and is sent
// again with both until an answer says what became of it.
//
// Threads: one at a time.
// Bounds: an increment is sent for at most kPatience, and a sending takes no longer either.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "net/http_client.h"
#include "tests/lossy/counter_ledger.h"

namespace quoin::tests {

class HttpCounterClient {
 public:
  enum class Ids {
    kSameForAllSendings,
    kNewForEachSending,  // Deliberately wrong: what a client does that knows nothing of ids.
  };

  // `client_id` is this client's alone.
  HttpCounterClient(std::uint16_t port, std::uint64_t client_id, Ids ids);

  // Learns the counter's ballot, as a client does that has read it before. Tries until it is answered.
  void Read(const std::string& counter);
  // Increments by 1, sends again until the outcome is certain, and tells the ledger.
  void Increment(const std::string& counter, CounterLedger& ledger);
  int sendings() const { return sendings_; }
  // Answers that gave the result of an earlier sending, or might have: those to second and later sendings.
  int resolved_by_repetition() const { return resolved_by_repetition_; }

 private:
  std::string NewId();
  void Learn(const std::string& counter, const net::HttpClientResponse& answer);

  const std::uint64_t client_id_;
  const Ids ids_;
  net::HttpClient client_;
  std::map<std::string, std::string> ballots_;  // By counter: the newest that an answer has told.
  std::uint64_t next_ = 1;
  int sendings_ = 0;
  int resolved_by_repetition_ = 0;
};

}  // namespace quoin::tests
