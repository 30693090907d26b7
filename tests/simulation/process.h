// Process: one simulated node's process, or the place where it will be started again. It drives quorum::Node as
// quorum/node.h asks for: output acted upon after every call, one round at a time, ticks.
//
// A killed process is gone with all that it had in memory; its disk stays. A paused one does nothing, and finds
// everything that came meanwhile when it goes on; its disk went on without it.
//
// Invariants:
//   P1  nothing that was under way for one process reaches the next one on the same disk;
//   P2  a batch is on the disk before anyone is told so.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "quorum/node.h"
#include "tests/simulation/counts.h"
#include "tests/simulation/event_queue.h"
#include "tests/simulation/parameters.h"
#include "tests/simulation/seeded_random.h"
#include "tests/simulation/sim_clock.h"
#include "tests/simulation/sim_disk.h"
#include "tests/simulation/trace.h"
#include "tests/simulation/witness.h"

namespace quoin::simulation {

// What all processes of a world share.
struct Surroundings {
  const Parameters& parameters;
  std::size_t max_value_bytes;
  EventQueue& queue;
  Counts& counts;
  Trace& trace;
  Witness& witness;
  std::function<void(std::size_t from, NodeId to, quorum::PacketBody body)> send;
  std::function<void(const std::string& why)> fail;
  std::function<std::string(NodeId node)> name_of;
};

class Process {
 public:
  // `join` as in quorum::NodeOptions.
  Process(std::size_t index, NodeId id, std::optional<NodeId> join, Surroundings surroundings);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  std::size_t index() const { return index_; }
  NodeId id() const { return id_; }
  std::string name() const { return "n" + std::to_string(index_); }

  // REQUIRES: !running() && !retired()
  void Start();
  // As kill -9, or a loss of power. REQUIRES: running()
  void Kill();
  void Pause();
  void Resume();
  // It is never started again. REQUIRES: !running()
  void Retire() { retired_ = true; }
  // From its next start on.
  void JoinThrough(NodeId node) { join_ = node; }
  const std::optional<NodeId>& join() const { return join_; }

  bool running() const { return node_ != nullptr; }
  bool paused() const { return paused_; }
  bool retired() const { return retired_; }
  // nullptr while it isn't running.
  const quorum::Node* node() const { return node_.get(); }
  SimDisk& disk() { return disk_; }
  const SimDisk& disk() const { return disk_; }
  // How often a write that had not been answered was there after a crash.
  std::uint64_t surfaced() const { return surfaced_; }
  SimClock& clock() { return clock_; }
  // The disk answers again: what waited for it goes on.
  void Unhang();

  // Without effect while it isn't running.
  void Receive(NodeId from, std::shared_ptr<const quorum::PacketBody> packet);
  void OnLinkReset(NodeId peer);
  using AnswerCallback = std::function<void(quorum::Answer)>;
  void Submit(const quorum::Request& request, const quorum::Sending& sending, AnswerCallback done);
  void Scan(const quorum::ScanRequest& scan, quorum::ScanCallback done);
  // News, with the watch's positions after them.
  using WatchCallback = std::function<void(const quorum::WatchNews&, const quorum::WatchPositions&)>;
  // Its name for Unwatch; of this process alone.
  std::uint64_t Watch(const quorum::WatchRequest& request, WatchCallback told);
  void Unwatch(std::uint64_t token);
  void Ask(const quorum::MembershipPacket& wish);

 private:
  struct Round {
    kv::Batch batch;
    ring::MonotonicTime since;
    bool written = false;  // Or refused; only telling the node is left.
  };

  quorum::Moment Now() const { return clock_.Read(with_.queue.now()); }
  quorum::NodeOptions MakeOptions();
  // Runs the event now, or when the process goes on, unless it ends before.
  void Do(std::function<void()> event);
  // Do, after a delay.
  void Later(ring::Duration delay, std::function<void()> event);
  // As Later, for what takes a disk that answers.
  void FromDisk(ring::Duration delay, std::function<void()> event);
  ring::Duration ReadLatency();
  void Tick();
  // Acts on the node's output.
  void Pump();
  void Seal();
  void OnWritten();
  void Load(const quorum::LoadWanted& load);
  void ReadRange(const quorum::RangeWanted& range);
  void ReadDue(const quorum::DueWanted& due);
  void ReadPage(const quorum::PageWanted& page);
  void Answer(const quorum::Answer& answer);
  void AnswerScan(quorum::ScanAnswer answer);
  void Tell(const quorum::WatchNews& news);

  const std::size_t index_;
  const NodeId id_;
  std::optional<NodeId> join_;
  const Surroundings with_;
  SeededRandom random_;
  SeededRandom node_random_;
  SimDisk disk_;
  SimClock clock_;
  bool retired_ = false;
  bool paused_ = false;
  std::uint64_t boots_ = 0;
  std::uint64_t surfaced_ = 0;

  // Of the running process.
  std::unique_ptr<quorum::Node> node_;
  std::optional<Round> round_;
  bool disk_answering_ = true;
  std::uint64_t tokens_ = 0;
  std::map<std::uint64_t, AnswerCallback> waiting_;
  std::map<std::uint64_t, quorum::ScanCallback> scanning_;
  std::map<std::uint64_t, WatchCallback> watching_;
  std::vector<std::function<void()>> missed_;  // While it was paused.
  std::vector<std::function<void()>> held_;    // By a disk that hangs.
  std::shared_ptr<const ring::Topology> known_ring_;
};

}  // namespace quoin::simulation
