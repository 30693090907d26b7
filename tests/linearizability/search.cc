#include "tests/linearizability/search.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "tests/linearizability/fingerprint.h"
#include "tests/linearizability/lookahead.h"
#include "tests/linearizability/usefulness.h"

namespace quoin::linearizability {
namespace {

Fingerprint PrintOf(const State& state) {
  Fingerprint print;
  print = Fold(print, (std::uint64_t{state.value} << 2) | (state.present ? 2 : 0) | (state.expires ? 1 : 0));
  if (state.expires) {
    print = Fold(print, static_cast<std::uint64_t>(state.expires_from.count()));
    print = Fold(print, static_cast<std::uint64_t>(state.expired_at.count()));
  }
  print = Fold(print, state.floor.round);
  print = Fold(print, state.floor.node);
  print = Fold(print, state.floor.sequence);
  return Fold(print, state.hidden);
}

class Searcher {
 public:
  // With `reuse`, unknown outcomes may take effect any number of times, though once between two known calls.
  Searcher(const Model& model, Values& values, const std::vector<Call>& calls, const SearchOptions& options, bool reuse)
      : model_(model),
        calls_(calls),
        options_(options),
        reuse_(reuse),
        lookahead_(calls, values),
        frontier_(calls, options.order_by_version) {
    for (CallId id = 0; id < calls.size(); ++id) {
      prints_.push_back(Fold(Fingerprint{0x51a7, 0x9b0d}, id));
    }
  }

  SearchResult Run() && {
    nodes_.push_back({});
    while (frontier_.remaining() > 0 && result_.steps <= options_.max_steps) {
      Node& node = nodes_.back();
      if (!node.known_tried) {
        ProposeKnown();
      } else if (node.next < choices_.size()) {
        Descend();
      } else if (!node.open_tried) {
        ProposeOpen();
      } else if (!Ascend()) {
        result_.verdict = Verdict::kViolation;
        return std::move(result_);
      }
    }
    if (frontier_.remaining() > 0) return std::move(result_);
    for (std::size_t i = 1; i < nodes_.size(); ++i) result_.order.push_back(nodes_[i].arrived_by);
    result_.verdict = reuse_ && Repeats(result_.order) ? Verdict::kUndecided : Verdict::kLinearizable;
    return std::move(result_);
  }

 private:
  struct Choice {
    CallId call;
    State next;
  };
  // A position of the search: what has been ordered (all the arrivals down to the first node), and the state then. The
  // choices of a node are the end of choices_ while it is on top.
  struct Node {
    State state;
    Time earliest = Time::min();  // The last invocation so far.
    CallId arrived_by = 0;
    std::size_t chain = 0;  // How many unknown outcomes were ordered since the last known call.
    Fingerprint ordered;
    std::size_t choices_begin = 0;
    std::size_t next = 0;
    bool known_tried = false;
    bool open_tried = false;
    bool forced = false;  // There is one choice, and no other could do better (S1).
  };

  // Whether versions and values leave a way on from `next`, if `call` is ordered next and leads there (S2).
  bool LeavesAWay(CallId call, const State& next) const {
    if (!frontier_.Admits(call, next)) return false;
    const std::optional<CallId> after = frontier_.NextVersionBut(call);
    return !after || !lookahead_.NeedsIrreplaceable(*after) ||
           (next.present && next.value == lookahead_.need(*after).value);
  }

  static bool Repeats(std::vector<CallId> order) {
    std::sort(order.begin(), order.end());
    return std::adjacent_find(order.begin(), order.end()) != order.end();
  }

  // Whether the unknown outcome can't take effect any more.
  bool IsUsed(CallId call) const {
    if (!reuse_) return frontier_.IsLifted(call);
    return std::any_of(nodes_.end() - static_cast<std::ptrdiff_t>(nodes_.back().chain), nodes_.end(),
                       [&](const Node& node) { return node.arrived_by == call; });
  }

  Moment MomentOf(CallId call, const Node& node) const {
    return {std::max(node.earliest, calls_[call].invoked), latest_};
  }

  // The states that can follow, in a buffer that the next call overwrites.
  const std::vector<State>& Step(const State& state, CallId call, const Moment& moment) {
    ++result_.steps;
    stepped_.clear();
    model_.Step(state, calls_[call], moment, &stepped_);
    return stepped_;
  }

  void ProposeKnown() {
    Node& node = nodes_.back();
    node.known_tried = true;
    latest_ = frontier_.Candidates(&candidates_);
    for (CallId call : candidates_) {
      for (const State& next : Step(node.state, call, MomentOf(call, node))) {
        if (next == node.state) {
          // Its versions, if it told any, are those of the state: they were admitted when the state was reached.
          choices_.resize(node.choices_begin);
          choices_.push_back({call, next});
          node.forced = node.open_tried = true;
          return;
        }
        if (LeavesAWay(call, next)) choices_.push_back({call, next});
      }
    }
    // What was over first most likely happened first.
    std::stable_sort(
        choices_.begin() + static_cast<std::ptrdiff_t>(node.choices_begin), choices_.end(),
        [this](const Choice& a, const Choice& b) { return calls_[a.call].completed < calls_[b.call].completed; });
    DropNeedless();
  }

  void ProposeOpen() {
    Node& node = nodes_.back();
    node.open_tried = true;
    latest_ = frontier_.Candidates(&candidates_);
    pending_.clear();
    for (CallId call : frontier_.open_calls()) {
      if (calls_[call].invoked > latest_) break;
      if (!IsUsed(call)) pending_.push_back(call);
    }
    if (pending_.empty()) return;
    std::vector<Need> needs;
    for (CallId call : candidates_) {
      // Where it can go on right away, and will have forgotten how it got there, it needs nothing.
      if (LeavesNothing(calls_[call]) && !Step(node.state, call, MomentOf(call, node)).empty()) continue;
      needs.push_back(lookahead_.need(call));
    }
    const Usefulness usefulness(model_, calls_, needs, pending_, node.state, latest_);
    if (options_.skip_useless_unknowns && usefulness.nothing()) return;
    const std::size_t begin = choices_.size();
    for (CallId call : pending_) {
      if (lookahead_.twin(call) && !IsUsed(*lookahead_.twin(call))) continue;
      for (const State& next : Step(node.state, call, MomentOf(call, node))) {
        if (!LeavesAWay(call, next)) continue;
        if (options_.skip_useless_unknowns && !usefulness.MayHelp(node.state, next)) continue;
        choices_.push_back({call, next});
      }
    }
    const auto rank = [&](const Choice& choice) { return RankOf(choice, node); };
    std::vector<std::pair<int, Choice>> ranked;
    for (std::size_t i = begin; i < choices_.size(); ++i) ranked.emplace_back(rank(choices_[i]), choices_[i]);
    std::stable_sort(ranked.begin(), ranked.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    for (std::size_t i = begin; i < choices_.size(); ++i) choices_[i] = ranked[i - begin].second;
    DropNeedless();
  }

  // In which order to try unknown outcomes: first those that let the call with the next version follow at once, then
  // those that let another follow that couldn't before. They are nearly always the right ones.
  int RankOf(const Choice& choice, const Node& node) {
    int rank = 2;
    for (CallId call : candidates_) {
      const bool is_next = frontier_.IsNextVersion(call);
      if (rank == 1 && !is_next) continue;
      if (Step(choice.next, call, MomentOf(call, node)).empty()) continue;
      if (!Step(node.state, call, MomentOf(call, node)).empty()) continue;
      if (is_next) return 0;
      rank = 1;
    }
    return rank;
  }

  // S4, for the choices that the node on top has just been given: drops those that lead nowhere that isn't reached
  // without some unknown outcomes of the chain.
  void DropNeedless() {
    const Node& node = nodes_.back();
    if (node.chain == 0 || !options_.skip_useless_unknowns) return;
    const std::size_t base = nodes_.size() - 1 - node.chain;
    const auto needless = [&](const Choice& choice) {
      if (calls_[choice.call].open()) {
        // Back where the chain has been already.
        for (std::size_t i = base; i < nodes_.size(); ++i) {
          if (Dominates(nodes_[i].state, choice.next)) return true;
        }
      }
      for (std::size_t first = base + 1; first < nodes_.size(); ++first) {
        for (std::size_t last = first; last < nodes_.size(); ++last) {
          if (ReachesWithout(first, last, choice)) return true;
        }
      }
      return false;
    };
    const auto begin = choices_.begin() + static_cast<std::ptrdiff_t>(node.next);
    choices_.erase(std::remove_if(begin, choices_.end(), needless), choices_.end());
  }

  // Whether the choice's state, or a better one, is also reached when the arrivals at nodes `first` to `last` are left
  // out.
  bool ReachesWithout(std::size_t first, std::size_t last, const Choice& choice) {
    const Node& top = nodes_.back();
    std::vector<State> states = {nodes_[first - 1].state};
    const auto advance = [&](CallId call) {
      std::vector<State> next;
      for (const State& state : states) {
        const std::vector<State>& stepped = Step(state, call, MomentOf(call, top));
        next.insert(next.end(), stepped.begin(), stepped.end());
      }
      states = std::move(next);
    };
    for (std::size_t i = last + 1; i < nodes_.size() && !states.empty(); ++i) advance(nodes_[i].arrived_by);
    advance(choice.call);
    return std::any_of(states.begin(), states.end(), [&](const State& state) { return Dominates(state, choice.next); });
  }

  void Descend() {
    Node& node = nodes_.back();
    const Choice choice = choices_[node.next++];
    Node child;
    child.state = choice.next;
    child.earliest = std::max(node.earliest, calls_[choice.call].invoked);
    child.arrived_by = choice.call;
    const bool open = calls_[choice.call].open();
    child.chain = open ? node.chain + 1 : 0;
    // With reuse, what took effect before the last known call is forgotten.
    child.ordered =
        (reuse_ && !open ? nodes_[nodes_.size() - 1 - node.chain].ordered : node.ordered) ^ prints_[choice.call];
    child.choices_begin = child.next = choices_.size();
    if (!node.forced && !seen_.Insert(child.ordered ^ PrintOf(child.state))) return;
    if (!reuse_ || !open) frontier_.Lift(choice.call);
    nodes_.push_back(child);
  }

  // Leaves a node whose choices are used up. False when it was the first.
  bool Ascend() {
    const Node& node = nodes_.back();
    const std::size_t explained = calls_.size() - frontier_.open_calls().size() - frontier_.remaining();
    if (result_.stuck.empty() || explained > result_.explained) {
      result_.explained = explained;
      result_.stuck_at = node.state;
      frontier_.CandidatesByTime(&result_.stuck);
    }
    if (nodes_.size() == 1) return false;
    choices_.resize(node.choices_begin);
    if (!reuse_ || !calls_[node.arrived_by].open()) frontier_.Restore(node.arrived_by);
    nodes_.pop_back();
    return true;
  }

  const Model& model_;
  const std::vector<Call>& calls_;
  const SearchOptions options_;
  const bool reuse_;
  const Lookahead lookahead_;
  Frontier frontier_;
  std::vector<Fingerprint> prints_;  // By call.

  std::vector<Node> nodes_;
  std::vector<Choice> choices_;
  FingerprintSet seen_;
  SearchResult result_;

  // Scratch space: of the node on top, while it is given its choices.
  Time latest_{0};
  std::vector<CallId> candidates_;
  std::vector<CallId> pending_;
  std::vector<State> stepped_;
};

}  // namespace

SearchResult Search(const Model& model, Values& values, const std::vector<Call>& calls, const SearchOptions& options) {
  const auto run = [&](std::uint64_t max_steps, bool reuse) {
    SearchOptions limited = options;
    limited.max_steps = max_steps;
    return Searcher(model, values, calls, limited, reuse).Run();
  };
  if (!options.try_reuse) return run(options.max_steps, false);
  // Most histories need a few steps per call.
  SearchResult quick = run(options.max_steps / 20, false);
  if (quick.verdict != Verdict::kUndecided) return quick;
  SearchResult relaxed = run(options.max_steps / 4, true);
  relaxed.steps += quick.steps;
  if (relaxed.verdict != Verdict::kUndecided) return relaxed;
  SearchResult thorough = run(options.max_steps - options.max_steps / 4 - options.max_steps / 20, false);
  thorough.steps += relaxed.steps;
  return thorough;
}

}  // namespace quoin::linearizability
