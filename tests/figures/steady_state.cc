#include "tests/figures/steady_state.h"

#include <glog/logging.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <utility>

#include "tests/figures/measured_cluster.h"
#include "tests/figures/table.h"

namespace quoin::figures {
namespace {

using quorum::Outcome;
using quorum::Reply;
using quorum::Request;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Longer than anything that an operation leaves behind, hints that are sent again included.
constexpr ring::Duration kQuiet = milliseconds(500);

double RoundTrips(ring::Duration time) { return static_cast<double>(time.count()) / kRoundTrip.count(); }

OperationCost CostSoFar(const std::string& name, const quorum::TestNodes& nodes) {
  OperationCost cost{.name = name, .packets = nodes.sent, .durable_rounds = nodes.rounds};
  std::erase_if(cost.packets, [](const auto& entry) { return quorum::IsChatter(entry.first); });
  for (const auto& [node, rounds] : nodes.rounds_by) cost.most_by_a_node = std::max(cost.most_by_a_node, rounds);
  return cost;
}

// The requests come at one moment; what it cost until all is quiet again.
OperationCost Measure(const std::string& name, MeasuredCluster* cluster, std::uint64_t at,
                      const std::vector<Request>& requests, Outcome expected = Outcome::kDone) {
  quorum::TestNodes& nodes = cluster->nodes;
  nodes.Run(kQuiet);
  nodes.ClearCounts();
  const auto begun = nodes.now().now;
  std::vector<std::uint64_t> tokens;
  for (const Request& request : requests) tokens.push_back(nodes.Submit(at, request));
  const auto answered = [&] {
    return std::all_of(tokens.begin(), tokens.end(), [&](auto token) { return nodes.AnswerTo(token).has_value(); });
  };
  CHECK(nodes.RunUntil(answered, seconds(10))) << name << ": no answer";
  const auto time = nodes.now().now - begun;
  for (const std::uint64_t token : tokens) {
    const Reply reply = *nodes.AnswerTo(token);
    CHECK(reply.outcome == expected) << name << ": " << reply.status;
  }
  nodes.Run(kQuiet);
  OperationCost cost = CostSoFar(name, nodes);
  cost.round_trips = RoundTrips(time);
  return cost;
}

}  // namespace

std::uint64_t OperationCost::total() const {
  std::uint64_t total = 0;
  for (const auto& [kind, count] : packets) total += count;
  return total;
}

std::string OperationCost::Packets() const {
  std::string text;
  for (const auto& [kind, count] : packets) {
    text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + kind;
  }
  return text;
}

std::vector<OperationCost> MeasureSteadyState() {
  MeasuredCluster cluster(4, 3);
  struct Place {
    std::string name;
    std::uint64_t node;
    bool leads;
    std::uint64_t asked;  // Others that a read without the leader asks: R, with this node's own replica if it has one.
  };
  const Place places[] = {{"the leader", cluster.leader, true, 0},
                          {"a follower", cluster.followers.front(), false, 1},
                          {"a node that holds nothing", cluster.outsiders.front(), false, 2}};
  std::vector<OperationCost> costs;
  const std::string key = cluster.NewKey();
  const std::string number = cluster.NewKey();
  cluster.nodes.Do(cluster.leader, PutOf(key, "a"));
  for (const Place& place : places) {
    // Two Accepts or Barriers and their answers, and the way to the leader and back.
    const std::uint64_t led = place.leads ? 4 : 6;
    const std::uint64_t trips = place.leads ? 1 : 2;
    const Promised write = {led, 3, trips};
    const Promised refused = {led, 0, trips};
    const Promised read = place.leads ? Promised{4, 0, 1} : Promised{2 * place.asked, 0, 1};
    const auto measure = [&](const std::string& what, const Promised& promised, const Request& request,
                             Outcome expected = Outcome::kDone) {
      costs.push_back(Measure(what + " at " + place.name, &cluster, place.node, {request}, expected));
      costs.back().promised = promised;
    };
    // The first time, a node that holds nothing learns from the refusal of a replica who leads.
    const Promised first = place.asked == 2 ? Promised{8, 3, 3} : write;
    measure(place.asked == 2 ? "put (the leader isn't known yet)" : "put (never touched)", first,
            PutOf(cluster.NewKey(), "a"));
    measure("put", write, PutOf(key, "a"));
    measure("get", read, GetOf(key));
    measure("get (absent, never touched)", read, GetOf(cluster.NewKey()), Outcome::kAbsent);
    measure("compare-and-set", write, SwapOf(key, "a", "b"));
    measure("compare-and-set (refused)", refused, SwapOf(key, "a", "b"), Outcome::kConditionFailed);
    measure("increment", write, IncrementOf(number));
  }
  return costs;
}

std::vector<OperationCost> MeasureCrowds(std::size_t operations) {
  MeasuredCluster cluster(4, 3);
  for (std::uint64_t id = 1; id <= 4; ++id) cluster.nodes.SetDiskTime(id, kRoundTrip);
  std::vector<Request> puts;
  std::vector<Request> gets;
  for (std::size_t i = 0; i < operations; ++i) {
    puts.push_back(PutOf(cluster.NewKey(), "a"));
    gets.push_back(GetOf(puts.back().key));
  }
  const std::string count = std::to_string(operations) + " ";
  return {Measure(count + "puts at the leader (never touched)", &cluster, cluster.leader, puts),
          Measure(count + "puts at the leader", &cluster, cluster.leader, puts),
          Measure(count + "gets at the leader", &cluster, cluster.leader, gets),
          Measure(count + "puts at a follower", &cluster, cluster.followers.front(), puts),
          Measure(count + "gets at a follower", &cluster, cluster.followers.front(), gets)};
}

std::vector<OperationCost> MeasureFirstTouches() {
  MeasuredCluster cluster(4, 3);
  quorum::TestNodes& nodes = cluster.nodes;
  const std::string keys[] = {cluster.NewKey(), cluster.NewKey(), cluster.NewKey()};
  for (const std::string& key : keys) nodes.Do(cluster.leader, PutOf(key, "a"));
  // No comparison ends, so whoever leads next stays incomplete.
  nodes.drop = [](const quorum::TestNodes::Sent& sent) { return quorum::KindOf(sent.body) == "compared"; };
  const std::uint64_t old_leader = cluster.leader;
  nodes.Kill(old_leader);
  nodes.Start(old_leader);
  CHECK(nodes.RunUntil([&] { return nodes.LeaderOf(cluster.partition) != 0; }, seconds(10)));
  nodes.Run(seconds(2));
  const std::uint64_t leader = nodes.LeaderOf(cluster.partition);
  CHECK_NE(leader, 0u);
  const auto measure = [&](const std::string& what, const Request& request) {
    OperationCost cost = Measure(what, &cluster, leader, {request});
    std::erase_if(cost.packets, [](const auto& entry) { return entry.first.starts_with("compare"); });
    return cost;
  };
  std::vector<OperationCost> costs = {
      measure("first get of a key at an incomplete leader", GetOf(keys[0])),
      measure("second get of it", GetOf(keys[0])),
      measure("first put of a key at an incomplete leader", PutOf(keys[1], "b")),
      measure("second put of it", PutOf(keys[1], "c")),
  };
  return costs;
}

void PrintSteadyState(std::ostream& out) {
  out << "## Steady state\n\n4 nodes, N = 3, R = W = 2; packets without heartbeats and gossip; disks take no time. "
         "Promised: packets / durable rounds / round trips.\n\n";
  Table table({"operation", "packets", "of which", "durable rounds", "round trips", "promised"});
  for (const OperationCost& cost : MeasureSteadyState()) {
    table.Add({cost.name, std::to_string(cost.total()), cost.Packets(), std::to_string(cost.durable_rounds),
               Decimal(cost.round_trips, 1),
               std::to_string(cost.promised.packets) + " / " + std::to_string(cost.promised.durable_rounds) + " / " +
                   std::to_string(cost.promised.round_trips)});
  }
  out << table << "\n";
  const auto print = [&](const std::vector<OperationCost>& costs) {
    Table more({"operation", "packets", "of which", "durable rounds", "most at one node", "round trips"});
    for (const OperationCost& cost : costs) {
      more.Add({cost.name, std::to_string(cost.total()), cost.Packets(), std::to_string(cost.durable_rounds),
                std::to_string(cost.most_by_a_node), Decimal(cost.round_trips, 1)});
    }
    out << more << "\n";
  };
  out << "At one moment, on as many keys, with disks that take a round trip:\n\n";
  print(MeasureCrowds(100));
  out << "First touches while the leader isn't complete (packets of comparisons left out):\n\n";
  print(MeasureFirstTouches());
}

}  // namespace quoin::figures
