#include "tools/client_cluster.h"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <utility>

#include "base/text.h"

namespace quoin::tools {
namespace {

namespace json = boost::json;

const json::value* Member(const json::object& object, std::string_view name) {
  return object.if_contains(json::string_view(name.data(), name.size()));
}

std::string Text(const json::object& object, std::string_view name) {
  const json::value* const value = Member(object, name);
  if (value == nullptr || !value->is_string()) return {};
  return {value->as_string().data(), value->as_string().size()};
}

bool Flag(const json::object& object, std::string_view name) {
  const json::value* const value = Member(object, name);
  return value != nullptr && value->is_bool() && value->as_bool();
}

// nullopt: it isn't there, is null, or is no number from 0.
std::optional<double> Number(const json::object& object, std::string_view name) {
  const json::value* const value = Member(object, name);
  if (value == nullptr || !value->is_number()) return std::nullopt;
  const double number = value->is_double()  ? value->as_double()
                        : value->is_int64() ? static_cast<double>(value->as_int64())
                                            : static_cast<double>(value->as_uint64());
  return number >= 0 ? std::optional(number) : std::nullopt;
}

std::uint64_t Count(const json::object& object, std::string_view name) {
  const json::value* const value = Member(object, name);
  if (value == nullptr) return 0;
  if (value->is_uint64()) return value->as_uint64();
  return value->is_int64() && value->as_int64() > 0 ? static_cast<std::uint64_t>(value->as_int64()) : 0;
}

// The object or the list's objects under the name; empty where it is none.
json::object Inner(const json::object& object, std::string_view name) {
  const json::value* const value = Member(object, name);
  return value != nullptr && value->is_object() ? value->as_object() : json::object();
}

template <typename T, typename Make>
std::vector<T> List(const json::object& object, std::string_view name, Make make) {
  std::vector<T> made;
  const json::value* const list = Member(object, name);
  if (list == nullptr || !list->is_array()) return made;
  for (const json::value& item : list->as_array()) {
    if (item.is_object()) made.push_back(make(item.as_object()));
  }
  return made;
}

ClusterNode NodeOf(const json::object& object) {
  ClusterNode node;
  node.id = Text(object, "node");
  node.state = Text(object, "state");
  node.heard = Flag(object, "heard");
  node.client_address = Text(object, "client_address");
  node.peer_address = Text(object, "peer_address");
  node.zone = Text(object, "zone");
  node.weight = Count(object, "weight");
  node.replicas = Count(object, "replicas");
  node.incoming = Count(object, "incoming");
  node.leads = Count(object, "leads");
  return node;
}

ClusterAction ActionOf(const json::object& object) {
  ClusterAction action;
  action.action = Text(object, "action");
  action.state = Text(object, "state");
  action.node = Text(object, "node");
  action.with = Text(object, "with");
  action.since = Text(object, "since");
  const json::object partitions = Inner(object, "partitions");
  action.partitions_done = Count(partitions, "done");
  action.partitions_total = Count(partitions, "total");
  const json::object keys = Inner(object, "keys");
  action.keys_copied = Count(keys, "copied");
  action.keys_total = Count(keys, "total");
  const json::object bytes = Inner(object, "bytes");
  action.bytes_copied = Count(bytes, "copied");
  action.bytes_total = Count(bytes, "total");
  action.keys_per_s = Number(object, "keys_per_s").value_or(0);
  action.bytes_per_s = Number(object, "bytes_per_s").value_or(0);
  action.eta_s = Number(object, "eta_s");
  return action;
}

Result<json::object> ParseObject(std::string_view text, std::string_view needed) {
  json::error_code error;
  json::value value = json::parse(json::string_view(text.data(), text.size()), error);
  if (error || !value.is_object() || Member(value.as_object(), needed) == nullptr) {
    return Status(Code::kInvalid, "the node's answer is not about a cluster; is it of another version?");
  }
  return std::move(value.as_object());
}

std::string Ids(const std::vector<const ClusterNode*>& nodes) {
  std::string text;
  for (const ClusterNode* const node : nodes) {
    if (!text.empty()) text += ", ";
    text += node->id;
    if (!node->client_address.empty()) text += " (" + node->client_address + ")";
  }
  return text;
}

}  // namespace

const ClusterNode* ClusterStatus::Find(std::string_view id) const {
  const auto found = std::ranges::find_if(nodes, [&](const ClusterNode& node) { return node.id == id; });
  return found == nodes.end() ? nullptr : &*found;
}

Result<ClusterStatus> ParseClusterStatus(std::string_view text) {
  const Result<json::object> object = ParseObject(text, "nodes");
  if (!object.ok()) return object.status();
  ClusterStatus status;
  status.cluster = Text(*object, "cluster");
  status.joined = Flag(*object, "joined");
  status.epoch = Count(*object, "epoch");
  status.replication_factor = Count(*object, "replication_factor");
  status.controller = Text(*object, "controller");
  const json::object partitions = Inner(*object, "partitions");
  status.partitions = Count(partitions, "total");
  status.moving = Count(partitions, "moving");
  status.leaderless = Count(partitions, "leaderless");
  status.nodes = List<ClusterNode>(*object, "nodes", &NodeOf);
  status.actions = List<ClusterAction>(*object, "actions", &ActionOf);
  status.refusals = List<ClusterRefusal>(*object, "refusals", [](const json::object& refusal) {
    return ClusterRefusal{Text(refusal, "wish"), Text(refusal, "node"), Text(refusal, "at"), Text(refusal, "reason")};
  });
  return status;
}

Result<Ring> ParseRing(std::string_view text) {
  const Result<json::object> object = ParseObject(text, "partitions");
  if (!object.ok()) return object.status();
  Ring ring;
  ring.epoch = Count(*object, "epoch");
  ring.partitions = List<RingPartition>(*object, "partitions", [](const json::object& partition) {
    return RingPartition{Text(partition, "phase") != "stable", Text(partition, "leader")};
  });
  return ring;
}

Result<ClusterNode> FindNode(const ClusterStatus& status, std::string_view typed) {
  std::vector<const ClusterNode*> all, found;
  for (const ClusterNode& node : status.nodes) {
    all.push_back(&node);
    if (typed.empty()) continue;  // Addresses may be empty, too.
    if (node.client_address == typed || node.peer_address == typed) return node;
    if (node.id.starts_with(typed)) found.push_back(&node);
  }
  if (found.size() == 1) return *found.front();
  if (found.size() > 1) {
    return Status(Code::kInvalid, "'" + Printable(typed) + "' may be any of " + Ids(found) + ": add digits");
  }
  return Status(Code::kInvalid, "no node of the cluster has the address '" + Printable(typed) +
                                    "' or an id that begins so; there are " + Ids(all));
}

}  // namespace quoin::tools
