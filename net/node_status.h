// NodeStatus: what the node says about itself on its status pages.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/ids.h"
#include "kv/record.h"
#include "kv/storage.h"

namespace quoin::net {

struct NodeStatus {
  enum class State { kStarting, kServing, kStopping };

  NodeId node;
  ClusterId cluster;
  std::string engine;   // "rocksdb" or "memory"
  std::string version;  // The program's.
  kv::WallTime started_at;
  State state = State::kServing;
  kv::Health storage;
  std::uint64_t storage_size_bytes = 0;
};

// Thread safety: called on any shard.
using NodeStatusSource = std::function<NodeStatus()>;

}  // namespace quoin::net
