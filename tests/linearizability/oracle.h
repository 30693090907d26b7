// The oracle: the definition of linearizability for one key, tried out literally. It goes through every order of the
// operations that agrees with time, with every unknown outcome in it or not, and every moment at which the key could
// have expired. It shares nothing with the checker but the types of a history: the meaning of the operations is written
// down here once more, on plain strings. Good for about seven operations.
#pragma once

#include "tests/linearizability/history.h"

namespace quoin::linearizability {

// REQUIRES: all events are of one key.
bool OracleExplains(const History& history, Time clock_uncertainty);

}  // namespace quoin::linearizability
