#include "tests/simulation/observer_records.h"

#include <algorithm>
#include <variant>

namespace quoin::simulation {

void RecordCheck::Check(NodeId node, PartitionId partition, const std::string& key, const kv::Version& version,
                        std::uint64_t hash) {
  const auto [at, is_new] = seen_.try_emplace(std::pair(partition, version), Seen{key, hash});
  if (is_new || (at->second.hash == hash && at->second.key == key)) return;
  complaints_.Add("I2: node ", node, " has another record of key ", key, " under version ", version, " of partition ",
                  partition, " than was seen before, of key ", at->second.key);
}

std::uint64_t RecordCheck::HashOf(PartitionId partition, const std::string& key, const kv::RecordPtr& record) {
  const auto known =
      std::find_if(lately_.begin(), lately_.end(), [&](const auto& entry) { return entry.first == record; });
  if (known != lately_.end()) return known->second;
  std::string bytes;
  kv::EncodeRecord(partition, key, *record, &bytes);
  lately_.emplace_front(record, HashOfBytes(bytes));
  if (lately_.size() > kMaxLately) lately_.pop_back();
  return lately_.front().second;
}

void RecordCheck::OnDurable(NodeId node, const std::vector<ObserverDisks::Delta>& deltas) {
  for (const ObserverDisks::Delta& delta : deltas) {
    for (const ObserverDisks::Put& put : delta.puts) {
      Check(node, delta.partition, put.key, put.after.accepted, put.after.hash);
    }
  }
}

void RecordCheck::OnMessage(NodeId from, PartitionId partition, const quorum::Message& message) {
  const auto check = [&](const std::string& key, const kv::RecordPtr& record) {
    if (record != nullptr) Check(from, partition, key, record->accepted, HashOf(partition, key, record));
  };
  if (const auto* accept = std::get_if<quorum::Accept>(&message)) {
    check(accept->key, accept->record);
  } else if (const auto* install = std::get_if<quorum::Install>(&message)) {
    check(install->key, install->record);
  } else if (const auto* held = std::get_if<quorum::Held>(&message)) {
    check(held->key, held->content.record);
  }
}

}  // namespace quoin::simulation
