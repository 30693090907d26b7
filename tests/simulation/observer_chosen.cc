#include "tests/simulation/observer_chosen.h"

#include <algorithm>
#include <limits>
#include <variant>

namespace quoin::simulation {
namespace {

constexpr std::uint64_t kAnyConfiguration = std::numeric_limits<std::uint64_t>::max();

}  // namespace

void ChosenCheck::OnDurable(NodeId node, const std::vector<ObserverDisks::Delta>& deltas) {
  for (const ObserverDisks::Delta& delta : deltas) {
    for (const ObserverDisks::Put& put : delta.puts) {
      if (put.before && put.after.accepted < put.before->accepted) {
        complaints_.Add("I4: node ", node, " stores ", put.after.accepted, " of key ", put.key, " in partition ",
                        delta.partition, " over the later ", put.before->accepted);
      }
      // A partition that no configuration was seen of isn't one of data.
      if (!configurations_.Of(delta.partition).empty()) OnPut(node, delta, put);
    }
  }
}

void ChosenCheck::OnPut(NodeId node, const ObserverDisks::Delta& delta, const ObserverDisks::Put& put) {
  Key& key = keys_[delta.partition][put.key];
  const kv::Version& version = put.after.accepted;
  if (version <= key.chosen) return;
  Proposal& stored = key.open[version];
  if (stored.configuration != 0 && stored.configuration < delta.before.configuration_version &&
      !IsChosenLater(delta.partition, stored, delta.after.configuration_version)) {
    complaints_.Add("I8: node ", node, " stores ", version, " of key ", put.key, " in partition ", delta.partition,
                    ", proposed under configuration ", stored.configuration, ", though its disk knows ",
                    delta.before.configuration_version);
  }
  stored.changed = put.after.changed;
  // Without other replicas no Accept is ever seen.
  if (stored.configuration == 0) stored.configuration = delta.after.configuration_version;
  for (auto& [proposed, proposal] : key.open) {
    if (proposed > version || proposed.ballot != version.ballot) continue;
    proposal.holders.insert(node);
    const auto* known = configurations_.Find(delta.partition, proposal.configuration);
    if (known == nullptr || !known->quorums.IsWriteQuorum(known->MaskOf(proposal.holders))) continue;
    key.chosen = proposed;
    key.changed = proposal.changed;
  }
  key.open.erase(key.open.begin(), key.open.upper_bound(key.chosen));
}

void ChosenCheck::OnMessage(NodeId from, PartitionId partition, const quorum::Message& message) {
  const auto* accept = std::get_if<quorum::Accept>(&message);
  if (accept == nullptr || configurations_.Of(partition).empty()) return;
  Key& key = keys_[partition][accept->key];
  const kv::Version& version = accept->record->accepted;
  if (version <= key.chosen) return;
  Proposal& proposal = key.open[version];
  proposal.configuration = accept->configuration;
  proposal.changed = accept->record->changed;
  if (accept->record->changed < key.changed) {
    complaints_.Add("I4: node ", from, " proposes ", version, " of key ", accept->key, " in partition ", partition,
                    ", last changed at ", accept->record->changed, ", though ", key.chosen, ", changed at ",
                    key.changed, ", is chosen");
  }
}

void ChosenCheck::OnAnswer(PartitionId partition, const quorum::Request& request, const quorum::Reply& reply) {
  if (request.consistency == quorum::Consistency::kOne || reply.outcome != quorum::Outcome::kDone) return;
  const bool write = quorum::IsWrite(request.operation);
  if (!write && reply.record == nullptr) return;
  const kv::Version told = write ? reply.changed : reply.record->accepted;
  if (told <= ChosenOf(partition, request.key)) return;
  const auto& open = keys_[partition][request.key].open;
  for (auto proposal = open.lower_bound(told); proposal != open.end(); ++proposal) {
    // Within a ballot, later states of a key contain the earlier ones; what is proposed again under a later ballot
    // keeps the version that users see.
    const auto contains = [&](const kv::Version& later) { return later >= told && later.ballot == told.ballot; };
    const bool is_told = contains(proposal->first) || contains(proposal->second.changed);
    if (is_told && IsChosenLater(partition, proposal->second, kAnyConfiguration)) return;
  }
  complaints_.Add("I3: ", write ? "a write at " : "a read of ", told, " of key ", request.key, " in partition ",
                  partition, " is answered, and no write quorum durably holds that or a later version");
}

// A leader takes for chosen what it finds at a write quorum of its own configuration, though it was proposed under an
// earlier one.
bool ChosenCheck::IsChosenLater(PartitionId partition, const Proposal& proposal, std::uint64_t configuration) const {
  const auto& versions = configurations_.Of(partition);
  return std::any_of(versions.upper_bound(proposal.configuration), versions.upper_bound(configuration),
                     [&](const auto& later) {
                       const ObserverConfigurations::Known& known = later.second;
                       return known.quorums.IsWriteQuorum(known.MaskOf(proposal.holders));
                     });
}

kv::Version ChosenCheck::ChosenOf(PartitionId partition, const std::string& key) const {
  const auto keys = keys_.find(partition);
  if (keys == keys_.end()) return {};
  const auto found = keys->second.find(key);
  return found == keys->second.end() ? kv::Version{} : found->second.chosen;
}

}  // namespace quoin::simulation
