// ClientHistory: what the clients of one run asked and were told, as the checker wants it (docs/checker.md,
// "Histories"): all copies of a request as one event, from the first sending to the answer that counted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "kv/record.h"
#include "quorum/operation.h"
#include "ring/monotonic_time.h"
#include "tests/linearizability/history.h"

namespace quoin::simulation {

class ClientHistory {
 public:
  // The request is sent for the first time. Unknown until Answer says more. The event's name.
  // REQUIRES: BelongsIntoHistory(request)
  std::size_t Begin(std::uint64_t client, const quorum::Request& request, ring::MonotonicTime now);
  void Answer(std::size_t event, const quorum::Request& request, const quorum::Reply& reply, ring::MonotonicTime now);

  // What a page of keys told of one key; nullptr: absent. `value`: the page carries values.
  void AddPaged(std::uint64_t client, const std::string& key, const kv::RecordPtr& record, bool value,
                ring::MonotonicTime sent, ring::MonotonicTime told);

  const linearizability::History& events() const { return events_; }
  // How often each outcome was told, "unknown" for those that never were.
  std::map<std::string, std::uint64_t> CountOutcomes() const;

 private:
  linearizability::History events_;
};

}  // namespace quoin::simulation
