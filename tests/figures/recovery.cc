#include "tests/figures/recovery.h"

#include <glog/logging.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "tests/figures/table.h"

namespace quoin::figures {
namespace {

using quorum::Outcome;
using quorum::TestNodes;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr ring::Duration kStep = milliseconds(1);
constexpr ring::Duration kWatched = seconds(6);
constexpr int kPhases = 6;

void CutOff(MeasuredCluster* cluster, std::uint64_t node, const std::vector<std::uint64_t>& from) {
  for (const std::uint64_t other : from) cluster->nodes.CutBothWays(node, other);
}

// Asks for one thing after another, and keeps the moments of its successes.
class SteadyClient {
 public:
  SteadyClient(MeasuredCluster* cluster, Client kind, std::uint64_t at, std::string key)
      : cluster_(*cluster), kind_(kind), at_(at), key_(std::move(key)) {}

  void Step() {
    TestNodes& nodes = cluster_.nodes;
    if (token_) {
      const auto reply = nodes.AnswerTo(*token_);
      if (!reply) return;
      if (reply->outcome == Outcome::kDone) successes.push_back(nodes.now().now);
      if (reply->status.code() == Code::kUnknown) ++unknown;
    }
    token_ = nodes.Submit(at_, kind_ == Client::kReader ? GetOf(key_) : PutOf(key_, std::to_string(++asked_)));
  }

  std::vector<ring::MonotonicTime> successes;
  std::uint64_t unknown = 0;

 private:
  MeasuredCluster& cluster_;
  const Client kind_;
  const std::uint64_t at_;
  const std::string key_;
  std::optional<std::uint64_t> token_;
  std::uint64_t asked_ = 0;
};

}  // namespace

std::vector<Fault> AllFaults() {
  using Cluster = MeasuredCluster;
  // Halves of the replicas: the leader alone, or with one follower where there are five.
  const auto minority = [](Cluster* cluster) {
    std::vector<std::uint64_t> with_leader = {cluster->leader};
    if (cluster->followers.size() > 2) with_leader.push_back(cluster->followers.front());
    return with_leader;
  };
  const auto is_in = [](const std::vector<std::uint64_t>& nodes, std::uint64_t node) {
    return std::find(nodes.begin(), nodes.end(), node) != nodes.end();
  };
  return {
      {"nothing", false, [](Cluster*, std::uint64_t) {}},
      {"leader crashes, links reset", false, [](Cluster* c, std::uint64_t) { c->nodes.Kill(c->leader, true); }},
      {"leader crashes, links silent", false, [](Cluster* c, std::uint64_t) { c->nodes.Kill(c->leader, false); }},
      {"leader pauses", false, [](Cluster* c, std::uint64_t) { c->nodes.Pause(c->leader); }},
      {"leader's disk hangs", false,
       [](Cluster* c, std::uint64_t) {
         c->nodes.HangDisk(c->leader, true);
         c->nodes.node(c->leader).SetDiskAnswering(false, c->nodes.now());
       }},
      {"leader cut off from all", false, [](Cluster* c, std::uint64_t) { CutOff(c, c->leader, c->followers); }},
      {"leader cut off from one follower, not the client's", false,
       [](Cluster* c, std::uint64_t) { CutOff(c, c->leader, {c->followers.front()}); }},
      {"leader cut off from the client's follower", false,
       [](Cluster* c, std::uint64_t client) { CutOff(c, c->leader, {client}); }},
      {"leader cut off from a coordinator that holds nothing", true,
       [](Cluster* c, std::uint64_t client) { CutOff(c, c->leader, {client}); }},
      {"one way: nothing leaves the leader", false,
       [](Cluster* c, std::uint64_t) {
         for (const std::uint64_t follower : c->followers) c->nodes.Cut(c->leader, follower);
       }},
      {"one way: nothing reaches the leader", false,
       [](Cluster* c, std::uint64_t) {
         for (const std::uint64_t follower : c->followers) c->nodes.Cut(follower, c->leader);
       }},
      {"split, leader in the minority", false,
       [minority, is_in](Cluster* c, std::uint64_t) {
         const auto few = minority(c);
         for (const std::uint64_t node : few) {
           for (const std::uint64_t follower : c->followers) {
             if (!is_in(few, follower)) c->nodes.CutBothWays(node, follower);
           }
         }
       }},
      {"bridge: the leader's half and the client's, one node between", false,
       [minority, is_in](Cluster* c, std::uint64_t) {
         const auto few = minority(c);
         const std::uint64_t bridge = c->followers[few.size() - 1];
         for (const std::uint64_t node : few) {
           for (const std::uint64_t follower : c->followers) {
             if (follower != bridge && !is_in(few, follower)) c->nodes.CutBothWays(node, follower);
           }
         }
       }},
      {"bridge: the leader between the halves", false,
       [](Cluster* c, std::uint64_t) {
         const std::size_t half = c->followers.size() / 2;
         for (std::size_t a = 0; a < half; ++a) {
           for (std::size_t b = half; b < c->followers.size(); ++b) {
             c->nodes.CutBothWays(c->followers[a], c->followers[b]);
           }
         }
       }},
  };
}

Recovery Measure(const Fault& fault, std::uint32_t replicas, Client kind, ring::Duration phase) {
  MeasuredCluster cluster(replicas + (fault.outsider ? 1 : 0), replicas);
  TestNodes& nodes = cluster.nodes;
  const std::uint64_t at = fault.outsider ? cluster.outsiders.front() : cluster.followers.back();
  const std::string key = cluster.NewKey();
  nodes.Do(cluster.leader, PutOf(key, "before"));
  SteadyClient client(&cluster, kind, at, key);
  std::optional<ring::MonotonicTime> struck;
  std::optional<ring::MonotonicTime> prepared;
  nodes.on_sent = [&](const TestNodes::Sent& sent) {
    const auto* packet = std::get_if<quorum::ReplicaPacket>(&sent.body);
    const bool theirs = packet != nullptr && packet->partition == cluster.partition && sent.from != cluster.leader;
    if (!struck || prepared || !theirs || !std::holds_alternative<quorum::Prepare>(packet->message)) return;
    prepared = nodes.now().now;
  };
  const auto run = [&](ring::Duration time) {
    for (const auto end = nodes.now().now + time; nodes.now().now < end; nodes.Run(kStep)) client.Step();
  };
  run(milliseconds(200) + phase);
  struck = nodes.now().now;
  fault.strike(&cluster, at);
  run(kWatched);

  Recovery recovery;
  recovery.unknown = client.unknown;
  std::vector<ring::MonotonicTime> moments = client.successes;
  CHECK(!moments.empty());
  recovery.recovered = moments.back() > nodes.now().now - seconds(1);
  moments.push_back(nodes.now().now);
  for (std::size_t i = 1; i < moments.size(); ++i) {
    if (moments[i] > *struck) recovery.gap = std::max(recovery.gap, moments[i] - moments[i - 1]);
  }
  if (prepared) {
    const auto next = std::find_if(moments.begin(), moments.end(), [&](auto moment) { return moment >= *prepared; });
    recovery.detection = *prepared - *struck;
    recovery.takeover = *next - *prepared;
  }
  return recovery;
}

namespace {

struct Spread {
  ring::Duration median{0};
  ring::Duration worst{0};
};
Spread SpreadOf(std::vector<ring::Duration> times) {
  std::sort(times.begin(), times.end());
  return {times[times.size() / 2], times.back()};
}
std::string Milliseconds(Spread spread) {
  return std::to_string(spread.median.count() / 1000) + " / " + std::to_string(spread.worst.count() / 1000);
}
std::string RoundTrips(Spread spread) {
  const auto trips = [](ring::Duration time) { return Decimal(1.0 * time.count() / kRoundTrip.count(), 1); };
  return trips(spread.median) + " / " + trips(spread.worst);
}

void AddRow(const Fault& fault, std::uint32_t replicas, Table* table) {
  const quorum::NodeTiming timing;
  std::vector<std::string> row = {fault.name, std::to_string(replicas)};
  for (const Client kind : {Client::kWriter, Client::kReader}) {
    std::vector<ring::Duration> gaps;
    std::vector<ring::Duration> detections;
    std::vector<ring::Duration> takeovers;
    std::uint64_t unknown = 0;
    bool recovered = true;
    for (int i = 0; i < kPhases; ++i) {
      const Recovery found = Measure(fault, replicas, kind, i * timing.heartbeat / kPhases);
      gaps.push_back(found.gap);
      unknown += found.unknown;
      recovered = recovered && found.recovered;
      if (!found.detection) continue;
      detections.push_back(*found.detection);
      takeovers.push_back(*found.takeover);
    }
    row.push_back(recovered ? Milliseconds(SpreadOf(gaps)) : "never");
    if (kind == Client::kReader) continue;
    row.push_back(detections.empty() ? "-" : Milliseconds(SpreadOf(detections)));
    row.push_back(takeovers.empty() ? "-" : RoundTrips(SpreadOf(takeovers)));
    row.push_back(std::to_string(unknown));
  }
  table->Add(std::move(row));
}

}  // namespace

void PrintRecovery(std::ostream& out) {
  const auto ms = [](ring::Duration time) { return std::to_string(time.count() / 1000) + " ms"; };
  const quorum::NodeTiming timing;
  out << "## Recovery\n\nRound trip " << ms(kRoundTrip) << ", disks take no time, heartbeat " << ms(timing.heartbeat)
      << ", tick " << ms(timing.tick) << ", attempt " << ms(timing.attempt) << ", resend " << ms(timing.resend)
      << ", takeover stagger " << ms(timing.takeover_stagger) << ". Median / worst of " << kPhases
      << " moments between two heartbeats.\n\n";
  Table table({"fault", "N", "writer's gap (ms)", "until the first Prepare (ms)",
               "from there to a success (round trips)", "unknown", "reader's gap (ms)"});
  for (const Fault& fault : AllFaults()) {
    for (const std::uint32_t replicas : {3u, 5u}) AddRow(fault, replicas, &table);
  }
  out << table << "\n";
}

}  // namespace quoin::figures
