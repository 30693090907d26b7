// The client's flags, read once.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "net/client/operation.h"
#include "net/http_client.h"
#include "tools/client_printer.h"

namespace quoin::tools {

struct ClientFlags {
  std::vector<net::HttpEndpoint> servers;
  std::chrono::microseconds timeout{0};
  std::optional<Format> output;  // Not there: as stdin and stdout suggest.
  client::Consistency consistency = client::Consistency::kQuorum;
  bool quiet = false;
};

// Parses the command line; does not return when there is nothing to run (--help) or something is wrong. Afterwards argv
// holds the program's name and the words of the command. `foreign` are flags of other programs that are linked in.
ClientFlags ParseClientFlags(int* argc, char*** argv, const std::vector<std::string>& foreign);

}  // namespace quoin::tools
