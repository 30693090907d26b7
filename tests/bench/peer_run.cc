#include "tests/bench/peer_run.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <glog/logging.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "ring/partition.h"
#include "tests/bench/websocket_client.h"

namespace quoin::bench {
namespace {

constexpr std::size_t kMostLatencies = 50'000'000;
constexpr std::size_t kReadBytes = 64 << 10;

int OpenTcp(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  PCHECK(fd >= 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  PCHECK(::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) << "127.0.0.1:" << port;
  const int on = 1;
  PCHECK(::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0);
  return fd;
}

}  // namespace

std::string PeerRun::KeyName(std::uint64_t number) {
  std::string name = "bench/00000000";
  for (std::size_t i = name.size(); number > 0; number /= 10) name[--i] = static_cast<char>('0' + number % 10);
  return name;
}

PeerRun::PeerRun(const PeerPlan& plan)
    : plan_(plan), value_(plan.value_bytes, 'v'), events_(::epoll_create1(EPOLL_CLOEXEC)), read_buffer_(kReadBytes) {
  PCHECK(events_ >= 0);
  if (!plan_.leaders.empty()) SortKeysByLeader();
  connections_.resize(plan_.connections);
  for (std::uint32_t i = 0; i < plan_.connections; ++i) Connect(i);
}

PeerRun::~PeerRun() {
  for (const Connection& connection : connections_) ::close(connection.socket);
  ::close(events_);
}

void PeerRun::Connect(std::uint32_t index) {
  Connection& connection = connections_[index];
  const std::uint16_t port = plan_.ports[(index + connection.reconnected) % plan_.ports.size()];
  const bool puts = plan_.work != PeerPlan::Work::kGet;
  connection.random = (index + 1) * 0x9e3779b97f4a7c15 + 1;
  switch (plan_.kind) {
    case PeerPlan::Kind::kEtcd:
      connection.socket = OpenTcp(port);
      connection.client = NewEtcdClient("127.0.0.1:" + std::to_string(port), puts, &connection.output);
      break;
    case PeerPlan::Kind::kRedis:
      connection.socket = OpenTcp(port);
      connection.client = NewRedisClient(puts);
      break;
    case PeerPlan::Kind::kQuoin: {
      OpenedWebSocket opened = OpenWebSocket(port);
      connection.socket = opened.socket;
      connection.input = std::move(opened.rest);
      connection.client = NewQuoinClient();
      break;
    }
  }
  PCHECK(::fcntl(connection.socket, F_SETFL, O_NONBLOCK) == 0);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u32 = index;
  PCHECK(::epoll_ctl(events_, EPOLL_CTL_ADD, connection.socket, &event) == 0);
}

void PeerRun::SortKeysByLeader() {
  const auto partitions = static_cast<std::uint32_t>(plan_.leaders.size());
  led_.resize(plan_.ports.size());
  for (std::uint32_t number = 0; number < plan_.keys; ++number) {
    const std::uint32_t leader = plan_.leaders[ring::PartitionOf(KeyName(number), partitions).value];
    for (std::size_t server = 0; server < led_.size(); ++server) {
      if (leader == 0 || leader == server + 1) led_[server].push_back(number);
    }
  }
  for (const auto& keys : led_) CHECK(!keys.empty()) << "--keys: a server leads none of so few";
}

void PeerRun::Ask(Connection& connection, std::uint32_t index, Clock::time_point now) {
  std::uint64_t number = index;  // kGap.
  if (plan_.work == PeerPlan::Work::kFill) {
    if (next_fill_ == plan_.keys) return;
    number = next_fill_++;
  } else if (plan_.work != PeerPlan::Work::kGap) {
    connection.random ^= connection.random << 13;
    connection.random ^= connection.random >> 7;
    connection.random ^= connection.random << 17;
    if (led_.empty()) {
      number = connection.random % plan_.keys;
    } else {
      const auto& keys = led_[index % led_.size()];
      number = keys[connection.random % keys.size()];
    }
  }
  if (plan_.work == PeerPlan::Work::kGet) {
    connection.client->Get(KeyName(number), &connection.output);
  } else {
    connection.client->Put(KeyName(number), value_, &connection.output);
  }
  connection.asked = now;
  connection.waiting = true;
  ++unanswered_;
  Write(connection);
}

void PeerRun::Run(std::chrono::duration<double> time) {
  const bool fills = plan_.work == PeerPlan::Work::kFill;
  done_ = 0;
  latencies_.clear();
  failures_.clear();
  longest_gap_ = Clock::duration(0);
  const auto start = Clock::now();
  const auto end = start + std::chrono::duration_cast<Clock::duration>(time);
  for (std::uint32_t i = 0; i < plan_.connections; ++i) {
    connections_[i].succeeded = start;
    connections_[i].due = start;
    if (!connections_[i].waiting) Ask(connections_[i], i, start);
  }
  std::array<epoll_event, 256> ready;
  for (auto now = start; fills ? unanswered_ > 0 : now < end; now = Clock::now()) {
    const int patience = plan_.work == PeerPlan::Work::kGap ? 1 : 100;
    const int count = ::epoll_wait(events_, ready.data(), static_cast<int>(ready.size()), patience);
    PCHECK(count >= 0 || errno == EINTR);
    for (int i = 0; i < count; ++i) OnReady(ready[static_cast<std::size_t>(i)].data.u32);
    if (plan_.work == PeerPlan::Work::kGap) AskThoseDue(Clock::now());
  }
  if (fills) return;
  const auto now = Clock::now();
  for (const Connection& connection : connections_) {
    longest_gap_ = std::max(longest_gap_, now - connection.succeeded);
  }
}

void PeerRun::AskThoseDue(Clock::time_point now) {
  for (std::uint32_t i = 0; i < plan_.connections; ++i) {
    Connection& connection = connections_[i];
    if (connection.waiting && now - connection.asked > plan_.patience) {
      ++failures_["unanswered"];
      --unanswered_;
      ::close(connection.socket);
      const auto succeeded = connection.succeeded, due = connection.due;
      const std::uint32_t reconnected = connection.reconnected + 1;
      connection = {.reconnected = reconnected, .due = due, .succeeded = succeeded};
      Connect(i);
    }
    if (!connection.waiting && connection.due <= now) Ask(connection, i, now);
  }
}

void PeerRun::OnReady(std::uint32_t index) {
  Connection& connection = connections_[index];
  const ssize_t count = ::recv(connection.socket, read_buffer_.data(), read_buffer_.size(), 0);
  PCHECK(count >= 0 || errno == EAGAIN || errno == EINTR);
  CHECK_NE(count, 0) << "the server has closed the connection";
  connection.input.append(read_buffer_.data(), static_cast<std::size_t>(std::max<ssize_t>(0, count)));
  std::string_view rest = connection.input;
  while (const auto answer = connection.client->Take(&rest, &connection.output)) OnAnswer(connection, index, *answer);
  connection.input.erase(0, connection.input.size() - rest.size());
  Write(connection);
}

void PeerRun::OnAnswer(Connection& connection, std::uint32_t index, const PeerAnswer& answer) {
  const auto now = Clock::now();
  CHECK(connection.waiting) << "an answer to nothing that was asked";
  connection.waiting = false;
  --unanswered_;
  const bool gap = plan_.work == PeerPlan::Work::kGap;
  if (answer.failure.empty()) {
    ++done_;
    const auto took = std::chrono::duration_cast<std::chrono::microseconds>(now - connection.asked).count();
    if (latencies_.size() < kMostLatencies) latencies_.push_back(static_cast<std::uint32_t>(took));
    longest_gap_ = std::max(longest_gap_, now - connection.succeeded);
    connection.succeeded = now;
    connection.due = std::max(connection.due + plan_.pace, now);
  } else {
    ++failures_[answer.failure];
  }
  // What failed is due at once, but in the next turn of the loop: a server that refuses must not keep us in this one.
  if (!gap) Ask(connection, index, now);
}

void PeerRun::Write(Connection& connection) {
  if (connection.output.empty()) return;
  // One small request: the socket has room for it, or the server takes nothing any more.
  const ssize_t count = ::send(connection.socket, connection.output.data(), connection.output.size(), MSG_NOSIGNAL);
  PCHECK(count == static_cast<ssize_t>(connection.output.size())) << "the server does not take requests";
  connection.output.clear();
}

double PeerRun::LatencyMicroseconds(double share) {
  if (latencies_.empty()) return 0;
  const auto at = static_cast<std::ptrdiff_t>(share * static_cast<double>(latencies_.size() - 1));
  std::nth_element(latencies_.begin(), latencies_.begin() + at, latencies_.end());
  return latencies_[static_cast<std::size_t>(at)];
}

}  // namespace quoin::bench
