#include "tests/cluster/membership_changes.h"

#include <glog/logging.h>

#include <algorithm>
#include <utility>

namespace quoin::tests {
namespace {

constexpr std::chrono::seconds kAnswerLimit{10};
constexpr std::chrono::milliseconds kBetweenWishes{500};

}  // namespace

MembershipChanges::MembershipChanges(TestCluster* cluster, std::size_t least, std::size_t most, std::mt19937_64* random)
    : cluster_(cluster), least_(least), most_(most), random_(random) {
  CHECK_LT(least_, most_);
}

std::string MembershipChanges::DrawOther(const std::string& not_this) {
  std::vector<std::string> names(cluster_->members().begin(), cluster_->members().end());
  std::erase(names, not_this);
  return names[std::uniform_int_distribution<std::size_t>(0, names.size() - 1)(*random_)];
}

void MembershipChanges::Begin() {
  CHECK(action_.empty()) << action_;
  std::vector<std::string> possible;
  if (cluster_->members().size() < most_) possible = {"join", "join"};
  if (cluster_->members().size() > least_) possible.insert(possible.end(), {"drain", "replace", "remove", "cancel"});
  action_ = possible[std::uniform_int_distribution<std::size_t>(0, possible.size() - 1)(*random_)];
  ++counts_[action_];
  if (action_ == "join") {
    latest_ = "join " + cluster_->Add();
    LOG(INFO) << latest_;
    return;
  }
  leaving_ = DrawOther("");
  with_ = action_ == "replace" ? DrawOther(leaving_) : "";
  latest_ = action_ + " " + leaving_ + (with_.empty() ? "" : " with ") + with_;
  LOG(INFO) << latest_;
  // One that is drained for a moment only, and stays.
  if (action_ == "cancel") {
    const std::string refused = Ask("drain");
    LOG_IF(INFO, !refused.empty()) << refused;
    return;
  }
  if (action_ == "remove") TestCluster::Must(cluster_->processes().Kill(leaving_));
  // The list of those that stay: faults are for them, and so is the rest that must come in the end.
  cluster_->Forget(leaving_);
  const std::string refused = Ask(action_, with_);
  LOG_IF(INFO, !refused.empty()) << refused << " (it will be asked again)";
}

std::string MembershipChanges::Ask(const std::string& action, const std::string& with) {
  const std::vector<std::string> serving = cluster_->Serving();
  if (serving.empty()) return "nobody serves";
  net::HttpClientRequest request{"POST", "/v1/cluster/nodes/" + cluster_->node(leaving_).id() + "/" + action, {}, ""};
  if (!with.empty()) {
    request.fields = {{"Content-Type", "application/json"}};
    request.body = R"({"with": ")" + cluster_->node(with).id() + R"("})";
  }
  const auto answer = cluster_->Ask(serving.front(), request, kAnswerLimit);
  if (!answer.ok()) return answer.status().message();
  return answer->status == 202 ? "" : std::to_string(answer->status) + " " + answer->body;
}

std::string MembershipChanges::StateOf(const std::string& name) const {
  const std::vector<std::string> serving = cluster_->Serving();
  if (serving.empty()) return "unknown: nobody serves";
  const auto status = cluster_->Get(serving.front(), "/v1/cluster", kAnswerLimit);
  if (!status.ok()) return "unknown: " + status.status().message();
  for (const boost::json::value& node : status->at("nodes").as_array()) {
    if (node.at("node").as_string() == cluster_->node(name).id()) return std::string(node.at("state").as_string());
  }
  return "gone";
}

void MembershipChanges::Finish(std::chrono::seconds limit) {
  if (action_.empty()) return;
  const std::string action = std::exchange(action_, "");
  const std::string leaving = leaving_;
  // A joining node goes on asking by itself; that it is a member is what the rest of the cluster waits for.
  if (action == "join") return;
  // A wish that was lost is repeated, now and then: the controller needs a moment for each.
  auto ask_at = std::chrono::steady_clock::now();
  const auto ask_again = [&](const std::string& what) -> std::string {
    if (std::chrono::steady_clock::now() < ask_at) return "asked";
    ask_at = std::chrono::steady_clock::now() + kBetweenWishes;
    return Ask(what, what == "replace" ? with_ : "");
  };
  cluster_->Await(action + " of " + leaving + " is done", limit, [&]() -> std::string {
    const std::string state = StateOf(leaving);
    if (state.starts_with("unknown")) return state;
    // A drain may be over before it is cancelled; then the node has left.
    if (state == "gone" || state == "removed") return "";
    if (action == "cancel") return state == "active" ? "" : state + ", " + ask_again("cancel");
    // The node serves on until its data have moved.
    const bool lost_wish = state == "active" || (action == "remove" && state == "draining");
    return state + (lost_wish ? ", " + ask_again(action) : "");
  });
  const bool stays = action == "cancel" && StateOf(leaving) == "active";
  if (!stays) {
    cluster_->Forget(leaving);
    if (cluster_->node(leaving).state() != tools::LocalNode::State::kDown) {
      TestCluster::Must(cluster_->processes().Stop(leaving));
    }
  }
  leaving_.clear();
}

}  // namespace quoin::tests
