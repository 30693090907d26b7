// How a command ended, told the same way whatever it was and wherever it ended: the exit codes, and what an HTTP answer
// or the lack of one means (docs/api.md). Pure.
//
// Invariants:
//   A1  a write whose whole request may have reached a node, and whose effect no node has told, is kUnknown, never a
//       failure (design, invariant I10);
//   A2  kRefused and kUnreachable of a write mean that it was certainly not applied.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "net/http_client.h"

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
  std::string problem;  // Why, when exit_code is not kDone: a sentence part for the person.
  unsigned status = 0;  // The HTTP status; 0 when no answer came.
  bool reached = true;  // Not: no server could be connected to, or take the request.
  std::string node;     // The node that answered, as 16 hexadecimal digits.
  std::string request_id;
  std::string operation_id;  // Of an outcome that the node itself calls unknown.
  std::chrono::microseconds elapsed{0};
  std::optional<bool> created;  // A write that was done: whether it found the key absent.
  std::optional<Entry> entry;   // What is known of the key: after a write its version, after a read all of it.
  std::optional<std::uint64_t> size_bytes;  // GET META.
  std::string node_status;                  // STATUS: the JSON object.
  std::size_t shown = 0;                    // SCAN and MGET: how many entries were shown.
  bool more = false;                        // SCAN: there may be more keys.
};

// What kind of request an answer belongs to.
struct Asked {
  std::string key;
  bool write = false;
  bool head_only = false;  // A HEAD: problems come without their body.
};

// What the answer of a node means, but for what the body of a success holds.
Answer UnderstandResponse(const Asked& asked, const net::HttpClientResponse& response);
// What no answer means. REQUIRES: !failure.ok()
Answer UnderstandFailure(const Asked& asked, const Status& failure);

// The result object of an operation (docs/api.md): {"key": ..., "outcome": ..., "version": ..., ...}. kInvalid when it
// is none. `created` may be null.
Result<Entry> ParseResult(std::string_view json, std::optional<bool>* created);

// {"results": [...]} of a batch.
Result<std::vector<Entry>> ParseBatch(std::string_view json);

struct ListPage {
  std::vector<Entry> entries;
  std::optional<std::string> cursor;
};
Result<ListPage> ParseList(std::string_view json);

}  // namespace quoin::tools
