// Timeline: a history as a picture for people, one line per operation, each with its bar from invocation to completion.
// Columns are the moments at which something happened, in order, not to scale.
//
//   client 1  [==]                 1 k 0ms..2ms put "a" -> done @1
//   client 2     [====]            ...
//   client 1  [===================> (an unknown outcome stays open to the right)
#pragma once

#include <cstddef>
#include <string>

#include "tests/linearizability/history.h"

namespace quoin::linearizability {

// `max_lines`: how many operations are drawn at most; a last line counts the others.
std::string Timeline(const History& history, std::size_t max_lines = 60);

}  // namespace quoin::linearizability
