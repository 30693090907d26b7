// KeyTable: a value per key, found by the key's hash and walked in the order of the keys.
//
// A walk never depends on hashes, so that the same calls lead to the same walks (quorum/node.h, N3). Entries stay where
// they are until they are erased.
//
// Threads: none of its own. Bounds: none of its own; keys that somebody has chosen for their equal hashes cost a step
// each to whoever looks for one of them.
#pragma once

#include <glog/logging.h>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quoin::quorum {

template <typename Value>
class KeyTable {
 public:
  using Entry = std::pair<const std::string, Value>;
  using const_iterator = typename std::map<std::string, Value>::const_iterator;

  // nullptr: it isn't there.
  Entry* Find(std::string_view key) {
    const std::size_t slot = SlotOf(key);
    return slot == kNone ? nullptr : slots_[slot].entry;
  }
  const Entry* Find(std::string_view key) const { return const_cast<KeyTable*>(this)->Find(key); }
  bool contains(std::string_view key) const { return SlotOf(key) != kNone; }
  // REQUIRES: it is there.
  const Value& at(std::string_view key) const {
    const std::size_t slot = SlotOf(key);
    CHECK_NE(slot, kNone);
    return slots_[slot].entry->second;
  }

  // REQUIRES: the key isn't there.
  Entry& Add(const std::string& key) {
    // At most half of the slots are in use: there is always an empty one, and it is near.
    if (2 * (entries_.size() + 1) > slots_.size()) Grow();
    const auto [entry, added] = entries_.try_emplace(key);
    CHECK(added);
    Put({HashOf(key), &*entry});
    return *entry;
  }
  void Erase(std::string_view key) {
    std::size_t hole = SlotOf(key);
    if (hole == kNone) return;
    entries_.erase(slots_[hole].entry->first);  // And perhaps what `key` refers to.
    // Whatever would not be found any more past an empty slot moves into it (Knuth, TAOCP volume 3, 6.4, algorithm R).
    for (std::size_t at = Next(hole); slots_[at].entry != nullptr; at = Next(at)) {
      const std::size_t wanted = slots_[at].hash & Mask();
      const bool stays = hole <= at ? hole < wanted && wanted <= at : hole < wanted || wanted <= at;
      if (stays) continue;
      slots_[hole] = slots_[at];
      hole = at;
    }
    slots_[hole] = Slot();
  }
  void Clear() {
    slots_.clear();
    entries_.clear();
  }

  std::size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }
  const_iterator begin() const { return entries_.begin(); }
  const_iterator end() const { return entries_.end(); }
  // The first entry above the key.
  const_iterator After(const std::string& key) const { return entries_.upper_bound(key); }

 private:
  using Entries = std::map<std::string, Value>;
  struct Slot {
    std::size_t hash = 0;
    Entry* entry = nullptr;
  };
  static constexpr std::size_t kNone = static_cast<std::size_t>(-1);
  static constexpr std::size_t kFewestSlots = 16;

  static std::size_t HashOf(std::string_view key) { return std::hash<std::string_view>()(key); }
  // A power of two less one.
  std::size_t Mask() const { return slots_.size() - 1; }
  std::size_t Next(std::size_t slot) const { return (slot + 1) & Mask(); }

  std::size_t SlotOf(std::string_view key) const {
    if (slots_.empty()) return kNone;
    const std::size_t hash = HashOf(key);
    for (std::size_t at = hash & Mask(); slots_[at].entry != nullptr; at = Next(at)) {
      if (slots_[at].hash == hash && slots_[at].entry->first == key) return at;
    }
    return kNone;
  }
  void Put(Slot slot) {
    std::size_t at = slot.hash & Mask();
    while (slots_[at].entry != nullptr) at = Next(at);
    slots_[at] = slot;
  }
  void Grow() {
    std::vector<Slot> before(std::max(kFewestSlots, 2 * slots_.size()));
    before.swap(slots_);
    for (const Slot& slot : before) {
      if (slot.entry != nullptr) Put(slot);
    }
  }

  Entries entries_;
  std::vector<Slot> slots_;  // By hash: each entry stands in the first free slot from its own on (linear probing).
};

}  // namespace quoin::quorum
