// ReplicaInvariants: what must hold of one replica's state, and between its states. Always on: a replica that breaks
// one of these is better dead.
#pragma once

#include "kv/record.h"
#include "kv/version.h"

namespace quoin::quorum {

// The part of a replica's state that the checks compare.
struct ReplicaMarks {
  kv::Ballot promised;
  kv::Version bound;  // No version above was ever stored.
};

class ReplicaInvariants {
 public:
  explicit ReplicaInvariants(const ReplicaMarks& marks) : last_(marks) {}

  // Basic and delta checks, after every step.
  void OnStep(const ReplicaMarks& marks);
  // `held` gives way to `next`.
  static void OnStore(const kv::Version& held, const kv::Record& next, const kv::Ballot& promised);
  // Both are under the same version.
  static void OnSame(const kv::Record& held, const kv::Record& again);

 private:
  ReplicaMarks last_;
};

}  // namespace quoin::quorum
