// The program that WATCH runs for an event: what it is told, and how it is started.
//
// It is told in the environment:
//   QUOIN_EVENT         put, deleted, expired or gap
//   QUOIN_KEY           the key; not set when it holds a NUL byte, and for a gap of the whole watch
//   QUOIN_KEY_BASE64    the same in base64, whatever it holds
//   QUOIN_VALUE         of a put: the value, when it is at most kMaxEnvironmentValueBytes long and holds no NUL byte
//   QUOIN_VALUE_BYTES   of a put: how long the value is
//   QUOIN_VERSION, QUOIN_CONTENT_TYPE, QUOIN_EXPIRES_MS (milliseconds since 1970; not set: never)
//   QUOIN_SKIPPED       earlier events of the key that were left out for this one
// and the value, whatever it is, is its standard input. Linux allows 128 KiB for one variable.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>
#include <vector>

#include "base/status.h"
#include "net/client/watch.h"

namespace quoin::tools {

inline constexpr std::size_t kMaxEnvironmentValueBytes = std::size_t{64} << 10;

// "NAME=value" each: those of `inherited` (as ::environ is), but for the ones above, and these.
std::vector<std::string> ProgramEnvironment(const client::WatchEvent& event, const char* const* inherited);

// Starts the program, which is looked for in PATH; its id. kInvalid: it can't be started; the message says why.
// REQUIRES: `program` is not empty.
Result<pid_t> StartProgram(const std::vector<std::string>& program, const client::WatchEvent& event);

// How it ended, for people: "code 3", "signal 9 (Killed)"; empty: well. `status` as waitpid gives it.
std::string ProgramEnd(int status);

}  // namespace quoin::tools
