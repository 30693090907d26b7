// History: what clients asked of a store, when, and what they were told. It is all that the checker knows of the
// system, and shares no code with it: these types mirror quorum/operation.h on purpose instead of using it, so that a
// mistake there can't hide itself here.
//
// Only operations that promise linearizability belong into a history: consistency `quorum` or `all`.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace quoin::linearizability {

// A moment, counted from an origin that the whole history shares, by one clock that never steps; or a length of time.
using Time = std::chrono::nanoseconds;

// The `changed` version of a state of a key: (ballot, sequence), ordered.
struct Version {
  std::uint64_t round = 0;
  std::uint64_t node = 0;
  std::uint64_t sequence = 0;

  friend auto operator<=>(const Version&, const Version&) = default;
};

enum class Action { kGet, kPut, kDelete, kIncrement, kAppend, kSetDeadline, kSwap };

struct Condition {
  enum class Kind { kAbsent, kPresent, kVersionIn, kVersionNotIn, kValueIs };
  Kind kind;
  std::vector<Version> versions;  // kVersionIn, kVersionNotIn.
  std::string value;              // kValueIs.

  friend bool operator==(const Condition&, const Condition&) = default;
};

struct Operation {
  Action action = Action::kGet;
  std::string value;                  // kPut, kSwap: to store; kAppend: the bytes to add.
  std::int64_t by = 1;                // kIncrement.
  std::optional<Time> ttl;            // kPut, kSwap, kSetDeadline (there, none means: persist).
  std::vector<Condition> conditions;  // All must hold.

  friend bool operator==(const Operation&, const Operation&) = default;
};

enum class Outcome {
  kDone,             // Took effect (a get: found the key).
  kAbsent,           // Needs the key, which isn't there. Nothing changed.
  kConditionFailed,  // Nothing changed.
  kRejected,         // Doesn't fit the value. Nothing changed.
  kNotApplied,       // Some error of which the answer said: certainly not applied.
  kUnknown,          // May take effect once, at any time after the invocation, or never.
};

// A state of a key as far as an answer tells it.
struct Seen {
  bool present = true;
  std::optional<std::string> value;  // nullopt: not said.
  std::optional<Version> version;    // nullopt: not said.

  friend bool operator==(const Seen&, const Seen&) = default;
};

struct Answer {
  Outcome outcome = Outcome::kUnknown;
  std::optional<Seen> state;     // After a write that is done; otherwise what was found. nullopt: nothing was said.
  std::optional<Seen> previous;  // kSwap that is done: what was there before. nullopt: not said.
  std::optional<bool> created;   // A write that is done found the key absent. nullopt: not said.

  friend bool operator==(const Answer&, const Answer&) = default;
};

// One operation from its invocation to its answer.
struct Event {
  std::uint64_t client = 0;
  std::string key;
  Operation operation;
  Time invoked{0};
  // When the client had its answer. nullopt only for kUnknown, and an unknown outcome's is but the moment of giving up,
  // which binds nothing.
  std::optional<Time> completed;
  Answer answer;

  friend bool operator==(const Event&, const Event&) = default;
};

using History = std::vector<Event>;

// Whether the operation could have changed its key, given its answer.
bool MayChange(const Event& event);

// Whether the answer is known: the event constrains what the others may see. False for kUnknown and kNotApplied.
bool IsKnown(const Event& event);

// The same event with an answer that was never heard, which takes every constraint from it.
Event WithoutAnswer(const Event& event);

}  // namespace quoin::linearizability
