// FloorCheck: I7, no purged key returns.
//
//   - a floor is recorded only where all replicas are equal up to it: no replica lacks what another one has below;
//   - one by one, only tombstones up to the floor are erased;
//   - nothing at or below a node's floor is stored there again;
//   - whoever enters a configuration keeps nothing of earlier times, and whoever stays in it doesn't drop everything.
#pragma once

#include <optional>
#include <vector>

#include "base/ids.h"
#include "tests/simulation/observer_complaints.h"
#include "tests/simulation/observer_configurations.h"
#include "tests/simulation/observer_disks.h"

namespace quoin::simulation {

class FloorCheck {
 public:
  FloorCheck(const ObserverDisks& disks, const ObserverConfigurations& configurations, ObserverComplaints& complaints)
      : disks_(disks), configurations_(configurations), complaints_(complaints) {}

  void OnDurable(NodeId node, const std::vector<ObserverDisks::Delta>& deltas);

 private:
  void CheckErasures(NodeId node, const ObserverDisks::Delta& delta);
  void CheckEntering(NodeId node, const ObserverDisks::Delta& delta);
  void CheckEqualUpTo(NodeId node, const ObserverDisks::Delta& delta);
  // Whether the node wasn't in some configuration that it has passed since, and is in the one it has now.
  // nullopt: it isn't in that one, or that one is unknown.
  std::optional<bool> Enters(NodeId node, const ObserverDisks::Delta& delta) const;

  const ObserverDisks& disks_;
  const ObserverConfigurations& configurations_;
  ObserverComplaints& complaints_;
};

}  // namespace quoin::simulation
