// What a watch names, made sense of. Pure functions; any thread.
#pragma once

#include <vector>

#include "base/status.h"
#include "quorum/watch.h"

namespace quoin::quorum {

// Without those that another one covers: no key is to be told twice. kInvalid: there are none, too many, or one is no
// key or prefix; the message says what would be right.
Result<std::vector<WatchTarget>> Disjoint(std::vector<WatchTarget> targets);

}  // namespace quoin::quorum
