// What WATCH shows of an event, without a newline behind it.
#pragma once

#include <string>

#include "net/client/watch.h"

namespace quoin::tools {

// For people, one safe line: "put      room/1 = hello", "deleted  room/1", "put      room/1 = hello  (3 skipped)", ...
std::string EventText(const client::WatchEvent& event);
// For pipes: the kind, the key and the value with tabs between, as far as there are any, as they are.
std::string EventFields(const client::WatchEvent& event);

}  // namespace quoin::tools
