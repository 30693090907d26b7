// What a client can ask of one key, and what it may be told: the request, the reply, and the three-valued outcome.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/status.h"
#include "kv/record.h"

namespace quoin::quorum {

// How long a key lives after a write. Added to the leader's clock when the write is proposed.
using TimeToLive = std::chrono::milliseconds;

struct Get {};
// Stores a value; without a ttl the key lives until it is deleted.
struct Put {
  std::string value;
  std::string content_type;
  std::optional<TimeToLive> ttl;
};
struct Delete {};
// Adds to a value that is a decimal 64-bit integer (absent counts as 0); the reply's record holds the sum. Keeps the
// deadline and the content type.
struct Increment {
  std::int64_t by = 1;
};
// Adds bytes at the end (absent counts as empty). Keeps the deadline and the content type.
struct Append {
  std::string bytes;
};
// Gives an existing key a new deadline, or none: expire and persist.
struct SetDeadline {
  std::optional<TimeToLive> ttl;
};
// Stores a value and answers with the record that was there before: get-and-set.
struct Swap {
  Put put;
};
using Operation = std::variant<Get, Put, Delete, Increment, Append, SetDeadline, Swap>;

// Whether the operation can change anything.
inline bool IsWrite(const Operation& operation) { return !std::holds_alternative<Get>(operation); }

// What must hold of the key's current state for the operation to be applied. An expired or deleted key is absent.
struct Condition {
  enum class Kind {
    kAbsent,        // If-None-Match: *
    kPresent,       // If-Match: *
    kVersionIn,     // If-Match: "v", ...   (an absent key fails it)
    kVersionNotIn,  // If-None-Match: "v", ...   (an absent key passes it)
    kValueIs,       // compare-and-set on the value (an absent key fails it)
  };
  Kind kind;
  std::vector<kv::Version> versions;  // kVersionIn, kVersionNotIn: `changed` versions.
  std::string value;                  // kValueIs.
};

enum class Consistency { kOne, kQuorum, kAll };

struct Request {
  kv::OperationId id;
  std::string key;  // 1 to kv::kMaxKeyBytes bytes, any bytes.
  Operation operation;
  std::vector<Condition> conditions;  // All must hold.
  Consistency consistency = Consistency::kQuorum;
};

// How a request ended. All but kError with Code::kUnknown are certain (invariant I10).
enum class Outcome {
  kDone,             // It took effect (a read: the key is there).
  kAbsent,           // The key isn't there, and the operation needs one (get, delete, set-deadline). Nothing changed.
  kConditionFailed,  // A condition doesn't hold. Nothing changed.
  kRejected,         // The operation doesn't fit the value (`status` says why). Nothing changed.
  kError,            // `status` says why; Code::kUnknown: may or may not take effect; otherwise nothing changed.
};

struct Reply {
  Outcome outcome = Outcome::kDone;
  Status status;  // Not OK exactly for kRejected and kError.
  // The key's state that the reply speaks of: after a write that is done, otherwise what was found. nullptr when the
  // key is absent, and for kError. Never a tombstone; a done Delete has none, see `changed`.
  kv::RecordPtr record;
  kv::RecordPtr previous;  // Swap only: what was there before; nullptr when absent.
  kv::Version changed;     // The version of the state that the reply speaks of; zero when it has none.
  bool created = false;    // A done write found the key absent.
  // The key has forgotten operations since Sending::known, so that nobody knows about an earlier sending; this very one
  // certainly did nothing. With Code::kUnknown: of all sendings. With Code::kUnavailable: the client has said that there
  // is no earlier one, so it may send the same again and name `known`.
  bool not_by_this_copy = false;
  // Of a coordinator's answer: the newest version that the leader of the key's partition had come to, as far as the
  // answer shows a leader; otherwise zero. Its ballot is the leader's; sequence 0: no more than that is shown. What a
  // client may name in Sending::known from then on, for any key of that partition.
  kv::Version known;
};

// How a client sends a request under an id of its own. Such a request counts as repeated from the first: the node can't
// know what the client has sent elsewhere, or for how long this copy has been on its way.
struct Sending {
  bool repeated = false;  // The client has sent it before: errors speak for its earlier copies, too.
  // A version that the key's partition had come to when the client sent its first copy (Reply::known), the same for all
  // copies. The lower, the more often "unknown" is all that can be said of a key that has forgotten old ids. One that
  // nobody has come to helps nobody: no leader executes the request before it has.
  kv::Version known;
  // Of the client's ids: those with lower numbers are finished. It waits for none of them any more, and will never send
  // one again. Leaders need not remember them.
  std::uint64_t finished_below = 0;
  // The id was made for this very sending, by who made all ids of that client, with ascending numbers. So there is no
  // other copy, and the rest doesn't matter.
  bool fresh = false;
};

using ReplyCallback = std::function<void(Reply)>;

}  // namespace quoin::quorum
