// PromiseCheck: I1, a promise is never forgotten or lowered, seen from outside; and what a node tells is durable there.
//
//   - a node's durable promise in a partition never goes down, restarts included;
//   - a Promise, an Accepted and a proposer's own Prepare leave a node only once its disk holds that promise;
//   - Accepted, Installed, Held and Purged leave only once its disk holds what they tell of (I3). Except what it held
//   under
//     a configuration that the same batch leaves, erasing everything: quorums of that one don't need this node any
//     more;
//   - a ballot is not used by a process that hasn't begun it (a part of I2: its sequences would begin anew).
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "quorum/messages.h"
#include "tests/simulation/observer_complaints.h"
#include "tests/simulation/observer_disks.h"

namespace quoin::simulation {

class PromiseCheck {
 public:
  PromiseCheck(const ObserverDisks& disks, ObserverComplaints& complaints) : disks_(disks), complaints_(complaints) {}

  void OnDurable(NodeId node, const std::vector<ObserverDisks::Delta>& deltas);
  // The message leaves `from`; the disks are as at that moment.
  void OnMessage(NodeId from, NodeId to, PartitionId partition, const quorum::Message& message);
  void OnRestart(NodeId node);

 private:
  void RequirePromise(NodeId node, PartitionId partition, const kv::Ballot& ballot, const char* message);
  void RequireHeld(NodeId node, PartitionId partition, const std::string& key, const kv::Version& version,
                   const char* message);
  void OnUse(NodeId from, PartitionId partition, const kv::Ballot& ballot);

  // Of the ballots that a node used in a partition: the highest, and the highest before its process began.
  struct Used {
    kv::Ballot highest;
    kv::Ballot before_restart;
  };
  const ObserverDisks& disks_;
  ObserverComplaints& complaints_;
  std::map<NodeId, std::map<PartitionId, Used>> used_;
  std::map<NodeId, std::set<PartitionId>> just_erased_;  // By the node's last batch.
};

}  // namespace quoin::simulation
