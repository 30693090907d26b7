#include "tests/linearizability/frontier.h"

#include <glog/logging.h>

#include <algorithm>
#include <tuple>

namespace quoin::linearizability {

Frontier::Frontier(const std::vector<Call>& calls, bool order_by_version)
    : calls_(calls),
      lifted_(calls.size(), false),
      times_(2 * calls.size() + 1),
      versions_(calls.size() + 1),
      bounds_(calls.size()) {
  std::vector<std::uint32_t> by_time;
  std::vector<std::uint32_t> by_version;
  for (CallId call = 0; call < calls.size(); ++call) {
    if (calls[call].open()) {
      open_calls_.push_back(call);
      continue;
    }
    ++remaining_;
    by_time.push_back(2 * call);
    by_time.push_back(2 * call + 1);
    if (!order_by_version) continue;
    bounds_[call] = BoundsOf(calls[call]);
    if (bounds_[call].ceiling) by_version.push_back(call);
  }
  std::stable_sort(open_calls_.begin(), open_calls_.end(),
                   [&](CallId a, CallId b) { return calls[a].invoked < calls[b].invoked; });
  const auto place = [&](std::uint32_t entry) {
    const bool completion = entry % 2 == 1;
    const Call& call = calls[entry / 2];
    return std::make_tuple(completion ? call.completed : call.invoked, completion, entry);
  };
  std::sort(by_time.begin(), by_time.end(), [&](std::uint32_t a, std::uint32_t b) { return place(a) < place(b); });
  std::stable_sort(by_version.begin(), by_version.end(),
                   [&](CallId a, CallId b) { return bounds_[a].ceiling < bounds_[b].ceiling; });
  const auto link = [](std::vector<Link>* links, const std::vector<std::uint32_t>& order) {
    std::uint32_t last = links->size() - 1;
    (*links)[last] = {last, last};
    for (std::uint32_t entry : order) {
      (*links)[entry] = {last, (*links)[last].next};
      (*links)[(*links)[last].next].previous = entry;
      (*links)[last].next = entry;
      last = entry;
    }
  };
  link(&times_, by_time);
  link(&versions_, by_version);
}

void Frontier::Unlink(std::vector<Link>* links, std::uint32_t at) {
  const Link link = (*links)[at];
  (*links)[link.previous].next = link.next;
  (*links)[link.next].previous = link.previous;
}

void Frontier::Relink(std::vector<Link>* links, std::uint32_t at) {
  const Link link = (*links)[at];
  (*links)[link.previous].next = at;
  (*links)[link.next].previous = at;
}

void Frontier::Lift(CallId call) {
  CHECK(!lifted_[call]);
  lifted_[call] = true;
  if (calls_[call].open()) return;
  --remaining_;
  Unlink(&times_, 2 * call);
  Unlink(&times_, 2 * call + 1);
  if (bounds_[call].ceiling) Unlink(&versions_, call);
}

void Frontier::Restore(CallId call) {
  CHECK(lifted_[call]);
  lifted_[call] = false;
  if (calls_[call].open()) return;
  ++remaining_;
  if (bounds_[call].ceiling) Relink(&versions_, call);
  Relink(&times_, 2 * call + 1);
  Relink(&times_, 2 * call);
}

Time Frontier::CandidatesByTime(std::vector<CallId>* candidates) const {
  candidates->clear();
  std::uint32_t entry = times_.back().next;
  for (; entry % 2 == 0 && entry + 1 < times_.size(); entry = times_[entry].next) candidates->push_back(entry / 2);
  CHECK_EQ(entry % 2, 1u) << "nothing is left";
  return calls_[entry / 2].completed;
}

Time Frontier::Candidates(std::vector<CallId>* candidates) const {
  const Time latest = CandidatesByTime(candidates);
  std::erase_if(*candidates, [this](CallId call) { return !VersionsAllow(call); });
  return latest;
}

std::optional<CallId> Frontier::NextVersionBut(CallId call) const {
  const std::uint32_t head = versions_.size() - 1;
  std::uint32_t first = versions_[head].next;
  if (first == call) first = versions_[first].next;
  return first == head ? std::nullopt : std::optional<CallId>(first);
}

// Whether no call that would have to come before this one, by its version ceiling, is left.
bool Frontier::VersionsAllow(CallId call) const {
  if (!bounds_[call].top) return true;
  const std::optional<CallId> next = NextVersionBut(call);
  return !next || bounds_[*next].ceiling->Admits(*bounds_[call].top);
}

bool Frontier::Admits(CallId call, const State& state) const {
  const std::optional<CallId> next = NextVersionBut(call);
  return !next || bounds_[*next].ceiling->Admits(state);
}

}  // namespace quoin::linearizability
