#include "ring/gossip.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace quoin::ring {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class SeededRandom : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : engine_(seed) {}
  std::uint64_t Next() override { return engine_(); }

 private:
  std::mt19937_64 engine_;
};

constexpr std::uint32_t kEpoch = 1;  // A shared value's key.
constexpr Duration kTick = milliseconds(100);

// A cluster in virtual time. Messages go through their bytes, take 1 to 40 ms, and some are lost.
class Cluster {
 public:
  Cluster(std::size_t nodes, std::uint64_t seed, double loss, GossipConfig config = {})
      : config_(config), random_(seed), loss_(loss) {
    for (std::size_t i = 0; i < nodes; ++i) Add();
  }

  static NodeId IdOf(std::size_t i) { return NodeId{(i + 1) * 0x9e3779b97f4a7c15u}; }
  static std::string AddressOf(std::size_t i) { return "10.0.0." + std::to_string(i) + ":7080"; }

  // A further node, which knows the first one.
  void Add() {
    const std::size_t i = nodes_.size();
    randoms_.push_back(std::make_unique<SeededRandom>(random_()));
    nodes_.push_back(nullptr);
    Start(i, AddressOf(i));
  }
  // Also after a crash: it remembers nothing.
  void Start(std::size_t i, const std::string& address) {
    nodes_[i] = std::make_unique<Gossip>(config_, IdOf(i), address, randoms_[i].get(), now_);
    if (i > 0) Collect(i, nodes_[i]->Learn(IdOf(0), AddressOf(0), now_));
  }
  void Crash(std::size_t i) { nodes_[i] = nullptr; }
  // A paused node neither ticks nor reads; what was sent to it waits in its socket.
  void Pause(std::size_t i, bool paused) {
    if (paused) {
      paused_.insert(i);
    } else {
      paused_.erase(i);
    }
  }
  // Whether messages from `a` to `b` get through.
  std::function<bool(std::size_t a, std::size_t b)> connected = [](std::size_t, std::size_t) { return true; };

  Gossip& operator[](std::size_t i) { return *nodes_[i]; }
  std::size_t size() const { return nodes_.size(); }
  MonotonicTime now() const { return now_; }

  void Run(Duration time) {
    const MonotonicTime end = now_ + time;
    while (now_ < end) {
      now_ += milliseconds(10);
      Deliver();
      if (now_.time_since_epoch() % kTick != Duration::zero()) continue;
      for (std::size_t i = 0; i < nodes_.size(); ++i) {
        if (nodes_[i] && !paused_.contains(i)) Collect(i, nodes_[i]->OnTick(now_));
      }
    }
  }
  // How long until it holds; fails when it doesn't within `limit`.
  Duration RunUntil(const std::function<bool()>& holds, Duration limit) {
    const MonotonicTime start = now_;
    while (!holds() && now_ - start < limit) Run(kTick);
    EXPECT_TRUE(holds()) << "not within " << limit.count() / 1000 << " ms";
    return now_ - start;
  }

  // What node i believes of node k.
  std::optional<Liveness> Belief(std::size_t i, std::size_t k) {
    const auto found = nodes_[i]->members().find(IdOf(k));
    if (found == nodes_[i]->members().end()) return std::nullopt;
    return found->second.claim.liveness;
  }
  // Whether all running nodes believe this of node k (which itself isn't asked).
  bool AllBelieve(std::size_t k, std::optional<Liveness> liveness) {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      if (i != k && nodes_[i] && Belief(i, k) != liveness) return false;
    }
    return true;
  }
  bool AllAlive() {
    for (std::size_t k = 0; k < nodes_.size(); ++k) {
      if (nodes_[k] && !AllBelieve(k, Liveness::kAlive)) return false;
    }
    return true;
  }
  int TimesCalledDead() const { return called_dead_; }

  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;
  std::size_t longest = 0;
  std::size_t trace = 0;  // A hash of all that was sent, and when.

 private:
  struct Packet {
    std::size_t from, to;
    std::string bytes;
  };

  void Collect(std::size_t from, const GossipEffects& effects) {
    for (const MemberUpdate& change : effects.changes) called_dead_ += change.liveness == Liveness::kDead;
    for (const GossipEffects::Outgoing& outgoing : effects.send) {
      const std::string encoded = EncodeGossip(outgoing.message);
      ++messages;
      bytes += encoded.size();
      longest = std::max(longest, encoded.size());
      trace =
          trace * 31 + std::hash<std::string>{}(encoded) + static_cast<std::size_t>(now_.time_since_epoch().count());
      for (std::size_t to = 0; to < nodes_.size(); ++to) {
        if (IdOf(to) != outgoing.to || !connected(from, to)) continue;
        if (std::uniform_real_distribution<double>(0, 1)(random_) < loss_) continue;
        packets_.emplace(now_ + milliseconds(1 + random_() % 40), Packet{from, to, encoded});
      }
    }
  }
  void Deliver() {
    std::vector<Packet> waiting;
    while (!packets_.empty() && packets_.begin()->first <= now_) {
      Packet packet = std::move(packets_.begin()->second);
      packets_.erase(packets_.begin());
      if (paused_.contains(packet.to)) {
        waiting.push_back(std::move(packet));
      } else if (nodes_[packet.to]) {
        const Result<GossipMessage> message = DecodeGossip(packet.bytes);
        CHECK(message.ok()) << message.status();
        Collect(packet.to, nodes_[packet.to]->OnMessage(IdOf(packet.from), *message, now_));
      }
    }
    for (Packet& packet : waiting) packets_.emplace(now_ + milliseconds(1), std::move(packet));
  }

  const GossipConfig config_;
  std::mt19937_64 random_;
  const double loss_;
  MonotonicTime now_{seconds(100)};
  std::vector<std::unique_ptr<SeededRandom>> randoms_;
  std::vector<std::unique_ptr<Gossip>> nodes_;
  std::set<std::size_t> paused_;
  std::multimap<MonotonicTime, Packet> packets_;
  int called_dead_ = 0;
};

TEST(Gossip, LetsEveryoneLearnOfEveryoneThroughOneSeed) {
  for (const std::size_t nodes : {2u, 5u, 20u, 50u}) {
    Cluster cluster(nodes, 1, 0.05);
    cluster.RunUntil([&] { return cluster.AllAlive(); }, seconds(30));
  }
}

struct Cost {
  double messages;
  double bytes;
};
// Per node and second, in a settled cluster.
Cost CostOf(std::size_t nodes, double loss) {
  Cluster cluster(nodes, 2, loss);
  cluster.RunUntil([&] { return cluster.AllAlive(); }, seconds(60));
  cluster.Run(seconds(60));
  cluster.messages = cluster.bytes = 0;
  constexpr int kSeconds = 120;
  cluster.Run(seconds(kSeconds));
  const double per = static_cast<double>(nodes) * kSeconds;
  return {static_cast<double>(cluster.messages) / per, static_cast<double>(cluster.bytes) / per};
}

TEST(Gossip, CostsEachNodeTheSameFromFiveToFiftyNodes) {
  for (const double loss : {0.0, 0.05}) {
    const Cost small = CostOf(5, loss);
    const Cost large = CostOf(50, loss);
    RecordProperty("cost_" + std::to_string(loss), std::to_string(small.messages) + " and " +
                                                       std::to_string(large.messages) + " messages, " +
                                                       std::to_string(small.bytes) + " and " +
                                                       std::to_string(large.bytes) + " bytes per node and second");
    EXPECT_NEAR(large.messages / small.messages, 1, 0.05) << small.messages << " and " << large.messages;
    EXPECT_LT(large.messages, loss == 0 ? 2.1 : 3.5);
    // Objections to false suspicions ride a few times more in a large cluster.
    EXPECT_LT(large.bytes / small.bytes, 1.5) << small.bytes << " and " << large.bytes;
    EXPECT_LT(large.bytes, 500);
  }
}

TEST(Gossip, FindsACrashedNodeAndTellsEveryone) {
  for (const std::size_t nodes : {5u, 50u}) {
    Cluster cluster(nodes, 3, 0.02);
    cluster.RunUntil([&] { return cluster.AllAlive(); }, seconds(60));
    cluster.Run(seconds(20));
    cluster.Crash(nodes / 2);
    // Probed by someone within about two intervals, then the patience of 3 log2 intervals, then the news' way.
    cluster.RunUntil([&] { return cluster.AllBelieve(nodes / 2, Liveness::kDead); }, seconds(nodes == 5 ? 20 : 32));
  }
}

TEST(Gossip, CallsNobodyDeadForLostMessages) {
  Cluster cluster(20, 4, 0.10);
  cluster.RunUntil([&] { return cluster.AllAlive(); }, seconds(60));
  cluster.Run(minutes(10));
  EXPECT_EQ(cluster.TimesCalledDead(), 0);
}

TEST(Gossip, KeepsNodesAliveThatCannotReachEachOtherButOthersCan) {
  Cluster cluster(6, 5, 0);
  cluster.RunUntil([&] { return cluster.AllAlive(); }, seconds(30));
  cluster.connected = [](std::size_t a, std::size_t b) { return !(a == 1 && b == 2) && !(a == 2 && b == 1); };
  cluster.Run(minutes(3));
  EXPECT_TRUE(cluster.AllAlive());
  EXPECT_EQ(cluster.TimesCalledDead(), 0);
}

TEST(Gossip, BringsHalvesTogetherThatCalledEachOtherDead) {
  Cluster cluster(10, 6, 0.02);
  cluster.RunUntil([&] { return cluster.AllAlive(); }, seconds(60));
  cluster.connected = [](std::size_t a, std::size_t b) { return (a < 5) == (b < 5); };
  cluster.Run(minutes(2));
  for (std::size_t i = 0; i < 10; ++i) {
    for (std::size_t k = 0; k < 10; ++k) {
      if (i == k) continue;
      EXPECT_EQ(cluster.Belief(i, k), (i < 5) == (k < 5) ? Liveness::kAlive : Liveness::kDead);
    }
  }
  cluster.connected = [](std::size_t, std::size_t) { return true; };
  cluster.RunUntil([&] { return cluster.AllAlive(); }, seconds(60));
}

TEST(Gossip, OfAPausedNodeAccusesNobodyOnWaking) {
  Cluster cluster(8, 7, 0);
  cluster.RunUntil([&] { return cluster.AllAlive(); }, seconds(30));
  cluster.Run(seconds(10));
  cluster.Pause(3, true);
  cluster.Run(minutes(1));
  EXPECT_EQ(cluster.Belief(0, 3), Liveness::kDead);
  const int called_dead = cluster.TimesCalledDead();
  cluster.Pause(3, false);
  for (int i = 0; i < 100; ++i) {
    cluster.Run(kTick);
    for (std::size_t k = 0; k < 8; ++k) {
      if (k == 3) continue;
      ASSERT_EQ(cluster.Belief(3, k), Liveness::kAlive) << k;
    }
  }
  EXPECT_EQ(cluster.TimesCalledDead(), called_dead);
  cluster.RunUntil([&] { return cluster.AllAlive(); }, seconds(30));
}

TEST(Gossip, GivesAnAnswerItsTimeWhenItWasAsleepItself) {
  SeededRandom random(1);
  MonotonicTime now{seconds(1)};
  Gossip gossip({}, NodeId{1}, "a:1", &random, now);
  gossip.Learn(NodeId{2}, "b:1", now);
  const auto tick_until = [&](const std::function<bool(const GossipEffects&)>& seen) {
    int ticks = 0;
    for (; ticks < 1000; ++ticks) {
      now += kTick;
      if (seen(gossip.OnTick(now))) break;
    }
    return ticks * kTick;
  };
  tick_until([](const GossipEffects& effects) { return !effects.send.empty(); });
  // The ping has just left. Asleep for an hour; what came meanwhile will be read after the first tick.
  now += std::chrono::hours(1);
  EXPECT_TRUE(gossip.OnTick(now).changes.empty());
  // And no answer at all is still noticed, in the time that it always takes.
  const auto suspected = [](const GossipEffects& effects) {
    return !effects.changes.empty() && effects.changes[0].liveness == Liveness::kSuspect;
  };
  EXPECT_LE(tick_until(suspected), seconds(2));
}

TEST(Gossip, TakesBackARestartedNodeUnderItsNewAddress) {
  Cluster cluster(6, 8, 0);
  cluster.RunUntil([&] { return cluster.AllAlive(); }, seconds(30));
  cluster.Crash(4);
  cluster.RunUntil([&] { return cluster.AllBelieve(4, Liveness::kDead); }, seconds(60));
  cluster.Start(4, "192.168.0.9:7080");
  cluster.RunUntil([&] { return cluster.AllAlive(); }, seconds(30));
  cluster.Run(seconds(20));
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(cluster[i].members().at(Cluster::IdOf(4)).claim.address, "192.168.0.9:7080") << i;
  }
  // And one that was back before anybody missed it.
  cluster.Crash(5);
  cluster.Start(5, "192.168.0.10:7080");
  cluster.Run(seconds(30));
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(cluster[i].members().at(Cluster::IdOf(5)).claim.address, "192.168.0.10:7080") << i;
  }
}

TEST(Gossip, BelievesANodeThatSaysGoodbye) {
  Cluster cluster(6, 9, 0);
  cluster.RunUntil([&] { return cluster.AllAlive(); }, seconds(30));
  cluster[2].Leave();
  cluster.RunUntil([&] { return cluster.AllBelieve(2, Liveness::kLeft); }, seconds(20));
  cluster.Crash(2);
  cluster.Run(minutes(1));
  EXPECT_TRUE(cluster.AllBelieve(2, Liveness::kLeft));
  EXPECT_EQ(cluster.TimesCalledDead(), 0);
}

TEST(Gossip, BringsANewEpochToAllInAFewIntervals) {
  Cluster cluster(50, 10, 0.05);
  cluster.RunUntil([&] { return cluster.AllAlive(); }, seconds(60));
  for (std::uint64_t epoch = 1; epoch <= 5; ++epoch) {
    cluster[epoch * 7].SetValue(kEpoch, {.version = epoch, .bytes = "node " + std::to_string(epoch)});
    const auto all_know = [&] {
      for (std::size_t i = 0; i < cluster.size(); ++i) {
        const auto found = cluster[i].values().find(kEpoch);
        if (found == cluster[i].values().end() || found->second.version != epoch) return false;
      }
      return true;
    };
    // Each interval a node that knows tells about two others: log of 50 to the base of 3, and the stragglers.
    EXPECT_LE(cluster.RunUntil(all_know, seconds(10)), seconds(8));
  }
}

TEST(Gossip, NeverGoesBackToAnOlderValueG2) {
  SeededRandom random(1);
  Gossip gossip({}, NodeId{1}, "a:1", &random, MonotonicTime{});
  gossip.SetValue(kEpoch, {.version = 5, .bytes = "five"});
  gossip.SetValue(kEpoch, {.version = 4, .bytes = "four"});
  EXPECT_EQ(gossip.values().at(kEpoch).version, 5u);
  GossipMessage stale{.kind = GossipKind::kAck, .values = {{kEpoch, {4, "four"}}}};
  EXPECT_TRUE(gossip.OnMessage(NodeId{2}, stale, MonotonicTime{}).newer_values.empty());
  EXPECT_EQ(gossip.values().at(kEpoch).version, 5u);
  GossipMessage fresh{.kind = GossipKind::kAck, .values = {{kEpoch, {6, "six"}}}};
  EXPECT_EQ(gossip.OnMessage(NodeId{2}, fresh, MonotonicTime{}).newer_values, std::vector<std::uint32_t>{kEpoch});
  EXPECT_EQ(gossip.values().at(kEpoch).bytes, "six");
}

TEST(Gossip, ObjectsToEverySlanderWithAHigherIncarnationG1) {
  SeededRandom random(1);
  Gossip gossip({}, NodeId{1}, "a:1", &random, MonotonicTime{});
  for (const Liveness liveness : {Liveness::kSuspect, Liveness::kDead, Liveness::kLeft}) {
    const std::uint64_t before = gossip.incarnation();
    const MemberUpdate slander{.node = NodeId{1}, .incarnation = before + 3, .liveness = liveness, .address = "a:1"};
    const GossipEffects effects =
        gossip.OnMessage(NodeId{2}, {.kind = GossipKind::kPing, .target = NodeId{1}, .updates = {slander}}, {});
    EXPECT_EQ(gossip.incarnation(), before + 4);
    ASSERT_EQ(effects.send.size(), 1u);
    const MemberUpdate objection{.node = NodeId{1}, .incarnation = before + 4, .address = "a:1"};
    EXPECT_EQ(effects.send[0].message.updates.at(0), objection);
    EXPECT_TRUE(effects.changes.empty());
  }
}

TEST(Gossip, HasNothingToObjectOnceItHasLeft) {
  SeededRandom random(1);
  Gossip gossip({}, NodeId{1}, "a:1", &random, MonotonicTime{});
  gossip.Leave();
  const MemberUpdate slander{.node = NodeId{1}, .liveness = Liveness::kSuspect, .address = "a:1"};
  const GossipEffects effects =
      gossip.OnMessage(NodeId{2}, {.kind = GossipKind::kPing, .target = NodeId{1}, .updates = {slander}}, {});
  EXPECT_EQ(gossip.incarnation(), 0u);
  ASSERT_EQ(effects.send.size(), 1u);
  EXPECT_EQ(effects.send[0].message.updates.at(0).liveness, Liveness::kLeft);
}

// SWIM section 4.3: so that the time until a crash is first noticed has a bound, and not only an average.
TEST(Gossip, ProbesEveryMemberOnceInEachRound) {
  SeededRandom random(1);
  MonotonicTime now{seconds(1)};
  Gossip gossip({}, NodeId{1}, "a:1", &random, now);
  constexpr std::size_t kOthers = 15;
  for (std::size_t i = 0; i < kOthers; ++i) gossip.Learn(NodeId{i + 2}, "b:1", now);
  std::vector<NodeId> probed;
  while (probed.size() < 4 * kOthers) {
    now += kTick;
    for (const GossipEffects::Outgoing& outgoing : gossip.OnTick(now).send) {
      probed.push_back(outgoing.to);
      gossip.OnMessage(outgoing.to, {.kind = GossipKind::kAck, .probe = outgoing.message.probe, .target = outgoing.to},
                       now);
    }
  }
  for (std::size_t round = 0; round < 4; ++round) {
    const auto first = probed.begin() + static_cast<std::ptrdiff_t>(round * kOthers);
    EXPECT_EQ(std::set<NodeId>(first, first + kOthers).size(), kOthers) << "round " << round;
  }
}

TEST(Gossip, KeepsMessagesWithinTheirBoundG3) {
  GossipConfig config;
  config.max_message_bytes = 1000;
  Cluster cluster(40, 11, 0, config);
  for (std::size_t i = 0; i < 40; ++i) cluster.Start(i, std::string(kMaxGossipAddressBytes, 'x'));
  for (std::uint32_t key = 0; key < kMaxSharedValues; ++key) {
    cluster[0].SetValue(key, {~std::uint64_t{0}, std::string(kMaxSharedValueBytes, 'v')});
  }
  cluster.RunUntil([&] { return cluster.AllAlive(); }, minutes(3));
  EXPECT_LE(cluster.longest, 1000u);
  EXPECT_GT(cluster.longest, 1000u - 270);  // One more update of 255 + 11 bytes wouldn't fit.
}

TEST(Gossip, SaysOfARemovedMemberThatItHasLeft) {
  Cluster cluster(4, 12, 0);
  cluster.RunUntil([&] { return cluster.AllAlive(); }, seconds(30));
  cluster.Crash(3);
  std::map<NodeId, std::string> members;
  for (std::size_t i = 0; i < 4; ++i) members[Cluster::IdOf(i)] = Cluster::AddressOf(i);
  cluster[0].SetMembers(members, cluster.now());
  members.erase(Cluster::IdOf(3));
  const GossipEffects effects = cluster[0].SetMembers(members, cluster.now());
  ASSERT_EQ(effects.changes.size(), 1u);
  EXPECT_EQ(effects.changes[0].liveness, Liveness::kLeft);
  cluster.RunUntil([&] { return cluster.AllBelieve(3, Liveness::kLeft); }, seconds(20));
}

TEST(Gossip, ForgetsStrangersThatDiedButNoMember) {
  GossipConfig config;
  config.forget_after = minutes(1);
  Cluster cluster(5, 13, 0, config);
  cluster.RunUntil([&] { return cluster.AllAlive(); }, seconds(30));
  std::map<NodeId, std::string> members;
  for (std::size_t i = 0; i < 4; ++i) members[Cluster::IdOf(i)] = Cluster::AddressOf(i);
  for (std::size_t i = 0; i < 5; ++i) cluster[i].SetMembers(members, cluster.now());
  cluster.Crash(3);
  cluster.Crash(4);
  cluster.Run(minutes(3));
  EXPECT_TRUE(cluster.AllBelieve(3, Liveness::kDead));
  EXPECT_TRUE(cluster.AllBelieve(4, std::nullopt));
}

TEST(Gossip, OfTheSameSeedIsTheSameHistory) {
  const auto trace = [](std::uint64_t seed) {
    Cluster cluster(12, seed, 0.1);
    cluster.Run(seconds(20));
    cluster.Crash(5);
    cluster.Run(seconds(40));
    return cluster.trace;
  };
  EXPECT_EQ(trace(14), trace(14));
  EXPECT_NE(trace(14), trace(15));
}

}  // namespace
}  // namespace quoin::ring
