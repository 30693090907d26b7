// ApiHandler for /v1/cluster: what the cluster looks like, and changes of its members.
//
// A wish is checked here by the controller's own rules (quorum/membership.h) against what this node knows, so that a
// mistake is told to whoever made it. The controller checks once more; if it knows better, its refusal comes with the
// progress that all members are told.
#include <glog/logging.h>

#include <optional>
#include <utility>

#include "base/text.h"
#include "net/api_cluster_json.h"
#include "net/api_handler.h"
#include "net/json_reader.h"
#include "net/routes.h"
#include "quorum/membership.h"

namespace quoin::net {
namespace {

using quorum::MembershipPacket;
using quorum::MembershipWish;

constexpr std::size_t kMostNamed = 16;  // Members in the text of a problem.

MembershipWish WishOf(Route route) {
  switch (route) {
    case Route::kNodeDrain:
      return MembershipWish::kDrain;
    case Route::kNodeRemove:
      return MembershipWish::kRemove;
    case Route::kNodeReplace:
      return MembershipWish::kReplace;
    case Route::kNodeCancel:
      return MembershipWish::kCancel;
    default:
      break;
  }
  LOG(FATAL) << "no wish: " << InfoOf(route).path;
}

std::string Members(const ring::Topology& topology) {
  std::string names;
  std::size_t count = 0;
  for (const auto& [node, member] : topology.members) {
    if (count++ == kMostNamed) return names + " and " + std::to_string(topology.members.size() - kMostNamed) + " more";
    names += (names.empty() ? "" : ", ") + node.ToString() + " (" + std::string(MemberStateName(member.state)) + ")";
  }
  return names;
}

// As answers show it: a number that is typed in part names nobody.
std::optional<NodeId> ParseNodeId(std::string_view text) {
  const auto id = text.size() == 16 ? ParseHex64(text) : std::nullopt;
  return id.has_value() ? std::optional(NodeId{*id}) : std::nullopt;
}

ProblemReport NoSuchNode(std::string_view name, const ring::Topology& topology) {
  const std::string what = ParseNodeId(name).has_value()
                               ? "no member has the id " + std::string(name)
                               : "'" + Printable(name, 64) + "' is no node id, which is 16 hexadecimal digits";
  return {Problem::kNoSuchNode, what + "; the members are " + Members(topology)};
}

// Reads {"with": "<node id>"}, or nothing where the wish takes nothing.
std::optional<ProblemReport> ReadBody(std::string_view body, MembershipPacket* wish) {
  const bool replaces = wish->wish == MembershipWish::kReplace;
  const std::string_view right = replaces ? "the body is {\"with\": \"<node id>\"}" : "there is no body, or it is {}";
  const auto wrong = [&](const std::string& what) {
    return ProblemReport{Problem::kBadBody, what + "; " + std::string(right)};
  };
  if (body.empty() && !replaces) return std::nullopt;
  const auto json = ReadJson(body, 4);
  if (!json.ok()) return wrong(json.status().message());
  if (!json->is_object()) return wrong("the body is no object");
  for (const auto& member : json->as_object()) {
    if (!replaces || member.key() != "with") {
      return wrong("there is no member '" + Printable(std::string_view(member.key().data(), member.key().size())) +
                   "' here");
    }
    const boost::json::string* with = member.value().if_string();
    const auto id = with == nullptr ? std::nullopt : ParseNodeId(std::string_view(with->data(), with->size()));
    if (!id.has_value()) return wrong("'with' is a node id, which is 16 hexadecimal digits in quotes");
    wish->with = *id;
  }
  if (replaces && json->as_object().empty()) return wrong("'with' is missing");
  return std::nullopt;
}

// What the controller lets pass because it may hear a wish again, a person should be told.
std::optional<std::string> NothingToCancel(const MembershipPacket& wish, ring::MemberState state) {
  if (wish.wish != MembershipWish::kCancel) return std::nullopt;
  if (state != ring::MemberState::kActive && state != ring::MemberState::kJoining) return std::nullopt;
  return "node " + wish.node.ToString() + " is " + std::string(MemberStateName(state)) +
         ": there is no drain or removal to cancel; to undo a join, drain it";
}

}  // namespace

HttpResponse ApiHandler::AnswerAboutCluster(Route route, const Target& target, std::string_view request_id) {
  if (!target.query.empty()) {
    return ProblemResponse({Problem::kBadParameter, "there are no parameters here"}, request_id);
  }
  if (options_.cluster == nullptr) return ProblemResponse({Problem::kNotJoined, "the node is starting"}, request_id);
  const std::shared_ptr<const ClusterSnapshot> snapshot = options_.cluster->Snapshot();
  HttpResponse response;
  response.content_type = kJsonType;
  response.headers = "Cache-Control: no-cache\r\n";
  if (route == Route::kCluster) {
    response.body = ClusterJson(*snapshot);
    return response;
  }
  if (snapshot->topology == nullptr) {
    return ProblemResponse({Problem::kNotJoined, "the node has not been told the ring yet"}, request_id);
  }
  response.body = RingJson(*snapshot);
  return response;
}

HttpResponse ApiHandler::ChangeMembership(const HttpRequest& request, const Target& target) {
  const auto refuse = [&](const ProblemReport& report) { return ProblemResponse(report, request.request_id); };
  if (!target.query.empty()) return refuse({Problem::kBadParameter, "there are no parameters here"});
  if (options_.cluster == nullptr) return refuse({Problem::kNotJoined, "the node is starting"});
  const std::shared_ptr<const ClusterSnapshot> snapshot = options_.cluster->Snapshot();
  if (snapshot->topology == nullptr) return refuse({Problem::kNotJoined, "the node has not been told the ring yet"});
  const ring::Topology& topology = *snapshot->topology;

  std::string_view name;
  FindRoute(target.path, &name);
  const std::optional<NodeId> node = ParseNodeId(name);
  if (!node.has_value() || !topology.members.contains(*node)) return refuse(NoSuchNode(name, topology));
  MembershipPacket wish{.wish = WishOf(request.route), .node = *node};
  if (const auto problem = ReadBody(request.body, &wish); problem.has_value()) return refuse(*problem);
  const auto state = quorum::StateByWish(wish, topology, snapshot->heard, /*settled=*/true);
  if (!state.ok()) return refuse({Problem::kMembershipRefused, state.status().message()});
  if (const auto nothing = NothingToCancel(wish, topology.members.at(*node).state); nothing.has_value()) {
    return refuse({Problem::kMembershipRefused, *nothing});
  }
  LOG(INFO) << "request " << request.request_id << " asks to " << WishName(wish.wish) << " node " << wish.node
            << (wish.wish == MembershipWish::kReplace ? " with node " + wish.with.ToString() : std::string());
  options_.cluster->Ask(wish);
  HttpResponse response;
  response.status = 202;
  response.content_type = kJsonType;
  response.headers = "Cache-Control: no-store\r\n";
  response.body = AskedJson(*snapshot, wish, *state);
  return response;
}

}  // namespace quoin::net
