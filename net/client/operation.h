// What a program asks of one key, and what it may be told.
//
// The difference that matters most is between kNotApplied (it has certainly not happened) and kUnknown (it may have
// happened, or may yet). Nothing here turns the one into the other; a program that treats kUnknown as a failure, and
// starts the same operation as a new one, may apply it twice. Resuming it (Client::Resume) may not.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quoin::client {

// How sure an answer must be (docs/api.md). kQuorum is linearizable.
enum class Consistency : std::uint8_t { kQuorum, kOne, kAll };

// What must hold of the key's state, or nothing happens and the outcome is kConditionFailed.
struct Condition {
  enum class Kind : std::uint8_t {
    kAbsent,
    kPresent,
    kVersionIn,     // The version is one of `versions`; an absent key fails it.
    kVersionNotIn,  // It is none of them; an absent key passes it.
    kValueIs,       // The value is exactly `value`; an absent key fails it.
  };
  Kind kind = Kind::kPresent;
  std::vector<std::string> versions;  // As in Answer::version; at most 256.
  std::string value;

  static Condition Absent() { return {Kind::kAbsent, {}, {}}; }
  static Condition Present() { return {Kind::kPresent, {}, {}}; }
  static Condition VersionIs(std::string version) { return {Kind::kVersionIn, {std::move(version)}, {}}; }
  static Condition VersionIsNot(std::string version) { return {Kind::kVersionNotIn, {std::move(version)}, {}}; }
  static Condition ValueIs(std::string value) { return {Kind::kValueIs, {}, std::move(value)}; }
};

// One operation on one key. Use the functions that make one:
//   Operation::Put("page", "<p>").As("text/html").For(std::chrono::hours(1)).If(Condition::Absent())
struct Operation {
  enum class Action : std::uint8_t { kGet, kPut, kDelete, kIncrement, kAppend, kSetDeadline, kGetAndSet };

  Action action = Action::kGet;
  std::string key;                               // 1 to 4096 bytes, any bytes.
  std::string value;                             // kPut, kAppend, kGetAndSet: any bytes.
  std::string content_type;                      // kPut, kGetAndSet: printable ASCII; none: application/octet-stream.
  std::optional<std::chrono::milliseconds> ttl;  // kPut, kGetAndSet, kSetDeadline: 1 ms to 36500 days; none: for ever.
  std::int64_t by = 1;                           // kIncrement.
  std::vector<Condition> conditions;             // All must hold.

  static Operation Get(std::string key) { return Make(Action::kGet, std::move(key)); }
  // Stores a value, whatever is there.
  static Operation Put(std::string key, std::string value) {
    return Make(Action::kPut, std::move(key), std::move(value));
  }
  static Operation Delete(std::string key) { return Make(Action::kDelete, std::move(key)); }
  // Adds to a decimal integer of 64 bits; an absent key counts as 0. The answer's state holds the sum.
  static Operation Increment(std::string key, std::int64_t by = 1);
  // Adds bytes at the end; an absent key counts as empty.
  static Operation Append(std::string key, std::string bytes) {
    return Make(Action::kAppend, std::move(key), std::move(bytes));
  }
  // Gives a key that is there a new deadline, or, with Persist, none.
  static Operation Expire(std::string key, std::chrono::milliseconds ttl);
  static Operation Persist(std::string key) { return Make(Action::kSetDeadline, std::move(key)); }
  // Stores a value; the answer's `previous` is what was there before.
  static Operation GetAndSet(std::string key, std::string value) {
    return Make(Action::kGetAndSet, std::move(key), std::move(value));
  }

  Operation If(Condition condition) && { return conditions.push_back(std::move(condition)), std::move(*this); }
  Operation As(std::string type) && { return content_type = std::move(type), std::move(*this); }
  Operation For(std::chrono::milliseconds time_to_live) && { return ttl = time_to_live, std::move(*this); }

  bool is_write() const { return action != Action::kGet; }

 private:
  static Operation Make(Action action, std::string key, std::string value = {});
};

// How an operation ended.
enum class Outcome : std::uint8_t {
  kDone,             // It took effect (a get: the key is there).
  kAbsent,           // The key is absent, and the operation needs one. Nothing changed.
  kConditionFailed,  // A condition does not hold. Nothing changed.
  kRejected,         // The operation does not fit the value; `problem` says why. Nothing changed.
  kNotApplied,       // It could not be done; `problem` says why. Certainly nothing changed, nor will it.
  kUnknown,          // A write may have taken effect, or may yet: no certain answer came in time. See `ticket`.
};
// "done", "absent", "condition-failed", "rejected", "not-applied", "unknown", as in the JSON of docs/api.md.
std::string_view OutcomeName(Outcome outcome);

// Why an operation was not done. The types are those of docs/api.md, "Errors", and of this library:
//   unreachable      no server could be reached
//   timed-out        the deadline passed
//   connection-lost  the connection ended before the answer came
//   too-many-operations, bad-operation, closed, bad-answer
struct Problem {
  std::string type;
  std::string detail;        // For people.
  std::string limit;         // The node's flag that sets the limit: "max_value_size".
  std::uint32_t status = 0;  // What HTTP would have answered; 0: nobody answered.
  std::chrono::milliseconds retry_after{0};
};

// The state of a key that is there.
struct State {
  std::string value;
  std::string content_type;
  std::string version;  // "3.00c0ffee00c0ffee.41"
  std::optional<std::chrono::system_clock::time_point> expires;
};

// What the nodes know a write by, however often it is sent: its id, and how far the key's history was known when it was
// sent for the first time. Both are texts that may be stored, so that a program can resume a write after its own crash.
struct Ticket {
  std::string operation_id;  // "00c0ffee00c0ffee-17". Empty: none.
  std::string ballot;        // "3.00c0ffee00c0ffee.41"; may be empty.
};

// Who answered.
struct Responder {
  std::string server;  // "127.0.0.1:8080", as it was given.
  std::string node;    // 16 hexadecimal digits.
};

// How one operation ended: its answer. Not convertible to bool on purpose: "not done" has two meanings.
struct [[nodiscard]] Answer {
  Outcome outcome = Outcome::kNotApplied;
  bool created = false;                        // A write that is done found the key absent.
  std::uint32_t sendings = 0;                  // How often it went out to a node. Locally refused: 0.
  std::string version;                         // Of the state that the answer speaks of. Empty: there is none.
  std::optional<State> state;                  // After kDone of get and increment.
  std::optional<State> previous;               // After kDone of get-and-set; nullopt: the key was absent.
  Problem problem;                             // For kRejected, kNotApplied and kUnknown.
  Ticket ticket;                               // For kUnknown: what Client::Resume takes.
  std::shared_ptr<const Responder> responder;  // nullptr: nobody answered.

  bool done() const { return outcome == Outcome::kDone; }
  // Whether it is certain what happened.
  bool certain() const { return outcome != Outcome::kUnknown; }
  // REQUIRES (checked): the state is there, as it is after a get or an increment that is done.
  const std::string& value() const;
};

// "not-applied: value-too-large: the value has ..." for logs and messages.
std::string ToString(const Answer& answer);

}  // namespace quoin::client
