// A whole node in this process, spoken to over real sockets: what is between the socket and the session.
#include "net/node.h"

#include <gtest/gtest.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace quoin::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using std::chrono::milliseconds;
using std::chrono::seconds;

NodeOptions Options() {
  NodeOptions options;
  options.version = "test";
  options.engine = NodeOptions::Engine::kMemory;
  options.partition_count = 16;
  options.sweep_interval = seconds(60);
  options.listen_address = "127.0.0.1";
  options.shard_count = 2;
  options.reader_count = 1;
  options.max_connections = 100;
  options.max_inflight_requests = 1000;
  return options;
}

// A client that sends bytes and reads bytes, and blocks.
class RawClient {
 public:
  explicit RawClient(const Node& node) : socket_(context_) {
    socket_.connect({asio::ip::make_address("127.0.0.1"), node.port()});
  }
  void Send(std::string_view bytes) { asio::write(socket_, asio::buffer(bytes)); }
  void EndOutput() { socket_.shutdown(tcp::socket::shutdown_send); }
  std::string Receive(std::size_t count) {
    std::string bytes(count, '\0');
    boost::system::error_code error;
    bytes.resize(asio::read(socket_, asio::buffer(bytes), error));
    return bytes;
  }
  // All that comes until the node closes. A reset is an error, and shows as such.
  std::string ReceiveAll() {
    std::string bytes;
    boost::system::error_code error;
    asio::read(socket_, asio::dynamic_buffer(bytes), error);
    if (error != asio::error::eof) bytes += "<" + error.message() + ">";
    return bytes;
  }
  tcp::socket& socket() { return socket_; }

 private:
  asio::io_context context_;
  tcp::socket socket_;
};

std::unique_ptr<Node> StartNode(NodeOptions options = Options()) {
  auto node = Node::Start(std::move(options));
  CHECK(node.ok()) << node.status();
  return *std::move(node);
}

std::size_t CountOf(std::string_view needle, std::string_view haystack) {
  std::size_t count = 0;
  for (std::size_t at = haystack.find(needle); at != std::string_view::npos; at = haystack.find(needle, at + 1))
    ++count;
  return count;
}

TEST(Node, AnswersManyPipelinedRequestsInOneBreath) {
  const auto node = StartNode();
  RawClient client(*node);
  std::string requests = "PUT /v1/kv/k HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nvalue";
  for (int i = 0; i < 500; ++i) requests += "GET /v1/kv/k HTTP/1.1\r\nHost: x\r\n\r\n";
  requests += "GET /v1/kv/k HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
  client.Send(requests);
  const std::string answers = client.ReceiveAll();
  EXPECT_EQ(CountOf("HTTP/1.1 201 ", answers), 1u);
  EXPECT_EQ(CountOf("HTTP/1.1 200 OK", answers), 501u);
  EXPECT_TRUE(answers.ends_with("\r\n\r\nvalue"));
  EXPECT_TRUE(node->Stop(seconds(10)));
}

TEST(Node, AnswersABurstThatTakesManyTurns) {
  const auto node = StartNode();
  RawClient client(*node);
  // Answered at once, so that nothing but the turns of the loop brings them on.
  std::string requests;
  for (int i = 0; i < 5000; ++i) requests += "HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
  client.Send(requests);
  client.EndOutput();
  EXPECT_EQ(CountOf("HTTP/1.1 200 OK", client.ReceiveAll()), 5000u);
}

TEST(Node, SendsALargeAnswerToASlowReaderWhole) {
  const auto node = StartNode();
  const std::string value(1 << 20, 'v');
  {
    RawClient writer(*node);
    writer.Send("PUT /v1/kv/k HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 1048576\r\n\r\n" + value);
    EXPECT_TRUE(writer.ReceiveAll().starts_with("HTTP/1.1 201"));
  }
  RawClient reader(*node);
  constexpr int kAnswers = 32;  // More than the kernel buffers for a connection.
  for (int i = 0; i < kAnswers; ++i) reader.Send("GET /v1/kv/k HTTP/1.1\r\nHost: x\r\n\r\n");
  reader.Send("GET /v1/kv/absent HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  // Another client is served meanwhile, although the first has read nothing yet.
  RawClient other(*node);
  other.Send("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  EXPECT_TRUE(other.ReceiveAll().starts_with("HTTP/1.1 200"));
  const std::string answers = reader.ReceiveAll();
  EXPECT_EQ(CountOf("HTTP/1.1 200 OK", answers), std::size_t{kAnswers});
  EXPECT_EQ(CountOf("HTTP/1.1 404 ", answers), 1u);
  EXPECT_EQ(CountOf("\r\n\r\nvvv", answers), std::size_t{kAnswers});
  EXPECT_GT(answers.size(), kAnswers * value.size());
}

TEST(Node, RefusesOneConnectionTooManyAndTakesTheNextWhenOneLeaves) {
  NodeOptions options = Options();
  options.max_connections = 1;
  const auto node = StartNode(std::move(options));
  auto first = std::make_unique<RawClient>(*node);
  first->Send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(first->Receive(12), "HTTP/1.1 200");
  {
    RawClient second(*node);
    const std::string answer = second.ReceiveAll();
    EXPECT_TRUE(answer.starts_with("HTTP/1.1 503 ")) << answer;
    EXPECT_NE(answer.find("Retry-After: "), std::string::npos);
    EXPECT_NE(answer.find("too-many-connections"), std::string::npos);
    EXPECT_NE(answer.find("max_connections"), std::string::npos);
  }
  first.reset();
  // The node learns of the first's end when it looks; until then newcomers are refused.
  for (;;) {
    RawClient third(*node);
    third.Send("GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    if (third.ReceiveAll().starts_with("HTTP/1.1 200")) break;
  }
}

TEST(Node, TellsWhyBeforeItClosesEvenWhenTheClientGoesOnSending) {
  const auto node = StartNode();
  RawClient client(*node);
  // More than any socket buffer holds; a node that closed at once would reset the connection and lose its answer.
  boost::system::error_code ignored;
  const std::string request = "PUT /v1/kv/k HTTP/1.1\r\nHost: x\r\nContent-Length: 104857600\r\n\r\n" +
                              std::string(256 << 10, 'b');
  asio::write(client.socket(), asio::buffer(request), ignored);
  client.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  const std::string answer = client.ReceiveAll();
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 413 ")) << answer;
  EXPECT_EQ(answer.find('<'), std::string::npos) << answer;
}

TEST(Node, StopAnswersWhatIsInFlightAndClosesIdleConnections) {
  NodeOptions options = Options();
  options.commit_delay = milliseconds(200);
  const auto node = StartNode(std::move(options));
  RawClient idle(*node);
  idle.Send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(idle.Receive(12), "HTTP/1.1 200");
  RawClient busy(*node);
  busy.Send("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nPUT /v1/kv/k HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nv");
  EXPECT_EQ(busy.Receive(12), "HTTP/1.1 200");  // So the PUT has arrived too, and waits for its commit.
  EXPECT_TRUE(node->Stop(seconds(10)));
  EXPECT_NE(busy.ReceiveAll().find("HTTP/1.1 201 "), std::string::npos);
  EXPECT_EQ(idle.ReceiveAll().find("HTTP/1.1"), std::string::npos) << "nothing more was asked";
}

TEST(Node, StopGivesUpOnAClientThatTakesNothing) {
  NodeOptions options = Options();
  // One answer that is larger than all that the kernel buffers for a connection.
  options.limits.max_value_bytes = 60 << 20;
  const auto node = StartNode(std::move(options));
  RawClient writer(*node);
  writer.Send("PUT /v1/kv/k HTTP/1.1\r\nHost: x\r\nContent-Length: 62914560\r\n\r\n" + std::string(60 << 20, 'v'));
  EXPECT_EQ(writer.Receive(12), "HTTP/1.1 201");
  RawClient deaf(*node);
  deaf.Send("GET /v1/kv/k HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(deaf.Receive(12), "HTTP/1.1 200");
  EXPECT_FALSE(node->Stop(milliseconds(300)));
}

TEST(Node, SaysThatThePortIsTaken) {
  const auto node = StartNode();
  NodeOptions options = Options();
  options.listen_port = node->port();
  const auto second = Node::Start(std::move(options));
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.code(), Code::kInUse);
  EXPECT_NE(second.status().message().find(std::to_string(node->port())), std::string::npos);
}

}  // namespace
}  // namespace quoin::net
