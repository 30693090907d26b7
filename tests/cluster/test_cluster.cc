#include "tests/cluster/test_cluster.h"

#include <glog/logging.h>

#include <random>
#include <utility>

namespace quoin::tests {
namespace {

namespace json = boost::json;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kToldLogLines = 12;
constexpr milliseconds kBetweenLooks{20};
constexpr std::chrono::seconds kTellAfter{5};
constexpr milliseconds kStatusLimit{2000};

}  // namespace

TestCluster::TestCluster(Options options) : options_(std::move(options)) {
  // Addresses besides 127.0.0.1: the kernel never gives their ports to outgoing connections, so a node that is down
  // finds its own port free when it comes back.
  std::random_device random;
  network_ = "127." + std::to_string(1 + random() % 250) + "." + std::to_string(random() % 250) + ".";

  tools::ClusterLayout layout{"127.0.0.1:0", "127.0.0.1:0", {}};
  for (std::size_t i = 0; i < options_.nodes; ++i) {
    layout.nodes.push_back(PlaceFor(i));
    members_.insert(layout.nodes.back().name);
  }
  tools::LocalCluster::Options processes;
  processes.folder = options_.folder.empty() ? temporary_.path() : options_.folder;
  processes.program = std::filesystem::absolute("tools/node");
  processes.flags = options_.flags;
  processes.start_limit = kPatience;
  processes.stop_limit = kPatience;
  processes.tell = [this](const std::string& text) {
    LOG(ERROR) << text;
    deaths_.push_back(text);
  };
  if (options_.lab != nullptr) {
    processes.launcher = [lab = options_.lab](const std::string& name) { return lab->Launcher(name); };
  }
  processes_ = std::make_unique<tools::LocalCluster>(std::move(processes), std::move(layout));
  Must(processes_->StartAll());
  Await("all nodes have joined", kPatience, [this]() -> std::string {
    for (const std::string& name : members_) {
      const auto status = Get(name, "/v1/cluster");
      if (!status.ok()) return status.status().message();
      const json::array& nodes = status->at("nodes").as_array();
      std::size_t active = 0;
      for (const json::value& node : nodes) active += node.at("state") == "active" ? 1 : 0;
      if (active != members_.size()) return name + " knows of " + std::to_string(active) + " active nodes";
    }
    return "";
  });
}

tools::NodePlace TestCluster::PlaceFor(std::size_t index) const {
  const std::string name = "n" + std::to_string(index + 1);
  if (options_.lab == nullptr) {
    const std::string host = network_ + std::to_string(index + 1);
    return {name, host + ":0", host + ":0"};
  }
  options_.lab->AddNode(name);
  const std::string host = options_.lab->AddressOf(name);
  return {name, host + ":8080", host + ":7080"};
}

std::string TestCluster::Add() {
  const tools::NodePlace place = PlaceFor(processes_->nodes().size());
  Must(processes_->Add(place));
  members_.insert(place.name);
  return place.name;
}

tools::LocalNode& TestCluster::node(const std::string& name) const {
  tools::LocalNode* node = processes_->Find(name);
  CHECK(node != nullptr) << name;
  return *node;
}

void TestCluster::Must(const Status& status) { CHECK(status.ok()) << status; }

void TestCluster::Pass(milliseconds time) {
  const auto end = steady_clock::now() + time;
  for (auto now = steady_clock::now(); now < end; now = steady_clock::now()) {
    processes_->Poll(-1, std::chrono::ceil<milliseconds>(end - now));
  }
}

std::vector<std::string> TestCluster::Serving() const {
  std::vector<std::string> serving;
  for (const std::string& name : members_) {
    if (node(name).state() == tools::LocalNode::State::kRunning) serving.push_back(name);
  }
  return serving;
}

std::string TestCluster::Servers() const {
  std::string servers;
  for (const std::string& name : members_) servers += (servers.empty() ? "" : ",") + node(name).address();
  return servers;
}

std::vector<net::HttpEndpoint> TestCluster::Endpoints() const {
  std::vector<net::HttpEndpoint> endpoints;
  for (const std::string& name : members_) {
    if (const auto endpoint = net::ParseHttpEndpoint(node(name).address()); endpoint.ok())
      endpoints.push_back(*endpoint);
  }
  return endpoints;
}

Result<net::HttpClientResponse> TestCluster::Ask(const std::string& name, const net::HttpClientRequest& request,
                                                 milliseconds limit) const {
  const auto endpoint = net::ParseHttpEndpoint(node(name).address());
  if (!endpoint.ok()) return Status(Code::kUnavailable, name + " has not started yet");
  net::HttpClient client(*endpoint);
  return client.Do(request, steady_clock::now() + limit);
}

Result<json::object> TestCluster::Get(const std::string& name, const std::string& target, milliseconds limit) const {
  const auto answer = Ask(name, {"GET", target, {}, ""}, limit);
  if (!answer.ok()) return Status(answer.code(), name + " " + target + ": " + answer.status().message());
  boost::system::error_code error;
  json::value parsed = json::parse(answer->body, error);
  if (answer->status != 200 || error || !parsed.is_object()) {
    return Status(Code::kUnavailable, name + " " + target + ": " + std::to_string(answer->status) + " " + answer->body);
  }
  return std::move(parsed.as_object());
}

void TestCluster::Await(const std::string& wanted, std::chrono::seconds limit,
                        const std::function<std::string()>& why_not) {
  const auto deadline = steady_clock::now() + limit;
  auto tell_at = steady_clock::now() + kTellAfter;
  for (;;) {
    const std::string reason = why_not();
    if (reason.empty()) return;
    if (steady_clock::now() >= tell_at) {
      LOG(INFO) << "still waiting: " << reason;
      tell_at += kTellAfter;
    }
    // That is what will be told of the test, and not what followed from it.
    CHECK(deaths_.empty()) << "a node ended by itself while it was awaited that " << wanted << ": " << deaths_.front();
    CHECK(steady_clock::now() < deadline)
        << "after " << limit.count() << " s it is not so that " << wanted << ": " << reason << "\n"
        << Statuses() << Logs();
    Pass(kBetweenLooks);
  }
}

std::string TestCluster::Logs() const {
  std::string text;
  for (const auto& node : processes_->nodes()) {
    text += node->name() + " (" + node->id() + ", " + tools::StateText(*node) + "):\n";
    for (const std::string& line : node->LastLogLines(kToldLogLines)) text += "  " + line + "\n";
  }
  return text;
}

std::string TestCluster::Statuses() const {
  std::string text;
  for (const auto& node : processes_->nodes()) {
    if (node->state() != tools::LocalNode::State::kRunning) continue;
    const auto status = Ask(node->name(), {"GET", "/v1/cluster", {}, ""}, kStatusLimit);
    text += node->name() + ": " + (status.ok() ? status->body : status.status().message()) + "\n";
  }
  return text;
}

}  // namespace quoin::tests
