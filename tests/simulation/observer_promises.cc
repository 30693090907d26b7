#include "tests/simulation/observer_promises.h"

#include <algorithm>
#include <variant>

namespace quoin::simulation {

void PromiseCheck::OnDurable(NodeId node, const std::vector<ObserverDisks::Delta>& deltas) {
  std::set<PartitionId>& erased = just_erased_[node];
  erased.clear();
  for (const ObserverDisks::Delta& delta : deltas) {
    if (delta.range_erased) erased.insert(delta.partition);
    if (delta.after.promised < delta.before.promised) {
      complaints_.Add("I1: node ", node, " lowers its promise in partition ", delta.partition, " from ",
                      delta.before.promised, " to ", delta.after.promised);
    }
    if (delta.after.configuration_version < delta.before.configuration_version) {
      complaints_.Add("I8: node ", node, " goes back in partition ", delta.partition, " from configuration ",
                      delta.before.configuration_version, " to ", delta.after.configuration_version);
    }
    for (const ObserverDisks::Put& put : delta.puts) {
      if (delta.after.promised < put.after.accepted.ballot) {
        complaints_.Add("I1: node ", node, " stores ", put.after.accepted, " of key ", put.key, " in partition ",
                        delta.partition, " with a durable promise of only ", delta.after.promised);
      }
    }
  }
}

void PromiseCheck::RequirePromise(NodeId node, PartitionId partition, const kv::Ballot& ballot, const char* message) {
  const kv::Ballot promised = disks_.StateOf(node, partition).promised;
  if (ballot <= promised) return;
  complaints_.Add("I1: ", message, " of ballot ", ballot, " leaves node ", node, " in partition ", partition,
                  " while its disk has promised ", promised);
}

void PromiseCheck::RequireHeld(NodeId node, PartitionId partition, const std::string& key, const kv::Version& version,
                               const char* message) {
  const kv::Version held = disks_.VersionOf(node, partition, key);
  if (version <= held || just_erased_[node].contains(partition)) return;
  complaints_.Add("I3: ", message, " of ", version, " of key ", key, " leaves node ", node, " in partition ", partition,
                  " while its disk holds ", held);
}

void PromiseCheck::OnUse(NodeId from, PartitionId partition, const kv::Ballot& ballot) {
  if (ballot.node != from) return;
  Used& used = used_[from][partition];
  used.highest = std::max(used.highest, ballot);
  if (ballot <= used.before_restart) {
    complaints_.Add("I2: node ", from, " uses ballot ", ballot, " in partition ", partition,
                    " that it had used before its restart");
  }
}

void PromiseCheck::OnRestart(NodeId node) {
  for (auto& [partition, used] : used_[node]) used.before_restart = used.highest;
}

void PromiseCheck::OnMessage(NodeId from, NodeId to, PartitionId partition, const quorum::Message& message) {
  const auto require_content = [&](const quorum::Held& held, const char* name) {
    if (held.content.kind == quorum::Content::Kind::kDamaged) return;
    RequireHeld(from, partition, held.key, held.content.version(), name);
  };
  if (const auto* prepare = std::get_if<quorum::Prepare>(&message)) {
    OnUse(from, partition, prepare->ballot);
    // To itself: that is how its own promise comes about.
    if (from != to) RequirePromise(from, partition, prepare->ballot, "a Prepare");
  } else if (const auto* accept = std::get_if<quorum::Accept>(&message)) {
    OnUse(from, partition, accept->record->accepted.ballot);
  } else if (const auto* promise = std::get_if<quorum::Promise>(&message)) {
    RequirePromise(from, partition, promise->ballot, "a Promise");
    if (promise->held) require_content(*promise->held, "a Promise with the record");
  } else if (const auto* accepted = std::get_if<quorum::Accepted>(&message)) {
    RequirePromise(from, partition, accepted->version.ballot, "an Accepted");
    RequireHeld(from, partition, accepted->key, accepted->version, "an Accepted");
  } else if (const auto* installed = std::get_if<quorum::Installed>(&message)) {
    RequireHeld(from, partition, installed->key, installed->version, "an Installed");
  } else if (const auto* held = std::get_if<quorum::Held>(&message)) {
    require_content(*held, "a Held");
  } else if (const auto* purged = std::get_if<quorum::Purged>(&message)) {
    // The batch that raised the floor may have erased everything right after, floor included.
    const bool erased = just_erased_[from].contains(partition);
    if (!erased && disks_.StateOf(from, partition).purge_floor < purged->floor) {
      complaints_.Add("I7: node ", from, " tells of floor ", purged->floor, " in partition ", partition,
                      " before that is durable");
    }
  }
}

}  // namespace quoin::simulation
