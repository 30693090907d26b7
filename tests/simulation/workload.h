// Workload: what the clients of one run ask, drawn request by request from the plan's mix.
//
// Invariants:
//   W1  no two requests write the same value or fragment, so that the checker can tell whose write was seen;
//   W2  writes `one` go to keys that nothing else uses, since they may be lost; nobody's history holds them.
//   W3  a key with several increments and appends of unknown outcome gets no more of them: any of 2^n sets may have
//       taken effect, which would leave the checker undecided.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "quorum/keyspace.h"
#include "quorum/operation.h"
#include "ring/random.h"
#include "tests/simulation/workload_plan.h"

namespace quoin::simulation {

class Workload {
 public:
  Workload(const WorkloadPlan& plan, ring::Random& random);

  const WorkloadPlan& plan() const { return plan_; }

  // The next request of the client; (client, number) is unique. Its id is filled in.
  quorum::Request Draw(std::uint64_t client, std::uint64_t number);
  // The same wish once more, as a request of its own: under a new id, and with what it writes unlike all others (W1).
  quorum::Request DrawLike(const quorum::Request& request, std::uint64_t client, std::uint64_t number);
  // A page of keys that some requests may be about.
  quorum::ScanRequest DrawScan();
  // All keys that are asked for but `one`'s, in order.
  const std::vector<std::string>& keys() const { return keys_; }
  // An answer was heard: later conditions name what it told.
  void Learn(const quorum::Request& request, const quorum::Reply& reply);
  // The request's outcome will never be known.
  void NoteUnknown(const quorum::Request& request);

 private:
  enum class Kind { kCounter, kText, kExpiring };
  struct Lately {
    kv::Version version;
    std::string value;
  };

  bool Chance(unsigned percent) { return random_.Below(100) < percent; }
  quorum::Operation DrawOperation(const std::string& key, Kind kind, std::uint64_t client, std::uint64_t number);
  quorum::Operation DrawCounting(const std::string& key, std::uint64_t client, std::uint64_t number);
  bool TakesAdditions(const std::string& key) const;
  quorum::Operation DrawWriting(const std::string& key, std::uint64_t client, std::uint64_t number);
  quorum::Operation DrawExpiring(const std::string& key, std::uint64_t client, std::uint64_t number);
  quorum::Condition DrawCondition(const std::string& key);
  quorum::Put DrawPut(std::uint64_t client, std::uint64_t number);
  quorum::TimeToLive DrawTtl();

  // W3
  static constexpr std::size_t kMaxUnknownAdditions = 6;

  const WorkloadPlan plan_;
  std::vector<std::string> keys_;
  ring::Random& random_;
  std::map<std::string, Lately> lately_;
  std::map<std::string, std::size_t> unknown_additions_;
};

}  // namespace quoin::simulation
