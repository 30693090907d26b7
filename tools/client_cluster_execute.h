// The commands about nodes and the cluster, over HTTP (docs/api.md, "Cluster") to whichever server answers.
//
// A change is asked for once, and then looked at until it is done. The cluster does it without us: whatever ends the
// looking, Ctrl-C included, leaves it going.
//
// Threads: one.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "tools/client_answer.h"
#include "tools/client_cluster.h"
#include "tools/client_command.h"
#include "tools/client_link.h"

namespace quoin::tools {

// What became of a change that was asked for.
struct ChangeProgress {
  enum class State {
    kWaiting,    // Nothing can be seen of it yet.
    kRunning,    // `action` says how far it is.
    kDone,       // `action`, where the cluster still speaks of it, says what it was.
    kCancelled,  // Somebody ended it.
    kRefused,    // `reason` says why.
  };
  State state = State::kWaiting;
  std::optional<ClusterAction> action;
  std::string reason;
};

// How far the command has come on node `id`, when the cluster looked like `before` when it was given. `answering` is
// the node that `now` is from. Pure.
ChangeProgress JudgeChange(const Command& command, const std::string& id, const ClusterStatus& before,
                           const ClusterStatus& now, const std::string& answering);

class ClusterExecutor {
 public:
  struct Options {
    std::function<bool()> give_up;                 // As net::HttpClient has it.
    std::chrono::milliseconds look_interval{500};  // While a change is under way.
    // So long nothing may be seen of a change, or no server be reached, before we stop looking.
    std::chrono::milliseconds patience{15'000};
  };
  // Takes what is known of a change while it is under way.
  using ShowProgress = std::function<void(const ClusterAction&)>;

  // `link` must outlive the executor.
  ClusterExecutor(Link& link, Options options) : link_(link), options_(std::move(options)) {}

  // Whether the command is one of those that this is for.
  static bool Knows(Verb verb);
  // REQUIRES: Knows(command.verb)
  Answer Execute(const Command& command, const ShowProgress& show);

 private:
  Answer NodeStatus();
  Answer Cluster();
  Answer Ring();
  Answer Change(const Command& command, const ShowProgress& show);
  Answer Follow(const Command& command, Answer asked, const ClusterStatus& before, const ShowProgress& show);
  // The answer to the request; `body`, what a success held.
  Answer Ask(const net::HttpClientRequest& request, std::string* body);
  bool GivenUp() const { return options_.give_up && options_.give_up(); }
  // Until the next look, or until someone gives up.
  void Pause() const;

  Link& link_;
  const Options options_;
};

}  // namespace quoin::tools
