// FailureDetector: which peers this node hears.
//
// It decides from heartbeats and resets of links, told by its owner, and from nothing else. Its verdicts steer routing
// and takeover only; safety never depends on them (design section 4.3).
//
// Invariants:
//   D1  a peer whose link was reset is not heard from that moment until its next heartbeat;
//   D2  time during which the watcher itself didn't run adds no suspicion (SuspicionClock);
//   D3  a heartbeat that was overtaken by a later one of the same boot changes nothing;
//   D4  a peer whose disk doesn't answer is not heard, however punctual it is.
//
// OnTick must come at least every `longest_step`. Lives on its owner's shard. Bounds: one window per watched peer.
#pragma once

#include <cstdint>
#include <map>
#include <string_view>

#include "base/ids.h"
#include "ring/monotonic_time.h"
#include "ring/phi_accrual.h"
#include "ring/suspicion_clock.h"

namespace quoin::ring {

struct FailureDetectorConfig {
  PhiConfig phi;
  double threshold = 8;
  Duration longest_step = std::chrono::milliseconds(100);
};

// What a node says of itself, small and often.
struct Heartbeat {
  std::uint64_t boot = 0;    // The nonce of the sender's process.
  std::uint64_t number = 0;  // Goes up within a boot.
  bool disk_answering = true;
  Duration interval{0};  // Until the next one, as the sender means it; 0: as often as the config says.

  friend bool operator==(const Heartbeat&, const Heartbeat&) = default;
};

enum class Hearing {
  kHeard,
  kUnwatched,   // Nobody asked to watch this node.
  kSilent,      // Its heartbeats have stopped.
  kLinkReset,   // Its link broke, and no heartbeat has come since.
  kDiskSilent,  // It lives, and says that its disk doesn't answer.
};
// "heard", "link reset", ...
std::string_view HearingName(Hearing hearing);

class FailureDetector {
 public:
  FailureDetector(const FailureDetectorConfig& config, MonotonicTime now);

  // From now on the peer is expected to send heartbeats. Without effect when it is watched already.
  void Watch(NodeId peer, MonotonicTime now);
  void Forget(NodeId peer);

  void OnTick(MonotonicTime now);
  // Of a node that is not watched: ignored.
  void OnHeartbeat(NodeId peer, const Heartbeat& heartbeat, MonotonicTime now);
  void OnLinkReset(NodeId peer, MonotonicTime now);

  // As of the last call that told the time.
  Hearing HearingOf(NodeId peer) const;
  bool Hears(NodeId peer) const { return HearingOf(peer) == Hearing::kHeard; }
  // kMaxPhi after a reset and for a node that is not watched.
  double Phi(NodeId peer) const;

  // For the metrics.
  Duration paused() const { return clock_.paused(); }

 private:
  struct Peer {
    PhiAccrual phi;
    Heartbeat last;
    bool ever_heard = false;
    bool link_reset = false;
  };

  const FailureDetectorConfig config_;
  SuspicionClock clock_;
  std::map<NodeId, Peer> peers_;
};

}  // namespace quoin::ring
