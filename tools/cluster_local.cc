#include "tools/cluster_local.h"

#include <glog/logging.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "tools/cluster_log.h"

namespace quoin::tools {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kPollSlice{1000};

}  // namespace

std::string StateText(const LocalNode& node) {
  switch (node.state()) {
    case LocalNode::State::kStarting:
      return "starting";
    case LocalNode::State::kRunning:
      return "running";
    case LocalNode::State::kPaused:
      return "paused";
    case LocalNode::State::kDown:
      break;
  }
  return node.ending().empty() ? "down" : "down (" + node.ending() + ")";
}

LocalCluster::LocalCluster(Options options, ClusterLayout layout)
    : options_(std::move(options)), layout_(std::move(layout)) {
  CHECK_LE(layout_.nodes.size(), kMaxLocalNodes);
  for (const NodePlace& place : layout_.nodes) {
    nodes_.push_back(std::make_unique<LocalNode>(place.name, options_.folder / place.name / "log"));
  }
}

LocalNode* LocalCluster::Find(const std::string& name) const {
  const auto found = std::ranges::find_if(nodes_, [&](const auto& node) { return node->name() == name; });
  return found == nodes_.end() ? nullptr : found->get();
}

Result<std::size_t> LocalCluster::IndexOf(const std::string& name) const {
  std::string names;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (nodes_[i]->name() == name) return i;
    names += (i == 0 ? "" : " ") + nodes_[i]->name();
  }
  return Status(Code::kInvalid, "there is no node '" + name + "'; there are " + names);
}

Result<LocalNode*> LocalCluster::Running(const std::string& name) const {
  const auto index = IndexOf(name);
  if (!index.ok()) return index.status();
  LocalNode* node = nodes_[*index].get();
  if (node->state() == LocalNode::State::kDown) {
    return Status(Code::kInvalid, name + " is " + StateText(*node) + "; `start " + name + "` starts it");
  }
  return node;
}

std::vector<std::string> LocalCluster::Arguments(std::size_t index) const {
  const NodePlace& place = layout_.nodes[index];
  std::vector<std::string> argv;
  if (options_.launcher) argv = options_.launcher(place.name);
  argv.insert(argv.end(), {options_.program, "--data_dir=" + (options_.folder / place.name / "data").string(),
                           "--listen=" + place.listen, "--peer_listen=" + place.peer_listen});
  std::string others;
  for (std::size_t i = 0; i < layout_.nodes.size(); ++i) {
    // One that has not said its port yet can't be asked.
    if (i == index || layout_.nodes[i].peer_listen.ends_with(":0")) continue;
    others += (others.empty() ? "" : ",") + layout_.nodes[i].peer_listen;
  }
  // The first one founds the cluster, and knows the others once it has done so.
  if (index > 0 && !others.empty()) argv.push_back("--join=" + others);
  argv.insert(argv.end(), options_.flags.begin(), options_.flags.end());
  return argv;
}

Status LocalCluster::Begin(std::size_t index) {
  const std::string& name = layout_.nodes[index].name;
  std::error_code error;
  if (std::filesystem::create_directories(options_.folder / name, error)) made_folders_.insert(name);
  if (error) return Status(Code::kInvalid, (options_.folder / name).string() + ": " + error.message());
  return nodes_[index]->Start(Arguments(index));
}

Status LocalCluster::AwaitStart(std::size_t index, Deadline deadline) {
  const LocalNode& node = *nodes_[index];
  const LocalNode* const before = std::exchange(expected_end_, &node);
  while (node.state() == LocalNode::State::kStarting && steady_clock::now() < deadline && !Interrupted()) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
    Poll(-1, std::min(kPollSlice, left));
  }
  expected_end_ = before;
  switch (node.state()) {
    case LocalNode::State::kRunning:
    case LocalNode::State::kPaused:
      layout_.nodes[index].listen = node.address();
      layout_.nodes[index].peer_listen = node.peer_address();
      return Status::Ok();
    case LocalNode::State::kDown:
      return Status(Code::kInvalid, node.name() + " did not start (" + node.ending() + "): " + LastWords(node));
    case LocalNode::State::kStarting:
      break;
  }
  if (Interrupted()) return Status(Code::kUnavailable, "interrupted while " + node.name() + " was starting");
  return Status(Code::kUnavailable, node.name() + " has not said within " +
                                        std::to_string(options_.start_limit.count() / 1000) +
                                        " s that it listens: " + LastWords(node));
}

Status LocalCluster::StartAll() {
  const Deadline deadline = steady_clock::now() + options_.start_limit;
  for (std::size_t i = 0; i < nodes_.size(); ++i) {
    if (Status status = Begin(i); !status.ok()) return status;
    // The others are told where it is.
    if (i > 0) continue;
    if (Status status = AwaitStart(i, deadline); !status.ok()) return status;
  }
  for (std::size_t i = 1; i < nodes_.size(); ++i) {
    if (Status status = AwaitStart(i, deadline); !status.ok()) return status;
  }
  return Status::Ok();
}

void LocalCluster::RemoveMadeFolders() {
  for (const auto& node : nodes_) CHECK(node->state() == LocalNode::State::kDown) << node->name();
  std::error_code ignored;
  for (const std::string& name : made_folders_) std::filesystem::remove_all(options_.folder / name, ignored);
  made_folders_.clear();
}

Status LocalCluster::Add(NodePlace place) {
  const std::string name = place.name;
  nodes_.push_back(std::make_unique<LocalNode>(name, options_.folder / name / "log"));
  layout_.nodes.push_back(std::move(place));
  Status status = Start(name);
  // One that has said who it is may be a member already. Any other was never there, and must not be asked for again
  // whenever this cluster starts.
  if (!status.ok() && nodes_.back()->id().empty()) TakeBackLast();
  return status;
}

void LocalCluster::TakeBackLast() {
  const std::string name = nodes_.back()->name();
  nodes_.pop_back();  // Kills it, if it is still starting.
  layout_.nodes.pop_back();
  std::error_code ignored;
  if (made_folders_.erase(name) > 0) std::filesystem::remove_all(options_.folder / name, ignored);
}

Status LocalCluster::Start(const std::string& name) {
  const auto index = IndexOf(name);
  if (!index.ok()) return index.status();
  if (nodes_[*index]->state() != LocalNode::State::kDown) {
    return Status(Code::kInvalid, name + " is " + StateText(*nodes_[*index]) + " already");
  }
  if (Status status = Begin(*index); !status.ok()) return status;
  return AwaitStart(*index, steady_clock::now() + options_.start_limit);
}

bool LocalCluster::AwaitEnd(LocalNode& node, Deadline deadline) {
  const LocalNode* const before = std::exchange(expected_end_, &node);
  const auto down = [&] { return node.state() == LocalNode::State::kDown; };
  while (!down() && steady_clock::now() < deadline && !Interrupted()) {
    Poll(-1, std::min(kPollSlice, std::chrono::ceil<milliseconds>(deadline - steady_clock::now())));
  }
  const bool in_time = down();
  if (!in_time) node.Kill();
  while (!down()) Poll(-1, milliseconds(10));  // The kernel needs a moment.
  expected_end_ = before;
  return in_time;
}

Status LocalCluster::Kill(const std::string& name) {
  const auto node = Running(name);
  if (!node.ok()) return node.status();
  (*node)->Kill();
  AwaitEnd(**node, steady_clock::now() + options_.stop_limit);
  if ((*node)->ending() == "signal 9") return Status::Ok();
  TellFailure(**node, "ended by itself");
  return Status(Code::kInvalid, name + " had ended by itself (" + (*node)->ending() + ") before it was killed");
}

Status LocalCluster::Pause(const std::string& name) {
  const auto node = Running(name);
  if (!node.ok()) return node.status();
  if ((*node)->state() == LocalNode::State::kPaused) return Status(Code::kInvalid, name + " is paused already");
  (*node)->Pause();
  return Status::Ok();
}

Status LocalCluster::Resume(const std::string& name) {
  const auto node = Running(name);
  if (!node.ok()) return node.status();
  if ((*node)->state() != LocalNode::State::kPaused) {
    return Status(Code::kInvalid, name + " is " + StateText(**node) + ", not paused");
  }
  (*node)->Resume();
  return Status::Ok();
}

Status LocalCluster::Stop(const std::string& name) {
  const auto node = Running(name);
  if (!node.ok()) return node.status();
  (*node)->Terminate();
  if (!AwaitEnd(**node, steady_clock::now() + options_.stop_limit)) {
    return Status(Code::kUnavailable, name + " did not stop within " +
                                          std::to_string(options_.stop_limit.count() / 1000) + " s and was killed");
  }
  if ((*node)->ending() != "exit code 0") {
    return Status(Code::kInvalid, name + " ended with " + (*node)->ending() + ": " + LastWords(**node));
  }
  return Status::Ok();
}

Status LocalCluster::Restart(const std::string& name) {
  const auto index = IndexOf(name);
  if (!index.ok()) return index.status();
  if (nodes_[*index]->state() != LocalNode::State::kDown) {
    if (Status status = Stop(name); !status.ok()) return status;
  }
  return Start(name);
}

bool LocalCluster::StopAll() {
  stopping_ = true;
  std::vector<std::pair<LocalNode*, bool>> told;  // Each, and whether it served.
  for (const auto& node : nodes_) {
    if (node->state() == LocalNode::State::kDown) continue;
    node->Terminate();
    told.emplace_back(node.get(), node->state() == LocalNode::State::kRunning);
  }
  const Deadline deadline = steady_clock::now() + options_.stop_limit;
  bool clean = true;
  for (const auto& [node, served] : told) clean = AwaitCleanEnd(*node, served, deadline) && clean;
  stopping_ = false;
  return clean;
}

bool LocalCluster::AwaitCleanEnd(LocalNode& node, bool served, Deadline deadline) {
  if (!AwaitEnd(node, deadline)) {
    if (options_.tell) options_.tell(node.name() + " did not stop in time and was killed");
    return false;
  }
  // What did not serve yet had nothing to finish, and may not have listened to SIGTERM yet.
  if (!served || node.ending() == "exit code 0") return true;
  TellFailure(node, "failed while it stopped");
  return false;
}

bool LocalCluster::Interrupted() const {
  pollfd entry{options_.interrupt_fd, POLLIN, 0};
  return options_.interrupt_fd >= 0 && poll(&entry, 1, 0) > 0;
}

void LocalCluster::OnEnd(const LocalNode& node) {
  if (!stopping_ && expected_end_ != &node) TellFailure(node, "ended by itself");
}

void LocalCluster::TellFailure(const LocalNode& node, const std::string& how) {
  node_failed_ = true;
  if (!options_.tell) return;
  std::string text =
      node.name() + " " + how + " (" + node.ending() + "); the end of its log, " + node.log().string() + ":";
  for (const std::string& line : EndOfLog(node)) text += "\n  " + line;
  options_.tell(text);
}

bool LocalCluster::Poll(int extra, milliseconds time) {
  std::vector<pollfd> entries = {{extra, POLLIN, 0},
                                 {options_.interrupt_fd, POLLIN, 0}};  // Negative ones are left out.
  std::vector<LocalNode*> owners;
  for (const auto& node : nodes_) {
    if (node->state() == LocalNode::State::kDown) continue;
    entries.push_back({node->fds().end, POLLIN, 0});
    entries.push_back({node->fds().output, POLLIN, 0});
    owners.push_back(node.get());
  }
  const int ready = poll(entries.data(), entries.size(), static_cast<int>(time.count()));
  PCHECK(ready >= 0 || errno == EINTR) << "poll";
  if (ready <= 0) return false;
  for (std::size_t i = 0; i < owners.size(); ++i) {
    if (entries[2 + 2 * i].revents == 0 && entries[3 + 2 * i].revents == 0) continue;
    if (owners[i]->OnReady()) OnEnd(*owners[i]);
  }
  return entries[0].revents != 0;
}

}  // namespace quoin::tools
