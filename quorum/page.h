// A page of keys as one replica node is asked for it, and what it reads (docs/protocol.md, "Pages of keys"). Plain
// values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "kv/record.h"
#include "kv/version.h"
#include "quorum/keyspace.h"

namespace quoin::quorum {

// A partition that a page speaks of. Its missing keys count as holding the version `floor`.
struct PagePart {
  PartitionId partition;
  kv::Version floor;

  friend bool operator==(const PagePart&, const PagePart&) = default;
};

// Records of some partitions that are to be read in the order of their keys, where blocking on the disk is allowed,
// from a snapshot that is taken after this effect was put out. Node::OnPage takes what was found.
struct PageWanted {
  std::uint64_t token = 0;
  std::vector<PagePart> parts;  // Ascending. Tombstones up to the floor count as missing.
  ScanRequest scan;
  // Given: only records with a higher `accepted`, and damaged ones. The others don't count towards any limit but that
  // of records looked at.
  std::optional<kv::Version> above;
  bool alone = false;  // Of the keys with the prefix only the one that is the prefix.
};

// What a replica holds: whatever is stored under a key, tombstones and expired records included, nothing judged.
struct PagedKey {
  std::string key;
  PartitionId partition;
  kv::RecordPtr record;  // Without its remembered operations; nullptr: damaged.
};

struct PageFound {
  std::vector<PagedKey> keys;              // In order, over all parts.
  std::optional<std::string> examined_to;  // The last key that was looked at; nullopt: all of the range was read.
  Status status;                           // Not OK: the disk failed in between, and the rest says nothing.
};

}  // namespace quoin::quorum
