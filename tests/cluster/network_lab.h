// NetworkLab: a network of its own for one test process, in which nodes can be cut off from each other, one way or
// both.
//
//              n1 10.77.1.1 --- 10.77.1.254 --+
//              n2 10.77.2.1 --- 10.77.2.254 --+-- router: this process, and whatever it starts besides nodes
//
// The process moves into a fresh network namespace, each node runs in another, and the router forwards between them. A
// cut is a routing rule of the router: what one node sends to another is dropped without a word, as a broken line does.
// The way between the router (where the clients are) and the nodes stays open. Nothing of the machine's own network is
// touched, and all of it is gone with the process.
//
// Needs Linux with user namespaces or root, and `ip` and `nsenter` (iproute2, util-linux).
// Threads: one; the process must have only one when it enters. Bounds: 64 nodes.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"

namespace quoin::tests {

class NetworkLab {
 public:
  // Moves this process into a network of its own, for good. kUnavailable: this machine does not allow it, or lacks a
  // tool; the message says which.
  static Result<std::unique_ptr<NetworkLab>> Enter();
  ~NetworkLab();
  NetworkLab(const NetworkLab&) = delete;
  NetworkLab& operator=(const NetworkLab&) = delete;

  // A place for another node. Its name is "n<number>".
  void AddNode(const std::string& name);
  // "10.77.1.1". REQUIRES: added.
  std::string AddressOf(const std::string& name) const;
  // What to put in front of a command so that it runs there. It becomes the command (exec).
  std::vector<std::string> Launcher(const std::string& name) const;

  // From now on nothing that `from` sends reaches `to`. What is cut already stays cut.
  void Cut(const std::string& from, const std::string& to);
  void Heal(const std::string& from, const std::string& to);
  void HealAll();
  // What is cut now, as (from, to).
  const std::set<std::pair<std::string, std::string>>& cuts() const { return cuts_; }

 private:
  NetworkLab() = default;

  std::map<std::string, int> namespaces_;  // By node; an open descriptor each, which keeps it alive.
  std::set<std::pair<std::string, std::string>> cuts_;
};

}  // namespace quoin::tests
