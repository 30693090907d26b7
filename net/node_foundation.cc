#include "net/node_foundation.h"

#include <glog/logging.h>

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

#include "base/random.h"
#include "kv/memory_storage.h"
#include "kv/rocks_storage.h"
#include "quorum/packet.h"
#include "ring/topology_codec.h"

namespace quoin::net {
namespace {

using Clock = std::chrono::steady_clock;

// `cluster`: the one to join.
Result<std::unique_ptr<kv::Storage>> Open(const NodeOptions& options, const PeerIdentity* cluster) {
  if (options.engine == NodeOptions::Engine::kMemory) {
    LOG(WARNING) << "--storage=memory: everything stored will be gone when this node stops";
    kv::MemoryStorage::Options memory;
    memory.identity.format_version = 1;
    memory.identity.node = NodeId{RandomNonZero()};
    memory.identity.cluster = options.expected_cluster.value_or(ClusterId{RandomNonZero()});
    memory.identity.partition_count = options.partition_count;
    if (cluster != nullptr) {
      memory.identity.cluster = cluster->cluster;
      memory.identity.partition_count = cluster->partition_count;
      memory.identity.joins = true;
    }
    memory.max_bytes = options.memory_limit_bytes;
    return std::unique_ptr<kv::Storage>(std::make_unique<kv::MemoryStorage>(memory));
  }
  kv::RocksOptions rocks;
  rocks.directory = options.data_dir;
  rocks.partition_count = options.partition_count;
  rocks.cluster = options.expected_cluster;
  if (cluster != nullptr) {
    rocks.cluster = cluster->cluster;
    rocks.partition_count = cluster->partition_count;
    rocks.joins = true;
  }
  rocks.cache_bytes = options.cache_bytes;
  rocks.reserve_bytes = options.disk_reserve_bytes;
  rocks.max_open_files = static_cast<int>(options.engine_files);
  return kv::OpenRocksStorage(std::move(rocks));
}

std::string Joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ", ") + part;
  return text;
}

using MemberAndAddress = std::pair<PeerIdentity, std::string>;

// The first member that answers, and where that was. kUnavailable: none of them does now; the message has the last.
Result<MemberAndAddress> AskEach(const NodeOptions& options, const AskMember& ask) {
  Status last;
  for (const std::string& address : options.join) {
    Result<std::optional<PeerIdentity>> answer = ask(address);
    if (answer.ok() && *answer) return MemberAndAddress(**answer, address);
    if (answer.ok()) continue;  // Itself: people give one list to all nodes.
    if (answer.code() != Code::kUnavailable) {
      return Status(answer.code(), "can't join through " + address + ": " + answer.status().message());
    }
    last = Status(Code::kUnavailable, address + ": " + answer.status().message());
  }
  if (!last.ok()) return last;
  return Status(Code::kInvalid, "--join names only this node (" + Joined(options.join) +
                                    "): name another one, of the cluster that it is to join");
}

// The same, with patience.
Result<MemberAndAddress> FindMember(const NodeOptions& options, const AskMember& ask) {
  constexpr std::chrono::milliseconds kPause{200};
  constexpr std::chrono::seconds kTellEvery{5};
  const Clock::time_point until = Clock::now() + options.join_patience;
  Clock::time_point tell_at = Clock::now() + std::chrono::seconds(1);
  for (;;) {
    auto found = AskEach(options, ask);
    if (found.ok() || found.code() != Code::kUnavailable) return found;
    if (Clock::now() >= until) {
      return Status(Code::kUnavailable, "no member of the cluster to join answers at " + Joined(options.join) +
                                            " (--join); the last was " + found.status().message());
    }
    if (Clock::now() >= tell_at) {
      LOG(INFO) << "waiting for a member of the cluster to join: " << found.status().message();
      tell_at = Clock::now() + kTellEvery;
    }
    std::this_thread::sleep_for(kPause);
  }
}

Status CheckExpected(const NodeOptions& options, const PeerIdentity& member, const std::string& address) {
  if (!options.expected_cluster || *options.expected_cluster == member.cluster) return Status::Ok();
  return Status(Code::kIncompatible, address + " belongs to cluster " + member.cluster.ToString() + ", not to " +
                                         options.expected_cluster->ToString() + " (--cluster_id)");
}

Status NoSuchCluster(const NodeOptions& options) {
  const std::string place = options.engine == NodeOptions::Engine::kMemory
                                ? "memory (--storage=memory)"
                                : "the data directory " + options.data_dir + " (is its disk mounted?)";
  return Status(Code::kIncompatible, "there is nothing of cluster " + options.expected_cluster->ToString() +
                                         " (--cluster_id) in " + place +
                                         "; a node that is to join that cluster is given --join, too");
}

}  // namespace

Result<Foundation> LayFoundation(const NodeOptions& options, const AskMember& ask) {
  Foundation foundation;
  const bool is_new = options.engine == NodeOptions::Engine::kMemory || !kv::HasEngine(options.data_dir);
  // Made now, it would be another cluster under the same id, and empty.
  if (is_new && options.join.empty() && options.expected_cluster) return NoSuchCluster(options);
  if (is_new && !options.join.empty()) {
    auto found = FindMember(options, ask);
    if (!found.ok()) return found.status();
    const auto& [member, address] = *found;
    QUOIN_RETURN_IF_ERROR(CheckExpected(options, member, address));
    auto storage = Open(options, &member);
    if (!storage.ok()) return storage.status();
    foundation.storage = *std::move(storage);
    foundation.through = member.node;
    foundation.through_address = address;
    return foundation;
  }
  auto storage = Open(options, nullptr);
  if (!storage.ok()) return storage.status();
  foundation.storage = *std::move(storage);
  const kv::Identity& identity = foundation.storage->identity();
  const auto ring = foundation.storage->Get(quorum::kLocalPartition, quorum::kTopologyKey);
  if (!ring.ok()) return Status(ring.code(), "the ring that the disk knows: " + ring.status().message());
  // It may have learnt of a ring that it isn't in: before it was admitted, or after it had left.
  bool member_of_none = *ring == nullptr && identity.joins;
  if (*ring != nullptr) {
    const auto topology = ring::DecodeTopology((*ring)->value);
    if (!topology.ok()) return Status(topology.code(), "the ring that the disk knows: " + topology.status().message());
    member_of_none = !topology->members.contains(identity.node);
  }
  if (member_of_none && options.join.empty()) {
    return Status(Code::kInvalid, "the data directory " + options.data_dir +
                                      " is that of a node which is no member of its cluster " +
                                      identity.cluster.ToString() +
                                      " (yet, or any more): say --join=HOST:PORT of one of that cluster's nodes");
  }
  if (options.join.empty()) return foundation;
  if (member_of_none) {
    auto found = FindMember(options, ask);
    if (!found.ok()) return found.status();
    foundation.through = found->first.node;
    foundation.through_address = found->second;
    if (found->first.cluster == identity.cluster) return foundation;
  }
  // A member knows its way without being told; but who says --join means that cluster and no other.
  for (const std::string& address : options.join) {
    const Result<std::optional<PeerIdentity>> answer = ask(address);
    if (!answer.ok() || !*answer || (*answer)->cluster == identity.cluster) continue;
    return Status(Code::kIncompatible, "the data directory " + options.data_dir + " belongs to cluster " +
                                           identity.cluster.ToString() + ", and the node at " + address +
                                           " (--join) to cluster " + (*answer)->cluster.ToString() +
                                           "; a node joins another cluster with a new data directory");
  }
  return foundation;
}

}  // namespace quoin::net
