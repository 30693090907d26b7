#include "tests/simulation/fleet.h"

#include <fcntl.h>
#include <glog/logging.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "base/text.h"
#include "tests/simulation/result_text.h"

namespace quoin::simulation {
namespace {

using Clock = std::chrono::steady_clock;

// Stands before the lines that are results; all others are what the run said on stderr.
constexpr char kMark = '\x01';
constexpr std::size_t kLastWords = 6;

void WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) _exit(3);  // Nobody listens any more.
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::string Marked(const std::string& lines) {
  std::string marked;
  std::size_t begin = 0;
  while (begin < lines.size()) {
    const std::size_t end = lines.find('\n', begin);
    marked += kMark + lines.substr(begin, end - begin) + '\n';
    begin = end + 1;
  }
  return marked;
}

// A process that does every `step`-th run from `next` on, one after the other.
class Worker {
 public:
  Worker(const FleetOptions& options, const std::vector<Parameters>& runs, std::size_t first, std::size_t step)
      : options_(options), runs_(runs), next_(first), step_(step) {}
  ~Worker() { End(); }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  bool done() const { return next_ >= runs_.size(); }
  int fd() const { return fd_; }

  void Begin() {
    int ends[2];
    PCHECK(pipe2(ends, O_CLOEXEC) == 0);
    pid_ = fork();
    PCHECK(pid_ >= 0);
    if (pid_ == 0) {
      close(ends[0]);
      PCHECK(dup2(ends[1], STDERR_FILENO) >= 0);
      Work(ends[1]);
    }
    close(ends[1]);
    fd_ = ends[0];
    begun_ = Clock::now();
    result_ = {};
    last_words_.clear();
  }

  // Takes what the process has said. The result of a run that has ended, if one has.
  std::optional<std::pair<std::size_t, SimulationResult>> Listen() {
    char bytes[65536];
    const ssize_t count = read(fd_, bytes, sizeof bytes);
    if (count < 0 && errno == EINTR) return std::nullopt;
    if (count <= 0) return OnEnd();
    said_.append(bytes, static_cast<std::size_t>(count));
    return Next();
  }
  // Results that came together with the last one.
  std::optional<std::pair<std::size_t, SimulationResult>> Next() {
    for (std::size_t end = said_.find('\n'); end != std::string::npos; end = said_.find('\n')) {
      const std::string line = said_.substr(0, end);
      said_.erase(0, end + 1);
      if (line.empty() || line[0] != kMark) {
        if (!line.empty() && line.find("    @ ") == std::string::npos) last_words_.push_back(line);
        if (last_words_.size() > kLastWords) last_words_.pop_front();
      } else if (line == std::string(1, kMark) + "end") {
        begun_ = Clock::now();
        last_words_.clear();
        return Advance(std::exchange(result_, {}));
      } else {
        ReadResultLine(std::string_view(line).substr(1), &result_);
      }
    }
    return std::nullopt;
  }

  // What to do when it has been silent for too long.
  std::optional<std::pair<std::size_t, SimulationResult>> OnTime() {
    if (Clock::now() - begun_ < options_.time_limit) return std::nullopt;
    last_words_ = {"it took more than " + std::to_string(options_.time_limit.count()) + " seconds"};
    return OnEnd();
  }

  void End() {
    if (pid_ <= 0) return;
    kill(pid_, SIGKILL);
    while (waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
    close(fd_);
    pid_ = 0;
    fd_ = -1;
    said_.clear();
  }

 private:
  [[noreturn]] void Work(int out) {
    for (std::size_t run = next_; run < runs_.size(); run += step_) {
      SimulationResult result = Simulate(runs_[run], nullptr);
      if (options_.twice) {
        const SimulationResult again = Simulate(runs_[run], nullptr);
        if (again.trace_hash != result.trace_hash) {
          result.failures.push_back("not deterministic: the trace hashes are " + Hex64(result.trace_hash) + " and " +
                                    Hex64(again.trace_hash));
        }
      }
      WriteAll(out, Marked(ResultText(result)) + kMark + "end\n");
    }
    _exit(0);
  }

  std::pair<std::size_t, SimulationResult> Advance(SimulationResult result) {
    return {std::exchange(next_, next_ + step_), std::move(result)};
  }

  std::optional<std::pair<std::size_t, SimulationResult>> OnEnd() {
    End();
    if (done()) return std::nullopt;
    std::string text;
    for (const std::string& line : last_words_) text += (text.empty() ? "" : "\n") + line;
    SimulationResult result;
    result.failures.push_back("the process ended: " + (text.empty() ? "it said nothing" : text));
    auto failed = Advance(std::move(result));
    if (!done()) Begin();
    return failed;
  }

  const FleetOptions options_;
  const std::vector<Parameters>& runs_;
  std::size_t next_;
  const std::size_t step_;
  pid_t pid_ = 0;
  int fd_ = -1;
  Clock::time_point begun_;
  std::string said_;
  SimulationResult result_;
  std::deque<std::string> last_words_;
};

}  // namespace

void RunFleet(const FleetOptions& options, const std::vector<Parameters>& runs,
              const std::function<bool(std::size_t, const SimulationResult&)>& on_result) {
  const std::size_t jobs = std::clamp<std::size_t>(options.jobs, 1, std::max<std::size_t>(runs.size(), 1));
  std::vector<std::unique_ptr<Worker>> workers;
  for (std::size_t i = 0; i < jobs && i < runs.size(); ++i) {
    workers.push_back(std::make_unique<Worker>(options, runs, i, jobs));
    workers.back()->Begin();
  }
  while (!workers.empty()) {
    std::vector<pollfd> polled;
    for (const auto& worker : workers) polled.push_back({worker->fd(), POLLIN, 0});
    if (poll(polled.data(), polled.size(), 1000) < 0 && errno != EINTR) PLOG(FATAL) << "poll";
    for (std::size_t i = 0; i < workers.size(); ++i) {
      auto ended = polled[i].revents != 0 ? workers[i]->Listen() : workers[i]->OnTime();
      for (; ended; ended = workers[i]->Next()) {
        if (!on_result(ended->first, ended->second)) return;
      }
    }
    std::erase_if(workers, [](const auto& worker) { return worker->done(); });
  }
}

SimulationResult RunApart(const Parameters& parameters, std::chrono::seconds time_limit) {
  SimulationResult found;
  RunFleet({.time_limit = time_limit}, {parameters}, [&](std::size_t, const SimulationResult& result) {
    found = result;
    return true;
  });
  return found;
}

}  // namespace quoin::simulation
