#include <glog/logging.h>

#include "net/client/watch.h"

namespace quoin::client {

using Kind = WatchEvent::Kind;

std::string_view WatchEventName(WatchEvent::Kind kind) {
  switch (kind) {
    case Kind::kPut:
      return "put";
    case Kind::kDeleted:
      return "deleted";
    case Kind::kExpired:
      return "expired";
    case Kind::kGap:
      return "gap";
    case Kind::kSynced:
      return "synced";
  }
  LOG(FATAL) << "no such event";
}

}  // namespace quoin::client
