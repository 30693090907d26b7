// WATCH: shows the events of keys and prefixes as they come, or runs a program for each, until its LIMIT is reached,
// someone gives up (Ctrl-C), or no node takes the watch.
//
// Once it has begun it goes on over lost connections for as long as it takes; that is told as notices.
//
// Threads: one. Bounds: with a program, WatchQueue's; otherwise kMaxShownAtOnce events. What waits beyond waits at the
// node, which leaves out older states for newer ones.
#pragma once

#include <cstddef>

#include "tools/client_answer.h"
#include "tools/client_command.h"
#include "tools/client_printer.h"
#include "tools/client_store.h"

namespace quoin::tools {

inline constexpr std::size_t kMaxShownAtOnce = 256;

// REQUIRES: command.verb == Verb::kWatch
Answer RunWatch(Store& store, const Command& command, Printer& printer);

}  // namespace quoin::tools
