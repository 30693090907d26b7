#include "tests/simulation/watchers.h"

#include <algorithm>
#include <sstream>

#include "quorum/target_table.h"

namespace quoin::simulation {
namespace {

using quorum::WatchEvent;
using quorum::WatchTarget;
using std::chrono::milliseconds;

bool AnyCovers(const std::vector<WatchTarget>& targets, const std::string& key) {
  return std::any_of(targets.begin(), targets.end(),
                     [&](const WatchTarget& target) { return quorum::Covers(target, key); });
}

}  // namespace

Watchers::Watchers(std::size_t count, std::uint64_t seed, const std::vector<std::string>& keys, World& world,
                   ClientFindings& findings)
    : world_(world), findings_(findings), random_(seed, "watchers"), watchers_(count) {
  static constexpr const char* kPrefixes[] = {"", "contended-", "expiring-", "wide-", "wide-1", "nothing"};
  for (Watcher& watcher : watchers_) {
    const std::uint64_t targets = random_.Percent(60) ? 1 : random_.Between(2, 5);
    for (std::uint64_t i = 0; i < targets; ++i) {
      if (random_.Percent(50)) {
        watcher.targets.push_back({WatchTarget::Kind::kKey, keys[random_.Below(keys.size())]});
      } else {
        watcher.targets.push_back({WatchTarget::Kind::kPrefix, kPrefixes[random_.Below(std::size(kPrefixes))]});
      }
    }
  }
}

void Watchers::Start() {
  for (std::size_t i = 0; i < watchers_.size(); ++i) {
    world_.After(ring::Duration(random_.Below(1'000'000)), [this, i] { Connect(i); });
  }
}

void Watchers::Connect(std::size_t index) {
  Watcher& watcher = watchers_[index];
  if (watcher.node) return;
  std::vector<std::size_t> up;
  for (std::size_t node = 0; node < world_.node_count(); ++node) {
    if (world_.IsUp(node)) up.push_back(node);
  }
  if (up.empty()) {
    world_.After(milliseconds(100), [this, index] { Connect(index); });
    return;
  }
  watcher.node = up[random_.Below(up.size())];
  watcher.told.clear();
  watcher.gap_of.reset();
  const std::uint64_t connection = ++watcher.connection;
  quorum::WatchRequest request{.targets = watcher.targets};
  if (watcher.synced && random_.Percent(70)) {
    request.from = watcher.positions;
    ++findings_.counts["watches resumed"];
  } else {
    // What was seen before doesn't count.
    watcher.view.clear();
    watcher.confirmed.clear();
    watcher.positions.clear();
    watcher.whole = true;
    watcher.synced = false;
    ++findings_.counts["watches begun"];
  }
  watcher.token = world_.Watch(*watcher.node, request,
                               [this, index, connection](const quorum::WatchNews& news,
                                                         const quorum::WatchPositions& positions) {
                                 if (watchers_[index].connection == connection) OnNews(index, news, positions);
                               });
  world_.After(random_.Around(milliseconds(3000)), [this, index, connection] {
    if (!staying_ && watchers_[index].connection == connection) Disconnect(index);
  });
}

void Watchers::Disconnect(std::size_t index) {
  Watcher& watcher = watchers_[index];
  if (watcher.node) world_.Unwatch(*watcher.node, watcher.token);
  watcher.node.reset();
  ++watcher.connection;
  world_.After(ring::Duration(random_.Below(300'000)), [this, index] { Connect(index); });
}

void Watchers::OnNodeDown(std::size_t node) {
  for (std::size_t i = 0; i < watchers_.size(); ++i) {
    if (watchers_[i].node != node) continue;
    watchers_[i].node.reset();
    ++watchers_[i].connection;
    world_.After(ring::Duration(random_.Below(300'000)), [this, i] { Connect(i); });
  }
}

void Watchers::OnNews(std::size_t index, const quorum::WatchNews& news, const quorum::WatchPositions& positions) {
  if (!news.status.ok()) {
    // A node that hasn't joined a cluster yet can't tell anybody of its keys.
    if (news.status.code() != Code::kUnavailable) {
      findings_.complaints.push_back("W3: " + Name(index) + " was ended: " + news.status.ToString());
    }
    watchers_[index].node.reset();
    Disconnect(index);
    return;
  }
  for (const WatchEvent& event : news.events) OnEvent(index, event);
  OnPositions(index, positions);
}

void Watchers::OnEvent(std::size_t index, const WatchEvent& event) {
  Watcher& watcher = watchers_[index];
  if (watcher.gap_of && *watcher.gap_of != event.key) {
    findings_.complaints.push_back("W2: " + Name(index) + " was told of a gap of key " + *watcher.gap_of +
                                   ", and not its state next");
  }
  watcher.gap_of.reset();
  switch (event.kind) {
    case WatchEvent::Kind::kGap:
      if (event.key.empty()) {
        ++findings_.counts["watches' gaps"];
        watcher.told.clear();
        watcher.confirmed.clear();
        watcher.whole = true;
        watcher.synced = false;
      } else {
        ++findings_.counts["keys' gaps"];
        watcher.told.erase(event.key);
        watcher.gap_of = event.key;
      }
      return;
    case WatchEvent::Kind::kSynced:
      ++findings_.counts["watches synced"];
      if (watcher.whole) {
        std::erase_if(watcher.view, [&](const auto& entry) { return !watcher.confirmed.contains(entry.first); });
      }
      watcher.whole = false;
      watcher.synced = true;
      return;
    default:
      break;
  }
  ++findings_.counts["watch events"];
  if (!AnyCovers(watcher.targets, event.key)) {
    findings_.complaints.push_back("W2: " + Name(index) + " was told of key " + event.key + ", which it doesn't watch");
  }
  const auto [told, first] = watcher.told.try_emplace(event.key, event.version);
  if (!first && event.version <= told->second) {
    std::ostringstream text;
    text << "W2: " << Name(index) << " was told " << event.version << " of key " << event.key << " after "
         << told->second;
    findings_.complaints.push_back(text.str());
  }
  told->second = event.version;
  watcher.confirmed.insert(event.key);
  if (event.kind == WatchEvent::Kind::kPut) {
    watcher.view[event.key] = event.version;
  } else {
    watcher.view.erase(event.key);
  }
}

void Watchers::OnPositions(std::size_t index, const quorum::WatchPositions& positions) {
  Watcher& watcher = watchers_[index];
  // After a gap, and from the start, they are told anew.
  if (!watcher.whole) {
    for (const auto& [partition, before] : watcher.positions) {
      const auto now = positions.find(partition);
      if (now != positions.end() && now->second >= before) continue;
      std::ostringstream text;
      text << "W5: the position of " << Name(index) << " in partition " << partition << " went back from " << before;
      findings_.complaints.push_back(text.str());
    }
  }
  watcher.positions = positions;
}

std::string Watchers::MissingForRest() const {
  const ring::Topology& ring = *world_.ring();
  for (std::size_t i = 0; i < watchers_.size(); ++i) {
    const Watcher& watcher = watchers_[i];
    if (!watcher.node || !watcher.synced) return "W3: " + Name(i) + " has not been told everything";
    std::map<std::string, kv::Version> stored;
    for (std::uint32_t p = 0; p < ring.partition_count(); ++p) {
      const auto holder = world_.IndexOf(ring.partitions[p].replicas.nodes.front());
      if (!holder) continue;
      const auto snapshot = world_.process(*holder).disk().records().TakeSnapshot();
      for (const auto cursor = snapshot->Scan(PartitionId{p}, ""); cursor->Valid(); cursor->Next()) {
        const std::string key(cursor->key());
        const Result<kv::Record> record = cursor->record();
        if (record.ok() && !record->tombstone && AnyCovers(watcher.targets, key)) stored.emplace(key, record->changed);
      }
    }
    if (stored == watcher.view) continue;
    std::ostringstream text;
    text << "W3: " << Name(i);
    for (const auto& [key, changed] : stored) {
      const auto seen = watcher.view.find(key);
      if (seen != watcher.view.end() && seen->second == changed) continue;
      text << " was not told of key " << key << " at " << changed;
      if (seen != watcher.view.end()) text << " (but of " << seen->second << ")";
      return text.str();
    }
    for (const auto& [key, changed] : watcher.view) {
      if (stored.contains(key)) continue;
      text << " was not told that key " << key << " is gone; it had been told " << changed;
      return text.str();
    }
  }
  return {};
}

}  // namespace quoin::simulation
