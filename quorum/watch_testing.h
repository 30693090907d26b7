// One watch as its client sees it: what it is told, in words, what it makes of that, and what was wrong with it.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "kv/version.h"
#include "quorum/watch.h"

namespace quoin::quorum {

inline WatchTarget KeyTarget(std::string key) { return {WatchTarget::Kind::kKey, std::move(key)}; }
inline WatchTarget PrefixTarget(std::string prefix) { return {WatchTarget::Kind::kPrefix, std::move(prefix)}; }
inline WatchRequest WatchOf(std::vector<WatchTarget> targets, std::optional<WatchPositions> from = std::nullopt,
                            bool state = true) {
  WatchRequest request;
  request.targets = std::move(targets);
  request.from = std::move(from);
  request.state = state;
  return request;
}

// "a=1", "a deleted", "a expired", "gap of a", "gap", "synced".
inline std::string TextOf(const WatchEvent& event) {
  switch (event.kind) {
    case WatchEvent::Kind::kPut:
      return event.key + "=" + event.record->value;
    case WatchEvent::Kind::kDelete:
      return event.key + " deleted";
    case WatchEvent::Kind::kExpire:
      return event.key + " expired";
    case WatchEvent::Kind::kGap:
      return event.key.empty() ? "gap" : "gap of " + event.key;
    case WatchEvent::Kind::kSynced:
      return "synced";
  }
  return "?";
}

class WatchView {
 public:
  void Take(const WatchNews& news) {
    if (!news.status.ok()) ended_ = news.status;
    for (const WatchEvent& event : news.events) Take(event);
  }

  // What came since the last look.
  std::vector<std::string> TakeLines() { return std::exchange(lines_, {}); }
  // What is known to be there. Meaningful while synced().
  const std::map<std::string, std::string>& state() const { return state_; }
  bool synced() const { return synced_; }
  std::size_t gaps() const { return gaps_; }
  const Status& ended() const { return ended_; }
  // What contradicts the promises of docs/watch.md.
  const std::vector<std::string>& complaints() const { return complaints_; }
  // The client goes on elsewhere, with a cursor: what it was told already may be told again.
  void Reconnect() {
    versions_.clear();
    synced_ = false;
  }
  // It has a cursor that doesn't speak of everything yet, or none: what isn't told is absent.
  void ForgetState() {
    Reconnect();
    told_since_gap_.emplace();
  }

 private:
  void Take(const WatchEvent& event) {
    lines_.push_back(TextOf(event));
    switch (event.kind) {
      case WatchEvent::Kind::kSynced:
        if (synced_) complaints_.push_back("synced twice");
        synced_ = true;
        if (told_since_gap_) {
          std::erase_if(state_, [&](const auto& known) { return !told_since_gap_->contains(known.first); });
        }
        told_since_gap_.reset();
        return;
      case WatchEvent::Kind::kGap:
        ++gaps_;
        if (event.key.empty()) {
          versions_.clear();
          synced_ = false;
          told_since_gap_.emplace();
        } else {
          expected_ = event.key;
        }
        return;
      case WatchEvent::Kind::kPut:
      case WatchEvent::Kind::kDelete:
      case WatchEvent::Kind::kExpire:
        break;
    }
    if (expected_ && *expected_ != event.key)
      complaints_.push_back("after the gap of " + *expected_ + ": " + event.key);
    // After a gap it may be the state that was told before.
    const bool after_gap = expected_.has_value();
    expected_.reset();
    kv::Version& version = versions_[event.key];
    const bool again = after_gap ? event.version < version : event.version <= version;
    if (again) complaints_.push_back(TextOf(event) + " came again, or too late");
    version = event.version;
    if (told_since_gap_) told_since_gap_->insert(event.key);
    if (event.kind == WatchEvent::Kind::kPut) {
      if (event.record->changed != event.version) complaints_.push_back(TextOf(event) + " under another version");
      state_[event.key] = event.record->value;
    } else {
      state_.erase(event.key);
    }
  }

  std::vector<std::string> lines_;
  std::vector<std::string> complaints_;
  std::map<std::string, kv::Version> versions_;
  std::map<std::string, std::string> state_;
  std::optional<std::set<std::string>> told_since_gap_{std::in_place};
  std::optional<std::string> expected_;
  std::size_t gaps_ = 0;
  bool synced_ = false;
  Status ended_;
};

}  // namespace quoin::quorum
