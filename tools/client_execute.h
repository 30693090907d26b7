// From a command on keys to operations, and from their answers to one Answer.
//
// Threads: one. Bounds: MGET asks for kMultiGetKeys keys at a time and SCAN for a page at a time, so that memory stays
// bounded however many keys there are.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "tools/client_answer.h"
#include "tools/client_command.h"
#include "tools/client_store.h"

namespace quoin::tools {

inline constexpr std::size_t kMultiGetKeys = 32;
inline constexpr std::uint32_t kScanPageKeys = 1000;  // As many as a node gives.

class Executor {
 public:
  // Takes what SCAN and MGET find, some entries at a time and in order.
  using ShowEntries = std::function<void(const std::vector<Entry>&)>;

  // `store` must outlive the executor.
  Executor(Store& store, client::Consistency consistency) : store_(store), consistency_(consistency) {}

  // The command's values as ResolveValue gives them.
  struct Values {
    std::string value;
    std::string expected;
  };

  // REQUIRES: the command is on keys, and not WATCH (client_watch.h).
  Answer Execute(const Command& command, const Values& values, const ShowEntries& show);

  Store& store() const { return store_; }

 private:
  Answer Operate(const Command& command, const Values& values);
  Answer MultiGet(const Command& command, const ShowEntries& show);
  Answer Scan(const Command& command, const ShowEntries& show);
  client::CallOptions CallOptions() const;

  Store& store_;
  const client::Consistency consistency_;
};

// The operation that the command stands for. kInvalid: the command can't be meant so; the message says why.
// REQUIRES: the command is on one key.
Result<client::Operation> OperationOf(const Command& command, const Executor::Values& values);

// The keys that begin with `prefix`, at most `limit`; none when no node answers in time. For completion.
std::vector<std::string> KeysWithPrefix(Store& store, const std::string& prefix, std::uint32_t limit,
                                        std::chrono::milliseconds timeout);

}  // namespace quoin::tools
