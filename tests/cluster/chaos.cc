#include "tests/cluster/chaos.h"

#include <glog/logging.h>

#include <algorithm>
#include <optional>
#include <random>
#include <sstream>

#include "tests/cluster/agreement.h"
#include "tests/cluster/faults.h"
#include "tests/cluster/membership_changes.h"
#include "tests/cluster/test_cluster.h"
#include "tests/cluster/verified_load.h"
#include "tests/cluster/watch_judgement.h"

namespace quoin::tests {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

class Chaos {
 public:
  Chaos(const ChaosPlan& plan, NetworkLab* lab)
      : plan_(plan),
        random_(plan.seed),
        cluster_({.nodes = plan.nodes, .flags = plan.flags, .lab = lab, .folder = {}}),
        faults_(&cluster_, lab, &random_),
        changes_(&cluster_, plan.least_nodes, plan.most_nodes, &random_) {}

  // Until the data are where they belong: a node that holds the only replica must not be the first one to be removed.
  void AwaitReplicas() {
    cluster_.Await("each partition has its replicas", plan_.patience, [this] { return WhyNotAtRest(cluster_); });
  }

  // From then on, until the end.
  void BeginWatches() { watchers_.emplace(cluster_.Endpoints(), plan_.seed); }

  // True when the round ended as it must.
  bool Round(std::size_t number, ChaosReport* report) {
    const std::string prefix = "round" + std::to_string(number) + "/";
    static constexpr const char* kWorkloads[] = {"mixed", "counters", "hot", "ycsb-f"};
    VerifiedLoad::Options options;
    options.workload = kWorkloads[number % std::size(kWorkloads)];
    options.prefix = prefix;
    if (options.workload == "hot") options.keys = 1;
    options.rate = plan_.rate;
    options.seed = plan_.seed + number;
    LOG(INFO) << "round " << number << ": " << options.workload;
    VerifiedLoad load(cluster_, options);
    faults_.Note("round " + std::to_string(number));
    watchers_->GoOn();
    if (plan_.membership) {
      changes_.Begin();
      faults_.Note(changes_.latest());
      watchers_->SetServers(cluster_.Endpoints());
    }
    Hurt(number);
    faults_.UndoAll();

    const auto healed = steady_clock::now();
    changes_.Finish(plan_.patience);
    watchers_->SetServers(cluster_.Endpoints());
    cluster_.Await("the cluster has healed", plan_.patience, [this] { return WhyNotAtRest(cluster_, true); });
    const std::chrono::duration<double> took = steady_clock::now() - healed;
    report->longest_healing_s = std::max(report->longest_healing_s, took.count());
    LOG(INFO) << "healed after " << took.count() << " s, with " << cluster_.members().size() << " members";

    const VerifiedLoad::Judgement judgement = load.Finish();
    report->done += judgement.done;
    report->errors += judgement.errors;
    report->unknown += judgement.unknown;
    report->wrong = judgement.wrong;
    cluster_.Await("the watched keys' writers rest", plan_.patience,
                   [this] { return watchers_->Rest() ? "" : "a write is under way"; });
    if (report->wrong.empty()) report->wrong = CompareAll(prefix, report);
    if (report->wrong.empty()) report->wrong = JudgeWatches(cluster_, plan_.patience, &*watchers_);
    if (report->wrong.empty() && !cluster_.deaths().empty()) report->wrong = cluster_.deaths().front();
    if (!report->wrong.empty()) {
      report->wrong = "seed " + std::to_string(plan_.seed) + ", round " + std::to_string(number) + ": " +
                      report->wrong + "\n" + faults_.History() + cluster_.Logs();
    }
    ++report->rounds;
    return report->wrong.empty();
  }

  void AddCounts(ChaosReport* report) {
    report->watches = watchers_->counts();
    report->counts = faults_.counts();
    for (const auto& [change, count] : changes_.counts()) report->counts[change] += count;
  }

 private:
  // For as long as the plan says, and, on a slow machine, until this round's share of what must happen has.
  void Hurt(std::size_t number) {
    const auto end = steady_clock::now() + plan_.hurting;
    const std::size_t due = plan_.first.size() * number / plan_.rounds;
    while (steady_clock::now() < end || first_ < due) {
      if (first_ < plan_.first.size()) {
        faults_.Do(plan_.first[first_++]);
      } else {
        faults_.DoAny();
      }
      cluster_.Pass(milliseconds(Draw(10, plan_.longest_fault.count())));
      // Now and then a fault meets another one that still lasts.
      if (Draw(0, 3) == 0) continue;
      faults_.UndoAll();
      cluster_.Pass(milliseconds(Draw(0, plan_.longest_fault.count() / 2)));
    }
  }

  // The cluster takes a moment to find its replicas equal once nobody writes any more.
  std::string CompareAll(const std::string& prefix, ChaosReport* report) {
    cluster_.Await("the cluster is at rest", plan_.patience, [this] { return WhyNotAtRest(cluster_); });
    const Equality equality = CompareReplicas(cluster_, prefix);
    report->keys_compared += equality.keys;
    return equality.keys == 0 && equality.difference.empty() ? "the cluster holds no key of the load"
                                                             : equality.difference;
  }

  std::int64_t Draw(std::int64_t least, std::int64_t most) {
    return std::uniform_int_distribution<std::int64_t>(least, most)(random_);
  }

  const ChaosPlan plan_;
  std::mt19937_64 random_;
  TestCluster cluster_;
  Faults faults_;
  MembershipChanges changes_;
  std::optional<Watchers> watchers_;
  std::size_t first_ = 0;
};

}  // namespace

std::string ChaosReport::ToString() const {
  std::ostringstream text;
  text << rounds << " rounds, " << done << " operations done, " << errors << " errors, " << unknown << " unknown, "
       << keys_compared << " keys compared on all nodes, healed after " << longest_healing_s << " s at most; "
       << watches.ToString() << ";";
  for (const auto& [kind, count] : counts) text << " " << kind << " " << count;
  text << (wrong.empty() ? "; nothing wrong" : "\n" + wrong);
  return text.str();
}

std::string ChaosReport::Unwatched() const {
  const WatchCounts& seen = watches;
  // Each round holds every view against what is stored, and has some writes in peace.
  if (seen.compared < rounds * seen.watchers || seen.watchers == 0) return "views were not compared";
  if (seen.events == 0 || seen.written == 0) return "nothing was written and told";
  if (seen.reconnects == 0 || seen.polls == 0) return "no watcher went on anywhere";
  if (seen.in_peace == 0) return "nothing was told in peace";
  return "";
}

ChaosReport RunChaos(const ChaosPlan& plan, NetworkLab* lab) {
  ChaosReport report;
  const auto start = steady_clock::now();
  Chaos chaos(plan, lab);
  chaos.AwaitReplicas();
  chaos.BeginWatches();
  for (std::size_t round = 1; round <= plan.rounds; ++round) {
    if (plan.limit.count() > 0 && steady_clock::now() - start > plan.limit) break;
    if (!chaos.Round(round, &report)) break;
  }
  chaos.AddCounts(&report);
  return report;
}

}  // namespace quoin::tests
