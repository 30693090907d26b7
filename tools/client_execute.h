// From a command to requests, and from their answers to one Answer.
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
#include "tools/client_link.h"

namespace quoin::tools {

inline constexpr std::size_t kMultiGetKeys = 32;
inline constexpr std::size_t kScanPageKeys = 1000;  // As many as a node gives.

class Executor {
 public:
  // Takes what SCAN and MGET find, some entries at a time and in order.
  using ShowEntries = std::function<void(const std::vector<Entry>&)>;

  // `consistency` is empty (the node's default), "one", "quorum" or "all". `link` must outlive the executor.
  Executor(Link& link, std::string consistency) : link_(link), consistency_(std::move(consistency)) {}

  // The command's values as ResolveValue gives them.
  struct Values {
    std::string value;
    std::string expected;
  };

  // REQUIRES: the command asks a node, so it is neither HELP nor EXIT.
  Answer Execute(const Command& command, const Values& values, const ShowEntries& show);

 private:
  Answer Set(const Command& command, const std::string& value);
  Answer Get(const Command& command);
  Answer Delete(const Command& command);
  Answer Post(const Command& command, const std::string& body);
  Answer MultiGet(const Command& command, const ShowEntries& show);
  Answer Scan(const Command& command, const ShowEntries& show);
  Answer NodeStatus();

  // Sends the request and understands the answer. `response`, where given, gets what came.
  Answer Ask(const Asked& asked, const net::HttpClientRequest& request, net::HttpClientResponse* response = nullptr);
  std::string KeyTarget(const std::string& key) const;

  Link& link_;
  const std::string consistency_;
};

// The keys that begin with `prefix`, at most `limit`; none when the node does not answer in time. For completion.
std::vector<std::string> KeysWithPrefix(Link& link, const std::string& prefix, std::size_t limit,
                                        std::chrono::microseconds timeout);

}  // namespace quoin::tools
