#include "tests/cluster/agreement.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.h"
#include "net/etag.h"

namespace quoin::tests {
namespace {

namespace json = boost::json;

constexpr std::size_t kBatch = 500;

std::int64_t Number(const json::value& value) { return value.to_number<std::int64_t>(); }

// What one member says of all; empty when it is content.
std::string Complaint(const TestCluster& cluster, const std::string& name, const json::object& status,
                      bool under_load) {
  if (!status.at("joined").as_bool()) return name + " has not joined";
  std::map<std::string, std::string> expected;  // By id, the name.
  std::int64_t replicas = 0;
  for (const std::string& member : cluster.members()) expected[cluster.node(member).id()] = member;
  for (const json::value& node : status.at("nodes").as_array()) {
    const std::string id(node.at("node").as_string()), state(node.at("state").as_string());
    if (!expected.contains(id)) {
      if (state == "removed") continue;  // Forgotten a little later.
      return name + " counts node " + id + ", " + state + ", among the members";
    }
    if (state != "active") return name + " says that " + expected[id] + " is " + state;
    if (!node.at("heard").as_bool()) return name + " does not hear " + expected[id];
    expected.erase(id);
    replicas += Number(node.at("replicas"));
  }
  if (!expected.empty()) return name + " does not know " + expected.begin()->second;
  const json::value& partitions = status.at("partitions");
  for (const char* what : {"moving", "leaderless"}) {
    if (Number(partitions.at(what)) != 0) return name + ": " + json::serialize(partitions);
  }
  const std::int64_t copies = std::min<std::int64_t>(Number(status.at("replication_factor")),
                                                     static_cast<std::int64_t>(cluster.members().size()));
  if (replicas != copies * Number(partitions.at("total"))) {
    return name + " counts " + std::to_string(replicas) + " replicas of " + std::to_string(copies) +
           " for each partition";
  }
  // Writes under way lag, as they must.
  const json::value& own = status.at("own");
  const bool equal = own.at("equal") == own.at("leads") && Number(own.at("lagging_keys")) == 0;
  if (own.at("complete") != own.at("leads") || (!under_load && !equal)) return name + ": " + json::serialize(own);
  return "";
}

Result<std::vector<std::string>> ListKeys(const TestCluster& cluster, const std::string& name,
                                          const std::string& prefix) {
  std::vector<std::string> keys;
  std::string cursor;
  for (;;) {
    std::string target = "/v1/kv?limit=1000&keys_only=true&prefix=" + prefix;
    if (!cursor.empty()) target += "&cursor=" + cursor;
    const auto page = cluster.Get(name, target);
    if (!page.ok()) return page.status();
    for (const json::value& entry : page->at("entries").as_array()) keys.emplace_back(entry.at("key").as_string());
    const json::value* more = page->if_contains("cursor");
    if (more == nullptr || !more->is_string()) return keys;
    cursor.clear();
    // Base64 has three characters that mean something else in a query.
    for (const char c : more->as_string()) {
      cursor += c == '+' ? "%2B" : c == '/' ? "%2F" : c == '=' ? "%3D" : std::string(1, c);
    }
  }
}

// Outcome, value and version of each of the keys; or what went wrong.
Result<std::vector<json::object>> ReadKeys(const TestCluster& cluster, const std::string& name,
                                           const std::vector<std::string>& keys, const std::string& consistency) {
  std::vector<json::object> states;
  for (std::size_t from = 0; from < keys.size(); from += kBatch) {
    json::array operations;
    for (std::size_t i = from; i < std::min(keys.size(), from + kBatch); ++i) {
      operations.push_back({{"op", "get"}, {"key", keys[i]}});
    }
    const auto answer = cluster.Ask(name, {"POST",
                                           "/v1/batch?consistency=" + consistency,
                                           {{"Content-Type", "application/json"}},
                                           json::serialize(json::object{{"operations", std::move(operations)}})});
    if (!answer.ok()) return answer.status();
    boost::system::error_code error;
    const json::value parsed = json::parse(answer->body, error);
    if (answer->status != 200 || error) {
      return Status(Code::kUnavailable, std::to_string(answer->status) + " " + answer->body);
    }
    for (const json::value& result : parsed.at("results").as_array()) {
      const json::object& object = result.as_object();
      const json::value& outcome = object.at("outcome");
      if (outcome != "done" && outcome != "absent") return Status(Code::kUnavailable, json::serialize(result));
      json::object state{{"outcome", outcome}};
      for (const char* member : {"version", "value", "value_base64"}) {
        if (object.contains(member)) state[member] = object.at(member);
      }
      states.push_back(std::move(state));
    }
  }
  return states;
}

}  // namespace

std::string WhyNotAtRest(const TestCluster& cluster, bool under_load) {
  std::map<std::int64_t, std::string> epochs;  // An example of who is there.
  std::int64_t leads = 0, total = 0;
  for (const std::string& name : cluster.members()) {
    const auto status = cluster.Get(name, "/v1/cluster");
    if (!status.ok()) return status.status().message();
    if (std::string complaint = Complaint(cluster, name, *status, under_load); !complaint.empty()) return complaint;
    epochs[Number(status->at("epoch"))] = name;
    leads += Number(status->at("own").at("leads"));
    total = Number(status->at("partitions").at("total"));
  }
  if (epochs.size() > 1) return epochs.begin()->second + " has an older epoch than " + epochs.rbegin()->second;
  if (leads < total) return "only " + std::to_string(leads) + " of " + std::to_string(total) + " partitions are led";
  return "";
}

Equality CompareReplicas(const TestCluster& cluster, const std::string& prefix) {
  Equality equality;
  std::vector<std::string> keys;
  std::vector<json::object> states;
  std::string first;
  for (const std::string& name : cluster.members()) {
    const auto listed = ListKeys(cluster, name, prefix);
    if (!listed.ok()) return {0, name + " does not list the keys: " + listed.status().message()};
    if (!first.empty() && *listed != keys) {
      return {keys.size(), first + " lists " + std::to_string(keys.size()) + " keys, " + name + " lists " +
                               std::to_string(listed->size()) + " or others"};
    }
    keys = *listed;
    equality.keys = keys.size();
    for (const char* consistency : {"all", "one"}) {
      const auto read = ReadKeys(cluster, name, keys, consistency);
      if (!read.ok()) return {keys.size(), name + ", consistency=" + consistency + ": " + read.status().message()};
      if (states.empty()) states = *read;
      for (std::size_t i = 0; i < keys.size(); ++i) {
        if ((*read)[i] == states[i]) continue;
        return {keys.size(), keys[i] + " through " + name + " with consistency=" + consistency + " is " +
                                 json::serialize((*read)[i]) + ", elsewhere " + json::serialize(states[i])};
      }
    }
    first = name;
  }
  return equality;
}

Result<std::map<std::string, StoredState>> ReadStored(const TestCluster& cluster, const std::string& name,
                                                      std::set<std::string> keys) {
  const auto listed = ListKeys(cluster, name, "");
  if (!listed.ok()) return listed.status();
  keys.insert(listed->begin(), listed->end());
  const std::vector<std::string> all(keys.begin(), keys.end());
  const auto read = ReadKeys(cluster, name, all, "quorum");
  if (!read.ok()) return read.status();
  std::map<std::string, StoredState> stored;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const json::object& state = (*read)[i];
    if (state.at("outcome") != "done") continue;
    const auto version = net::ParseVersion(state.at("version").as_string());
    const json::value* const encoded = state.if_contains("value_base64");
    const auto value = encoded == nullptr ? std::optional<std::string>(state.at("value").as_string())
                                          : Base64Decode(encoded->as_string());
    if (!version || !value) return Status(Code::kUnavailable, name + " answered " + json::serialize(state));
    stored[all[i]] = {*version, *value};
  }
  return stored;
}

}  // namespace quoin::tests
