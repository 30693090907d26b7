// ToldEvent: what a node told a watcher, whichever way it came: by the client library, as a Server-Sent Event, or in
// the answer to a long poll.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <string>

#include "base/status.h"
#include "kv/version.h"
#include "net/client/watch.h"

namespace quoin::tests {

struct ToldEvent {
  using Kind = client::WatchEvent::Kind;

  Kind kind = Kind::kSynced;
  std::string key;            // Empty: of the whole watch.
  kv::Version version;        // kPut, kDeleted, kExpired.
  std::string value;          // kPut.
  std::uint64_t skipped = 0;  // Earlier events of the key that were left out for this one.
};

// "put a 3.00c0ffee00c0ffee.41"
std::string ToString(const ToldEvent& event);

// kInvalid: it is no event; the message says why.
Result<ToldEvent> EventOf(const client::WatchEvent& event);
// From the JSON of docs/watch.md.
Result<ToldEvent> EventOf(const boost::json::value& event);

}  // namespace quoin::tests
