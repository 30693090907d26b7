#include "ring/member_table.h"

#include <glog/logging.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "ring/topology.h"

namespace quoin::ring {
namespace {

bool IsGone(Liveness liveness) { return liveness == Liveness::kDead || liveness == Liveness::kLeft; }

}  // namespace

bool MemberTable::Apply(const MemberUpdate& update, Duration now) {
  const auto found = entries_.find(update.node);
  if (found == entries_.end()) {
    if (IsGone(update.liveness) || entries_.size() >= kMaxMembers || update.node == NodeId{}) return false;
    entries_.emplace(update.node, Entry{.claim = update, .since = now});
    return true;
  }
  Entry& entry = found->second;
  if (!Supersedes(update, entry.claim)) return false;
  entry.claim = update;
  entry.since = now;
  entry.retellings = 0;
  return true;
}

bool MemberTable::Pin(const MemberUpdate& if_unknown, Duration now) {
  const auto [entry, is_new] = entries_.try_emplace(if_unknown.node, Entry{.claim = if_unknown, .since = now});
  entry->second.pinned = true;
  return is_new;
}

void MemberTable::Unpin(NodeId node) { entries_.at(node).pinned = false; }

void MemberTable::Forget(Duration before) {
  std::erase_if(entries_, [&](const auto& node_and_entry) {
    const Entry& entry = node_and_entry.second;
    return !entry.pinned && IsGone(entry.claim.liveness) && entry.since <= before;
  });
}

const MemberTable::Entry* MemberTable::Find(NodeId node) const {
  const auto found = entries_.find(node);
  return found == entries_.end() ? nullptr : &found->second;
}

std::vector<MemberUpdate> MemberTable::Tell(NodeId receiver, NodeId always, std::size_t budget_bytes,
                                            std::uint32_t max_retellings, std::size_t refreshers) {
  std::vector<MemberUpdate> told;
  std::set<NodeId> taken;
  const auto take = [&](Entry& entry) {
    const std::size_t bytes = EncodedBytes(entry.claim);
    if (bytes > budget_bytes || told.size() >= kMaxUpdatesPerMessage) return false;
    if (!taken.insert(entry.claim.node).second) return false;
    budget_bytes -= bytes;
    told.push_back(entry.claim);
    if (entry.retellings < max_retellings) ++entry.retellings;
    return true;
  };
  const auto about_receiver = entries_.find(receiver);
  if (about_receiver != entries_.end() && about_receiver->second.claim.liveness != Liveness::kAlive) {
    take(about_receiver->second);
  }
  if (const auto self = entries_.find(always); self != entries_.end()) take(self->second);

  std::vector<std::tuple<std::uint32_t, NodeId, Entry*>> news;
  for (auto& [node, entry] : entries_) {
    if (entry.retellings < max_retellings) news.emplace_back(entry.retellings, node, &entry);
  }
  std::sort(news.begin(), news.end());
  for (const auto& [retellings, node, entry] : news) take(*entry);

  // Round and round through the table, each message going on where the last one stopped.
  for (std::size_t looked = 0; refreshers > 0 && looked < entries_.size(); ++looked) {
    auto next = entries_.upper_bound(refreshed_);
    if (next == entries_.end()) next = entries_.begin();
    refreshed_ = next->first;
    if (take(next->second)) --refreshers;
  }
  return told;
}

}  // namespace quoin::ring
