#include "tests/linearizability/contradiction.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "tests/linearizability/history_text.h"
#include "tests/linearizability/version_bounds.h"

namespace quoin::linearizability {
namespace {

using Found = std::optional<Contradiction>;

bool Changes(const Call& call) {
  return call.action != Action::kGet && (call.outcome == Outcome::kDone || call.outcome == Outcome::kUnknown);
}

// The same version was given to two writes, or shown with two different states.
Found TwoMeaningsOfAVersion(const Values& values, const std::vector<Call>& calls) {
  struct Shown {
    CallId call;
    bool present;
    std::optional<ValueId> value;
    bool made;
  };
  std::map<Version, std::vector<Shown>> meanings;  // Per version: one that says the value, or else any; and the maker.
  const auto say = [&](const Version& version, const Shown& shown) -> Found {
    std::vector<Shown>& known = meanings[version];
    for (const Shown& other : known) {
      if (other.made && shown.made) {
        return Contradiction{"two writes were given the same version", {other.call, shown.call}};
      }
      if (other.present != shown.present || (other.value && shown.value && *other.value != *shown.value)) {
        return Contradiction{"one version was shown with two different states: " +
                                 (shown.value ? Quoted(values.Bytes(*shown.value)) : std::string("another")) +
                                 " in the second",
                             {other.call, shown.call}};
      }
    }
    const bool news = std::none_of(known.begin(), known.end(), [&](const Shown& other) {
      return (other.made || !shown.made) && (other.value || !shown.value);
    });
    if (news) known.push_back(shown);
    return std::nullopt;
  };
  for (CallId id = 0; id < calls.size(); ++id) {
    const Call& call = calls[id];
    if (call.state && call.state->version) {
      std::optional<ValueId> value = call.state->value;
      const bool stores = call.action == Action::kPut || call.action == Action::kSwap;
      if (stores && call.outcome == Outcome::kDone) value = call.value;
      if (Found found = say(*call.state->version, {id, call.state->present, value, Changes(call)})) return found;
    }
    if (call.previous && call.previous->version) {
      const Shown shown{id, call.previous->present, call.previous->value, false};
      if (Found found = say(*call.previous->version, shown)) return found;
    }
  }
  return std::nullopt;
}

// An answer that the operation can't give, whatever it met.
Found ImpossibleAnswer(const Values& values, const std::vector<Call>& calls) {
  for (CallId id = 0; id < calls.size(); ++id) {
    const Call& call = calls[id];
    if (call.outcome != Outcome::kDone || !call.state) continue;
    const std::optional<ValueId>& value = call.state->value;
    bool possible = call.state->present == (call.action != Action::kDelete);
    if (value) {
      const bool stores = call.action == Action::kPut || call.action == Action::kSwap;
      possible = possible && (!stores || *value == call.value);
      possible = possible && (call.action != Action::kIncrement || values.Number(*value));
      possible =
          possible && (call.action != Action::kAppend || values.Bytes(*value).ends_with(values.Bytes(call.value)));
    }
    if (!possible) return Contradiction{"no state of the key leads to this answer", {id}};
  }
  return std::nullopt;
}

struct Bounded {
  CallId call;
  VersionBounds bounds;
};

// A write lies between two versions of which an operation said that the one directly followed the other.
Found InterposedWrite(const std::vector<Bounded>& by_top) {
  for (const Bounded& wide : by_top) {
    if (!wide.bounds.ceiling || wide.bounds.ceiling->version == *wide.bounds.top) continue;
    const auto inside =
        std::upper_bound(by_top.begin(), by_top.end(), wide.bounds.ceiling->version,
                         [](const Version& version, const Bounded& bounded) { return version < *bounded.bounds.top; });
    if (inside == by_top.end() || *inside->bounds.top >= *wide.bounds.top) continue;
    return Contradiction{"the second answer shows a version between the two that the first went from and to at once",
                         {wide.call, inside->call}};
  }
  return std::nullopt;
}

// An operation that was over before another began has seen or made a later version than that one.
Found OrderAgainstTime(const std::vector<Call>& calls, const std::vector<Bounded>& by_top,
                       const std::vector<Bounded>& by_ceiling) {
  auto above = by_top.rbegin();
  std::optional<CallId> first_done;  // Of those whose version the ceiling forbids.
  for (auto below = by_ceiling.rbegin(); below != by_ceiling.rend(); ++below) {
    for (; above != by_top.rend() && !below->bounds.ceiling->Admits(*above->bounds.top); ++above) {
      if (!first_done || calls[above->call].completed < calls[*first_done].completed) first_done = above->call;
    }
    if (first_done && calls[*first_done].completed < calls[below->call].invoked) {
      return Contradiction{"the second began after the first was over, but shows an earlier version",
                           {*first_done, below->call}};
    }
  }
  return std::nullopt;
}

// When each value could have been written first.
class Sources {
 public:
  Sources(const Values& values, const std::vector<Call>& calls) : values_(values) {
    for (const Call& call : calls) {
      if (!Changes(call)) continue;
      if (call.action == Action::kPut || call.action == Action::kSwap) Note(&stored_, call.value, call.invoked);
      if (call.action == Action::kIncrement) number_ = std::min(number_, call.invoked);
      if (call.action != Action::kAppend) continue;
      Note(&appended_, call.value, call.invoked);
      appended_sizes_.insert(values.Bytes(call.value).size());
      appended_ids_.emplace(values.Bytes(call.value), call.value);
    }
  }

  // Time::max() when no operation could have.
  Time FirstOf(ValueId value) const {
    Time first = Time::max();
    if (const auto found = stored_.find(value); found != stored_.end()) first = found->second;
    if (values_.Number(value)) first = std::min(first, number_);
    const std::string_view bytes = values_.Bytes(value);
    for (std::size_t size : appended_sizes_) {
      if (size > bytes.size()) break;
      const auto id = appended_ids_.find(std::string(bytes.substr(bytes.size() - size)));
      if (id != appended_ids_.end()) first = std::min(first, appended_.at(id->second));
    }
    return first;
  }

 private:
  using Times = std::unordered_map<ValueId, Time>;
  static void Note(Times* times, ValueId value, Time time) {
    const auto [found, added] = times->try_emplace(value, time);
    if (!added) found->second = std::min(found->second, time);
  }

  const Values& values_;
  Times stored_;
  Times appended_;
  std::set<std::size_t> appended_sizes_;
  std::unordered_map<std::string, ValueId> appended_ids_;
  Time number_ = Time::max();
};

// A value was seen that nobody had asked to write by then.
Found ValueFromNowhere(const Values& values, const std::vector<Call>& calls) {
  const Sources sources(values, calls);
  const auto check = [&](CallId id, const std::optional<Call::SeenIds>& seen) -> Found {
    if (!seen || !seen->present || !seen->value) return std::nullopt;
    const Time first = sources.FirstOf(*seen->value);
    if (first <= calls[id].completed) return std::nullopt;
    const std::string value = Quoted(values.Bytes(*seen->value));
    if (first == Time::max()) return Contradiction{value + " was seen, which no operation could have written", {id}};
    return Contradiction{value + " was seen before any operation began that could have written it", {id}};
  };
  for (CallId id = 0; id < calls.size(); ++id) {
    if (calls[id].open()) continue;
    if (Found found = check(id, calls[id].previous)) return found;
    if (Changes(calls[id])) continue;
    if (Found found = check(id, calls[id].state)) return found;
  }
  return std::nullopt;
}

}  // namespace

Found FindContradiction(const Values& values, const std::vector<Call>& calls) {
  std::vector<Bounded> by_top;
  std::vector<Bounded> by_ceiling;
  for (CallId id = 0; id < calls.size(); ++id) {
    const VersionBounds bounds = BoundsOf(calls[id]);
    if (bounds.top) by_top.push_back({id, bounds});
    if (bounds.ceiling) by_ceiling.push_back({id, bounds});
  }
  std::stable_sort(by_top.begin(), by_top.end(),
                   [](const Bounded& a, const Bounded& b) { return *a.bounds.top < *b.bounds.top; });
  std::stable_sort(by_ceiling.begin(), by_ceiling.end(),
                   [](const Bounded& a, const Bounded& b) { return *a.bounds.ceiling < *b.bounds.ceiling; });
  if (Found found = ImpossibleAnswer(values, calls)) return found;
  if (Found found = TwoMeaningsOfAVersion(values, calls)) return found;
  if (Found found = OrderAgainstTime(calls, by_top, by_ceiling)) return found;
  if (Found found = InterposedWrite(by_top)) return found;
  return ValueFromNowhere(values, calls);
}

}  // namespace quoin::linearizability
