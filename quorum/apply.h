// Apply: what one request does to the newest state of its key. A pure function: the whole meaning of every operation
// stands here and nowhere else; who proposes the result, and when it may be told, is the leader's business.
#pragma once

#include <cstddef>
#include <optional>

#include "kv/record.h"
#include "quorum/operation.h"

namespace quoin::quorum {

struct Applied {
  // What to tell the client once everything that it rests upon is durable. For a write that is done, `record` and
  // `changed` are filled in by the proposer, who alone knows the version.
  Reply reply;
  // The record to propose, its versions still unset; nullopt when nothing changes.
  std::optional<kv::Record> next;
};

// `current` is the newest proposed record of the key, a tombstone included, or nullptr.
// REQUIRES: `current` is not past its deadline at `now` (its leader first commits a tombstone, design section 4.5).
Applied Apply(const Request& request, const kv::RecordPtr& current, kv::WallTime now, std::size_t max_value_bytes);

// Whether the record's deadline has passed. The moment of the deadline itself counts as passed.
bool IsExpired(const kv::Record& record, kv::WallTime now);

// The tombstone that takes the place of `current`, its versions still unset.
kv::Record MakeTombstone(const kv::Record& current);

}  // namespace quoin::quorum
