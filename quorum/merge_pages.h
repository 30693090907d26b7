// MergePages: what the pages of several replicas say about the keys of a range, key by key, without any leader
// (docs/protocol.md, "Pages of keys").
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "kv/record.h"
#include "kv/version.h"
#include "quorum/page.h"
#include "ring/quorums.h"

namespace quoin::quorum {

// What one replica said about one partition. Its page may speak of other partitions, too.
struct PartAnswer {
  kv::Version floor;
  std::shared_ptr<const PageFound> page;
};

// A partition as its replicas show it, all under the configuration of `quorums`.
struct PartView {
  ring::Quorums quorums;
  std::map<NodeId, PartAnswer> answers;
};

struct MergedPages {
  struct Key {
    std::string key;
    kv::RecordPtr record;  // The key's state; nullptr: only a linearizable read can tell.
  };
  std::vector<Key> keys;                   // In order. Those that are certainly absent aren't there.
  std::optional<std::string> examined_to;  // Nothing is said beyond this key; nullopt: about all of the range.
};

// The page ends where the first of the replicas stopped looking. REQUIRES: each view's answers meet every write quorum,
// so that no chosen record is overlooked. Pure.
MergedPages MergePages(const std::map<PartitionId, PartView>& views, kv::WallTime wall);

}  // namespace quoin::quorum
