#include "tests/simulation/observer_floors.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>

namespace quoin::simulation {

using Delta = ObserverDisks::Delta;

void FloorCheck::OnDurable(NodeId node, const std::vector<Delta>& deltas) {
  for (const Delta& delta : deltas) {
    if (configurations_.Of(delta.partition).empty()) continue;  // Not one of data.
    CheckErasures(node, delta);
    const kv::Version floor = std::min(delta.before.purge_floor, delta.after.purge_floor);
    for (const ObserverDisks::Put& put : delta.puts) {
      if (put.after.accepted > floor) continue;
      complaints_.Add("I7: node ", node, " stores ", put.after.accepted, " of key ", put.key, " in partition ",
                      delta.partition, " though its floor is ", floor);
    }
    CheckEntering(node, delta);
    if (delta.before.purge_floor < delta.after.purge_floor) CheckEqualUpTo(node, delta);
  }
}

void FloorCheck::CheckErasures(NodeId node, const Delta& delta) {
  // Who leaves a configuration erases its floor, too, perhaps in the same batch behind a purge (seed 4682).
  const kv::Version floor =
      delta.range_erased ? std::max(delta.before.purge_floor, delta.after.purge_floor) : delta.after.purge_floor;
  for (const ObserverDisks::Erased& erased : delta.erased) {
    if (erased.mark.tombstone && erased.mark.accepted <= floor) continue;
    complaints_.Add("I7: node ", node, " erases ", erased.mark.accepted, " of key ", erased.key, " in partition ",
                    delta.partition, ", which is no tombstone up to its floor ", floor);
  }
}

std::optional<bool> FloorCheck::Enters(NodeId node, const Delta& delta) const {
  const auto* now = configurations_.Find(delta.partition, delta.after.configuration_version);
  if (now == nullptr || !now->Has(node)) return std::nullopt;
  const auto& versions = configurations_.Of(delta.partition);
  const auto from = versions.lower_bound(delta.before.configuration_version);
  const auto to = versions.lower_bound(delta.after.configuration_version);
  return std::any_of(from, to, [&](const auto& passed) { return !passed.second.Has(node); });
}

void FloorCheck::CheckEntering(NodeId node, const Delta& delta) {
  const std::optional<bool> enters = Enters(node, delta);
  if (!enters) return;
  if (!*enters) {
    if (delta.by_range.empty() || delta.before.configuration_version == 0) return;
    complaints_.Add("I4: node ", node, " drops ", delta.by_range.size(), " records of partition ", delta.partition,
                    " while it is in configurations ", delta.before.configuration_version, " to ",
                    delta.after.configuration_version);
    return;
  }
  if (delta.range_erased) return;
  const ObserverDisks::Partition* held = disks_.Find(node, delta.partition);
  std::set<std::string_view> fresh;
  for (const ObserverDisks::Put& put : delta.puts) {
    if (!put.before) fresh.insert(put.key);
  }
  const auto old = std::find_if(held->records.begin(), held->records.end(),
                                [&](const auto& record) { return !fresh.contains(record.first); });
  if (old != held->records.end()) {
    complaints_.Add("I7: node ", node, " enters configuration ", delta.after.configuration_version, " of partition ",
                    delta.partition, " with records of earlier times, such as ", old->second.accepted, " of key ",
                    old->first);
  } else if (delta.after.purge_floor != kv::Version{} && delta.after.purge_floor == delta.before.purge_floor) {
    complaints_.Add("I7: node ", node, " enters configuration ", delta.after.configuration_version, " of partition ",
                    delta.partition, " with the floor of earlier times, ", delta.after.purge_floor);
  }
}

void FloorCheck::CheckEqualUpTo(NodeId node, const Delta& delta) {
  const auto* known = configurations_.Find(delta.partition, delta.after.configuration_version);
  if (known == nullptr) return;
  const kv::Version& floor = delta.after.purge_floor;
  std::vector<NodeId> replicas;
  kv::Version earlier;  // The highest floor below; a tombstone up to there is as good as purged.
  for (const NodeId replica : known->configuration.replicas.nodes) {
    if (disks_.IsLost(replica)) continue;
    // The others may have moved on since this floor was told, and who has left has erased what it had.
    const auto* theirs_known =
        configurations_.Find(delta.partition, disks_.StateOf(replica, delta.partition).configuration_version);
    if (theirs_known != nullptr && !theirs_known->Has(replica)) continue;
    replicas.push_back(replica);
    const kv::Version theirs =
        replica == node ? delta.before.purge_floor : disks_.StateOf(replica, delta.partition).purge_floor;
    if (theirs < floor) earlier = std::max(earlier, theirs);
  }
  // By key, the highest version up to the floor that some replica holds.
  std::map<std::string_view, std::pair<kv::Version, NodeId>> highest;
  for (const NodeId replica : replicas) {
    const ObserverDisks::Partition* held = disks_.Find(replica, delta.partition);
    if (held == nullptr) continue;
    for (const auto& [key, mark] : held->records) {
      if (mark.accepted > floor || (mark.tombstone && mark.accepted <= earlier)) continue;
      auto& [version, holder] = highest[key];
      if (version < mark.accepted) version = mark.accepted, holder = replica;
    }
  }
  for (const auto& [key, found] : highest) {
    for (const NodeId replica : replicas) {
      const kv::Version held = disks_.VersionOf(replica, delta.partition, std::string(key));
      if (held >= found.first) continue;
      complaints_.Add("I7: node ", node, " records floor ", floor, " in partition ", delta.partition, " though node ",
                      found.second, " holds ", found.first, " of key ", key, " and node ", replica, " only ", held);
    }
  }
}

}  // namespace quoin::simulation
