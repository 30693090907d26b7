// Whether a cluster that is left in peace has come to rest, and whether all its replicas then hold the same.
#pragma once

#include <cstddef>
#include <map>
#include <set>
#include <string>

#include "base/status.h"
#include "tests/cluster/test_cluster.h"
#include "tests/cluster/watcher_view.h"

namespace quoin::tests {

// Empty when every member says that all members, and nobody else, are active and heard, that all agree on the epoch,
// that every
// partition has all its replicas, none moves or lacks a leader, and, unless a load is still at work, that all replicas
// have been found equal and no key lags. Otherwise the first reason why not, for TestCluster::Await. REQUIRES: all
// members run.
std::string WhyNotAtRest(const TestCluster& cluster, bool under_load = false);

// What every member answers for every key with the prefix, when all replicas of the key have a say (consistency=all),
// and what it answers from its own knowledge where it holds a replica itself (consistency=one).
struct Equality {
  std::size_t keys = 0;
  std::string difference;  // The first one; empty: none. A read that failed is one, too.
};
Equality CompareReplicas(const TestCluster& cluster, const std::string& prefix);

// What linearizable reads through the member find of these keys, and of all others that it lists; those that are not
// there are left out. The cluster must be at rest for it to be the state of one moment.
Result<std::map<std::string, StoredState>> ReadStored(const TestCluster& cluster, const std::string& name,
                                                      std::set<std::string> keys);

}  // namespace quoin::tests
