// Crew: the threads of a run, each with a target and a worker of its own, driven phase by phase from the thread that
// made it, which meanwhile shows the live line and takes signals.
//
// Threads: one calls; see above. Lifetime: the destructor ends the threads.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/status.h"
#include "tools/bench_run.h"
#include "tools/bench_worker.h"

namespace quoin::bench {

class Crew {
 public:
  // What the workers share; the recorders are made here when `values` and a limit for them are given.
  struct Shared {
    Worker::Surroundings surroundings;
    std::size_t max_records = 0;  // Of each worker; 0: nothing is recorded.
  };
  static Result<std::unique_ptr<Crew>> Make(const Plan& plan, const RunOptions& options, const Shared& shared);
  ~Crew();  // NOLINT(bugprone-exception-escape)
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  struct Task {
    std::string name;  // For the live line.
    std::function<std::unique_ptr<Source>(std::size_t worker)> source;
    std::function<Phase(std::size_t worker)> phase;
    std::uint64_t steps = 0;  // Of all workers, as far as known: for the progress. 0: `until` counts.
    Time until{0};
  };
  // Runs a phase on all workers to its end; what they counted together.
  Tally Run(const Task& task);

  // Connections of one worker, and its slots.
  std::size_t connections(std::size_t worker) const { return parts_[worker]->connections; }
  std::size_t slots(std::size_t worker) const { return connections(worker) * depth_; }
  std::size_t workers() const { return parts_.size(); }
  std::vector<const Recorder*> recorders() const;

  // A signal has come.
  bool interrupted() const { return interrupted_; }
  // Shows how far something is that this thread does by itself, at most a few times a second, and takes signals.
  void Show(const std::string& name, std::uint64_t done, std::uint64_t all);

  static Time Now() { return std::chrono::steady_clock::now().time_since_epoch(); }

 private:
  struct Part {
    boost::asio::io_context io{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work = boost::asio::make_work_guard(io);
    std::size_t first_connection = 0;  // Its number among those of all parts.
    std::size_t connections = 0;
    std::unique_ptr<Target> target;
    std::unique_ptr<Recorder> recorder;
    std::unique_ptr<Worker> worker;
    std::unique_ptr<Source> source;
    std::thread thread;
  };

  Crew(const Plan& plan, const RunOptions& options);
  void AwaitSignal();
  void StopWorkers();
  void Tick(const Task& task, Time began);
  void Draw(const LiveState& state);
  void ClearLine();

  const std::size_t depth_;
  std::ostream* const live_;
  boost::asio::io_context main_{1};
  boost::asio::signal_set signals_{main_, SIGINT, SIGTERM};
  boost::asio::steady_timer ticker_{main_};
  std::vector<std::unique_ptr<Part>> parts_;
  Progress* progress_ = nullptr;
  std::size_t running_ = 0;
  bool interrupted_ = false;
  // Of the live line.
  Time shown_at_{0};
  std::uint64_t shown_ended_ = 0;
  std::uint64_t base_ended_ = 0;  // At the phase's beginning.
  std::size_t shown_width_ = 0;
};

}  // namespace quoin::bench
