// Clients of long polls that leave, against a whole node in this process: a watch that nobody waits for must not live
// on, although the node wants nothing more from the connection and so never reads its end.
#include <gtest/gtest.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "net/websocket_client_testing.h"

namespace quoin::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

const std::string kClose = "Connection: close\r\n";

// A connection that blocks.
class HttpClient {
 public:
  explicit HttpClient(const Node& node) : socket_(context_) {
    socket_.connect({asio::ip::make_address("127.0.0.1"), node.port()});
  }
  void Send(const std::string& bytes) { asio::write(socket_, asio::buffer(bytes)); }
  // All that comes until the node closes.
  std::string ReceiveAll() {
    std::string bytes;
    error_code error;
    asio::read(socket_, asio::dynamic_buffer(bytes), error);
    return bytes;
  }
  void EndOutput() { socket_.shutdown(tcp::socket::shutdown_send); }
  void Close() { socket_.close(); }
  void Reset() {
    socket_.set_option(asio::socket_base::linger(true, 0));
    socket_.close();
  }

 private:
  asio::io_context context_;
  tcp::socket socket_;
};

std::string Get(const std::string& target, const std::string& more_lines = {}) {
  return "GET " + target + " HTTP/1.1\r\nHost: n\r\n" + more_lines + "\r\n";
}

std::string OpenWatches(const Node& node) {
  HttpClient client(node);
  client.Send(Get("/metrics", kClose));
  const std::string text = client.ReceiveAll();
  const std::string name = "\nquoin_watches ";
  const std::size_t at = text.find(name) + name.size();
  return text.substr(at, text.find('\n', at) - at);
}

// A poll that has nothing to tell for as long as it may take.
std::string PollOf(const Node& node, const std::string& more_lines = {}) {
  HttpClient client(node);
  client.Send(Get("/v1/watch?key=a", kClose));
  const std::string text = client.ReceiveAll();
  const std::string name = "\"cursor\": \"";
  const std::size_t at = text.rfind(name) + name.size();
  return Get("/v1/watch?key=a&wait=5m&cursor=" + text.substr(at, text.find('"', at) - at), more_lines);
}

// Asks the node again and again, far longer than it should need and not as long as a poll may take.
bool ComesTrue(const std::function<bool()>& condition) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
  }
  return true;
}

class WatchLeavingTest : public testing::Test {
 protected:
  // Asks, and waits until a watch is open that wasn't before.
  std::unique_ptr<HttpClient> Ask(const std::string& requests) {
    EXPECT_TRUE(WatchesEnd());
    auto client = std::make_unique<HttpClient>(*node_);
    client->Send(requests);
    EXPECT_TRUE(ComesTrue([&] { return OpenWatches(*node_) != "0"; }));
    return client;
  }
  bool WatchesEnd() {
    return ComesTrue([&] { return OpenWatches(*node_) == "0"; });
  }

  const std::unique_ptr<Node> node_ = StartNode();
};

TEST_F(WatchLeavingTest, APollOnAConnectionThatClosesEndsWithItsClient) {
  const auto client = Ask(PollOf(*node_, kClose));
  client->Close();
  EXPECT_TRUE(WatchesEnd());
}

TEST_F(WatchLeavingTest, APollOnAConnectionThatClosesEndsWhenItIsReset) {
  const auto client = Ask(PollOf(*node_, kClose));
  client->Reset();
  EXPECT_TRUE(WatchesEnd());
}

TEST_F(WatchLeavingTest, PollsThatFillThePipelineEndWithTheirClient) {
  std::string polls;
  const std::string poll = PollOf(*node_);
  for (int i = 0; i < 80; ++i) polls += poll;
  const auto client = Ask(polls);
  client->Close();
  EXPECT_TRUE(WatchesEnd());
}

TEST_F(WatchLeavingTest, AClientThatOnlySendsNoMoreIsStillAnswered) {
  const auto client = Ask(PollOf(*node_, kClose));
  client->EndOutput();
  EXPECT_TRUE(client->ReceiveAll().starts_with("HTTP/1.1 200 OK\r\n"));
}

}  // namespace
}  // namespace quoin::net
