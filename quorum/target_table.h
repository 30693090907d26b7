// TargetTable: a value per key or prefix that is watched, found by any key that one of them covers.
//
// Finding costs a lookup of the key, and one for each length of prefix that is in use, however many targets there are.
//
// Threads: none of its own. Bounds: none of its own.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "quorum/watch.h"

namespace quoin::quorum {

// Whether the target speaks of the key.
inline bool Covers(const WatchTarget& target, std::string_view key) {
  return target.kind == WatchTarget::Kind::kKey ? key == target.text : key.starts_with(target.text);
}

template <typename Value>
class TargetTable {
 public:
  // What stands there, or a new value.
  Value& operator[](const WatchTarget& target) {
    if (target.kind == WatchTarget::Kind::kKey) return keys_[target.text];
    return prefixes_[target.text.size()][target.text];
  }
  Value* Find(const WatchTarget& target) {
    if (target.kind == WatchTarget::Kind::kKey) return FindIn(&keys_, target.text);
    const auto prefixes = prefixes_.find(target.text.size());
    return prefixes == prefixes_.end() ? nullptr : FindIn(&prefixes->second, target.text);
  }
  void Erase(const WatchTarget& target) {
    if (target.kind == WatchTarget::Kind::kKey) {
      keys_.erase(target.text);
      return;
    }
    const auto prefixes = prefixes_.find(target.text.size());
    if (prefixes == prefixes_.end()) return;
    prefixes->second.erase(target.text);
    if (prefixes->second.empty()) prefixes_.erase(prefixes);
  }
  void Clear() {
    keys_.clear();
    prefixes_.clear();
  }
  bool empty() const { return keys_.empty() && prefixes_.empty(); }

  // Calls `found` with the value of each target that covers the key: the key's own first, then prefixes, short ones
  // first.
  template <typename Found>
  void ForEachThatCovers(std::string_view key, const Found& found) {
    if (Value* value = FindIn(&keys_, key)) found(*value);
    for (auto& [size, prefixes] : prefixes_) {
      if (size > key.size()) break;
      if (Value* value = FindIn(&prefixes, key.substr(0, size))) found(*value);
    }
  }
  bool CoversKey(std::string_view key) const {
    if (keys_.contains(key)) return true;
    for (const auto& [size, prefixes] : prefixes_) {
      if (size > key.size()) break;
      if (prefixes.contains(key.substr(0, size))) return true;
    }
    return false;
  }

 private:
  using Values = std::map<std::string, Value, std::less<>>;

  static Value* FindIn(Values* values, std::string_view text) {
    const auto found = values->find(text);
    return found == values->end() ? nullptr : &found->second;
  }

  Values keys_;
  std::map<std::size_t, Values> prefixes_;  // By length.
};

}  // namespace quoin::quorum
