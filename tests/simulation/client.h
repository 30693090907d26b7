// Client: one simulated client. It keeps a few requests under way, sends a request again through another node when no
// answer comes in time, gives up at some point, and now and then sends one more copy that nobody needs.
//
// Two modes. Usually an error, or silence, is an answer like any other. After BeginLiveness every request must end in a
// result (done, absent, condition failed, rejected) within a bound: what ended in an error is then asked for again,
// under a new id, since a record may have forgotten the old one; and what doesn't make it is named (I9).
//
// Invariants:
//   X1  an operation id is one request: all copies of it are equal, and all but perhaps the first say `repeated`;
//   X2  a request of a history is one event there, from its first copy to the answer that counts (client_copies.h);
//   X3  a request ends, whatever the nodes do: after plan.max_copies copies, or at the liveness bound.
//
// Lifetime: outlives whatever its port has been asked to call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "quorum/keyspace.h"
#include "quorum/operation.h"
#include "ring/monotonic_time.h"
#include "ring/random.h"
#include "tests/simulation/adapter.h"
#include "tests/simulation/client_copies.h"
#include "tests/simulation/client_findings.h"
#include "tests/simulation/client_history.h"
#include "tests/simulation/client_port.h"
#include "tests/simulation/workload.h"
#include "tests/simulation/workload_values.h"

namespace quoin::simulation {

// What the clients of one run share.
struct ClientSurroundings {
  ClientPort& port;
  Workload& workload;
  WorkloadValues& values;
  ClientHistory& history;
  ClientFindings& findings;
  ring::Random& random;
};

class Client {
 public:
  // `id` is above zero and not another client's.
  Client(std::uint64_t id, ClientSurroundings surroundings);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // Begins to ask, until `requests` more have begun or Stop is called. REQUIRES: idle()
  void Start(std::uint64_t requests);
  void Stop() { left_ = 0; }
  // Nothing is under way, no copy waits to be sent, and no lane is about to ask.
  bool idle() const { return lanes_ == 0 && under_way_ == 0; }
  // Requests that begin from now on must succeed within `bound`.
  void BeginLiveness(ring::Duration bound) { liveness_bound_ = bound; }
  // The node died: what was sent to it won't be answered.
  void OnNodeDown(std::size_t node);

 private:
  struct Asked {
    Asked(std::uint64_t asked_number, quorum::Request asked)
        : number(asked_number),
          request(std::move(asked)),
          copies(quorum::IsWrite(request.operation) && BelongsIntoHistory(request)) {}
    const std::uint64_t number;
    quorum::Request request;
    ClientCopies copies;
    std::optional<std::size_t> event;
    std::size_t node = 0;  // The latest copy's.
    std::size_t attempts = 0;
    bool ended = false;
    std::shared_ptr<std::size_t> batch;                  // How many of its batch haven't ended.
    std::optional<ring::MonotonicTime> must_succeed_by;  // Liveness.
    std::string last_answer = "none";
  };
  using AskedPtr = std::shared_ptr<Asked>;

  void RunLane();
  void Think();
  std::uint64_t NextNumber();
  AskedPtr MakeAsked();
  void Begin(const AskedPtr& asked);
  // Sends the next copy, or ends the request when there have been enough.
  void SendNext(const AskedPtr& asked);
  void SendCopy(const AskedPtr& asked, std::size_t node, bool repeated);
  void OnTimeout(const AskedPtr& asked, std::size_t copy);
  void OnReply(const AskedPtr& asked, std::size_t copy, const quorum::Reply& reply);
  // The request has its answer; nullptr: it was given up.
  void End(const AskedPtr& asked, const quorum::Reply* reply);
  void TryAnew(const AskedPtr& asked);
  void OnBound(const AskedPtr& asked);

  // client_scans.cc
  struct Scanned {
    quorum::ScanRequest scan;
    std::size_t attempts = 0;
    bool ended = false;
    std::optional<ring::MonotonicTime> must_succeed_by;  // Liveness.
    std::string last_answer = "none";
  };
  using ScannedPtr = std::shared_ptr<Scanned>;
  void BeginScan();
  void SendScan(const ScannedPtr& scanned);
  void OnScanned(const ScannedPtr& scanned, ring::MonotonicTime sent, const Result<quorum::ScanPage>& page);
  void EndScan(const ScannedPtr& scanned);
  void CheckPage(const quorum::ScanRequest& scan, const quorum::ScanPage& page);
  void RecordPage(const quorum::ScanRequest& scan, const quorum::ScanPage& page, ring::MonotonicTime sent);

  void CheckWeakRead(const Asked& asked, const quorum::Reply& reply);
  // Whether another copy will be sent.
  bool SendDuplicate(const AskedPtr& asked);
  std::optional<std::size_t> PickNode(std::optional<std::size_t> but);
  // Until the next copy is sent. In liveness the nodes get the time that they take for themselves to try.
  ring::Duration Timeout(const Asked& asked) const {
    return asked.must_succeed_by ? *liveness_bound_ / 4 : plan().copy_timeout;
  }
  std::string Name(const Asked& asked) const;
  bool Chance(unsigned percent) { return with_.random.Below(100) < percent; }
  const WorkloadPlan& plan() const { return with_.workload.plan(); }

  const std::uint64_t id_;
  ClientSurroundings with_;
  std::uint64_t numbers_ = 0;
  std::uint64_t left_ = 0;     // Requests that are still to begin.
  std::size_t lanes_ = 0;      // Running.
  std::size_t under_way_ = 0;  // Requests that haven't ended, and duplicates that wait to be sent.
  std::optional<ring::Duration> liveness_bound_;
  std::optional<std::size_t> home_;          // The node that a sticky client stays with.
  std::map<std::uint64_t, AskedPtr> asked_;  // That haven't ended, by number.
  std::set<std::uint64_t> open_;             // Numbers of which copies may still be sent; all lower ones are finished.
};

}  // namespace quoin::simulation
