// Usefulness: which effects of unknown outcomes can be of use at one point of a search.
//
// A history may hold hundreds of unknown outcomes, each of which could take effect at any moment: trying them all is
// hopeless, and pointless, because one whose effect nobody is shown may as well never have happened. So a search lets
// unknown outcomes take effect only right before a known call that needs them, and follows only those that lead
// towards what one of the next calls needs. docs/checker.md argues why that loses no order that matters.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "tests/linearizability/frontier.h"
#include "tests/linearizability/model.h"
#include "tests/linearizability/need.h"

namespace quoin::linearizability {

class Usefulness {
 public:
  // `needs`: of the known calls that may come next, which take effect by `latest`. `pending`: the unknown outcomes that
  // may still take effect. `state`: where the search stands. The model must outlive the object.
  Usefulness(const Model& model, const std::vector<Call>& calls, const std::vector<Need>& needs,
             const std::vector<CallId>& pending, const State& state, Time latest);

  // No unknown outcome can be of use.
  bool nothing() const { return targets_.empty(); }

  // Whether an unknown outcome that turns `before` into `after` may bring a need nearer, alone or with others.
  bool MayHelp(const State& before, const State& after) const;

 private:
  struct Target {
    Need need;
    // kValue: how much of its start may be there already when the last pending append completes it; nullopt when none
    // can complete it.
    std::optional<std::size_t> longest_start;
  };

  void Add(const Need& need);
  void AddAbsence(const Call& call);
  void AddConditions(const Call& call, const State& state);
  // Whether the effect of an unknown outcome, from whatever state, may be a part of what meets the need.
  bool MayServe(const Call& call, const Target& target) const;
  bool Helps(const Target& target, const State& before, const State& after) const;
  bool CanBeAbsent(const State& state) const;
  bool IsOnTheWay(const State& state, const Target& target, bool anew) const;
  bool MayBecomeNumber(const State& state, std::int64_t number, bool anew) const;

  const Model& model_;
  const Time latest_;
  std::vector<Target> targets_;
  std::vector<ValueId> appended_;  // What pending outcomes append;
  bool digits_ = false;            // among it something that numbers are made of.
  bool increments_ = false;        // Some pending outcome increments;
  bool increases_ = false;         // by more than 0;
  bool decreases_ = false;         // by less than 0.
};

}  // namespace quoin::linearizability
