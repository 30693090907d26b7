#include "net/member_stats_check.h"

#include <algorithm>
#include <boost/json/value.hpp>
#include <cstddef>
#include <string>
#include <utility>

#include "base/text.h"
#include "net/json_reader.h"

namespace quoin::net {
namespace {

namespace json = boost::json;

constexpr std::size_t kMaxDepth = 8;
// Of a text that should have been a node's id.
constexpr std::size_t kMostShown = 32;

bool IsBucket(const json::value& value) {
  const json::array* const bucket = value.if_array();
  return bucket != nullptr && bucket->size() == 3 &&
         std::all_of(bucket->begin(), bucket->end(), [](const json::value& part) { return part.is_number(); });
}

// The members of one object, from which it keeps the name of the first that is missing or of another kind.
class Members {
 public:
  Members(const json::object& object, std::string path, std::string* wrong)
      : object_(object), path_(std::move(path)), wrong_(wrong) {}

  void Number(std::string_view name) {
    Take(name, [](const json::value& value) { return value.is_number(); });
  }
  void Text(std::string_view name) {
    Take(name, [](const json::value& value) { return value.is_string(); });
  }
  void Buckets(std::string_view name) {
    Take(name, [](const json::value& value) {
      const json::array* const all = value.if_array();
      return all != nullptr && std::all_of(all->begin(), all->end(), IsBucket);
    });
  }
  template <typename Check>
  void Object(std::string_view name, const Check& check) {
    if (!Take(name, [](const json::value& value) { return value.is_object(); })) return;
    check(Members(object_.at(name).get_object(), path_ + std::string(name) + ".", wrong_));
  }

 private:
  template <typename Is>
  bool Take(std::string_view name, const Is& is) {
    const json::value* const value = object_.if_contains(name);
    const bool right = value != nullptr && is(*value);
    if (!right && wrong_->empty()) *wrong_ = path_ + std::string(name);
    return right;
  }

  const json::object& object_;
  const std::string path_;
  std::string* const wrong_;
};

void TakeOperations(Members operations) {
  operations.Number("count");
  operations.Number("failed");
  operations.Buckets("latency_us");
}

void TakeStorage(Members storage) {
  storage.Text("state");
  storage.Number("size_bytes");
}

// The name of what is missing; empty: nothing.
std::string MissingIn(const json::object& stats) {
  std::string wrong;
  Members members(stats, "", &wrong);
  members.Text("version");
  members.Text("started_at");
  members.Number("steady_ms");
  members.Object("storage", TakeStorage);
  members.Number("connections");
  for (const std::string_view kind : {"reads", "writes", "scans"}) members.Object(kind, TakeOperations);
  return wrong;
}

}  // namespace

Status CheckMemberStats(NodeId node, std::string_view text) {
  const auto value = ReadJson(text, kMaxDepth);
  if (!value.ok()) return Status(Code::kInvalid, "the answer is no JSON: " + value.status().message());
  const json::object* const stats = value->if_object();
  if (stats == nullptr) return Status(Code::kInvalid, "the answer is no JSON object");
  const json::value* const who = stats->if_contains("node");
  if (who == nullptr || !who->is_string()) return Status(Code::kInvalid, "the answer does not say which node it is of");
  if (const std::string_view name = who->get_string(); name != node.ToString()) {
    return Status(Code::kInvalid, "another node answers at that address: " + Printable(name, kMostShown));
  }
  const std::string missing = MissingIn(*stats);
  if (!missing.empty()) return Status(Code::kInvalid, "the answer has no '" + missing + "' that can be understood");
  return Status::Ok();
}

}  // namespace quoin::net
