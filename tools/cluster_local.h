// LocalCluster: the nodes of one cluster as processes of this machine, in one folder: started, hurt, stopped.
//
// The first node of the layout founds the cluster; every other is told to join through all the others that are known.
// A node starts again on the addresses that it had. Each node has <folder>/<name>/data and <folder>/<name>/log.
//
// Invariants:
//   1. No node outlives this object.
//   2. Whatever waits (a start, a stop) ends by its limit, by the node's end, or when the interrupt descriptor is
//   readable.
// Threads: one, the one that constructed it. Bounds: kMaxLocalNodes nodes.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/status.h"
#include "tools/cluster_layout.h"
#include "tools/cluster_node.h"

namespace quoin::tools {

class LocalCluster {
 public:
  struct Options {
    std::filesystem::path folder;    // There already.
    std::string program;             // The path of tools:node.
    std::vector<std::string> flags;  // For every node, after those that place it.
    std::chrono::milliseconds start_limit{60'000};
    std::chrono::milliseconds stop_limit{20'000};  // Then kill -9.
    int interrupt_fd = -1;                         // While it is readable nothing waits; -1: none.
    // What happens by itself (a node ended, or stopped otherwise than it should), for people: one or more lines. May be
    // empty.
    std::function<void(const std::string& text)> tell;
    // Words in front of the program for a node, such as {"/usr/sbin/ip", "netns", "exec", NAME}; may be empty. What
    // they run must become the node itself (exec), or signals would not reach it.
    std::function<std::vector<std::string>(const std::string& name)> launcher;
  };
  LocalCluster(Options options, ClusterLayout layout);

  // Starts the first node, and then all others at once. On an error the nodes that run are left running.
  // kInvalid: a node did not start (the message has the reason from its log); kUnavailable: interrupted, or it took too
  // long.
  Status StartAll();
  // Undoes a StartAll that failed, once StopAll has come back: removes the nodes' folders, but for those that were
  // there before. REQUIRES: no node has a process.
  void RemoveMadeFolders();
  // One more node, which joins. One that does not start, and has never said who it is, is taken back: the cluster is as
  // it was before. Errors as above.
  Status Add(NodePlace place);

  // By name. kInvalid: there is no such node, or it isn't in a state in which that makes sense; the message says which
  // there are, or what it is.
  Status Kill(const std::string& name);  // Comes back when the process is gone.
  Status Pause(const std::string& name);
  Status Resume(const std::string& name);
  Status Stop(const std::string& name);     // SIGTERM, and waits; a node that ends in another way is an error.
  Status Restart(const std::string& name);  // Stops it if it runs, and starts it again.
  Status Start(const std::string& name);    // One that is down.

  // SIGTERM to all, and waits. False, and told: one had to be killed, or was killed because of the interrupt
  // descriptor, or had served and ended otherwise than with exit code 0.
  bool StopAll();
  // Whether a node has ever ended by itself. Of one that does not start, whoever starts it is told.
  bool node_failed() const { return node_failed_; }

  // Handles what the nodes did meanwhile, and waits for more until `extra` (-1: none) or the interrupt descriptor is
  // readable or the time is over. True when `extra` is readable.
  bool Poll(int extra, std::chrono::milliseconds time);

  const std::vector<std::unique_ptr<LocalNode>>& nodes() const { return nodes_; }
  LocalNode* Find(const std::string& name) const;
  // With the ports that nodes have chosen.
  const ClusterLayout& layout() const { return layout_; }

 private:
  using Deadline = std::chrono::steady_clock::time_point;

  Status Begin(std::size_t index);
  void TakeBackLast();
  // Waits until it serves.
  Status AwaitStart(std::size_t index, Deadline deadline);
  // Waits until the node, which has been told to end, is down. False: it had to be killed.
  bool AwaitEnd(LocalNode& node, Deadline deadline);
  // The same, and tells of any end but a clean one. False: it was none.
  bool AwaitCleanEnd(LocalNode& node, bool served, Deadline deadline);
  std::vector<std::string> Arguments(std::size_t index) const;
  Result<LocalNode*> Running(const std::string& name) const;
  Result<std::size_t> IndexOf(const std::string& name) const;
  bool Interrupted() const;
  void OnEnd(const LocalNode& node);
  void TellFailure(const LocalNode& node, const std::string& how);

  const Options options_;
  ClusterLayout layout_;
  std::vector<std::unique_ptr<LocalNode>> nodes_;  // As in layout_.nodes.
  std::set<std::string> made_folders_;             // Of nodes whose folders were not there before.
  const LocalNode* expected_end_ = nullptr;        // Whose end is being waited for, and so is no news.
  bool stopping_ = false;                          // All ends are expected; StopAll looks at each.
  bool node_failed_ = false;
};

// "running", "paused", "starting"; "down (exit code 1)".
std::string StateText(const LocalNode& node);

}  // namespace quoin::tools
