#include "net/http_server.h"

#include <glog/logging.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <condition_variable>
#include <map>
#include <utility>

#include "net/http_connection.h"
#include "net/readiness.h"

namespace quoin::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t kReadBufferBytes = 64 << 10;
// How long to rest when the process has no file descriptor left for another client.
constexpr std::chrono::milliseconds kAcceptRest{100};

}  // namespace

struct HttpServer::ShardState {
  explicit ShardState(asio::io_context& context) : readiness(context) {}

  Readiness readiness;
  std::array<char, kReadBufferBytes> read_buffer;
  std::map<const void*, std::shared_ptr<HttpConnection>> connections;
};

Result<std::unique_ptr<HttpServer>> HttpServer::Listen(Shards& shards, HttpHandler& handler, Options options) {
  const std::string name = options.address + ":" + std::to_string(options.port);
  error_code error;
  const asio::ip::address address = asio::ip::make_address(options.address, error);
  if (error) return Status(Code::kInvalid, "'" + options.address + "' is no IP address");
  tcp::acceptor acceptor(shards.context(0));
  const tcp::endpoint endpoint(address, options.port);
  acceptor.open(endpoint.protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error == asio::error::address_in_use) {
    return Status(Code::kInUse, "another process listens on " + name + " already");
  }
  if (error) return Status(Code::kInvalid, "can't listen on " + name + ": " + error.message());
  return std::unique_ptr<HttpServer>(new HttpServer(shards, handler, std::move(options), std::move(acceptor)));
}

HttpServer::HttpServer(Shards& shards, HttpHandler& handler, Options options, tcp::acceptor acceptor)
    : shards_(shards), handler_(handler), options_(std::move(options)), acceptor_(std::move(acceptor)) {
  for (std::size_t i = 0; i < shards.count(); ++i) {
    state_.push_back(std::make_unique<ShardState>(shards.context(i)));
  }
}

HttpServer::~HttpServer() {
  // The shards are at rest. Sessions end here, with their handler still there; the connections' shells may wait in a
  // stopped loop for longer.
  for (const auto& state : state_) {
    const auto connections = state->connections;
    for (const auto& [key, connection] : connections) connection->Close();
  }
}

std::uint16_t HttpServer::port() const {
  error_code ignored;
  return acceptor_.local_endpoint(ignored).port();
}

void HttpServer::StartAccepting() {
  shards_.Post(0, [this] { AcceptNext(); });
}

void HttpServer::AcceptNext() {
  if (draining_) return;
  const std::size_t shard = next_shard_;
  next_shard_ = (next_shard_ + 1) % shards_.count();
  acceptor_.async_accept(shards_.context(shard), [this, shard](const error_code& error, tcp::socket socket) {
    if (error == asio::error::operation_aborted || draining_) return;
    if (error) {
      // Most likely the process is out of file descriptors: those who wait stay in the kernel's queue meanwhile.
      LOG_EVERY_N(WARNING, 100) << "can't accept a connection: " << error.message();
      auto rest = std::make_shared<asio::steady_timer>(shards_.context(0), kAcceptRest);
      rest->async_wait([this, rest](const error_code& rest_error) {
        if (!rest_error) AcceptNext();
      });
      return;
    }
    if (open_.fetch_add(1) >= options_.max_connections) {
      open_.fetch_sub(1);
      Turn(std::move(socket));
    } else {
      // The socket belongs to the other shard's loop from here on.
      shards_.Post(shard, [this, shard, moved = std::make_shared<tcp::socket>(std::move(socket))] {
        OnAccepted(shard, std::move(*moved));
      });
    }
    AcceptNext();
  });
}

void HttpServer::OnAccepted(std::size_t shard, tcp::socket socket) {
  ShardState& state = *state_[shard];
  auto connection = std::make_shared<HttpConnection>(
      shards_.context(shard), state.readiness, std::move(socket), handler_, options_.limits,
      std::span(state.read_buffer), [this, shard](HttpConnection* closed) { OnClosed(shard, closed); });
  state.connections.emplace(connection.get(), connection);
  connection->Start();
  if (draining_) connection->Drain();
}

// Tells a client beyond the limit so. It holds nothing but the socket, and not for long.
void HttpServer::Turn(tcp::socket socket) {
  LOG_EVERY_N(WARNING, 1000) << "more than " << options_.max_connections
                             << " connections (--max_connections, or what ulimit -n leaves of it): refusing another";
  error_code ignored;
  socket.non_blocking(true, ignored);
  socket.write_some(asio::buffer(options_.too_many_connections()), ignored);  // Fits an empty send buffer.
  socket.shutdown(tcp::socket::shutdown_send, ignored);
  // What the client may have sent already is taken off, so that closing doesn't reset the answer away.
  std::array<char, 4096> discarded;
  while (socket.read_some(asio::buffer(discarded), ignored) > 0 && !ignored) {
  }
}

void HttpServer::OnClosed(std::size_t shard, const void* connection) {
  auto& connections = state_[shard]->connections;
  const auto found = connections.find(connection);
  CHECK(found != connections.end());
  // Not destroyed in the middle of its own call.
  shards_.Post(shard, [kept = std::move(found->second)] {});
  connections.erase(found);
  if (open_.fetch_sub(1) == 1) {
    const std::lock_guard lock(drained_mutex_);
    drained_.notify_all();
  }
}

bool HttpServer::Drain(std::chrono::milliseconds patience) {
  draining_ = true;
  shards_.Post(0, [this] {
    error_code ignored;
    acceptor_.close(ignored);
  });
  for (std::size_t shard = 0; shard < shards_.count(); ++shard) {
    shards_.Post(shard, [this, shard] {
      // A copy: draining an idle connection closes it, which takes it out of the map.
      const auto connections = state_[shard]->connections;
      for (const auto& [key, connection] : connections) connection->Drain();
    });
  }
  std::unique_lock lock(drained_mutex_);
  return drained_.wait_for(lock, patience, [this] { return open_ == 0; });
}

}  // namespace quoin::net
