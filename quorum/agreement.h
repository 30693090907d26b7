// Agreement: what replicas hold of a key, put together without the key's leader (docs/protocol.md, "Coordinator" and
// "Pages of keys").
#pragma once

#include <map>

#include "base/ids.h"
#include "kv/record.h"
#include "quorum/messages.h"
#include "ring/quorums.h"

namespace quoin::quorum {

struct Agreement {
  kv::RecordPtr newest;               // What counts for the highest version; nullptr: that the key is missing.
  ring::ReplicaMask answered = 0;     // Who was asked and has answered.
  bool by_read_quorum = false;        // Nothing newer was chosen before the question.
  bool held_by_write_quorum = false;  // So it is chosen.

  // The newest state is one that the key had after the question was asked; never one past its deadline in itself, which
  // only the leader may say.
  bool told() const { return by_read_quorum && held_by_write_quorum; }
};

// REQUIRES: nothing of it is damaged; every replica was asked under the configuration of `quorums`, and answered under
// it. Pure.
Agreement Agree(const ring::Quorums& quorums, const std::map<NodeId, Content>& held);

}  // namespace quoin::quorum
