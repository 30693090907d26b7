#include "tests/bench/gap_load.h"

#include <fcntl.h>
#include <glog/logging.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/text.h"
#include "tests/bench/websocket_client.h"

namespace quoin::bench {
namespace {

constexpr std::size_t kReadBytes = 16 << 10;
constexpr std::size_t kNumberBytes = 16;

// The number, and something to fill up a value of 100 bytes.
std::string ValueOf(std::uint64_t number) { return Hex64(number) + std::string(100 - kNumberBytes, '.'); }

}  // namespace

GapLoad::GapLoad(const Options& options, const std::vector<std::string>& keys)
    : options_(options), events_(::epoll_create1(EPOLL_CLOEXEC)), keys_(keys.size()) {
  PCHECK(events_ >= 0);
  const auto now = Clock::now();
  for (std::size_t i = 0; i < keys.size(); ++i) {
    Key& key = keys_[i];
    key.name = keys[i];
    OpenedWebSocket opened = OpenWebSocket(options_.port, options_.host);
    key.socket = opened.socket;
    key.input = std::move(opened.rest);
    key.client = NewQuoinClient();
    // Spread over the pace, so that not all ask at the same moment.
    key.due = now + options_.pace * static_cast<std::int64_t>(i) / static_cast<std::int64_t>(keys.size());
    key.succeeded = now;
    PCHECK(::fcntl(key.socket, F_SETFL, O_NONBLOCK) == 0);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = i;
    PCHECK(::epoll_ctl(events_, EPOLL_CTL_ADD, key.socket, &event) == 0);
  }
}

GapLoad::~GapLoad() {
  for (const Key& key : keys_) ::close(key.socket);
  ::close(events_);
}

void GapLoad::RunWhile(Clock::time_point end, const std::function<bool()>& go_on) {
  std::array<epoll_event, 256> ready;
  for (auto now = Clock::now(); now < end && go_on(); now = Clock::now()) {
    for (Key& key : keys_) {
      if (!finishing_ && !key.waiting && key.due <= now) Ask(key);
    }
    const int count = ::epoll_wait(events_, ready.data(), static_cast<int>(ready.size()), 1);
    PCHECK(count >= 0 || errno == EINTR);
    for (int i = 0; i < count; ++i) OnReady(keys_[ready[static_cast<std::size_t>(i)].data.u64]);
  }
}

void GapLoad::RunFor(std::chrono::milliseconds time) {
  RunWhile(Clock::now() + time, [] { return true; });
}

void GapLoad::RunUntilAllSucceed(const std::vector<std::size_t>& keys, std::chrono::milliseconds limit) {
  std::vector<std::uint64_t> asked;
  for (const std::size_t key : keys) asked.push_back(keys_[key].asked);
  RunWhile(Clock::now() + limit, [&] {
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (keys_[keys[i]].acknowledged <= asked[i]) return true;
    }
    return false;
  });
}

void GapLoad::Finish(std::chrono::milliseconds limit) {
  finishing_ = true;
  RunWhile(Clock::now() + limit, [this] { return std::ranges::any_of(keys_, &Key::waiting); });
}

void GapLoad::BeginGaps() {
  for (Key& key : keys_) key.longest = Clock::duration(0);
}

std::chrono::microseconds GapLoad::LongestGap(std::size_t key) const {
  const auto open = finishing_ ? Clock::duration(0) : Clock::now() - keys_[key].succeeded;
  return std::chrono::duration_cast<std::chrono::microseconds>(std::max(keys_[key].longest, open));
}

void GapLoad::Ask(Key& key) {
  ++key.asked;
  if (options_.puts) {
    key.client->Put(key.name, ValueOf(key.asked), &key.output);
  } else {
    key.client->Get(key.name, &key.output);
  }
  key.waiting = true;
  const ssize_t count = ::send(key.socket, key.output.data(), key.output.size(), MSG_NOSIGNAL);
  PCHECK(count == static_cast<ssize_t>(key.output.size())) << "the node does not take requests";
  key.output.clear();
}

void GapLoad::OnReady(Key& key) {
  const std::size_t held = key.input.size();
  key.input.resize(held + kReadBytes);
  const ssize_t count = ::recv(key.socket, key.input.data() + held, kReadBytes, 0);
  PCHECK(count >= 0 || errno == EAGAIN || errno == EINTR);
  CHECK_NE(count, 0) << "the node that was to survive has closed a connection";
  key.input.resize(held + static_cast<std::size_t>(std::max<ssize_t>(0, count)));
  std::string_view rest = key.input;
  while (const auto answer = key.client->Take(&rest, &key.output)) {
    CHECK(std::exchange(key.waiting, false)) << "an answer to nothing that was asked";
    const auto now = Clock::now();
    if (!answer->failure.empty()) {
      ++failed_;
      key.open.insert(key.asked);
      VLOG(1) << key.name << ": " << answer->failure;
      continue;  // It is due yet.
    }
    ++done_;
    key.acknowledged = key.asked;
    key.longest = std::max(key.longest, now - key.succeeded);
    key.succeeded = now;
    key.due = std::max(key.due + options_.pace, now);
  }
  key.input.erase(0, key.input.size() - rest.size());
  if (key.output.empty()) return;
  // A pong.
  PCHECK(::send(key.socket, key.output.data(), key.output.size(), MSG_NOSIGNAL) >= 0);
  key.output.clear();
}

std::string GapLoad::WrongWith(std::size_t index, const std::string& value) const {
  const Key& key = keys_[index];
  const auto number = value.size() < kNumberBytes ? std::nullopt : ParseHex64(value.substr(0, kNumberBytes));
  if (!number || value != ValueOf(*number)) return key.name + " holds what nobody wrote: " + Printable(value);
  // The one under way at the end is open, too.
  const bool possible =
      *number == key.acknowledged || key.open.contains(*number) || (key.waiting && *number == key.asked);
  if (possible) return "";
  return key.name + " holds write " + std::to_string(*number) + ", and " + std::to_string(key.acknowledged) +
         " is the last that was acknowledged";
}

}  // namespace quoin::bench
