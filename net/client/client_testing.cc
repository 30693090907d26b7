#include "net/client/client_testing.h"

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <chrono>

namespace quoin::client {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::chrono::milliseconds kTick{5};
// Of a slow proxy's sockets.
constexpr int kSlowBufferBytes = 32 << 10;

}  // namespace

net::NodeOptions TestNodeOptions() {
  net::NodeOptions options;
  options.version = "test";
  options.engine = net::NodeOptions::Engine::kMemory;
  options.partition_count = 16;
  options.sweep_interval = std::chrono::seconds(60);
  options.listen_address = "127.0.0.1";
  options.shard_count = 2;
  options.reader_count = 1;
  options.max_connections = 100;
  options.max_inflight_requests = 100'000;
  return options;
}

Options Patient(Options options) {
  const Options usual;
  if (options.timeout == usual.timeout) options.timeout = std::chrono::seconds(30);
  if (options.ping_interval == usual.ping_interval) options.ping_interval = std::chrono::seconds(10);
  if (options.connect_timeout == usual.connect_timeout) options.connect_timeout = std::chrono::seconds(30);
  return options;
}

std::unique_ptr<net::Node> StartTestNode(net::NodeOptions options) {
  auto node = net::Node::Start(std::move(options));
  CHECK(node.ok()) << node.status();
  return *std::move(node);
}

std::string AddressOf(const net::Node& node) { return "127.0.0.1:" + std::to_string(node.port()); }

void RunUntil(asio::io_context& context, const std::function<bool()>& condition) {
  context.restart();
  while (!condition()) CHECK_GT(context.run_one(), 0u) << "nothing is left to wait for";
}

struct Proxy::Pair {
  explicit Pair(asio::io_context& context) : client(context), server(context), tick(context) {}

  void Reset() {
    error_code ignored;
    for (tcp::socket* const socket : {&client, &server}) {
      socket->set_option(asio::socket_base::linger(true, 0), ignored);
      socket->close(ignored);
    }
  }

  tcp::socket client;
  tcp::socket server;
  std::array<char, 1 << 16> from_client;
  std::array<char, 1 << 16> from_server;
  asio::steady_timer tick;
  bool cut = false;
};

Proxy::Proxy(asio::io_context& context, std::uint16_t server_port)
    : context_(context),
      acceptor_(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
      server_port_(server_port) {
  Accept();
}

Proxy::~Proxy() { Cut(); }

std::string Proxy::address() const { return "127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()); }

void Proxy::Accept() {
  auto pair = std::make_shared<Pair>(context_);
  acceptor_.async_accept(pair->client, [this, pair](const error_code& error) {
    if (error) return;
    ++accepted_;
    if (refuse) {
      pair->Reset();
    } else {
      pair->server.connect({asio::ip::address_v4::loopback(), server_port_});
      pairs_.push_back(pair);
      Pump(this, pair, true);
      Pump(this, pair, false);
    }
    Accept();
  });
}

// `proxy` is not looked at once the pair is cut, as the destructor does.
void Proxy::Pump(Proxy* proxy, const std::shared_ptr<Pair>& pair, bool from_client) {
  tcp::socket& from = from_client ? pair->client : pair->server;
  auto& buffer = from_client ? pair->from_client : pair->from_server;
  const bool slow = from_client && proxy->client_bytes_per_tick_ > 0;
  const std::size_t most = slow ? std::min(proxy->client_bytes_per_tick_, buffer.size()) : buffer.size();
  from.async_read_some(asio::buffer(buffer.data(), most), [=, &buffer](const error_code& error, std::size_t count) {
    if (pair->cut) return;
    if (error) return pair->Reset();
    const auto& hook = from_client ? proxy->on_client_bytes : proxy->on_server_bytes;
    if (hook) hook(count);
    if (pair->cut) return;
    if (!from_client && proxy->swallow_answers) return Pump(proxy, pair, from_client);
    tcp::socket& to = from_client ? pair->server : pair->client;
    asio::async_write(to, asio::buffer(buffer.data(), count), [=](const error_code& failed, std::size_t) {
      if (pair->cut) return;
      if (failed) return pair->Reset();
      PumpOn(proxy, pair, from_client);
    });
  });
}

void Proxy::PumpOn(Proxy* proxy, const std::shared_ptr<Pair>& pair, bool from_client) {
  if (!from_client || proxy->client_bytes_per_tick_ == 0) return Pump(proxy, pair, from_client);
  pair->tick.expires_after(kTick);
  pair->tick.async_wait([=](const error_code&) {
    if (!pair->cut) Pump(proxy, pair, from_client);
  });
}

void Proxy::SlowClients(std::size_t bytes_per_tick) {
  client_bytes_per_tick_ = bytes_per_tick;
  acceptor_.set_option(asio::socket_base::receive_buffer_size(kSlowBufferBytes));
}

void Proxy::Cut() {
  for (const auto& weak : std::exchange(pairs_, {})) {
    const auto pair = weak.lock();
    if (pair == nullptr) continue;
    pair->cut = true;
    pair->Reset();
  }
}

}  // namespace quoin::client
