// What must be true of all watchers once a cluster has healed and is at rest.
#pragma once

#include <chrono>
#include <string>

#include "tests/cluster/test_cluster.h"
#include "tests/cluster/watchers.h"

namespace quoin::tests {

// Within the limit every watcher's view is what linearizable reads find: nothing stale for ever. Then some writes are
// made one after the other, and each is told, or said to be left out. And nobody complained of anything all along.
// The first thing that is not so; empty: all is well. REQUIRES: nobody writes, and the watchers' writers rest.
std::string JudgeWatches(TestCluster& cluster, std::chrono::seconds limit, Watchers* watchers);

}  // namespace quoin::tests
