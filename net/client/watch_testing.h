// For tests of watches: events as a node tells them, and as a program was told them, in one line.
#pragma once

#include <string>
#include <vector>

#include "net/client/watch.h"
#include "net/proto/quoin.pb.h"

namespace quoin::client {

inline constexpr char kWatchedNode[] = ".00c0ffee00c0ffee.";

// "put a 7 v", "deleted a 8", "expired a 9", "gap", "gap a", "synced": a kind, a key, a sequence, a value.
inline v1::Event EventOf(const std::string& line) {
  std::vector<std::string> words(1);
  for (const char c : line) {
    if (c == ' ') {
      words.emplace_back();
    } else {
      words.back().push_back(c);
    }
  }
  words.resize(4);
  v1::Event event;
  const std::string& kind = words[0];
  event.set_kind(kind == "put"       ? v1::Event::PUT
                 : kind == "deleted" ? v1::Event::DELETED
                 : kind == "expired" ? v1::Event::EXPIRED
                 : kind == "gap"     ? v1::Event::GAP
                 : kind == "synced"  ? v1::Event::SYNCED
                                     : v1::Event::KIND_UNSPECIFIED);
  if (!words[1].empty()) event.set_key(words[1]);
  if (!words[2].empty()) event.set_version("1" + (kWatchedNode + words[2]));
  if (kind == "put") event.mutable_state()->set_value(words[3]);
  return event;
}

inline v1::Events EventsOf(const std::vector<std::string>& lines, const std::string& cursor = {}) {
  v1::Events events;
  for (const std::string& line : lines) *events.add_events() = EventOf(line);
  events.set_cursor(cursor);
  return events;
}

inline std::string LineOf(const WatchEvent& event) {
  std::string line(WatchEventName(event.kind));
  if (!event.key.empty()) line += " " + event.key;
  if (!event.version.empty()) line += " " + event.version.substr(event.version.rfind('.') + 1);
  if (event.state) line += " " + event.state->value;
  if (event.skipped > 0) line += " skipped " + std::to_string(event.skipped);
  return line;
}

}  // namespace quoin::client
