#include "tests/cluster/watchers_impl.h"

#include <glog/logging.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <exception>
#include <utility>

namespace quoin::tests {
namespace {

namespace asio = boost::asio;
using client::Key;
using client::Prefix;
using client::WatchTarget;
using std::chrono::milliseconds;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr int kLeastStayMs = 500;
constexpr int kLongestStayMs = 5000;

}  // namespace

std::vector<Watchers::Impl::Plan> Watchers::Impl::Plans() {
  using W = WatchedWriters;
  const std::vector<WatchTarget> set = {Key(W::PlainKey(1)), Key(W::GoneKey(0)), Key(W::BriefKey(0)),
                                        Key("nobody writes this")};
  return {
      {"library, one key", Way::kLibrary, false, {Key(W::PlainKey(0))}},
      {"library, keys", Way::kLibrary, true, set},
      {"library, a prefix", Way::kLibrary, false, {Prefix(W::kPrefix)}},
      {"library, a prefix and keys, from stored cursors",
       Way::kLibrary,
       true,
       {Prefix("watched/g"), Key(W::PlainKey(0))}},
      {"library, everything", Way::kLibrary, true, {Prefix("")}},
      {"events, one key", Way::kEventStream, true, {Key(W::PlainKey(2))}},
      {"events, keys", Way::kEventStream, false, set},
      {"events, a prefix", Way::kEventStream, true, {Prefix(W::kPrefix)}},
      {"events, the load", Way::kEventStream, true, {Prefix("round")}},
      {"polls, one key", Way::kLongPoll, false, {Key(W::PlainKey(3))}},
      {"polls, a prefix", Way::kLongPoll, false, {Prefix("watched/b"), Prefix("watched/g")}},
  };
}

Watchers::Impl::Impl(const std::vector<net::HttpEndpoint>& servers, std::uint64_t seed)
    : servers_(servers), random_(seed), writers_(context_.get_executor(), ServerTexts(), seed + 1, &states_) {
  for (Plan& plan : Plans()) Add(std::move(plan));
}

void Watchers::Impl::Begin() {
  writers_.Begin();
  for (const auto& watcher : watchers_) {
    if (watcher->library) watcher->library->Begin();
    if (watcher->http) Spawn(watcher->http->Run());
    if (watcher->plan.leaves) Spawn(LeaveNowAndThen(watcher.get()));
  }
}

void Watchers::Impl::Stop() {
  stopped_ = true;
  writers_.Stop();
  for (const auto& watcher : watchers_) {
    if (watcher->library) watcher->library->Stop();
    if (watcher->http) watcher->http->Stop();
    watcher->leave_timer.cancel();
  }
}

void Watchers::Impl::set_resting(bool resting) {
  resting_ = resting;
  writers_.set_resting(resting);
}

std::string Watchers::Impl::Compare(const std::map<std::string, StoredState>& stored) {
  for (const auto& [key, state] : stored) {
    states_.OnTold("a read", {ToldEvent::Kind::kPut, key, state.version, state.value, 0});
  }
  // All of them, as it says much whether one watcher is behind, those of one node, or everybody.
  std::string all;
  for (const auto& watcher : watchers_) {
    const std::string missing = watcher->view.Missing(stored);
    if (!missing.empty()) all += (all.empty() ? "" : "\n  ") + missing;
  }
  if (all.empty()) compared_ += watchers_.size();
  return all;
}

void Watchers::Impl::BeginPeace() {
  for (const auto& watcher : watchers_) {
    // From one poll to the next a watch is one that catches up.
    if (watcher->plan.way != Way::kLongPoll) watcher->view.Record();
  }
  writers_.BeginPeace();
}

std::string Watchers::Impl::LeftOutInPeace() {
  std::string first;
  for (const auto& watcher : watchers_) {
    for (const auto& [key, versions] : writers_.PeacefulVersions()) {
      if (!watcher->view.recording() || !watcher->view.Covers(key)) continue;
      in_peace_ += versions.size();
      if (const auto left_out = watcher->view.LeftOut(key, versions); left_out && first.empty()) first = *left_out;
    }
  }
  return first;
}

std::set<std::string> Watchers::Impl::Keys() const {
  std::set<std::string> keys;
  for (const std::string& key : WatchedWriters::Keys()) keys.insert(key);
  for (const auto& watcher : watchers_) watcher->view.AddKeysTo(&keys);
  return keys;
}

WatchCounts Watchers::Impl::counts() const {
  WatchCounts counts;
  counts.watchers = watchers_.size();
  counts.written = states_.written();
  counts.compared = compared_;
  counts.in_peace = in_peace_;
  for (const auto& watcher : watchers_) {
    counts.events += watcher->view.counts().events;
    counts.gaps += watcher->view.counts().gaps;
    counts.conflated += watcher->view.counts().conflated;
    if (watcher->plan.way == Way::kLongPoll) {
      counts.polls += watcher->connections;
    } else {
      counts.reconnects += watcher->connections - (watcher->connections > 0 ? 1 : 0);
    }
  }
  return counts;
}

void Watchers::Impl::Add(Plan plan) {
  const asio::any_io_executor executor = context_.get_executor();
  watchers_.push_back(std::make_unique<Watcher>(executor, std::move(plan)));
  Watcher* const watcher = watchers_.back().get();
  const auto on_connection = [watcher](bool resumed) {
    ++watcher->connections;
    watcher->view.OnConnection(resumed);
  };
  const auto on_event = [this, watcher](const ToldEvent& event) {
    states_.OnTold(watcher->view.name(), event);
    if (std::string wrong = watcher->view.OnEvent(event); !wrong.empty()) states_.Complain(std::move(wrong));
  };
  const auto on_nonsense = [this, watcher](const std::string& text) {
    states_.Complain(watcher->view.name() + ": " + text);
  };
  if (watcher->plan.way == Way::kLibrary) {
    watcher->library =
        std::make_unique<LibraryWatch>(executor, LibraryWatch::Options{.targets = watcher->plan.targets,
                                                                       .servers = [this] { return ServerTexts(); },
                                                                       .on_begin = on_connection,
                                                                       .on_reconnect =
                                                                           [watcher] {
                                                                             ++watcher->connections;
                                                                             watcher->view.OnReconnect();
                                                                           },
                                                                       .on_event = on_event,
                                                                       .on_nonsense = on_nonsense});
    return;
  }
  watcher->http = std::make_unique<HttpWatch>(
      executor, HttpWatch::Options{.form = watcher->plan.way == Way::kLongPoll ? HttpWatch::Form::kLongPoll
                                                                               : HttpWatch::Form::kEventStream,
                                   .targets = watcher->plan.targets,
                                   .next_server = [this] { return servers_[random_() % servers_.size()]; },
                                   .on_connection = on_connection,
                                   .on_event = on_event,
                                   .on_nonsense = on_nonsense});
}

asio::awaitable<void> Watchers::Impl::LeaveNowAndThen(Watcher* watcher) {
  while (!stopped_) {
    watcher->leave_timer.expires_after(
        milliseconds(std::uniform_int_distribution<int>(kLeastStayMs, kLongestStayMs)(random_)));
    co_await watcher->leave_timer.async_wait(kAwait);
    if (stopped_ || resting_) continue;
    if (watcher->library) watcher->library->Leave();
    if (watcher->http) watcher->http->Leave();
  }
}

void Watchers::Impl::Spawn(asio::awaitable<void> coroutine) {
  ++running_;
  asio::co_spawn(context_, std::move(coroutine), [this](const std::exception_ptr& thrown) {
    CHECK(thrown == nullptr);
    --running_;
  });
}

std::vector<std::string> Watchers::Impl::ServerTexts() const {
  std::vector<std::string> texts;
  for (const net::HttpEndpoint& server : servers_) texts.push_back(server.ToString());
  return texts;
}

}  // namespace quoin::tests
