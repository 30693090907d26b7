// Watchers: the simulated clients that watch keys (docs/watch.md), and what they hold against what they are told.
//
// Each keeps the view of its keys that it was told, over many connections: it stays with a node until that dies or it has
// had enough of it, and goes on at another one with its cursor, or from the start.
//
// Checked here: W2 the versions of a key ascend on one connection, unless a gap came between, and a key's gap is followed
// by that key's state; W3 at rest the view is what is stored; W5 positions only go up. (W1 is the observer's, which is
// shown every state that is told.)
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "quorum/watch.h"
#include "tests/simulation/client_findings.h"
#include "tests/simulation/seeded_random.h"
#include "tests/simulation/world.h"

namespace quoin::simulation {

class Watchers {
 public:
  // `world` and `findings` outlive it; it outlives what the world was asked to call. `keys`: that others write.
  Watchers(std::size_t count, std::uint64_t seed, const std::vector<std::string>& keys, World& world,
           ClientFindings& findings);
  Watchers(const Watchers&) = delete;
  Watchers& operator=(const Watchers&) = delete;

  void Start();
  // Nobody leaves a node any more that lives.
  void Stay() { staying_ = true; }
  void OnNodeDown(std::size_t node);
  // Empty when every view is what the replicas store, where all are at rest; otherwise what isn't.
  std::string MissingForRest() const;

 private:
  struct Watcher {
    std::vector<quorum::WatchTarget> targets;
    std::uint64_t connection = 0;  // Counts up; news of an earlier one don't matter.
    std::optional<std::size_t> node;
    std::uint64_t token = 0;
    // Of the connection.
    std::map<std::string, kv::Version> told;
    std::optional<std::string> gap_of;   // Its state must come next.
    bool whole = false;                  // All of the state is being told.
    std::set<std::string> confirmed;     // Since it began to be.
    quorum::WatchPositions positions;
    // Over all connections.
    bool synced = false;  // The view is whole.
    std::map<std::string, kv::Version> view;  // Keys that are there.
  };

  void Connect(std::size_t index);
  void Disconnect(std::size_t index);
  void OnNews(std::size_t index, const quorum::WatchNews& news, const quorum::WatchPositions& positions);
  void OnEvent(std::size_t index, const quorum::WatchEvent& event);
  void OnPositions(std::size_t index, const quorum::WatchPositions& positions);
  std::string Name(std::size_t index) const { return "watcher " + std::to_string(index); }

  World& world_;
  ClientFindings& findings_;
  SeededRandom random_;
  std::vector<Watcher> watchers_;
  bool staying_ = false;
};

}  // namespace quoin::simulation
