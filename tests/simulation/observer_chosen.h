// ChosenCheck: I3, no answer before its quorum is durable; and I4, what is chosen is contained in every later state of
// the key.
//
// A version counts as chosen once so many nodes as make a write quorum of its Accept's configuration have durably
// stored it, or a later version of the same ballot, at any time (a leader's later state of a key is built on its
// earlier ones).
//
//   - a write that is done, and a record that a read tells, is answered only once that or a later version is chosen;
//   - a node never stores a lower version of a key over a higher one;
//   - a node whose disk knows a later configuration stores nothing that was only proposed under an earlier one (I8);
//   - nobody proposes, above a chosen version, a state whose last change lies below that of the chosen one.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "quorum/messages.h"
#include "quorum/operation.h"
#include "tests/simulation/observer_complaints.h"
#include "tests/simulation/observer_configurations.h"
#include "tests/simulation/observer_disks.h"

namespace quoin::simulation {

class ChosenCheck {
 public:
  ChosenCheck(const ObserverDisks& disks, const ObserverConfigurations& configurations, ObserverComplaints& complaints)
      : disks_(disks), configurations_(configurations), complaints_(complaints) {}

  void OnDurable(NodeId node, const std::vector<ObserverDisks::Delta>& deltas);
  void OnMessage(NodeId from, PartitionId partition, const quorum::Message& message);
  void OnAnswer(PartitionId partition, const quorum::Request& request, const quorum::Reply& reply);

  // The zero version: none yet.
  kv::Version ChosenOf(PartitionId partition, const std::string& key) const;

 private:
  struct Proposal {
    std::uint64_t configuration = 0;  // 0: its Accept wasn't seen.
    kv::Version changed;
    std::set<NodeId> holders;
  };
  struct Key {
    std::map<kv::Version, Proposal> open;  // Above `chosen`.
    kv::Version chosen;
    kv::Version changed;  // Of the chosen one.
  };

  void OnPut(NodeId node, const ObserverDisks::Delta& delta, const ObserverDisks::Put& put);
  bool IsChosenLater(PartitionId partition, const Proposal& proposal, std::uint64_t configuration) const;

  const ObserverDisks& disks_;
  const ObserverConfigurations& configurations_;
  ObserverComplaints& complaints_;
  std::map<PartitionId, std::map<std::string, Key>> keys_;
};

}  // namespace quoin::simulation
