// How a command ended, told the same way whatever it was and wherever it ended: the exit codes, and what an answer or
// the lack of one means, of the client library (docs/client-library.md) and over HTTP (docs/api.md). Pure.
//
// Invariants:
//   A1  a write whose request may have reached a node, and whose effect no node has told, is kUnknown, never a failure
//       (design, invariant I10);
//   A2  kRefused and kUnreachable of a write mean that it was certainly not applied.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "net/client/operation.h"
#include "net/client/scan.h"
#include "net/http_client.h"
#include "tools/client_cluster.h"

namespace quoin::tools {

// Promised to scripts (docs/client.md): never change a number.
enum class ExitCode {
  kDone = 0,
  kAbsent = 1,
  kBadUsage = 2,
  kConditionFailed = 3,
  kUnknown = 4,
  kUnreachable = 5,
  kRefused = 6,
  kOutputLost = 7,  // The command went well, and what it had to show could not be written.
};

// The `outcome` of --output=json.
std::string_view OutcomeName(ExitCode code);

// One key as an answer shows it.
struct Entry {
  std::string key;
  ExitCode exit_code = ExitCode::kDone;
  std::optional<std::string> value;  // Not there when it was not asked for, or the key is absent.
  std::string version;               // Without quotes; empty when there is none.
  std::string content_type;
  std::string expires;  // RFC 3339; empty: never.
  std::string problem;  // A sentence part, when exit_code is none of kDone and kAbsent.
};

struct Answer {
  ExitCode exit_code = ExitCode::kDone;
  std::string problem;     // Why, when exit_code is not kDone: a sentence part for the person.
  unsigned status = 0;     // What HTTP answers (docs/api.md); 0 when no answer came.
  bool reached = true;     // Not: no server could be connected to, or take the request.
  std::string node;        // The node that answered, as 16 hexadecimal digits.
  std::string request_id;  // Over HTTP.
  client::Ticket ticket;   // Of an unknown outcome of a key's write: what settles it.
  std::chrono::microseconds elapsed{0};
  std::optional<bool> created;  // A write that was done: whether it found the key absent.
  std::optional<Entry> entry;   // What is known of the key: after a write its version, after a read all of it.
  std::optional<std::uint64_t> size_bytes;  // GET META.
  std::string node_status;                  // STATUS: the JSON object.
  std::optional<ClusterStatus> cluster;     // STATUS, where it is known, NODES and RING,
  std::string cluster_json;                 // and as it came.
  std::optional<Ring> ring;                 // RING.
  std::string ring_json;
  std::string subject;                  // The commands that change the cluster: the node that they are about,
  std::optional<ClusterAction> action;  // how far the change has come, where that is known,
  std::string said;                     // and a sentence about what was done.
  std::size_t shown = 0;                // SCAN and MGET: how many entries were shown.
  bool more = false;                    // SCAN: there may be more keys.
};

// How the write, or the read of one key, ended. The value of a key that was read is moved out of the answer.
Answer UnderstandAnswer(const client::Operation& operation, client::Answer answer);
// The same for one of several keys.
Entry UnderstandEntry(const std::string& key, client::Answer answer);
// But for the entries.
Answer UnderstandPage(const client::PageAnswer& page);
Entry EntryOf(client::Entry entry, bool keys_only);

// A request over HTTP that is not about keys. `write`: it asks for a change.
// What the answer of a node means, but for what the body of a success holds.
Answer UnderstandResponse(bool write, const net::HttpClientResponse& response);
// What no answer means. REQUIRES: !failure.ok()
Answer UnderstandFailure(bool write, const Status& failure);

}  // namespace quoin::tools
