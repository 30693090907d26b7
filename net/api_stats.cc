// ApiHandler for /v1/stats, what this node has counted, and /v1/cluster/stats, the same of all members.
#include <algorithm>
#include <chrono>
#include <map>
#include <utility>

#include "base/text.h"
#include "net/api_handler.h"
#include "net/json_text.h"

namespace quoin::net {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

void AppendNumber(std::string_view name, std::uint64_t number, std::string* out) {
  out->append("\"").append(name).append("\": ").append(std::to_string(number));
}

// Buckets as [begin, end, count], those with a count only; the last one, which takes all beyond, ends at twice its
// begin.
void AppendOperations(std::string_view name, const OperationMeter::Totals& totals, std::string* out) {
  out->append(",\n \"").append(name).append("\": {");
  AppendNumber("count", totals.count, out);
  out->append(", ");
  AppendNumber("failed", totals.failed, out);
  out->append(", \"latency_us\": [");
  bool first = true;
  for (std::size_t i = 0; i < OperationMeter::kBuckets; ++i) {
    if (totals.buckets[i] == 0) continue;
    const std::uint64_t begin = OperationMeter::BucketBegin(i);
    const std::uint64_t end = i + 1 < OperationMeter::kBuckets ? OperationMeter::BucketBegin(i + 1) : 2 * begin;
    out->append(first ? "[" : ", [").append(std::to_string(begin)).append(", ").append(std::to_string(end));
    out->append(", ").append(std::to_string(totals.buckets[i])).append("]");
    first = false;
  }
  out->append("]}");
}

// Which kind of trouble the disk has, for machines; "writable": none.
std::string_view StorageState(const kv::Health& health, bool hangs) {
  switch (health.mode) {
    case kv::Health::Mode::kDiskFull:
      return "disk-full";
    case kv::Health::Mode::kReadOnly:
      return "read-only";
    case kv::Health::Mode::kWritable:
      break;
  }
  return hangs ? "stalled" : "writable";
}

HttpResponse Json(std::string body) {
  HttpResponse response;
  response.content_type = kJsonType;
  response.headers = "Cache-Control: no-cache\r\n";
  response.body = std::move(body);
  return response;
}

}  // namespace

std::string ApiHandler::StatsJson() {
  const NodeStatus status = options_.status();
  const kv::WallTime now = options_.wall_now();
  const bool hangs = options_.cluster != nullptr && options_.cluster->Snapshot()->disk_hangs;
  std::string out = "{\"node\": \"" + status.node.ToString() + "\", \"version\": ";
  AppendJsonText(IsUtf8(status.version) ? status.version : Printable(status.version), &out);
  out.append(", \"now\": \"").append(FormatTime(now));
  out.append("\", \"started_at\": \"").append(FormatTime(status.started_at)).append("\", ");
  // Of a clock that never jumps, for rates.
  const auto steady = duration_cast<milliseconds>(options_.steady_now().time_since_epoch()).count();
  AppendNumber("steady_ms", static_cast<std::uint64_t>(steady), &out);
  out.append(",\n \"storage\": {\"state\": \"").append(StorageState(status.storage, hangs)).append("\", \"reason\": ");
  const std::string& reason = status.storage.reason;
  AppendJsonText(IsUtf8(reason) ? reason : Printable(reason, 512), &out);
  out.append(", ");
  AppendNumber("size_bytes", status.storage_size_bytes, &out);
  out.append("},\n ");
  AppendNumber("connections", static_cast<std::uint64_t>(metrics_.open_connections()), &out);
  out.append(", ");
  AppendNumber("requests_in_flight", gate_.in_flight(), &out);
  AppendOperations("reads", meter_.Read(OperationMeter::Kind::kRead), &out);
  AppendOperations("writes", meter_.Read(OperationMeter::Kind::kWrite), &out);
  AppendOperations("scans", meter_.Read(OperationMeter::Kind::kScan), &out);
  return out + "}\n";
}

HttpResponse ApiHandler::AnswerAboutStats(Route route, std::string_view request_id) {
  if (route == Route::kStats) return Json(StatsJson());
  const auto snapshot = options_.cluster == nullptr ? nullptr : options_.cluster->Snapshot();
  if (snapshot == nullptr || snapshot->topology == nullptr) {
    return ProblemResponse({Problem::kNotJoined, "this node has not been told who belongs to its cluster"}, request_id);
  }
  const auto others =
      options_.member_stats == nullptr ? std::map<NodeId, MemberStats::Answer>() : options_.member_stats->Latest();
  const SteadyTime now = options_.steady_now();
  std::string out = "{\"node\": \"" + options_.node.ToString() + "\", \"nodes\": [";
  bool first = true;
  for (const auto& [node, member] : snapshot->topology->members) {
    out.append(first ? "\n{\"node\": \"" : ",\n{\"node\": \"").append(node.ToString()).append("\", ");
    first = false;
    const auto other = others.find(node);
    if (node == options_.node) {
      out.append("\"age_ms\": 0, \"error\": null,\n \"stats\": ").append(StatsJson()).append("}");
      continue;
    }
    const bool known = other != others.end() && !other->second.json.empty();
    if (known) {
      const auto age = duration_cast<milliseconds>(now - other->second.received).count();
      AppendNumber("age_ms", static_cast<std::uint64_t>(std::max<std::int64_t>(age, 0)), &out);
    } else {
      out.append("\"age_ms\": null");
    }
    out.append(", \"error\": ");
    if (other == others.end() || other->second.error.empty()) {
      out.append("null");
    } else {
      AppendJsonText(IsUtf8(other->second.error) ? other->second.error : Printable(other->second.error), &out);
    }
    out.append(",\n \"stats\": ").append(known ? other->second.json : "null").append("}");
  }
  return Json(out + "\n]}\n");
}

}  // namespace quoin::net
