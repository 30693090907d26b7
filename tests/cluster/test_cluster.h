// TestCluster: a cluster of real nodes for one test: the processes, what they say over HTTP, and which of them belong
// to the cluster.
//
// Names ("n1") are the test's, ids (16 hexadecimal digits) the cluster's. A node keeps its name for ever.
// Threads: one, the one that constructed it. Lifetime: folders and processes end with it; the lab must outlive it.
#pragma once

#include <boost/json.hpp>
#include <chrono>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "net/http_client.h"
#include "tests/cluster/network_lab.h"
#include "tests/process/child_process.h"
#include "tools/cluster_local.h"

namespace quoin::tests {

class TestCluster {
 public:
  struct Options {
    std::size_t nodes = 3;
    std::vector<std::string> flags;  // For every node.
    NetworkLab* lab = nullptr;       // nullptr: all nodes on the loopback.
    // Where data and logs are; empty: a folder of the test's own that ends with it.
    std::filesystem::path folder;
  };
  // Comes back when all nodes serve and have joined. Ends the test with the reason when that fails.
  explicit TestCluster(Options options);

  // ---- Processes ----
  tools::LocalCluster& processes() { return *processes_; }
  tools::LocalNode& node(const std::string& name) const;
  // Starts one more and waits until it serves, not until it has joined. Its name.
  std::string Add();
  // The status of something that must work.
  static void Must(const Status& status);
  // Ends of nodes that nobody asked for.
  const std::vector<std::string>& deaths() const { return deaths_; }
  // Lets so much time pass, with an eye on the nodes. For how long a fault lasts, never to wait for something.
  void Pass(std::chrono::milliseconds time);

  // ---- Members: those that are to belong to the cluster when all is done. The test keeps the list. ----
  const std::set<std::string>& members() const { return members_; }
  void Expect(const std::string& name) { members_.insert(name); }
  void Forget(const std::string& name) { members_.erase(name); }
  // Those of them that run and are not paused.
  std::vector<std::string> Serving() const;
  // "host:port,host:port" of all members.
  std::string Servers() const;
  // The same of all members that have started.
  std::vector<net::HttpEndpoint> Endpoints() const;

  // ---- HTTP ----
  // kUnavailable: no answer within `limit`.
  Result<net::HttpClientResponse> Ask(const std::string& name, const net::HttpClientRequest& request,
                                      std::chrono::milliseconds limit = kPatience) const;
  // A JSON answer with status 200; everything else is an error with what came.
  Result<boost::json::object> Get(const std::string& name, const std::string& target,
                                  std::chrono::milliseconds limit = kPatience) const;

  // Asks again and again until it is empty: why the wanted state is not there yet. Ends the test with the last reason,
  // what the nodes say of the cluster, and the ends of the logs after `limit`.
  void Await(const std::string& wanted, std::chrono::seconds limit, const std::function<std::string()>& why_not);
  // The last lines of all nodes' logs.
  std::string Logs() const;
  // What all running nodes say of the cluster.
  std::string Statuses() const;

 private:
  tools::NodePlace PlaceFor(std::size_t index) const;

  const Options options_;
  TemporaryFolder temporary_{"cluster"};
  std::string network_;  // The first two bytes of the loopback addresses of this cluster: "127.93."
  std::vector<std::string> deaths_;
  std::set<std::string> members_;
  std::unique_ptr<tools::LocalCluster> processes_;
};

}  // namespace quoin::tests
