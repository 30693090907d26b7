#include "tools/client_cluster_execute.h"

#include <glog/logging.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <thread>
#include <utility>

#include "tools/client_cluster_text.h"

namespace quoin::tools {
namespace {

using std::chrono::steady_clock;
using State = ChangeProgress::State;

// As the API spells the change: the last part of its path, and the wish of a refusal.
std::string_view WishOf(Verb verb) {
  switch (verb) {
    case Verb::kDrain:
      return "drain";
    case Verb::kRemoveNode:
      return "remove";
    case Verb::kReplace:
      return "replace";
    case Verb::kCancel:
      return "cancel";
    default:
      LOG(FATAL) << "the command changes no node";
  }
}

bool SameRefusal(const ClusterRefusal& one, const ClusterRefusal& other) {
  return one.wish == other.wish && one.node == other.node && one.at == other.at;
}

bool Ended(const ClusterAction& action) { return action.state != "running"; }

// The newest of what is done to the node, without what had ended before.
std::optional<ClusterAction> ActionOn(const std::string& id, const ClusterStatus& before, const ClusterStatus& now) {
  std::optional<ClusterAction> newest;
  for (const ClusterAction& action : now.actions) {
    const bool of_node =
        action.node == id && (action.action == "drain" || action.action == "remove" || action.action == "replace");
    const bool old = std::ranges::any_of(before.actions, [&](const ClusterAction& past) {
      return Ended(past) && past.node == id && past.action == action.action && past.since == action.since;
    });
    if (!of_node || old) continue;
    // Texts of one form and time zone: their order is that of time.
    if (!newest || action.since >= newest->since) newest = action;
  }
  return newest;
}

Answer Misused(std::string problem) {
  Answer answer;
  answer.exit_code = ExitCode::kBadUsage;
  answer.problem = std::move(problem);
  return answer;
}

std::string TextMember(const std::string& json, const char* name) {
  boost::json::error_code error;
  const boost::json::value value = boost::json::parse(json, error);
  const boost::json::value* const member = error || !value.is_object() ? nullptr : value.as_object().if_contains(name);
  return member != nullptr && member->is_string() ? std::string(member->as_string().c_str()) : std::string();
}

}  // namespace

ChangeProgress JudgeChange(const Command& command, const std::string& id, const ClusterStatus& before,
                           const ClusterStatus& now, const std::string& answering) {
  for (const ClusterRefusal& refusal : now.refusals) {
    if (refusal.node != id || refusal.wish != WishOf(command.verb)) continue;
    const bool old = std::ranges::any_of(before.refusals, [&](const auto& past) { return SameRefusal(past, refusal); });
    if (!old) return {State::kRefused, std::nullopt, refusal.reason};
  }
  const ClusterNode* const node = now.Find(id);
  const bool gone = now.joined ? node == nullptr || node->state == "removed" : answering == id;
  if (command.verb == Verb::kCancel) {
    if (gone) return {State::kRefused, std::nullopt, "it was removed before it could be cancelled"};
    const bool back = node != nullptr && (node->state == "active" || node->state == "joining");
    return {back ? State::kDone : State::kWaiting, std::nullopt, {}};
  }
  std::optional<ClusterAction> action = ActionOn(id, before, now);
  if (!action) return {gone ? State::kDone : State::kWaiting, std::nullopt, {}};
  const State state = !Ended(*action) ? State::kRunning : action->state == "done" ? State::kDone : State::kCancelled;
  return {state, std::move(action), {}};
}

bool ClusterExecutor::Knows(Verb verb) {
  return verb == Verb::kStatus || verb == Verb::kNodes || verb == Verb::kRing || ChangesCluster(verb);
}

Answer ClusterExecutor::Execute(const Command& command, const ShowProgress& show) {
  const auto begin = steady_clock::now();
  Answer answer = [&] {
    switch (command.verb) {
      case Verb::kStatus:
        return NodeStatus();
      case Verb::kNodes:
        return Cluster();
      case Verb::kRing:
        return Ring();
      default:
        return Change(command, show);
    }
  }();
  answer.elapsed = std::chrono::duration_cast<std::chrono::microseconds>(steady_clock::now() - begin);
  return answer;
}

Answer ClusterExecutor::Ask(const net::HttpClientRequest& request, std::string* body) {
  const bool write = request.method != "GET";
  Result<net::HttpClientResponse> response = link_.Do(request);
  if (!response.ok()) return UnderstandFailure(write, response.status());
  Answer answer = UnderstandResponse(write, *response);
  if (answer.exit_code == ExitCode::kDone) *body = std::move(response->body);
  return answer;
}

Answer ClusterExecutor::NodeStatus() {
  std::string body;
  Answer answer = Ask({.target = "/v1/status"}, &body);
  if (answer.exit_code != ExitCode::kDone) return answer;
  answer.node_status = std::move(body);
  // What it knows of the cluster is an addition.
  const Answer cluster = Cluster();
  if (cluster.exit_code == ExitCode::kDone && cluster.node == answer.node) {
    answer.cluster = cluster.cluster;
    answer.cluster_json = cluster.cluster_json;
  }
  return answer;
}

Answer ClusterExecutor::Cluster() {
  std::string body;
  Answer answer = Ask({.target = "/v1/cluster"}, &body);
  if (answer.exit_code != ExitCode::kDone) return answer;
  Result<ClusterStatus> status = ParseClusterStatus(body);
  if (!status.ok()) {
    answer.exit_code = ExitCode::kRefused;
    answer.problem = status.status().message();
    return answer;
  }
  answer.cluster = *std::move(status);
  answer.cluster_json = std::move(body);
  return answer;
}

Answer ClusterExecutor::Ring() {
  Answer answer = Cluster();
  if (answer.exit_code != ExitCode::kDone) return answer;
  std::string body;
  Answer ring = Ask({.target = "/v1/cluster/ring"}, &body);
  if (ring.exit_code != ExitCode::kDone) return ring;
  Result<tools::Ring> parsed = ParseRing(body);
  if (!parsed.ok()) {
    ring.exit_code = ExitCode::kRefused;
    ring.problem = parsed.status().message();
    return ring;
  }
  ring.cluster = std::move(answer.cluster);
  ring.cluster_json = std::move(answer.cluster_json);
  ring.ring = *std::move(parsed);
  ring.ring_json = std::move(body);
  return ring;
}

Answer ClusterExecutor::Change(const Command& command, const ShowProgress& show) {
  const Answer before = Cluster();
  if (before.exit_code != ExitCode::kDone) return before;
  const Result<ClusterNode> node = FindNode(*before.cluster, command.node);
  if (!node.ok()) return Misused(node.status().message());

  net::HttpClientRequest request{.method = "POST",
                                 .target = "/v1/cluster/nodes/" + node->id + "/" + std::string(WishOf(command.verb))};
  if (command.verb == Verb::kReplace) {
    const Result<ClusterNode> with = FindNode(*before.cluster, command.replacement);
    if (!with.ok()) return Misused(with.status().message());
    request.fields.emplace_back("Content-Type", "application/json");
    request.body = boost::json::serialize(boost::json::object{{"with", with->id}});
  }
  std::string body;
  Answer answer = Ask(request, &body);
  answer.subject = node->id;
  if (answer.exit_code == ExitCode::kUnknown) {
    answer.problem = "nobody knows whether the cluster heard it: " + answer.problem + "; NODES shows what is under way";
  }
  if (answer.exit_code != ExitCode::kDone) return answer;
  answer.said = TextMember(body, "detail");
  if (!command.wait) return answer;
  return Follow(command, std::move(answer), *before.cluster, show);
}

Answer ClusterExecutor::Follow(const Command& command, Answer asked, const ClusterStatus& before,
                               const ShowProgress& show) {
  const std::string id = asked.subject;
  const std::string hint =
      "; NODES shows how far it is" + (command.verb == Verb::kCancel ? std::string() : ", CANCEL " + id + " ends it");
  const auto stop = [&](ExitCode code, std::string problem) {
    asked.exit_code = code;
    asked.problem = std::move(problem);
    return asked;
  };
  auto seen_at = steady_clock::now();
  std::string why = "the controller has not taken it up";
  for (;;) {
    if (GivenUp()) {
      return stop(ExitCode::kUnknown, "this client stops looking, but the cluster goes on" +
                                          (asked.action ? " (" + ActionText(*asked.action) + ")" : "") + hint);
    }
    const Answer now = Cluster();
    if (now.exit_code == ExitCode::kDone) {
      ChangeProgress progress = JudgeChange(command, id, before, *now.cluster, now.node);
      asked.node = now.node;
      if (progress.action) asked.action = std::move(progress.action);
      switch (progress.state) {
        case State::kRunning:
          seen_at = steady_clock::now();
          why = "nothing is seen of it any more";
          show(*asked.action);
          break;
        case State::kDone:
          asked.said = DoneText(command, id, asked.action);
          return asked;
        case State::kCancelled:
          return stop(ExitCode::kRefused, "somebody cancelled it: node " + id + " stays");
        case State::kRefused:
          return stop(ExitCode::kRefused, progress.reason);
        case State::kWaiting:
          break;
      }
    } else {
      why = now.problem;
    }
    if (steady_clock::now() - seen_at > options_.patience) {
      return stop(ExitCode::kUnknown, "it was asked for, but it is not known how it goes on: " + why + hint);
    }
    Pause();
  }
}

void ClusterExecutor::Pause() const {
  constexpr std::chrono::milliseconds kSlice{20};
  const auto until = steady_clock::now() + options_.look_interval;
  while (!GivenUp() && steady_clock::now() < until) {
    std::this_thread::sleep_for(std::min<steady_clock::duration>(kSlice, until - steady_clock::now()));
  }
}

}  // namespace quoin::tools
