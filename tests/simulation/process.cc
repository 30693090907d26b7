#include "tests/simulation/process.h"

#include <glog/logging.h>

#include <algorithm>
#include <utility>

#include "tests/simulation/packet_text.h"

namespace quoin::simulation {
namespace {

using std::chrono::milliseconds;

// A disk that has kept a write waiting for so long is said not to answer.
constexpr ring::Duration kDiskSilence = milliseconds(150);

}  // namespace

Process::Process(std::size_t index, NodeId id, std::optional<NodeId> join, Surroundings surroundings)
    : index_(index),
      id_(id),
      join_(join),
      with_(std::move(surroundings)),
      random_(with_.parameters.seed, "process", index),
      node_random_(with_.parameters.seed, "node", index),
      disk_(id, with_.parameters.cold_read_percent, SeededRandom(with_.parameters.seed, "disk", index)),
      clock_(milliseconds(with_.parameters.clock_error_ms), with_.parameters.clock_drift_ppm,
             SeededRandom(with_.parameters.seed, "clock", index)) {}

Process::~Process() = default;

quorum::NodeOptions Process::MakeOptions() {
  const Parameters& p = with_.parameters;
  quorum::NodeOptions options;
  options.self = id_;
  options.boot = random_.Next();
  options.member.peer_address = name() + ":7080";
  options.member.client_address = name() + ":8080";
  options.member.zone = "z" + std::to_string(index_ % std::max<std::uint64_t>(p.zones, 1));
  options.join = join_;
  options.cluster = ClusterId{Mix(p.seed) | 1};
  options.partition_count = static_cast<std::uint32_t>(p.partitions);
  options.goal = {.replication_factor = static_cast<std::uint32_t>(p.replication_factor),
                  .read_quorum = static_cast<std::uint32_t>(p.read_quorum),
                  .write_quorum = static_cast<std::uint32_t>(p.write_quorum)};
  options.max_value_bytes = with_.max_value_bytes;
  options.max_moves = p.max_moves;
  options.max_ids = p.max_ids;
  options.max_idle_keys = p.max_idle_keys;
  options.copy_pace.keys = p.copy_keys_per_s;
  options.timing = {.tick = milliseconds(p.tick_ms),
                    .heartbeat = milliseconds(p.heartbeat_ms),
                    .resend = milliseconds(p.resend_ms),
                    .attempt = milliseconds(p.attempt_ms),
                    .request = milliseconds(p.request_ms),
                    .takeover_stagger = milliseconds(p.takeover_stagger_ms),
                    .handover_after = milliseconds(p.handover_after_ms),
                    .scrub = milliseconds(p.scrub_ms),
                    .sweep = milliseconds(p.sweep_ms),
                    .move_timeout = milliseconds(p.move_timeout_ms),
                    .dead_node_timeout = milliseconds(p.dead_node_timeout_ms)};
  options.detector.phi.heartbeat_interval = options.timing.heartbeat;
  options.detector.phi.least_deviation = options.timing.heartbeat / 2;
  options.detector.longest_step = 4 * options.timing.tick;
  options.gossip.probe_interval = milliseconds(p.gossip_ms);
  options.gossip.probe_timeout = milliseconds(p.gossip_ms) / 3;
  options.gossip.longest_step = milliseconds(p.gossip_ms);
  return options;
}

void Process::Start() {
  CHECK(!running() && !retired_);
  ++boots_;
  clock_.Boot(with_.queue.now());
  with_.trace.Note({1, index_, boots_});
  with_.trace.Line(with_.queue.now(), [&](std::ostream& out) { out << name() << " starts, " << id_; });
  with_.witness.OnStart(id_);
  Result<std::unique_ptr<quorum::Node>> started = quorum::Node::Start(disk_, MakeOptions(), node_random_, Now());
  if (!started.ok()) {
    with_.fail(name() + " can't start: " + started.status().ToString());
    return;
  }
  node_ = *std::move(started);
  disk_answering_ = true;
  known_ring_ = nullptr;
  Pump();
  Later(ring::Duration(random_.Below(with_.parameters.tick_ms * 1000)), [this] { Tick(); });
}

void Process::Kill() {
  CHECK(running());
  with_.trace.Note({2, index_});
  with_.trace.Line(with_.queue.now(), [&](std::ostream& out) { out << name() << " dies"; });
  node_.reset();
  ++boots_;
  disk_.OnCrash(round_ && !round_->written ? &round_->batch : nullptr);
  if (const auto surfaced = disk_.TakeSurfaced()) {
    ++surfaced_;
    with_.witness.OnDurable(id_, *surfaced);
  }
  round_.reset();
  waiting_.clear();
  scanning_.clear();
  watching_.clear();
  missed_.clear();
  held_.clear();
  paused_ = false;
}

void Process::Pause() {
  CHECK(running());
  paused_ = true;
  with_.trace.Line(with_.queue.now(), [&](std::ostream& out) { out << name() << " pauses"; });
}

void Process::Resume() {
  CHECK(running());
  if (!paused_) return;
  paused_ = false;
  with_.trace.Line(with_.queue.now(), [&](std::ostream& out) { out << name() << " goes on"; });
  const std::uint64_t boot = boots_;
  for (const auto& event : std::exchange(missed_, {})) {
    if (boots_ == boot) event();
  }
}

void Process::Do(std::function<void()> event) {
  if (!running()) return;
  if (paused_) {
    missed_.push_back(std::move(event));
  } else {
    event();
  }
}

void Process::Later(ring::Duration delay, std::function<void()> event) {
  with_.queue.After(delay, [this, boot = boots_, event = std::move(event)] {
    if (boot == boots_) Do(event);
  });
}

void Process::FromDisk(ring::Duration delay, std::function<void()> event) {
  with_.queue.After(delay * disk_.slowness(), [this, boot = boots_, event = std::move(event)] {
    if (boot != boots_) return;
    if (disk_.hung()) {
      held_.push_back(event);
    } else {
      event();
    }
  });
}

void Process::Unhang() {
  disk_.SetHung(false);
  const std::uint64_t boot = boots_;
  for (const auto& event : std::exchange(held_, {})) {
    if (boots_ == boot) event();
  }
}

void Process::Tick() {
  const bool answering = !round_ || with_.queue.now() - round_->since < kDiskSilence;
  if (answering != disk_answering_) {
    disk_answering_ = answering;
    node_->SetDiskAnswering(answering, Now());
  }
  with_.trace.Note({3, index_});
  node_->OnTick(Now());
  Pump();
  Later(milliseconds(with_.parameters.tick_ms), [this] { Tick(); });
}

void Process::Receive(NodeId from, std::shared_ptr<const quorum::PacketBody> packet) {
  Do([this, from, packet = std::move(packet)] {
    with_.trace.Line(with_.queue.now(), [&](std::ostream& out) {
      out << with_.name_of(from) << " -> " << name() << "  ";
      WritePacket(*packet, out);
    });
    node_->Receive(from, *packet, Now());
    Pump();
  });
}

void Process::OnLinkReset(NodeId peer) {
  Do([this, peer] {
    with_.trace.Note({4, index_, peer.value});
    node_->OnLinkReset(peer, Now());
    Pump();
  });
}

void Process::Submit(const quorum::Request& request, const quorum::Sending& sending, AnswerCallback done) {
  Do([this, request, sending, done = std::move(done)]() mutable {
    const std::uint64_t token = ++tokens_;
    waiting_.emplace(token, [this, request, done = std::move(done)](quorum::Answer answer) {
      with_.witness.OnAnswer(id_, request, answer.reply);
      done(std::move(answer));
    });
    with_.trace.Note({5, index_, request.id.client, request.id.number});
    with_.trace.Line(with_.queue.now(), [&](std::ostream& out) {
      out << "client -> " << name() << "  ";
      WriteRequest(request, out);
      if (sending.repeated) out << " repeated";
    });
    node_->Submit(request, sending, token, Now());
    Pump();
  });
}

void Process::Scan(const quorum::ScanRequest& scan, quorum::ScanCallback done) {
  Do([this, scan, done = std::move(done)]() mutable {
    const std::uint64_t token = ++tokens_;
    scanning_.emplace(token, std::move(done));
    with_.trace.Note({13, index_, scan.limit, scan.max_bytes});
    with_.trace.Line(with_.queue.now(), [&](std::ostream& out) {
      out << "client -> " << name() << "  scan #" << token << " ";
      WriteScan(scan, out);
    });
    node_->Scan(scan, token, Now());
    Pump();
  });
}

std::uint64_t Process::Watch(const quorum::WatchRequest& request, WatchCallback told) {
  const std::uint64_t token = ++tokens_;
  Do([this, request, token, told = std::move(told)]() mutable {
    watching_.emplace(token, std::move(told));
    with_.trace.Note({16, index_, token, request.targets.size()});
    with_.trace.Line(with_.queue.now(), [&](std::ostream& out) {
      out << "client -> " << name() << "  watch #" << token;
      for (const quorum::WatchTarget& target : request.targets) {
        out << " '" << target.text << (target.kind == quorum::WatchTarget::Kind::kPrefix ? "'*" : "'");
      }
      if (!request.from) return;
      for (const auto& [partition, position] : *request.from) out << " p" << partition << "@" << position;
    });
    node_->Watch(request, token, Now());
    Pump();
  });
  return token;
}

void Process::Unwatch(std::uint64_t token) {
  Do([this, token] {
    watching_.erase(token);
    with_.trace.Note({17, index_, token});
    node_->Unwatch(token);
    Pump();
  });
}

void Process::Ask(const quorum::MembershipPacket& wish) {
  Do([this, wish] {
    with_.trace.Note({6, index_, static_cast<std::uint64_t>(wish.wish), wish.node.value});
    node_->Ask(wish, Now());
    Pump();
  });
}

}  // namespace quoin::simulation
