#include "quorum/replica_invariants.h"

#include <glog/logging.h>

namespace quoin::quorum {

void ReplicaInvariants::OnStep(const ReplicaMarks& marks) {
  CHECK(last_.promised <= marks.promised) << "I1: promised " << last_.promised << ", now " << marks.promised;
  CHECK(last_.bound <= marks.bound) << "I4: stored up to " << last_.bound << ", now " << marks.bound;
  // Otherwise a later promise could be given without knowing of it.
  CHECK(marks.bound.ballot <= marks.promised) << "I4: " << marks.bound << " is above the promise " << marks.promised;
  last_ = marks;
}

void ReplicaInvariants::OnStore(const kv::Version& held, const kv::Record& next, const kv::Ballot& promised) {
  CHECK(held < next.accepted) << "I4: " << next.accepted << " may not replace " << held;
  CHECK(next.accepted.ballot <= promised) << "I1: stored " << next.accepted << " above the promise " << promised;
}

void ReplicaInvariants::OnSame(const kv::Record& held, const kv::Record& again) {
  CHECK(held == again) << "I2: two records under the version " << held.accepted;
}

}  // namespace quoin::quorum
