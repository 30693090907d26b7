#include "tests/cluster/watched_writers.h"

#include <glog/logging.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <exception>
#include <utility>

#include "net/etag.h"

namespace quoin::tests {
namespace {

namespace asio = boost::asio;
using client::Operation;
using client::Outcome;
using std::chrono::milliseconds;

constexpr auto kAwait = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kPlainKeys = 4;
constexpr std::size_t kGoneKeys = 4;
constexpr std::size_t kBriefKeys = 2;
constexpr std::size_t kPeacefulPuts = 10;
constexpr int kMaxBetweenWritesMs = 50;
constexpr milliseconds kRestingLook{10};

WrittenStates::Outcome OutcomeOf(const client::Answer& answer) {
  if (answer.outcome == Outcome::kUnknown) return WrittenStates::Outcome::kUnknown;
  return answer.done() ? WrittenStates::Outcome::kDone : WrittenStates::Outcome::kNotApplied;
}

}  // namespace

std::vector<std::string> WatchedWriters::Keys() {
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < kPlainKeys; ++i) keys.push_back(PlainKey(i));
  for (std::size_t i = 0; i < kGoneKeys; ++i) keys.push_back(GoneKey(i));
  for (std::size_t i = 0; i < kBriefKeys; ++i) keys.push_back(BriefKey(i));
  return keys;
}

WatchedWriters::WatchedWriters(asio::any_io_executor executor, const std::vector<std::string>& servers,
                               std::uint64_t seed, WrittenStates* states)
    : executor_(std::move(executor)), random_(seed), states_(states) {
  client::Options options;
  options.servers = servers;
  auto created = client::Client::Create(executor_, std::move(options));
  CHECK(created.ok()) << created.status();
  client_ = *std::move(created);
}

void WatchedWriters::Spawn(asio::awaitable<void> coroutine, std::size_t* count) {
  ++*count;
  asio::co_spawn(executor_, std::move(coroutine), [count](const std::exception_ptr& thrown) {
    CHECK(thrown == nullptr);
    --*count;
  });
}

void WatchedWriters::Begin() {
  for (const std::string& key : Keys()) Spawn(WriteFor(key), &running_);
}

void WatchedWriters::BeginPeace() {
  CHECK(resting_ && under_way_ == 0 && peaceful_running_ == 0);
  peaceful_.clear();
  for (std::size_t i = 0; i < kPlainKeys; ++i) Spawn(WriteInPeace(PlainKey(i)), &peaceful_running_);
}

void WatchedWriters::Stop() {
  stopped_ = true;
  client_->Close();
}

Operation WatchedWriters::DrawWrite(const std::string& key) {
  if (key.starts_with("watched/gone/") && Draw(0, 2) == 0) {
    states_->BeginDelete(key);
    return Operation::Delete(key);
  }
  const bool brief = key.starts_with("watched/brief/");
  Operation put = Operation::Put(key, states_->BeginPut(key, brief));
  // Some of them longer than it takes until the next write.
  return brief ? std::move(put).For(milliseconds(Draw(1, 4) * 100)) : put;
}

asio::awaitable<void> WatchedWriters::WriteFor(std::string key) {
  asio::steady_timer timer(executor_);
  while (!stopped_) {
    const bool brief = key.starts_with("watched/brief/");
    timer.expires_after(resting_ ? kRestingLook : milliseconds(Draw(1, (brief ? 20 : 1) * kMaxBetweenWritesMs)));
    co_await timer.async_wait(kAwait);
    if (stopped_ || resting_) continue;
    Operation operation = DrawWrite(key);
    co_await Write(key, std::move(operation));
  }
}

asio::awaitable<void> WatchedWriters::WriteInPeace(std::string key) {
  for (std::size_t i = 0; i < kPeacefulPuts && !stopped_; ++i) {
    Operation operation = Operation::Put(key, states_->BeginPut(key, false));
    const kv::Version version = co_await Write(key, std::move(operation));
    peaceful_[key].push_back(version);
  }
}

asio::awaitable<kv::Version> WatchedWriters::Write(std::string key, Operation operation) {
  const bool is_put = operation.action == Operation::Action::kPut;
  ++under_way_;
  const client::Answer answer = co_await client_->Do(std::move(operation));
  --under_way_;
  std::optional<kv::Version> version;
  if (answer.done() && is_put) {
    version = net::ParseVersion(answer.version);
    if (!version) states_->Complain("a put of " + key + " was answered with version '" + answer.version + "'");
  }
  states_->End(key, OutcomeOf(answer), version.value_or(kv::Version()));
  co_return version.value_or(kv::Version());
}

std::map<std::string, std::vector<kv::Version>> WatchedWriters::PeacefulVersions() const {
  auto peaceful = peaceful_;
  std::erase_if(peaceful, [](const auto& entry) {
    return std::ranges::any_of(entry.second, [&](const kv::Version& version) {
      return version == kv::Version() || version.ballot != entry.second.front().ballot;
    });
  });
  return peaceful;
}

}  // namespace quoin::tests
