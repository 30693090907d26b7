// WatcherView: what one watcher has been told of its keys, held against what docs/watch.md promises. Pure.
//
// Checked with each event: the versions of a key go up on one connection and nothing is told twice, but after a gap of
// the key or of all; only watched keys are told of. Once the cluster is at rest (Missing): the view is what is stored,
// key by key, and every gap of a key was followed by its state. In peace (LeftOut): each of the versions that were
// written one after the other was told, or counted in `skipped`, or a gap was told.
//
// What may be missing between two events while nodes come and go can't be judged: a watch that has to catch up is told
// the newest states only, and nothing says so (docs/watch.md, "What is promised"). So LeftOut is for times without.
//
// Threads: the watchers'. Bounds: 100 bytes for each key, and what is recorded.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/cluster/told_event.h"

namespace quoin::tests {

// What a linearizable read found of a key that is there.
struct StoredState {
  kv::Version version;
  std::string value;
};

class WatcherView {
 public:
  WatcherView(std::string name, std::vector<client::WatchTarget> targets);

  const std::string& name() const { return name_; }
  const std::vector<client::WatchTarget>& targets() const { return targets_; }
  bool Covers(const std::string& key) const;

  // Another connection begins, from a cursor; or without one, which counts as a gap of all.
  void OnConnection(bool resumed);
  // The library goes on with another connection, and sorts out what was told before.
  void OnReconnect() { recording_ = false; }
  // What is wrong with it; empty: nothing.
  std::string OnEvent(const ToldEvent& event);

  // The first difference between the view and what is stored, of the keys that it covers; empty: none.
  std::string Missing(const std::map<std::string, StoredState>& stored) const;

  // From here on it is remembered what is told of each key.
  void Record();
  // Since Record there was neither a gap nor another connection.
  bool recording() const { return recording_; }
  // Of these versions of a key, written one after the other since Record, those that were neither told nor counted as
  // skipped; nullopt: none, or it was on another connection since, or told of a gap. REQUIRES: Missing() was empty
  // since the last of them was written.
  std::optional<std::string> LeftOut(const std::string& key, const std::vector<kv::Version>& versions) const;

  struct Counts {
    std::uint64_t events = 0;  // Of states.
    std::uint64_t gaps = 0;    // Of a key or of all.
    std::uint64_t synced = 0;
    std::uint64_t conflated = 0;  // Events that others stood for, as the node told.
  };
  const Counts& counts() const { return counts_; }
  void AddKeysTo(std::set<std::string>* keys) const;

 private:
  struct Seen {
    kv::Version version;
    std::size_t digest = 0;
  };
  struct Recorded {
    std::set<kv::Version> versions;
    std::uint64_t skipped = 0;
  };

  void OnGap(const std::string& key);
  void OnSynced();

  const std::string name_;
  const std::vector<client::WatchTarget> targets_;
  std::map<std::string, kv::Version> told_;  // On this connection.
  std::set<std::string> open_gaps_;          // Their state is to come.
  bool whole_ = true;                        // All of the state is being told.
  std::set<std::string> confirmed_;          // Since it began to be.
  bool synced_ = false;
  std::map<std::string, Seen> view_;  // Keys that are there.
  bool recording_ = false;
  std::map<std::string, Recorded> recorded_;
  Counts counts_;
};

}  // namespace quoin::tests
