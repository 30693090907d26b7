// What may follow a topology.
//
// Two questions, both pure and from any thread: whether a change may be proposed upon a chosen topology (one step), and
// whether a topology that is known to be chosen may replace another such (any number of steps). A "no" to the second
// one means that something is broken: two clusters mixed up, or a register that forgot.
#pragma once

#include "base/status.h"
#include "ring/topology.h"

namespace quoin::ring {

// Whether `next` may be proposed once `current` is chosen: the same cluster and number of partitions, the next epoch,
// every configuration, the system partition's too, the same or a legal successor (Configuration::CheckNext), members
// only along
//
//   (none) -> joining -> active <-> draining -> removed -> (none)
//                          |^           |          |
//                          v|           v          +--> joining
//                         lost <--------+
//                          |
//                          +--> removed
//
// with joining -> removed and active -> removed besides (a member that holds nothing).
// kInvalid says what is wrong. REQUIRES: current.Check().ok()
Status CheckStep(const Topology& current, const Topology& next);

// Whether `later` can have come after `earlier` in the same register: the same cluster and number of partitions, a
// higher epoch, no version lower, and the same configuration under the same version. REQUIRES: both pass Check().
Status CheckLater(const Topology& earlier, const Topology& later);

}  // namespace quoin::ring
