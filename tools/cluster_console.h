// ClusterConsole: the commands that tools:cluster takes while it runs, as text in and text out.
//
//   status   kill NODE   pause NODE   resume NODE   restart NODE   stop NODE   start NODE   add   help   quit
//
// Threads: the cluster's.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "tools/cluster_local.h"

namespace quoin::tools {

class ClusterConsole {
 public:
  enum class Style {
    kPeople,    // Sentences and tables.
    kPrograms,  // One line for each command, "ok ..." or "error ...".
  };
  struct Options {
    Style style = Style::kPeople;
    // Called when the layout has changed; an error is told.
    std::function<Status(const ClusterLayout& layout)> keep;
  };
  // The cluster must outlive the console.
  ClusterConsole(Options options, LocalCluster* cluster);

  // Does what a line says. The answer ends in a newline, unless it is empty (an empty line or a comment, '#').
  std::string Execute(std::string_view line);
  bool wants_to_quit() const { return quit_; }
  // Whether any command was answered with an error.
  bool failed() const { return failed_; }

  // All nodes: for people a table, for programs a line each:
  //   node n1 id=00c0ffee00c0ffee url=http://127.0.0.1:8080 peer=127.0.0.1:7080 pid=1234 log=/tmp/x/n1/log
  std::string Table() const;

 private:
  std::string Answer(const Status& status, const std::string& done);
  std::string StatusText() const;
  std::string Add();

  const Options options_;
  LocalCluster* const cluster_;
  bool quit_ = false;
  bool failed_ = false;
};

}  // namespace quoin::tools
