#include "tests/cluster/faults.h"

#include <glog/logging.h>

#include <algorithm>
#include <iomanip>
#include <sstream>

namespace quoin::tests {
namespace {

using State = tools::LocalNode::State;

constexpr std::size_t kAll = 1000;

}  // namespace

Faults::Faults(TestCluster* cluster, NetworkLab* lab, std::mt19937_64* random)
    : cluster_(cluster), lab_(lab), random_(random) {}

std::vector<std::string> Faults::Kinds() const {
  std::vector<std::string> kinds = {"kill-one", "kill-two", "kill-all", "pause-one", "pause-two", "restart-one"};
  if (lab_ != nullptr) {
    // Off from all others: both ways, only what it sends, only what it is sent; the same between two nodes; and a half
    // of the nodes from the other half.
    kinds.insert(kinds.end(),
                 {"cut-off", "cut-off-sending", "cut-off-hearing", "cut-pair", "cut-pair-one-way", "split"});
  }
  return kinds;
}

std::vector<std::string> Faults::InState(State state) const {
  std::vector<std::string> names;
  for (const auto& node : cluster_->processes().nodes()) {
    if (node->state() == state && cluster_->members().contains(node->name())) names.push_back(node->name());
  }
  return names;
}

std::vector<std::string> Faults::DrawRunning(std::size_t most) {
  std::vector<std::string> names = InState(State::kRunning);
  std::ranges::shuffle(names, *random_);
  if (names.size() > most) names.resize(most);
  return names;
}

void Faults::Say(const std::string& what, const std::vector<std::string>& to) {
  std::string text = what;
  for (const std::string& name : to) text += " " + name;
  LOG(INFO) << text;
  Note(text);
}

void Faults::Note(const std::string& what) {
  const std::chrono::duration<double> at = std::chrono::steady_clock::now() - start_;
  std::ostringstream line;
  line << std::fixed << std::setprecision(3) << at.count() << " s: " << what;
  history_.push_back(line.str());
  if (history_.size() > kToldFaults) history_.pop_front();
}

std::string Faults::History() const {
  std::string text;
  for (const std::string& line : history_) text += line + "\n";
  return text;
}

void Faults::CutBetween(const std::vector<std::string>& some, bool out, bool in) {
  for (const std::string& one : some) {
    for (const std::string& other : cluster_->members()) {
      if (std::ranges::find(some, other) != some.end()) continue;
      if (out) lab_->Cut(one, other);
      if (in) lab_->Cut(other, one);
    }
  }
}

void Faults::Do(const std::string& kind) {
  const std::size_t most = kind.ends_with("all")                                   ? kAll
                           : kind.ends_with("two") || kind.starts_with("cut-pair") ? 2
                           : kind == "split"                                       ? cluster_->members().size() / 2
                                                                                   : 1;
  const std::vector<std::string> some = DrawRunning(most);
  if (some.empty()) return;
  Say(kind, some);
  ++counts_[kind];
  tools::LocalCluster& processes = cluster_->processes();
  if (kind.starts_with("kill")) {
    for (const std::string& name : some) TestCluster::Must(processes.Kill(name));
  } else if (kind.starts_with("pause")) {
    for (const std::string& name : some) TestCluster::Must(processes.Pause(name));
  } else if (kind == "restart-one") {
    TestCluster::Must(processes.Restart(some.front()));
  } else if (kind.starts_with("cut-pair")) {
    if (some.size() < 2) return;
    lab_->Cut(some[0], some[1]);
    if (kind == "cut-pair") lab_->Cut(some[1], some[0]);
  } else {
    CHECK(lab_ != nullptr) << kind;
    CutBetween(some, kind != "cut-off-hearing", kind != "cut-off-sending");
  }
}

void Faults::DoAny() {
  const std::vector<std::string> kinds = Kinds();
  Do(kinds[Draw(kinds.size())]);
}

void Faults::UndoAll() {
  Say("undo all", {});
  if (lab_ != nullptr) lab_->HealAll();
  for (const std::string& name : InState(State::kPaused)) TestCluster::Must(cluster_->processes().Resume(name));
  for (const std::string& name : InState(State::kDown)) TestCluster::Must(cluster_->processes().Start(name));
}

}  // namespace quoin::tests
