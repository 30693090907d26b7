#include "quorum/merge_pages.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "quorum/agreement.h"
#include "quorum/apply.h"
#include "quorum/canary.h"
#include "quorum/messages.h"

namespace quoin::quorum {
namespace {

struct Holders {
  const PartView* view = nullptr;
  std::map<NodeId, kv::RecordPtr> records;  // nullptr: damaged.
};

// What the view's replicas hold of a key; nullopt when some copy is damaged, of which the leader is to know.
std::optional<std::map<NodeId, Content>> ContentsOf(const Holders& holders) {
  std::map<NodeId, Content> contents;
  for (const auto& [node, answer] : holders.view->answers) {
    Content content{.floor = answer.floor};
    if (const auto record = holders.records.find(node); record != holders.records.end()) {
      if (record->second == nullptr) return std::nullopt;
      content.kind = Content::Kind::kRecord;
      content.record = record->second;
    }
    contents.emplace(node, std::move(content));
  }
  return contents;
}

// Whether the key is to be named at all; its record is left out where only a linearizable read can tell.
bool Judge(const Holders& holders, kv::WallTime wall, kv::RecordPtr* record) {
  const auto contents = ContentsOf(holders);
  if (!contents) return true;
  const Agreement agreement = Agree(holders.view->quorums, *contents);
  const bool told = agreement.told() || Broken(Canary::kListFromOne);
  if (!told) return !Broken(Canary::kListDropsUnsettled);
  if (agreement.newest == nullptr || agreement.newest->tombstone) return false;
  const bool expired = IsExpired(*agreement.newest, wall) && !Broken(Canary::kListShowsExpired);
  if (!expired) *record = agreement.newest;
  return true;
}

}  // namespace

MergedPages MergePages(const std::map<PartitionId, PartView>& views, kv::WallTime wall) {
  MergedPages merged;
  std::set<std::pair<NodeId, const PageFound*>> pages;
  for (const auto& [partition, view] : views) {
    for (const auto& [node, answer] : view.answers) pages.emplace(node, answer.page.get());
  }
  bool ends = false;
  for (const auto& [node, page] : pages) {
    ends = ends || !page->examined_to;
    if (!page->examined_to) continue;
    const bool first = !merged.examined_to || *page->examined_to < *merged.examined_to;
    if (first != Broken(Canary::kListBeyondExamined) || !merged.examined_to) merged.examined_to = page->examined_to;
  }
  if (ends && Broken(Canary::kListBeyondExamined)) merged.examined_to.reset();

  std::map<std::string_view, Holders> keys;
  for (const auto& [node, page] : pages) {
    for (const PagedKey& entry : page->keys) {
      if (merged.examined_to && entry.key > *merged.examined_to) break;
      const auto view = views.find(entry.partition);
      if (view == views.end()) continue;
      const auto answer = view->second.answers.find(node);
      if (answer == view->second.answers.end() || answer->second.page.get() != page) continue;
      Holders& holders = keys[entry.key];
      holders.view = &view->second;
      holders.records.emplace(node, entry.record);
    }
  }
  for (const auto& [key, holders] : keys) {
    kv::RecordPtr record;
    if (Judge(holders, wall, &record)) merged.keys.push_back({std::string(key), std::move(record)});
  }
  return merged;
}

}  // namespace quoin::quorum
