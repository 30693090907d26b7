// For tests of watches: a source that tells what the test says, and events to tell.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kv/record.h"
#include "net/watch_source.h"
#include "quorum/watch.h"

namespace quoin::net {

class FakeWatchSource : public WatchSource {
 public:
  struct Open {
    quorum::WatchRequest request;
    Pace pace = Pace::kSometimes;
    OnNotice on_notice;
  };

  std::optional<Cluster> cluster() const override { return joined; }
  Id Begin(quorum::WatchRequest request, Pace pace, OnNotice on_notice) override {
    open[++last] = {std::move(request), pace, std::move(on_notice)};
    return last;
  }
  void End(Id id) override { open.erase(id); }

  // REQUIRES: the watch is open.
  void Tell(Id id, std::vector<quorum::WatchEvent> events, WatchPositionsPtr positions = nullptr) {
    const OnNotice on_notice = open.at(id).on_notice;
    on_notice({std::move(events), std::move(positions), Status::Ok()});
  }
  void Fail(Id id, Status status) {
    const OnNotice on_notice = open.at(id).on_notice;
    open.erase(id);
    on_notice({{}, nullptr, std::move(status)});
  }

  std::optional<Cluster> joined = Cluster{ClusterId{0x5f0c9a7de1b24c38}, 16};
  std::map<Id, Open> open;
  Id last = 0;  // The one that was begun last.
};

// The version 1.00c0ffee00c0ffee.<sequence>.
inline kv::Version VersionAt(std::uint64_t sequence) { return {{1, NodeId{0x00c0ffee00c0ffee}}, sequence}; }

inline quorum::WatchEvent PutEvent(const std::string& key, std::uint64_t sequence, std::string value) {
  kv::Record record;
  record.accepted = record.changed = VersionAt(sequence);
  record.content_type = "text/plain";
  record.value = std::move(value);
  return {quorum::WatchEvent::Kind::kPut, key, std::make_shared<const kv::Record>(std::move(record)),
          VersionAt(sequence)};
}
inline quorum::WatchEvent DeleteEvent(const std::string& key, std::uint64_t sequence) {
  return {quorum::WatchEvent::Kind::kDelete, key, nullptr, VersionAt(sequence)};
}
inline quorum::WatchEvent SyncedEvent() { return {quorum::WatchEvent::Kind::kSynced, {}, nullptr, {}}; }
inline quorum::WatchEvent GapEvent(std::string key = {}) {
  return {quorum::WatchEvent::Kind::kGap, std::move(key), nullptr, {}};
}
// All 16 partitions are told up to there.
inline WatchPositionsPtr PositionsAt(std::uint64_t sequence) {
  quorum::WatchPositions positions;
  for (std::uint32_t p = 0; p < 16; ++p) positions[PartitionId{p}] = VersionAt(sequence);
  return std::make_shared<const quorum::WatchPositions>(std::move(positions));
}

}  // namespace quoin::net
