// MembershipChanges: nodes that join, are drained, replaced and removed, asked for over HTTP as people do, one at a
// time, while whatever else happens to the cluster.
//
// Threads: the cluster's.
#pragma once

#include <map>
#include <random>
#include <string>

#include "tests/cluster/test_cluster.h"

namespace quoin::tests {

class MembershipChanges {
 public:
  // A cluster of at most `most` members; never fewer than `least`, the replication factor or more.
  MembershipChanges(TestCluster* cluster, std::size_t least, std::size_t most, std::mt19937_64* random);

  // Begins one: join, drain, replace, or drain and cancel; or removal of a node that is killed for good. The test's
  // list of members is what it shall be afterwards. REQUIRES: all members run, and none is under way.
  void Begin();
  // Asks again for what was begun until it is done: the wish itself may have been lost to a fault. REQUIRES: all
  // members run and reach each other.
  void Finish(std::chrono::seconds limit);

  const std::map<std::string, int>& counts() const { return counts_; }
  // "replace n2 with n4": what was begun last.
  const std::string& latest() const { return latest_; }

 private:
  // Empty when it was granted (202), or why not.
  std::string Ask(const std::string& action, const std::string& with = "");
  // The state of the node that leaves as the member sees it; "gone" when it is no member.
  std::string StateOf(const std::string& name) const;
  std::string DrawOther(const std::string& not_this);

  TestCluster* const cluster_;
  const std::size_t least_;
  const std::size_t most_;
  std::mt19937_64* const random_;
  std::string action_;   // Empty: none under way.
  std::string leaving_;  // Empty: nobody leaves.
  std::string with_;     // Who replaces it.
  std::string latest_;
  std::map<std::string, int> counts_;
};

}  // namespace quoin::tests
