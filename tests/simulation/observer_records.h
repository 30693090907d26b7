// RecordCheck: I2, at most one record is ever proposed per partition and version. Whatever is seen of a version, in a
// message or on a disk, has the same bytes.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "kv/record.h"
#include "quorum/messages.h"
#include "tests/simulation/observer_complaints.h"
#include "tests/simulation/observer_disks.h"

namespace quoin::simulation {

class RecordCheck {
 public:
  explicit RecordCheck(ObserverComplaints& complaints) : complaints_(complaints) {}

  void OnDurable(NodeId node, const std::vector<ObserverDisks::Delta>& deltas);
  void OnMessage(NodeId from, PartitionId partition, const quorum::Message& message);

 private:
  struct Seen {
    std::string key;
    std::uint64_t hash = 0;
  };
  void Check(NodeId node, PartitionId partition, const std::string& key, const kv::Version& version,
             std::uint64_t hash);
  // A record goes to many replicas; it is encoded once.
  std::uint64_t HashOf(PartitionId partition, const std::string& key, const kv::RecordPtr& record);

  static constexpr std::size_t kMaxLately = 64;
  ObserverComplaints& complaints_;
  std::map<std::pair<PartitionId, kv::Version>, Seen> seen_;
  // Held on to, so that an address means one record.
  std::deque<std::pair<kv::RecordPtr, std::uint64_t>> lately_;
};

}  // namespace quoin::simulation
