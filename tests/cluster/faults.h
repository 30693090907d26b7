// Faults: what may be done to a cluster of real processes, drawn from a seed.
//
// A fault is done, lasts for a while, and is taken back, each said in the log. Several may last at once.
// Threads: the cluster's.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "tests/cluster/network_lab.h"
#include "tests/cluster/test_cluster.h"

namespace quoin::tests {

class Faults {
 public:
  // Without a lab there are no cuts. All of them must outlive this object.
  Faults(TestCluster* cluster, NetworkLab* lab, std::mt19937_64* random);

  // The kinds that are possible here, by name: "kill-one", "kill-all", "pause-one", "restart-one", "cut-off", ...
  std::vector<std::string> Kinds() const;
  // Does one of that kind, to nodes that are drawn. Nothing, if there's nobody left to do it to.
  void Do(const std::string& kind);
  void DoAny();
  // Takes all faults that last back: heals what is cut, resumes what is paused, starts what is down.
  void UndoAll();

  // What was done and when, the latest kToldFaults of it, one line each; and a word of others to it.
  static constexpr std::size_t kToldFaults = 30;
  std::string History() const;
  void Note(const std::string& what);

  // How often each kind was done.
  const std::map<std::string, int>& counts() const { return counts_; }

 private:
  // The oldest members first: whoever has not joined yet finds them up.
  std::vector<std::string> InState(tools::LocalNode::State state) const;
  std::vector<std::string> DrawRunning(std::size_t most);
  void Say(const std::string& what, const std::vector<std::string>& to);
  void CutBetween(const std::vector<std::string>& some, bool out, bool in);
  std::size_t Draw(std::size_t below) { return std::uniform_int_distribution<std::size_t>(0, below - 1)(*random_); }

  TestCluster* const cluster_;
  NetworkLab* const lab_;
  std::mt19937_64* const random_;
  std::map<std::string, int> counts_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::deque<std::string> history_;
};

}  // namespace quoin::tests
