// Lookahead: what can be told about each call of a history before a search begins.
#pragma once

#include <optional>
#include <vector>

#include "tests/linearizability/frontier.h"
#include "tests/linearizability/model.h"
#include "tests/linearizability/need.h"

namespace quoin::linearizability {

class Lookahead {
 public:
  // `values` are those that the calls were prepared with.
  Lookahead(const std::vector<Call>& calls, Values& values);

  // REQUIRES: the call is known.
  const Need& need(CallId call) const { return needs_[call]; }

  // Of unknown outcomes that ask for the same, the earliest may stand for any of them: the one that has to be used
  // before this one. Those with a ttl have none, because their deadline depends on the invocation.
  const std::optional<CallId>& twin(CallId call) const { return twins_[call]; }

  // Whether a known call needs a value that nobody can bring back before it, once it is lost after the writes with
  // earlier versions: no unknown outcome can make it, and every known write tells its version, so that those left come
  // later.
  bool NeedsIrreplaceable(CallId call) const { return irreplaceable_[call]; }

 private:
  void FindTwins(const std::vector<Call>& calls);
  void FindIrreplaceable(const std::vector<Call>& calls, const Values& values);

  std::vector<Need> needs_;
  std::vector<std::optional<CallId>> twins_;
  std::vector<bool> irreplaceable_;
};

}  // namespace quoin::linearizability
