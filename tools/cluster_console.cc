#include "tools/cluster_console.h"

#include <algorithm>
#include <map>
#include <sstream>
#include <utility>
#include <vector>

#include "tools/suggest.h"

namespace quoin::tools {
namespace {

constexpr char kHelp[] =
    "  status          what each node is doing\n"
    "  kill NODE       kill -9\n"
    "  pause NODE      SIGSTOP: it keeps its connections and says nothing\n"
    "  resume NODE     SIGCONT\n"
    "  stop NODE       SIGTERM, and wait until it has finished\n"
    "  start NODE      start one that is down\n"
    "  restart NODE    stop it if it runs, and start it on the same addresses\n"
    "  add             one more node, which joins the cluster\n"
    "  quit            stop all nodes (as Ctrl-C and Ctrl-D do)\n";

using Column = std::vector<std::string>;

// Columns side by side, each as wide as its longest cell.
std::string Aligned(const std::vector<Column>& columns) {
  std::string text;
  for (std::size_t row = 0; row < columns.front().size(); ++row) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const std::string& cell = columns[i][row];
      text += cell;
      if (i + 1 == columns.size()) continue;
      std::size_t width = 0;
      for (const std::string& other : columns[i]) width = std::max(width, other.size());
      text.append(width - cell.size() + 2, ' ');
    }
    text += "\n";
  }
  return text;
}

std::string OrDash(const std::string& text) { return text.empty() ? "-" : text; }
std::string PidOf(const LocalNode& node) {
  return node.state() == LocalNode::State::kDown ? "-" : std::to_string(node.pid());
}

}  // namespace

ClusterConsole::ClusterConsole(Options options, LocalCluster* cluster)
    : options_(std::move(options)), cluster_(cluster) {}

std::string ClusterConsole::Answer(const Status& status, const std::string& done) {
  if (status.ok()) return (options_.style == Style::kPrograms ? "ok " : "") + done + "\n";
  failed_ = true;
  std::string message = status.message();
  std::ranges::replace(message, '\n', ' ');
  return (options_.style == Style::kPrograms ? "error " : "") + message + "\n";
}

std::string ClusterConsole::Execute(std::string_view line) {
  std::istringstream split{std::string(line)};
  std::string command, name, more;
  if (!(split >> command) || command.starts_with('#')) return "";
  split >> name >> more;

  struct OnNode {
    Status (LocalCluster::*act)(const std::string&);
    const char* done;
  };
  static const std::map<std::string, OnNode> on_node = {
      {"kill", {&LocalCluster::Kill, "killed"}},      {"pause", {&LocalCluster::Pause, "paused"}},
      {"resume", {&LocalCluster::Resume, "resumed"}}, {"stop", {&LocalCluster::Stop, "stopped"}},
      {"start", {&LocalCluster::Start, "started"}},   {"restart", {&LocalCluster::Restart, "restarted"}},
  };
  if (const auto found = on_node.find(command); found != on_node.end()) {
    if (name.empty() || !more.empty()) {
      return Answer(Status(Code::kInvalid, "`" + command + "` takes the name of one node, such as n1"), "");
    }
    return Answer((cluster_->*found->second.act)(name), name + " " + found->second.done);
  }
  static const std::vector<std::string> alone = {"status", "add", "help", "quit"};
  if (std::ranges::find(alone, command) == alone.end()) {
    std::vector<std::string> all = alone;
    for (const auto& [known, ignored] : on_node) all.push_back(known);
    const auto nearest = Nearest(command, all);
    return Answer(Status(Code::kInvalid, "there is no command '" + command + "'; " +
                                             (nearest ? "did you mean `" + *nearest + "`?" : "`help` lists them")),
                  "");
  }
  if (!name.empty()) return Answer(Status(Code::kInvalid, "`" + command + "` stands alone on its line"), "");
  if (command == "add") return Add();
  if (command == "status") return StatusText();
  if (command == "help" && options_.style == Style::kPeople) return kHelp;
  if (command == "help") return "ok status, kill, pause, resume, stop, start, restart NODE, add, help, quit\n";
  quit_ = true;
  return "";
}

std::string ClusterConsole::Add() {
  auto place = NextPlace(cluster_->layout());
  if (!place.ok()) return Answer(place.status(), "");
  const std::string name = place->name;
  Status status = cluster_->Add(*std::move(place));
  if (const Status kept = options_.keep(cluster_->layout()); status.ok()) status = kept;
  if (!status.ok()) return Answer(status, "");  // It may have been taken back.
  const LocalNode& node = *cluster_->Find(name);
  return Answer(status, name + " " + OrDash(node.id()) + " on http://" + OrDash(node.address()) + ", peers " +
                            OrDash(node.peer_address()));
}

std::string ClusterConsole::StatusText() const {
  if (options_.style == Style::kPeople) return Table();
  std::string text = "ok";
  for (const auto& node : cluster_->nodes()) {
    const std::string state = StateText(*node);
    text += " " + node->name() + "=" + state.substr(0, state.find(' '));
  }
  return text + "\n";
}

std::string ClusterConsole::Table() const {
  std::string lines;
  std::vector<Column> columns = {{"name"}, {"node"}, {"state"}, {"for clients"}, {"for nodes"}, {"pid"}, {"log"}};
  for (const auto& node : cluster_->nodes()) {
    const std::string url = node->address().empty() ? "-" : "http://" + node->address();
    lines += "node " + node->name() + " id=" + OrDash(node->id()) + " url=" + url +
             " peer=" + OrDash(node->peer_address()) + " pid=" + PidOf(*node) + " log=" + node->log().string() + "\n";
    const Column row = {node->name(), OrDash(node->id()),  StateText(*node), url, OrDash(node->peer_address()),
                        PidOf(*node), node->log().string()};
    for (std::size_t i = 0; i < row.size(); ++i) columns[i].push_back(row[i]);
  }
  return options_.style == Style::kPrograms ? lines : Aligned(columns);
}

}  // namespace quoin::tools
