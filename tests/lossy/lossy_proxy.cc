#include "tests/lossy/lossy_proxy.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <random>
#include <string>
#include <thread>
#include <utility>

namespace quoin::tests {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using std::chrono::milliseconds;

constexpr std::size_t kPieceBytes = 16 << 10;
constexpr int kMostLingerMs = 20;
constexpr int kMostHoldMs = 3;

struct AtomicCounts {
  std::atomic<std::uint64_t> connections = 0;
  std::atomic<std::uint64_t> cut = 0;
  std::atomic<std::uint64_t> swallowed_bytes = 0;
  std::atomic<std::uint64_t> late_bytes = 0;
};

// One client's connection and the one to the node behind it. Two coroutines share it, one for each direction.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(tcp::socket client, Fate fate, AtomicCounts& counts)
      : client_(std::move(client)), node_(client_.get_executor()), fate_(fate), counts_(counts) {}

  void Start(std::uint16_t node_port) {
    asio::co_spawn(client_.get_executor(), Open(shared_from_this(), node_port), asio::detached);
  }

 private:
  // The coroutines hold `self`, since nothing else does.
  asio::awaitable<void> Open(std::shared_ptr<Session> self, std::uint16_t node_port) {
    error_code error;
    const tcp::endpoint node(asio::ip::address_v4::loopback(), node_port);
    co_await node_.async_connect(node, asio::redirect_error(asio::use_awaitable, error));
    if (error) {
      // The node is away. Clients try again at once; they shall not spin.
      co_await Wait(fate_.linger);
      EndClient();
      co_return;
    }
    node_.set_option(tcp::no_delay(true));
    if (fate_.answer_bytes == 0) Strike();
    asio::co_spawn(client_.get_executor(), CarryRequests(self), asio::detached);
    asio::co_spawn(client_.get_executor(), CarryAnswers(self), asio::detached);
  }

  asio::awaitable<void> CarryRequests([[maybe_unused]] std::shared_ptr<Session> self) {
    std::array<char, kPieceBytes> piece;
    error_code error;
    while (true) {
      const std::size_t count =
          co_await client_.async_read_some(asio::buffer(piece), asio::redirect_error(asio::use_awaitable, error));
      if (error) break;
      if (struck_ && fate_.kind == Fate::Kind::kLate) {
        late_ = true;
        EndClient();
        co_await Wait(fate_.linger);
      }
      co_await asio::async_write(node_, asio::buffer(piece.data(), count),
                                 asio::redirect_error(asio::use_awaitable, error));
      if (late_ && !error) counts_.late_bytes += count;
      if (error || late_) break;
    }
    // The node reads what there is, and then sees the end.
    node_.shutdown(tcp::socket::shutdown_send, error);
  }

  asio::awaitable<void> CarryAnswers([[maybe_unused]] std::shared_ptr<Session> self) {
    std::array<char, kPieceBytes> piece;
    error_code error;
    while (true) {
      const std::size_t count =
          co_await node_.async_read_some(asio::buffer(piece), asio::redirect_error(asio::use_awaitable, error));
      if (error) break;
      if (fate_.hold.count() > 0) co_await Wait(fate_.hold);
      const std::size_t passed = struck_ ? 0 : std::min(count, fate_.answer_bytes - answered_bytes_);
      if (passed > 0) {
        co_await asio::async_write(client_, asio::buffer(piece.data(), passed),
                                   asio::redirect_error(asio::use_awaitable, error));
      }
      answered_bytes_ += passed;
      counts_.swallowed_bytes += count - passed;
      if (!struck_ && answered_bytes_ == fate_.answer_bytes) Strike();
    }
    // The node has ended the connection. What was sent to the client before is still to be read there.
    client_.shutdown(tcp::socket::shutdown_send, error);
    EndNode();
  }

  void Strike() {
    struck_ = true;
    ++counts_.cut;
    if (fate_.kind == Fate::Kind::kCut) return EndBoth();
    asio::co_spawn(client_.get_executor(), EndAfterLinger(shared_from_this()), asio::detached);
  }
  asio::awaitable<void> EndAfterLinger([[maybe_unused]] std::shared_ptr<Session> self) {
    co_await Wait(fate_.linger);
    // Requests that are late end their connection themselves, once they have reached the node.
    if (!late_) EndBoth();
  }

  asio::awaitable<void> Wait(milliseconds time) {
    asio::steady_timer timer(client_.get_executor(), time);
    error_code error;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, error));
  }

  void EndBoth() {
    EndClient();
    EndNode();
  }
  void EndClient() {
    error_code ignored;
    if (fate_.reset) client_.set_option(asio::socket_base::linger(true, 0), ignored);
    client_.close(ignored);
  }
  void EndNode() {
    error_code ignored;
    node_.close(ignored);
  }

  tcp::socket client_;
  tcp::socket node_;
  const Fate fate_;
  AtomicCounts& counts_;
  std::size_t answered_bytes_ = 0;  // That have been passed on.
  bool struck_ = false;
  bool late_ = false;  // Requests are held that their client has given up.
};

}  // namespace

Fate DrawFate(std::uint64_t seed, std::uint64_t number, std::size_t most_answer_bytes) {
  std::seed_seq seeds{seed, seed >> 32, number};
  std::mt19937_64 random(seeds);
  const auto draw = [&random](std::uint64_t most) {
    return std::uniform_int_distribution<std::uint64_t>(0, most)(random);
  };
  Fate fate;
  fate.kind = static_cast<Fate::Kind>(draw(2));
  fate.answer_bytes = draw(3) == 0 ? 0 : draw(most_answer_bytes);
  fate.linger = milliseconds(draw(kMostLingerMs));
  fate.reset = draw(1) == 0;
  fate.hold = milliseconds(draw(3) == 0 ? draw(kMostHoldMs) : 0);
  return fate;
}

class LossyProxy::Impl {
 public:
  Impl(std::uint16_t node_port, Draw draw)
      : draw_(std::move(draw)), node_port_(node_port), acceptor_(context_, {asio::ip::address_v4::loopback(), 0}) {
    port_ = acceptor_.local_endpoint().port();
    Accept();
    thread_ = std::thread([this] { context_.run(); });
  }
  ~Impl() {
    context_.stop();
    thread_.join();
  }

  void Accept() {
    acceptor_.async_accept([this](const error_code& error, tcp::socket client) {
      if (!error) {
        client.set_option(tcp::no_delay(true));
        const Fate fate = draw_(counts_.connections++);
        std::make_shared<Session>(std::move(client), fate, counts_)->Start(node_port_);
      }
      Accept();
    });
  }

  const Draw draw_;
  std::atomic<std::uint16_t> node_port_;
  AtomicCounts counts_;  // Outlives the sessions, which end with the context.
  asio::io_context context_{1};
  tcp::acceptor acceptor_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

LossyProxy::LossyProxy(std::uint16_t node_port, Draw draw)
    : impl_(std::make_unique<Impl>(node_port, std::move(draw))) {}
LossyProxy::~LossyProxy() = default;

std::uint16_t LossyProxy::port() const { return impl_->port_; }
void LossyProxy::SetNodePort(std::uint16_t port) { impl_->node_port_ = port; }

LossyProxy::Counts LossyProxy::counts() const {
  const AtomicCounts& counts = impl_->counts_;
  return {counts.connections, counts.cut, counts.swallowed_bytes, counts.late_bytes};
}

}  // namespace quoin::tests
