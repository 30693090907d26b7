// VersionBounds: what the versions in an answer say about its place among the others, whatever the rest of it says.
//
// Versions of a key only go up. So an operation that was shown version @5 comes before every write that made a later
// version, and the write that made @5 before everyone who saw @5.
#pragma once

#include <compare>
#include <optional>

#include "tests/linearizability/model.h"

namespace quoin::linearizability {

// The last version reported before an operation is at most `version`, or below it.
struct VersionCeiling {
  Version version;
  bool inclusive = true;

  // The tighter ceiling is the lesser one.
  friend auto operator<=>(const VersionCeiling&, const VersionCeiling&) = default;

  bool Admits(const Version& floor) const { return floor < version || (inclusive && floor == version); }

  // Whether the operation may still come after `state`: the versions of the hidden changes must fit in below it, too.
  bool Admits(const State& state) const {
    if (inclusive && state.hidden == 0) return Admits(state.floor);
    return Room(state.floor, version) >= state.hidden + (inclusive ? 0 : 1);
  }
};

struct VersionBounds {
  std::optional<VersionCeiling> ceiling;  // nullopt: nothing is known.
  std::optional<Version> top;             // After the operation, the last version reported is at least this.
};

VersionBounds BoundsOf(const Call& call);

}  // namespace quoin::linearizability
