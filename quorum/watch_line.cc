#include "quorum/watch_line.h"

#include <glog/logging.h>

#include <algorithm>
#include <iterator>

namespace quoin::quorum {

std::optional<kv::Version> WatchLine::Position(const kv::Version& now) const {
  if (from_now) return std::nullopt;
  std::optional<kv::Version> lowest;
  for (const auto& [place, segment] : segments) {
    const kv::Version& position = segment.live ? now : segment.position;
    if (position == kv::Version()) return std::nullopt;
    lowest = lowest ? std::min(*lowest, position) : position;
  }
  return lowest;
}

WatchLine::Segments::iterator WatchLine::SegmentOf(const std::string& key) {
  return std::prev(segments.lower_bound(key));  // A segment's place isn't its own.
}

std::optional<std::string> WatchLine::EndOf(Segments::const_iterator segment) const {
  const auto next = std::next(segment);
  return next == segments.end() ? std::nullopt : std::optional(next->first);
}

WatchLine::Segments::iterator WatchLine::NextToRead() {
  auto best = segments.end();
  for (auto at = segments.begin(); at != segments.end(); ++at) {
    if (at->second.live) continue;
    // The lowest first: however often the subscription breaks, none is left behind.
    if (best == segments.end() || at->second.position < best->second.position) best = at;
  }
  CHECK(best != segments.end());
  return best;
}

void WatchLine::Break(const kv::Version& position) {
  reading.reset();
  for (auto& [place, segment] : segments) {
    if (segment.live) segment = {position, false};
  }
}

void WatchLine::MakeLive(Segments::iterator segment, const std::optional<std::string>& up_to) {
  if (up_to && *up_to != EndOf(segment)) segments.insert_or_assign(*up_to, Segment(segment->second));
  segment->second.live = true;
  for (auto at = std::next(segments.begin()); at != segments.end();) {
    at = at->second.live && std::prev(at)->second.live ? segments.erase(at) : std::next(at);
  }
}

bool WatchLine::Keep(const std::string& key, const kv::RecordPtr& record) {
  if (!reading || key <= reading->place || (reading->up_to && key > *reading->up_to)) return false;
  if (reading->overrun) return true;
  kv::RecordPtr& kept = reading->meanwhile[key];
  if (kept == nullptr) {
    reading->meanwhile_bytes += key.size();
  } else {
    reading->meanwhile_bytes -= kept->value.size();
  }
  kept = record;
  reading->meanwhile_bytes += record->value.size();
  const bool single = reading->meanwhile.size() == 1;
  if (single || (reading->meanwhile.size() <= kMaxMeanwhile && reading->meanwhile_bytes <= kMaxMeanwhileBytes)) {
    return true;
  }
  reading->overrun = true;
  reading->meanwhile.clear();
  return true;
}

}  // namespace quoin::quorum
