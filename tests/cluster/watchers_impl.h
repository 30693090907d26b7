// Watchers::Impl: the clients of Watchers. Everything in it belongs to their thread, but for the thread itself.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/cluster/http_watch.h"
#include "tests/cluster/library_watch.h"
#include "tests/cluster/watched_writers.h"
#include "tests/cluster/watcher_view.h"
#include "tests/cluster/watchers.h"
#include "tests/cluster/written_states.h"

namespace quoin::tests {

class Watchers::Impl {
 public:
  Impl(const std::vector<net::HttpEndpoint>& servers, std::uint64_t seed);

  void Begin();
  void Stop();
  bool has_ended() const { return running_ == 0 && writers_.running() == 0 && writers_.peaceful_running() == 0; }

  void SetServers(const std::vector<net::HttpEndpoint>& servers) { servers_ = servers; }
  // No write is begun, and nobody leaves by itself.
  void set_resting(bool resting);
  std::string Compare(const std::map<std::string, StoredState>& stored);
  void BeginPeace();
  std::string LeftOutInPeace();
  std::set<std::string> Keys() const;
  WatchCounts counts() const;

  WatchedWriters& writers() { return writers_; }
  WrittenStates& states() { return states_; }
  boost::asio::io_context& context() { return context_; }
  std::thread& thread() { return thread_; }

 private:
  enum class Way { kLibrary, kEventStream, kLongPoll };
  struct Plan {
    std::string name;
    Way way = Way::kLibrary;
    bool leaves = false;  // Now and then, by itself.
    std::vector<client::WatchTarget> targets;
  };
  struct Watcher {
    Watcher(const boost::asio::any_io_executor& executor, Plan with)
        : plan(std::move(with)), view("the watcher (" + plan.name + ")", plan.targets), leave_timer(executor) {}

    const Plan plan;
    WatcherView view;
    boost::asio::steady_timer leave_timer;
    std::uint64_t connections = 0;
    std::unique_ptr<LibraryWatch> library;
    std::unique_ptr<HttpWatch> http;
  };

  static std::vector<Plan> Plans();
  void Add(Plan plan);
  boost::asio::awaitable<void> LeaveNowAndThen(Watcher* watcher);
  void Spawn(boost::asio::awaitable<void> coroutine);
  std::vector<std::string> ServerTexts() const;

  boost::asio::io_context context_{1};
  std::vector<net::HttpEndpoint> servers_;
  std::mt19937_64 random_;
  WrittenStates states_;
  WatchedWriters writers_;
  std::vector<std::unique_ptr<Watcher>> watchers_;
  bool resting_ = false;
  bool stopped_ = false;
  std::size_t running_ = 0;  // Coroutines.
  std::uint64_t compared_ = 0;
  std::uint64_t in_peace_ = 0;
  std::thread thread_;
};

}  // namespace quoin::tests
