// Effects: what protocol objects want done. They act in no other way.
//
// One Effects gathers what all partitions of a shard want, until its driver takes it (quorum/rounds.h).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "kv/batch.h"
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
  std::vector<Answer> answers;  // May leave at once: they rest upon what came back from replicas.
};

}  // namespace quoin::quorum
