// The sequential meaning of one key, written down independently of quorum/apply.cc: which states can follow a state
// when an operation ended with a given answer. Everything that the checker calls right or wrong rests on this file.
//
// What an answer does not say is free. So a step may have several outcomes: a version that nobody has reported yet is
// bound when someone first does, and a key with a deadline may or may not have expired meanwhile.
//
// Versions. Every change of a key gets a version above all before it, and within one ballot sequences are whole
// numbers. So a state knows the last reported version (`floor`) and how many changes nobody reported a version for
// (`hidden`) came after it; a change that is reported as @7 after floor @5 leaves room for one hidden change between.
//
// Expiry (design section 4.5). The deadline of a write is its leader's clock at the proposal plus the ttl. The proposal
// lies between invocation and completion, and any two leaders' clocks differ by at most `clock_uncertainty`. So the
// key may be seen expired by an operation that can take effect at invocation + ttl - uncertainty or later, must be seen
// expired by one that takes effect at completion + ttl + uncertainty or later, and once it is, it stays absent. The
// upper end of an unknown write is the moment by which it must have been proposed: the earliest completion among the
// known operations ordered after it.
//
// One thing is believed without proof: "your version condition failed", told without the version that was found, about
// a state whose version nobody had reported yet. That the version, when reported later, isn't one that the condition
// named, is not checked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "tests/linearizability/history.h"
#include "tests/linearizability/values.h"

namespace quoin::linearizability {

struct ModelOptions {
  // How far the clocks of two leaders may be apart, the millisecond to which deadlines are rounded included.
  Time clock_uncertainty{0};
  // Longer values are rejected.
  std::size_t max_value_bytes = std::numeric_limits<std::size_t>::max();
};

// A key's state, with all that later answers may depend on.
struct State {
  bool present = false;
  ValueId value = 0;
  bool expires = false;
  Time expires_from{0};  // The key may be seen expired from then on ...
  Time expired_at{0};    // ... and must be from then on.
  Version floor;         // The last version that an answer reported; the zero version when none did.
  std::uint64_t hidden = 0;

  friend bool operator==(const State&, const State&) = default;
};

// Whether everything that can follow `other` can follow `state` too.
bool Dominates(const State& state, const State& other);

// An event prepared for stepping: its bytes as ids.
struct Call {
  struct SeenIds {
    bool present = true;
    std::optional<ValueId> value;
    std::optional<Version> version;
  };
  struct ConditionIds {
    Condition::Kind kind;
    std::vector<Version> versions;
    ValueId value = 0;
  };

  Action action = Action::kGet;
  ValueId value = 0;
  std::int64_t by = 0;
  std::optional<Time> ttl;
  std::vector<ConditionIds> conditions;
  Time invoked{0};
  Time completed = Time::max();  // Time::max() when the outcome is unknown.
  Outcome outcome = Outcome::kUnknown;
  std::optional<SeenIds> state;
  std::optional<SeenIds> previous;
  std::optional<bool> created;

  bool open() const { return outcome == Outcome::kUnknown; }
};

// When a step can take effect, given what has been ordered before it: not before the last invocation so far, not after
// the first completion among the known operations that are still to come, itself included.
struct Moment {
  Time earliest{0};
  Time latest = Time::max();
};

class Model {
 public:
  // `values` must outlive the model.
  Model(const ModelOptions& options, Values& values) : options_(options), values_(values) {}

  // REQUIRES: the event isn't kNotApplied, and a known outcome has a completion that isn't before its invocation.
  Call Prepare(const Event& event) const;

  // Adds to `next` every state that can follow `state`. For an unknown outcome: only those in which it took effect.
  void Step(const State& state, const Call& call, const Moment& moment, std::vector<State>* next) const;

  // Whether the key can be seen expired by an operation that takes effect by `latest`.
  static bool CanExpire(const State& state, Time latest) {
    return state.present && state.expires && latest >= state.expires_from;
  }

  const Values& values() const { return values_; }

 private:
  // As Step, for a key that doesn't expire just now.
  void StepNow(State state, const Call& call, const Moment& moment, std::vector<State>* next) const;
  void Change(State state, const Call& call, const Moment& moment, std::vector<State>* next) const;
  void FailCondition(const State& state, const Call& call, std::vector<State>* next) const;
  bool Fits(const State& state, const Call& call) const;
  std::optional<std::int64_t> Sum(const State& state, const Call& call) const;

  ModelOptions options_;
  Values& values_;
};

// How many versions there are above `floor` and up to `version`; 0 when it isn't above.
std::uint64_t Room(const Version& floor, const Version& version);

}  // namespace quoin::linearizability
