#include "tools/client_watch_queue.h"

#include <glog/logging.h>

#include <utility>

namespace quoin::tools {

using Kind = client::WatchEvent::Kind;

std::size_t WatchQueue::BytesOf(const client::WatchEvent& event) {
  return event.key.size() + (event.state ? event.state->value.size() : 0);
}

void WatchQueue::Add(client::WatchEvent event) {
  if (event.kind == Kind::kSynced) return;
  bytes_ += BytesOf(event);
  if (event.kind == Kind::kGap) {
    // K2. What comes behind it stays behind it.
    event.key.empty() ? newest_.clear() : void(newest_.erase(event.key));
    events_.emplace(next_place_++, std::move(event));
    return;
  }
  const auto [place, is_new] = newest_.try_emplace(event.key, next_place_);
  if (is_new) {
    events_.emplace(next_place_++, std::move(event));
    return;
  }
  client::WatchEvent& waiting = events_.at(place->second);
  bytes_ -= BytesOf(waiting);
  event.skipped += waiting.skipped + 1;
  waiting = std::move(event);
}

client::WatchEvent WatchQueue::Take() {
  CHECK(!empty());
  const auto first = events_.begin();
  client::WatchEvent event = std::move(first->second);
  const auto place = newest_.find(event.key);
  if (place != newest_.end() && place->second == first->first) newest_.erase(place);
  events_.erase(first);
  bytes_ -= BytesOf(event);
  return event;
}

}  // namespace quoin::tools
