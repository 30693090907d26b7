#include "tools/bench_crew.h"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <future>
#include <utility>

#include "tools/bench_client_target.h"

namespace quoin::bench {
namespace {

constexpr std::chrono::milliseconds kTick{250};

// A second signal: whoever asks twice doesn't want to wait.
[[noreturn]] void DieOf(int signal) {
  ::signal(signal, SIG_DFL);
  ::raise(signal);
  ::_exit(128 + signal);
}

}  // namespace

Crew::Crew(const Plan& plan, const RunOptions& options) : depth_(plan.depth), live_(options.live) { AwaitSignal(); }

Result<std::unique_ptr<Crew>> Crew::Make(const Plan& plan, const RunOptions& options, const Shared& shared) {
  std::unique_ptr<Crew> crew(new Crew(plan, options));
  crew->progress_ = shared.surroundings.progress;
  std::size_t connections = 0;
  for (std::size_t i = 0; i < plan.threads; ++i) {
    auto part = std::make_unique<Part>();
    part->first_connection = connections;
    part->connections = plan.connections / plan.threads + (i < plan.connections % plan.threads ? 1 : 0);
    connections += part->connections;
    if (shared.max_records > 0) {
      part->recorder = std::make_unique<Recorder>(*shared.surroundings.values, shared.max_records);
    }
    crew->parts_.push_back(std::move(part));
  }
  for (std::size_t i = 0; i < crew->parts_.size(); ++i) {
    Part& part = *crew->parts_[i];
    part.thread = std::thread([&part] { part.io.run(); });
    // Targets belong to the thread that makes them.
    std::promise<Status> made;
    boost::asio::post(part.io, [&] {
      auto target = MakeClientTarget(part.io, {.servers = plan.servers,
                                               .first_connection = part.first_connection,
                                               .connections = part.connections,
                                               .depth = plan.depth,
                                               .timeout = options.timeout,
                                               .consistency = options.consistency,
                                               .routing = options.routing});
      if (!target.ok()) return made.set_value(target.status());
      part.target = *std::move(target);
      Worker::Surroundings surroundings = shared.surroundings;
      surroundings.recorder = part.recorder.get();
      part.worker = std::make_unique<Worker>(*part.target,
                                             Worker::Options{.index = i,
                                                             .workers = plan.threads,
                                                             .slots = crew->slots(i),
                                                             .first_slot = part.first_connection * plan.depth},
                                             surroundings);
      made.set_value(Status::Ok());
    });
    QUOIN_RETURN_IF_ERROR(made.get_future().get());
  }
  return crew;
}

// Of the exceptions that it could throw, none is there while memory is.
Crew::~Crew() {  // NOLINT(bugprone-exception-escape)
  ClearLine();
  for (const auto& part : parts_) {
    if (!part->thread.joinable()) continue;
    boost::asio::post(part->io, [&part] {
      part->worker.reset();
      part->target.reset();
      part->work.reset();
    });
    part->thread.join();
  }
}

std::vector<const Recorder*> Crew::recorders() const {
  std::vector<const Recorder*> recorders;
  for (const auto& part : parts_) recorders.push_back(part->recorder.get());
  return recorders;
}

Tally Crew::Run(const Task& task) {
  const Time began = Now();
  shown_at_ = began;
  shown_ended_ = base_ended_ = progress_->ended;
  running_ = parts_.size();
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    Part& part = *parts_[i];
    part.source = task.source(i);
    boost::asio::post(part.io, [this, &part, phase = task.phase(i)] {
      part.worker->Run(phase, *part.source, [this] {
        boost::asio::post(main_, [this] {
          if (--running_ == 0) main_.stop();
        });
      });
    });
  }
  Tick(task, began);
  main_.restart();
  main_.run();
  // A tick that was due already must not come later, when the task is gone.
  ticker_.cancel();
  main_.restart();
  main_.poll();
  ClearLine();
  Tally tally;
  for (const auto& part : parts_) tally.Merge(part->worker->tally());
  return tally;
}

void Crew::AwaitSignal() {
  signals_.async_wait([this](boost::system::error_code error, int signal) {
    if (error) return;
    if (interrupted_) {
      ClearLine();
      DieOf(signal);
    }
    interrupted_ = true;
    StopWorkers();
    AwaitSignal();
  });
}

void Crew::StopWorkers() {
  for (const auto& part : parts_) {
    boost::asio::post(part->io, [&part] { part->worker->Stop(); });
  }
}

void Crew::Tick(const Task& task, Time began) {
  const Time now = Now();
  const std::uint64_t ended = progress_->ended;
  LiveState state{.phase = task.name,
                  .elapsed = now - began,
                  .ended = ended - base_ended_,
                  .errors = progress_->errors,
                  .unknowns = progress_->unknowns};
  if (task.steps > 0) state.part = static_cast<double>(state.ended) / static_cast<double>(task.steps);
  if (task.until > began) {
    state.part = std::max(
        state.part, static_cast<double>((now - began).count()) / static_cast<double>((task.until - began).count()));
  }
  if (now > shown_at_) {
    state.per_second = static_cast<double>(ended - shown_ended_) * 1e9 / static_cast<double>((now - shown_at_).count());
    shown_at_ = now;
    shown_ended_ = ended;
    Draw(state);
  }
  ticker_.expires_after(kTick);
  ticker_.async_wait([this, &task, began](boost::system::error_code error) {
    if (!error && running_ > 0) Tick(task, began);
  });
}

void Crew::Show(const std::string& name, std::uint64_t done, std::uint64_t all) {
  const Time now = Now();
  if (now - shown_at_ < kTick && done < all) return;
  main_.restart();
  main_.poll();
  LiveState state{.phase = name, .part = static_cast<double>(done) / static_cast<double>(all), .ended = done};
  state.per_second = now > shown_at_ ? static_cast<double>(done - std::min(done, shown_ended_)) * 1e9 /
                                           static_cast<double>((now - shown_at_).count())
                                     : 0;
  shown_at_ = now;
  shown_ended_ = done;
  Draw(state);
}

void Crew::Draw(const LiveState& state) {
  if (live_ == nullptr) return;
  std::string line = LiveLine(state);
  const std::size_t width = line.size();
  if (width < shown_width_) line.append(shown_width_ - width, ' ');
  shown_width_ = width;
  *live_ << '\r' << line << std::flush;
}

void Crew::ClearLine() {
  if (live_ == nullptr || shown_width_ == 0) return;
  *live_ << '\r' << std::string(shown_width_, ' ') << '\r' << std::flush;
  shown_width_ = 0;
}

}  // namespace quoin::bench
