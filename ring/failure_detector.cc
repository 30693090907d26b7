#include "ring/failure_detector.h"

#include <glog/logging.h>

namespace quoin::ring {

std::string_view HearingName(Hearing hearing) {
  switch (hearing) {
    case Hearing::kHeard:
      return "heard";
    case Hearing::kUnwatched:
      return "unwatched";
    case Hearing::kSilent:
      return "silent";
    case Hearing::kLinkReset:
      return "link reset";
    case Hearing::kDiskSilent:
      return "disk silent";
  }
  LOG(FATAL) << "no such hearing: " << static_cast<int>(hearing);
}

FailureDetector::FailureDetector(const FailureDetectorConfig& config, MonotonicTime now)
    : config_(config), clock_(config.longest_step, now) {
  CHECK(config.threshold > 0 && config.threshold < kMaxPhi) << config.threshold;
}

void FailureDetector::Watch(NodeId peer, MonotonicTime now) {
  clock_.Advance(now);
  peers_.try_emplace(peer, Peer{PhiAccrual(config_.phi, clock_.now()), Heartbeat{}});
}

void FailureDetector::Forget(NodeId peer) { peers_.erase(peer); }

void FailureDetector::OnTick(MonotonicTime now) { clock_.Advance(now); }

void FailureDetector::OnHeartbeat(NodeId peer, const Heartbeat& heartbeat, MonotonicTime now) {
  clock_.Advance(now);
  const auto found = peers_.find(peer);
  if (found == peers_.end()) return;
  Peer& watched = found->second;
  const bool same_boot = watched.ever_heard && watched.last.boot == heartbeat.boot;
  if (same_boot && heartbeat.number <= watched.last.number) return;  // D3
  // After a reset or a restart, and on the first one, the gap is not one between heartbeats.
  if (same_boot && !watched.link_reset) {
    watched.phi.OnHeartbeat(clock_.now());
  } else {
    watched.phi.Restart(clock_.now());
  }
  watched.phi.Expect(heartbeat.interval);
  watched.last = heartbeat;
  watched.ever_heard = true;
  watched.link_reset = false;
}

void FailureDetector::OnLinkReset(NodeId peer, MonotonicTime now) {
  clock_.Advance(now);
  const auto found = peers_.find(peer);
  if (found != peers_.end()) found->second.link_reset = true;
}

Hearing FailureDetector::HearingOf(NodeId peer) const {
  const auto found = peers_.find(peer);
  if (found == peers_.end()) return Hearing::kUnwatched;
  const Peer& watched = found->second;
  if (watched.link_reset) return Hearing::kLinkReset;
  if (watched.phi.Phi(clock_.now()) >= config_.threshold) return Hearing::kSilent;
  if (!watched.last.disk_answering) return Hearing::kDiskSilent;
  return Hearing::kHeard;
}

double FailureDetector::Phi(NodeId peer) const {
  const auto found = peers_.find(peer);
  if (found == peers_.end() || found->second.link_reset) return kMaxPhi;
  return found->second.phi.Phi(clock_.now());
}

}  // namespace quoin::ring
