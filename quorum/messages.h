// What the replicas of a partition say to each other (docs/protocol.md, "Messages"). Plain values; records are shared.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/status.h"
#include "kv/record.h"
#include "kv/version.h"
#include "quorum/amount.h"

namespace quoin::quorum {

// What a replica holds of a key.
struct Content {
  enum class Kind {
    kRecord,   // A tombstone included.
    kAbsent,   // Counts as holding version `floor`.
    kDamaged,  // Something, but nobody can tell what. Never to be taken for kAbsent.
  };
  Kind kind = Kind::kAbsent;
  kv::RecordPtr record;  // Given exactly for kRecord.
  kv::Version floor;     // The partition's purge floor.

  // The version that it counts for. REQUIRES: not damaged.
  kv::Version version() const { return record != nullptr ? record->accepted : floor; }
};

// --- Requests. `configuration` is the sender's configuration version.

struct Prepare {
  std::uint64_t configuration = 0;
  kv::Ballot ballot;
  std::optional<std::string> key;  // To be read once the promise stands; saves a round trip.
};
// Stores a proposal; its ballot and version are record->accepted.
struct Accept {
  std::uint64_t configuration = 0;
  std::string key;
  kv::RecordPtr record;
};
// Carries a record that is known to be chosen.
struct Install {
  std::uint64_t configuration = 0;
  std::string key;
  kv::RecordPtr record;
  kv::Ballot ballot;  // Of the leader that sends it; goes back with the answer.
};
struct Barrier {
  std::uint64_t configuration = 0;
  kv::Ballot ballot;
  std::uint64_t nonce = 0;
};
struct Read {
  std::uint64_t configuration = 0;
  std::optional<kv::Ballot> ballot;  // Without: a read that needs no leader.
  std::string key;
  std::uint64_t nonce = 0;
};

// Asks what the replica holds from `from` to `to` (nullopt: to the partition's end), so that two replicas can be
// compared without sending what they hold. Tombstones up to `floor` count as absent.
struct Compare {
  std::uint64_t configuration = 0;
  kv::Ballot ballot;
  std::uint64_t nonce = 0;
  std::uint64_t salt = 0;  // Of the digest: users choose the keys, and must not choose collisions.
  std::string from;
  std::optional<std::string> to;
  kv::Version floor;
  std::uint32_t limit = 0;              // Records to look at; at least 1.
  std::optional<std::uint64_t> digest;  // The asker's own of this range: no listing is needed when it is the same.
  bool list = true;                     // Otherwise only whether the digest is the same.
  bool estimate = false;                // What is in the whole partition, too. Only asked of one's own replica.
};
// All replicas have been found equal up to `floor`: tombstones up to there may go, and a missing key holds that
// version.
struct Purge {
  std::uint64_t configuration = 0;
  kv::Ballot ballot;
  kv::Version floor;
};

// --- From a leader to the preferred one.

// "Everything that I proposed under this ballot is chosen, and I propose no more: lead."
struct HandOver {
  kv::Ballot ballot;
};

// --- Answers.

struct Held {
  std::optional<kv::Ballot> ballot;  // The question's.
  std::string key;
  std::uint64_t nonce = 0;  // The question's.
  Content content;
};
struct Promise {
  kv::Ballot ballot;
  // What was promised before; nullopt: not known any more, since the replica has restarted.
  std::optional<kv::Ballot> previous;
  std::optional<Held> held;  // For the key that rode on Prepare.
};
struct Accepted {
  std::string key;
  kv::Version version;
};
struct Installed {
  std::string key;
  kv::Version version;
  kv::Ballot ballot;  // The question's: the replica may have erased everything since an earlier leader's.
};
struct BarrierOk {
  kv::Ballot ballot;
  std::uint64_t nonce = 0;
};
struct Compared {
  struct Entry {
    std::string key;
    kv::Version version;
    bool damaged = false;

    friend bool operator==(const Entry&, const Entry&) = default;
  };
  kv::Ballot ballot;
  std::uint64_t nonce = 0;
  bool equal = false;  // The digest was given and is this replica's, too.
  std::uint64_t digest = 0;
  std::vector<Entry> entries;       // When it was asked to list, and they aren't equal.
  std::optional<std::string> next;  // The limit ended the range here.
  kv::Version floor;                // The replica's own.
  bool tombstones = false;          // There are some in the range, whatever their versions.
  // For the progress of moves, from one's own replica only: links need not carry these.
  Amount amount;                   // In the range.
  std::optional<Amount> estimate;  // Of the partition, when it was asked for.
};
struct Purged {
  kv::Ballot ballot;
  kv::Version floor;  // The replica's own by now.
};
// The request's ballot isn't what this replica has promised. The sender reacts when `promised` is above its ballot.
struct Nack {
  kv::Ballot ballot;
  kv::Ballot promised;
};
// The record wasn't stored over a damaged one. Only a version above `bound` would be.
struct Damaged {
  std::string key;
  kv::Version version;
  kv::Version bound;
};
// The disk didn't take the record. Certainly not stored by this Accept, unless code is kUnknown.
struct Refused {
  std::string key;
  kv::Version version;
  Code code = Code::kDiskFull;
};
// The request names another configuration than this replica's. Whoever knows less learns the ring and asks again.
struct OtherConfiguration {
  std::uint64_t mine = 0;
  std::uint64_t yours = 0;
};

using Message = std::variant<Prepare, Accept, Install, Barrier, Read, Held, Promise, Accepted, Installed, BarrierOk,
                             Nack, Damaged, Refused, OtherConfiguration, Compare, Compared, Purge, Purged, HandOver>;

// Whether an acceptor is to get it. Otherwise it is an answer.
inline bool IsRequest(const Message& message) {
  return std::holds_alternative<Prepare>(message) || std::holds_alternative<Accept>(message) ||
         std::holds_alternative<Install>(message) || std::holds_alternative<Barrier>(message) ||
         std::holds_alternative<Read>(message) || std::holds_alternative<Compare>(message) ||
         std::holds_alternative<Purge>(message);
}

}  // namespace quoin::quorum
