// Need: what a known call asks of the state that it meets, as far as it tells which effects could bring that about.
#pragma once

#include <cstdint>

#include "tests/linearizability/model.h"
#include "tests/linearizability/values.h"

namespace quoin::linearizability {

struct Need {
  enum class Kind {
    kNothing,   // Meets any state and leaves nothing of it.
    kChange,    // Meets any state but the one with the version reported last, and leaves nothing of it.
    kAbsent,    // The key is absent.
    kPresent,   // The key is there, and nothing of its state is left afterwards; or a version not reported yet.
    kValue,     // The key has this value.
    kNumber,    // The key's value is this number; absent counts as 0.
    kAnything,  // Something else: every effect may matter.
  };
  Kind kind = Kind::kAnything;
  ValueId value = 0;
  std::int64_t number = 0;
  // kPresent: under a version condition, so that the state reported last may not do, and an absence may be on the way
  // to one that does.
  bool another = false;
};

// REQUIRES: !call.open().
Need NeedOf(const Call& call, Values& values);

// Whether the state after the call is the same whatever state it met, if it could meet it at all.
bool LeavesNothing(const Call& call);

}  // namespace quoin::linearizability
