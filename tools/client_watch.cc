#include "tools/client_watch.h"

#include <signal.h>
#include <sys/wait.h>

#include <boost/asio/signal_set.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/client_event_text.h"
#include "tools/client_terminal_mode.h"
#include "tools/client_watch_program.h"
#include "tools/client_watch_queue.h"

namespace quoin::tools {
namespace {

using Kind = client::WatchEvent::Kind;

bool IsChange(const client::WatchEvent& event) {
  return event.kind == Kind::kPut || event.kind == Kind::kDeleted || event.kind == Kind::kExpired;
}

std::vector<client::WatchTarget> TargetsOf(const Command& command) {
  std::vector<client::WatchTarget> targets;
  for (const std::string& key : command.keys) targets.push_back(client::Key(key));
  for (const std::string& prefix : command.prefixes) targets.push_back(client::Prefix(prefix));
  return targets;
}

// What both ways of watching share.
class Watching {
 public:
  Watching(Store& store, const Command& command, Printer& printer)
      : store_(store), command_(command), printer_(printer), watch_(store.Watch(TargetsOf(command), OptionsOf())) {}

  Answer End() const {
    Answer answer;
    const Status& status = watch_.status();
    if (!failed_.ok()) {
      answer.exit_code = ExitCode::kBadUsage;
      answer.problem = failed_.message();
    } else if (!over_ || status.ok() || store_.given_up()) {
      answer.exit_code = ExitCode::kDone;
    } else if (status.code() == Code::kUnavailable) {
      answer.exit_code = ExitCode::kUnreachable;
      // The exit code says the first word already.
      constexpr std::string_view kKnown = "unreachable: ";
      answer.problem = status.message().substr(status.message().starts_with(kKnown) ? kKnown.size() : 0);
      answer.reached = false;
    } else {
      answer.exit_code = ExitCode::kRefused;
      answer.problem = status.message();
    }
    return answer;
  }

 protected:
  client::WatchOptions OptionsOf() {
    client::WatchOptions options;
    options.cursor = command_.cursor;
    options.state = !command_.changes_only;
    options.on_connection = [this](bool connected, const std::string& text) {
      if (connected && std::exchange(lost_, false)) printer_.Notice(command_, "the watch goes on at " + text);
      if (connected) return;
      lost_ = true;
      printer_.Notice(command_, "the watch was interrupted: " + text);
    };
    return options;
  }

  bool LimitReached() const { return command_.limit && changes_ >= *command_.limit; }

  Store& store_;
  const Command& command_;
  Printer& printer_;
  client::WatchStream watch_;
  std::uint64_t changes_ = 0;  // Shown, or a program was run for.
  bool lost_ = false;
  bool over_ = false;  // The watch has ended.
  Status failed_;      // Why there is no point in going on.
};

class Showing : public Watching {
 public:
  using Watching::Watching;

  void Run() {
    while (!LimitReached()) {
      bool came = false;
      std::optional<client::WatchEvent> first;
      watch_.StartNext([&](std::optional<client::WatchEvent> event) {
        first = std::move(event);
        came = true;
      });
      store_.RunUntil(came);
      over_ = !first;
      if (over_) return;
      Gather(*std::move(first));
      printer_.Events(command_, std::exchange(events_, {}));
    }
  }

 private:
  void Gather(client::WatchEvent event) {
    for (std::optional<client::WatchEvent> next = std::move(event); next; next = watch_.TryNext()) {
      changes_ += IsChange(*next) ? 1 : 0;
      const bool moved = watch_.cursor() != cursor_;
      if (moved) cursor_ = watch_.cursor();
      events_.push_back({*std::move(next), moved ? cursor_ : std::string()});
      if (LimitReached() || events_.size() == kMaxShownAtOnce) return;
    }
  }

  std::vector<WatchedEvent> events_;
  std::string cursor_;
};

// One program at a time; what comes meanwhile waits.
class Running : public Watching {
 public:
  Running(Store& store, const Command& command, Printer& printer)
      : Watching(store, command, printer), ended_(store.context(), SIGCHLD) {}
  // The watch's end is awaited, so that nothing is called that is gone.
  ~Running() {
    watch_.Stop();
    while (awaits_event_) store_.RunUntil(Sleep());
  }

  void Run() {
    WaitForChildren();
    for (;;) {
      TakeEvents();
      if (child_ == 0) {
        if (store_.given_up() || !failed_.ok() || LimitReached() || (over_ && queue_.empty())) return;
        if (!queue_.empty()) Start(queue_.Take());
        if (!failed_.ok()) return;
      }
      const bool& woken = Sleep();
      AwaitEvent();
      store_.RunUntil(woken);
    }
  }

 private:
  const bool& Sleep() {
    woken_ = false;
    return woken_;
  }

  void TakeEvents() {
    while (!awaits_event_ && !queue_.full()) {
      std::optional<client::WatchEvent> event = watch_.TryNext();
      if (!event) return;
      queue_.Add(*std::move(event));
    }
  }

  void AwaitEvent() {
    // With nothing to run, something must come; with a program under way that is full, only its end can help.
    if (awaits_event_ || over_ || queue_.full()) return;
    awaits_event_ = true;
    watch_.StartNext([this](std::optional<client::WatchEvent> event) {
      awaits_event_ = false;
      woken_ = true;
      over_ = !event;
      if (event) queue_.Add(*std::move(event));
    });
  }

  void Start(client::WatchEvent event) {
    lent_.emplace();
    const Result<pid_t> child = StartProgram(command_.program, event);
    if (!child.ok()) {
      lent_.reset();
      failed_ = child.status();
      return;
    }
    child_ = *child;
    about_ = EventText(event);
    changes_ += IsChange(event) ? 1 : 0;
  }

  void WaitForChildren() {
    ended_.async_wait([this](const boost::system::error_code& failed, int) {
      if (failed) return;
      int status = 0;
      if (child_ != 0 && ::waitpid(child_, &status, WNOHANG) == child_) {
        child_ = 0;
        lent_.reset();
        woken_ = true;
        if (const std::string end = ProgramEnd(status); !end.empty()) {
          printer_.Notice(command_, command_.program.front() + " ended with " + end + " for: " + about_);
        }
      }
      WaitForChildren();
    });
  }

  boost::asio::signal_set ended_;
  WatchQueue queue_;
  bool awaits_event_ = false;
  bool woken_ = false;
  pid_t child_ = 0;    // 0: none is running.
  std::string about_;  // What it was started for.
  std::optional<LentTerminal> lent_;
};

}  // namespace

Answer RunWatch(Store& store, const Command& command, Printer& printer) {
  const auto begin = std::chrono::steady_clock::now();
  const auto run = [](auto watching) {
    watching.Run();
    return watching.End();
  };
  Answer answer =
      command.program.empty() ? run(Showing(store, command, printer)) : run(Running(store, command, printer));
  answer.elapsed = std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - begin);
  return answer;
}

}  // namespace quoin::tools
