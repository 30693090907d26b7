#include "tests/cluster/watcher_view.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "net/etag.h"

namespace quoin::tests {
namespace {

using Kind = ToldEvent::Kind;
using client::WatchTarget;
using net::FormatVersion;

}  // namespace

WatcherView::WatcherView(std::string name, std::vector<WatchTarget> targets)
    : name_(std::move(name)), targets_(std::move(targets)) {}

bool WatcherView::Covers(const std::string& key) const {
  return std::ranges::any_of(targets_, [&](const WatchTarget& target) {
    return target.kind == WatchTarget::Kind::kKey ? key == target.text : key.starts_with(target.text);
  });
}

void WatcherView::OnConnection(bool resumed) {
  told_.clear();
  open_gaps_.clear();
  recording_ = false;
  if (resumed) return;
  confirmed_.clear();
  whole_ = true;
  synced_ = false;
}

void WatcherView::OnGap(const std::string& key) {
  ++counts_.gaps;
  recording_ = false;
  if (!key.empty()) {
    told_.erase(key);
    open_gaps_.insert(key);
    return;
  }
  told_.clear();
  open_gaps_.clear();
  confirmed_.clear();
  whole_ = true;
  synced_ = false;
}

void WatcherView::OnSynced() {
  ++counts_.synced;
  // What is not told by now is absent.
  if (whole_) std::erase_if(view_, [&](const auto& entry) { return !confirmed_.contains(entry.first); });
  whole_ = false;
  synced_ = true;
}

std::string WatcherView::OnEvent(const ToldEvent& event) {
  if (event.kind == Kind::kGap) return OnGap(event.key), "";
  if (event.kind == Kind::kSynced) return OnSynced(), "";
  ++counts_.events;
  counts_.conflated += event.skipped;
  if (!Covers(event.key)) return name_ + " was told " + ToString(event) + ", a key that it doesn't watch";
  const auto [told, first] = told_.try_emplace(event.key, event.version);
  if (!first && event.version <= told->second) {
    return name_ + " was told " + ToString(event) + " after " + FormatVersion(told->second) + ", without a gap";
  }
  told->second = event.version;
  open_gaps_.erase(event.key);
  if (whole_) confirmed_.insert(event.key);
  if (event.kind == Kind::kPut) {
    view_[event.key] = {event.version, std::hash<std::string>{}(event.value)};
  } else {
    view_.erase(event.key);
  }
  if (recording_) {
    Recorded& recorded = recorded_[event.key];
    recorded.versions.insert(event.version);
    recorded.skipped += event.skipped;
  }
  return "";
}

std::string WatcherView::Missing(const std::map<std::string, StoredState>& stored) const {
  if (!synced_) return name_ + " has not been told everything";
  if (!open_gaps_.empty()) return name_ + " was told of a gap of " + *open_gaps_.begin() + ", and not its state";
  for (const auto& [key, state] : stored) {
    if (!Covers(key)) continue;
    const auto seen = view_.find(key);
    if (seen == view_.end()) {
      return name_ + " was not told of " + key + " at " + FormatVersion(state.version) + ", which it holds for absent";
    }
    if (seen->second.version != state.version) {
      return name_ + " was told " + key + " at " + FormatVersion(seen->second.version) + ", and stored is " +
             FormatVersion(state.version);
    }
    if (seen->second.digest != std::hash<std::string>{}(state.value)) {
      return name_ + " was told another value of " + key + " at " + FormatVersion(state.version) + " than is stored";
    }
  }
  for (const auto& [key, seen] : view_) {
    if (!stored.contains(key)) {
      return name_ + " was not told that " + key + " is gone; it was told " + FormatVersion(seen.version);
    }
  }
  return "";
}

void WatcherView::Record() {
  recording_ = true;
  recorded_.clear();
}

std::optional<std::string> WatcherView::LeftOut(const std::string& key,
                                                const std::vector<kv::Version>& versions) const {
  if (!recording_ || !Covers(key)) return std::nullopt;
  const auto found = recorded_.find(key);
  std::uint64_t missing = 0;
  std::string which;
  for (const kv::Version& version : versions) {
    if (found != recorded_.end() && found->second.versions.contains(version)) continue;
    ++missing;
    which += " " + FormatVersion(version);
  }
  const std::uint64_t skipped = found == recorded_.end() ? 0 : found->second.skipped;
  if (missing <= skipped) return std::nullopt;
  return name_ + " was not told of" + which + " of " + key + ", and " + std::to_string(skipped) +
         " were said to be left out";
}

void WatcherView::AddKeysTo(std::set<std::string>* keys) const {
  for (const auto& [key, seen] : view_) keys->insert(key);
}

}  // namespace quoin::tests
