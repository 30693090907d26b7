// What the replicas of a partition say to each other (docs/protocol.md, "Messages"). Plain values; records are shared.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "base/status.h"
#include "kv/record.h"
#include "kv/version.h"

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
};
struct BarrierOk {
  kv::Ballot ballot;
  std::uint64_t nonce = 0;
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
                             Nack, Damaged, Refused, OtherConfiguration>;

// Whether an acceptor is to get it. Otherwise it is an answer.
inline bool IsRequest(const Message& message) {
  return std::holds_alternative<Prepare>(message) || std::holds_alternative<Accept>(message) ||
         std::holds_alternative<Install>(message) || std::holds_alternative<Barrier>(message) ||
         std::holds_alternative<Read>(message);
}

}  // namespace quoin::quorum
