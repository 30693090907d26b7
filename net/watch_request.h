// What clients ask to have watched, as messages and as queries (docs/watch.md).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "net/open_watch.h"
#include "net/proto/quoin.pb.h"
#include "net/watch_source.h"
#include "quorum/watch.h"

namespace quoin::net {

// Takes the texts out of `message`. kInvalid: what is wrong with it.
Result<WatchOrder> TakeWatch(v1::Watch& message, const WatchSource::Cluster& cluster);

// The order of these targets (1 to quorum::WatchRequest::kMaxTargets, each a good one), from `cursor` on; empty: from
// the start, with the state if `state`. kInvalid: the cursor is no good here.
Result<WatchOrder> MakeOrder(std::vector<quorum::WatchTarget> targets, std::string_view cursor, bool state,
                             const WatchSource::Cluster& cluster);
// nullopt, or what is wrong with it.
std::optional<std::string> CheckTarget(const quorum::WatchTarget& target);

}  // namespace quoin::net
