// Effects: what protocol objects want done. They act in no other way.
//
// One Effects gathers what all partitions of a shard want, until its driver takes it (quorum/rounds.h).
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "kv/batch.h"
#include "kv/due.h"
#include "quorum/messages.h"
#include "quorum/operation.h"

namespace quoin::quorum {

struct Envelope {
  NodeId to;
  PartitionId partition;
  Message message;
};

// A message that tells of something that must be durable first (I3).
struct Delayed {
  Envelope envelope;
  std::optional<Refused> if_refused;  // Leaves in its place when the round is refused; the driver fills in the code.
};

// A record that is to be read where blocking on the disk is allowed; Acceptor::OnLoaded takes it.
struct LoadWanted {
  PartitionId partition;
  std::string key;
};

// Records of a partition that are to be read in key order, where blocking on the disk is allowed, from a snapshot that
// is taken when this effect is carried out. That is once everything that was gathered before it is durable.
struct RangeWanted {
  PartitionId partition;
  std::uint64_t token = 0;
  std::string from;               // From the first key >= from.
  std::optional<std::string> to;  // Below this key; nullopt: to the partition's end.
  std::size_t limit = 0;          // At most so many records; at least 1.
  // No further once it has read so many bytes of keys and values.
  std::size_t max_bytes = std::numeric_limits<std::size_t>::max();
  bool estimate = false;          // What is in the whole partition, too.
};
struct RangeFound {
  // What is compared of a record, not the record: thousands of ranges may wait to be looked at.
  struct Entry {
    std::string key;
    kv::Version accepted;
    bool damaged = false;  // Nothing else is known of it.
    bool tombstone = false;
    std::size_t value_bytes = 0;
  };
  std::vector<Entry> entries;
  std::optional<std::string> next;  // Where to go on; nullopt: all of the range was read.
  Status status;                    // Not OK: the disk failed in between, and the entries say nothing.
  std::optional<Amount> estimate;
};

// The storage's notes of keys that are due (kv/due.h), to be read where blocking on the disk is allowed.
struct DueWanted {
  kv::WallTime now;
  std::optional<kv::DueKey> after;
  std::size_t limit = 0;
};

// The answer to a request of a client, by the token that came with it.
struct Answer {
  std::uint64_t token = 0;
  Reply reply;
};

struct Effects {
  kv::Batch batch;                    // Records to make durable.
  std::vector<Delayed> when_durable;  // Leave once the batch, and all batches before, are durable.
  std::vector<Envelope> now;          // May leave at once.
  std::vector<LoadWanted> loads;
  std::vector<RangeWanted> ranges_when_durable;
  std::vector<Answer> answers;  // May leave at once: they rest upon what came back from replicas.
  std::vector<PartitionId> fed;  // Whose feeds have packets to send (quorum/feed.h).
};

}  // namespace quoin::quorum
