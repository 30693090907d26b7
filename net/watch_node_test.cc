// Watches of a whole node in this process, over real sockets: WebSocket, Server-Sent Events and long polls.
#include <gtest/gtest.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/streambuf.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <deque>
#include <istream>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "net/websocket_client_testing.h"

namespace quoin::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using std::chrono::milliseconds;
using std::chrono::seconds;

// One that clears expired keys away soon.
std::unique_ptr<Node> StartWatchedNode() {
  NodeOptions options = MemoryNodeOptions();
  options.sweep_interval = milliseconds(50);
  return StartNode(std::move(options));
}

std::string KeyOf(const v1::Event& event) { return event.has_key() ? event.key() : event.key_text(); }

// "put k=v", "deleted k", "synced"
std::string Text(const v1::Event& event) {
  switch (event.kind()) {
    case v1::Event::PUT:
      return "put " + KeyOf(event) + "=" +
             (event.state().has_value() ? event.state().value() : event.state().value_text());
    case v1::Event::DELETED:
      return "deleted " + KeyOf(event);
    case v1::Event::EXPIRED:
      return "expired " + KeyOf(event);
    case v1::Event::GAP:
      return "gap " + KeyOf(event);
    case v1::Event::SYNCED:
      return "synced";
    default:
      return "?";
  }
}

class Client : public BeastClient {
 public:
  explicit Client(const Node& node, Subprotocol subprotocol = Subprotocol::kProtobuf) : BeastClient(node, subprotocol) {
    CHECK(!error) << error.message();
  }
  v1::ServerFrame Receive() {
    v1::ServerFrame frame = BeastClient::Receive();
    CHECK(!error) << error.message();
    return frame;
  }
  // Writes; the answer is the next frame, as this client watches nothing.
  void Do(const std::string& operation) {
    SendJson(R"({"id":1,"operation":)" + operation + "}");
    const v1::ServerFrame answer = Receive();
    EXPECT_EQ(answer.result().outcome(), v1::DONE) << operation;
  }
  void Put(const std::string& key, const std::string& value) {
    Do(R"({"key_text":")" + key + R"(","put":{"value_text":")" + value + R"("}})");
  }
  // The next event of whichever watch.
  v1::Event Next() {
    while (events_.empty()) {
      const v1::ServerFrame frame = Receive();
      CHECK(frame.has_events()) << frame.ShortDebugString();
      for (const v1::Event& event : frame.events().events()) events_.push_back(event);
      if (!frame.events().cursor().empty()) cursor = frame.events().cursor();
    }
    v1::Event event = events_.front();
    events_.pop_front();
    return event;
  }
  std::string NextText() { return Text(Next()); }

  std::string cursor;  // The latest.

 private:
  std::deque<v1::Event> events_;
};

class WatchNodeTest : public testing::TestWithParam<Subprotocol> {};

INSTANTIATE_TEST_SUITE_P(Subprotocols, WatchNodeTest, testing::Values(Subprotocol::kProtobuf, Subprotocol::kJson),
                         [](const auto& info) { return info.param == Subprotocol::kJson ? "Json" : "Protobuf"; });

TEST_P(WatchNodeTest, TellsOfEveryChange) {
  const auto node = StartWatchedNode();
  Client writer(*node), watcher(*node, GetParam());
  writer.Put("room/1", "before");
  watcher.SendJson(R"({"id":7,"watch":{"targets":[{"prefix_text":"room/"},{"key_text":"title"}]}})");
  EXPECT_EQ(watcher.NextText(), "put room/1=before");
  EXPECT_EQ(watcher.NextText(), "synced");
  writer.Put("title", "1");
  EXPECT_EQ(watcher.NextText(), "put title=1");
  writer.Put("elsewhere", "1");
  writer.Put("room/2", "2");
  EXPECT_EQ(watcher.NextText(), "put room/2=2");
  writer.Do(R"({"key_text":"room/1","delete":{}})");
  EXPECT_EQ(watcher.NextText(), "deleted room/1");
  writer.Do(R"({"key_text":"title","put":{"value_text":"short","ttl_ms":"30"}})");
  EXPECT_EQ(watcher.NextText(), "put title=short");
  // By the leader's sweep: nobody asks for the key.
  EXPECT_EQ(watcher.NextText(), "expired title");
}

TEST_P(WatchNodeTest, GoesOnFromACursorOnAnotherConnection) {
  const auto node = StartWatchedNode();
  Client writer(*node);
  std::string cursor;
  {
    Client first(*node, GetParam());
    first.SendJson(R"({"id":1,"watch":{"targets":[{"key_text":"a"},{"key_text":"b"}]}})");
    EXPECT_EQ(first.NextText(), "synced");
    writer.Put("a", "1");
    EXPECT_EQ(first.NextText(), "put a=1");
    cursor = first.cursor;
  }
  writer.Put("b", "2");
  writer.Do(R"({"key_text":"a","delete":{}})");
  Client second(*node, GetParam());
  v1::ClientFrame watch = FrameOf(R"({"id":1,"watch":{"targets":[{"key_text":"b"},{"key_text":"a"}]}})");
  watch.mutable_watch()->set_cursor(cursor);
  second.Send(watch);
  std::set<std::string> told;
  for (std::string text = second.NextText(); text != "synced"; text = second.NextText()) told.insert(text);
  // On a slow machine the first comparison may have come behind the delete, and purged it: then the state is told anew.
  const std::set<std::string> changes{"put b=2", "deleted a"}, state{"gap ", "put b=2"};
  EXPECT_TRUE(told == changes || told == state) << testing::PrintToString(told);
}

TEST_P(WatchNodeTest, UnwatchEndsItAndTheConnectionGoesOn) {
  const auto node = StartWatchedNode();
  Client client(*node, GetParam());
  client.SendJson(R"({"id":7,"watch":{"targets":[{"key_text":"a"}],"state":"NONE"}})");
  EXPECT_EQ(client.NextText(), "synced");
  client.SendJson(R"({"id":8,"unwatch":{"watch":7}})");
  EXPECT_EQ(client.Receive().result().outcome(), v1::DONE);
  client.Put("a", "1");
  client.Put("a", "2");
}

TEST_P(WatchNodeTest, ASlowReaderGetsTheNewest) {
  const auto node = StartWatchedNode();
  Client writer(*node), watcher(*node, GetParam());
  watcher.SendJson(R"({"id":7,"watch":{"targets":[{"key_text":"a"}]}})");
  EXPECT_EQ(watcher.NextText(), "synced");
  watcher.SendJson(R"({"credit":{"bytes":"1"}})");
  for (int i = 0; i < 200; ++i) writer.Put("a", std::to_string(i));
  // The first one uses the credit up; the last one is told once there is more, and stands for those between.
  watcher.SendJson(R"({"credit":{"bytes":"1000000"}})");
  std::uint64_t told = 0;
  std::string text;
  for (; text != "put a=199"; ++told) {
    const v1::Event event = watcher.Next();
    text = Text(event);
    told += event.skipped();
  }
  EXPECT_EQ(told, 200u);
}

TEST(WatchNode, AThousandWatchesOfOneKey) {
  const auto node = StartWatchedNode();
  Client writer(*node);
  std::vector<std::unique_ptr<Client>> watchers;
  for (int i = 0; i < 4; ++i) {
    watchers.push_back(std::make_unique<Client>(*node));
    for (int id = 1; id <= 250; ++id) {
      watchers.back()->SendJson(R"({"id":)" + std::to_string(id) + R"(,"watch":{"targets":[{"key_text":"a"}]}})");
    }
    for (int id = 1; id <= 250; ++id) EXPECT_EQ(watchers.back()->NextText(), "synced");
  }
  writer.Put("a", "1");
  for (const auto& watcher : watchers) {
    for (int id = 1; id <= 250; ++id) EXPECT_EQ(watcher->NextText(), "put a=1");
  }
}

// A connection for HTTP, that blocks.
class Http {
 public:
  explicit Http(const Node& node) : socket_(context_) {
    socket_.connect({asio::ip::make_address("127.0.0.1"), node.port()});
  }
  void Send(const std::string& request) { asio::write(socket_, asio::buffer(request)); }
  // Up to and with the mark; empty at the end of the connection.
  std::string ReadTo(const std::string& mark) {
    error_code error;
    const std::size_t count = asio::read_until(socket_, buffer_, mark, error);
    if (error) return {};
    std::string text(count, '\0');
    std::istream(&buffer_).read(text.data(), static_cast<std::streamsize>(count));
    return text;
  }

 private:
  asio::io_context context_;
  tcp::socket socket_;
  asio::streambuf buffer_;
};

TEST(WatchNode, EventStreams) {
  const auto node = StartWatchedNode();
  Client writer(*node);
  writer.Put("a", "1");
  Http stream(*node);
  stream.Send("GET /v1/watch?key=a HTTP/1.1\r\nHost: n\r\nAccept: text/event-stream\r\n\r\n");
  EXPECT_TRUE(stream.ReadTo("\r\n\r\n").starts_with("HTTP/1.1 200 OK\r\n"));
  EXPECT_EQ(stream.ReadTo("\n\n"), "retry: 2000\n\n");
  EXPECT_TRUE(stream.ReadTo("\n\n").starts_with("event: put\ndata: {"));
  const std::string synced = stream.ReadTo("\n\n");
  ASSERT_TRUE(synced.starts_with("event: synced\n")) << synced;
  const std::size_t at = synced.find("\nid: ") + 5;
  const std::string id = synced.substr(at, synced.find('\n', at) - at);
  writer.Put("a", "2");
  EXPECT_NE(stream.ReadTo("\n\n").find(R"("value_text":"2")"), std::string::npos);
  Http again(*node);
  again.Send("GET /v1/watch?key=a HTTP/1.1\r\nHost: n\r\nAccept: text/event-stream\r\nLast-Event-ID: " + id +
             "\r\n\r\n");
  again.ReadTo("retry: 2000\n\n");
  EXPECT_NE(again.ReadTo("\n\n").find(R"("value_text":"2")"), std::string::npos);
  EXPECT_TRUE(node->Stop(seconds(10)));
  // The end of the answer, after what may have been told meanwhile.
  while (!stream.ReadTo("\n\n").empty()) {
  }
}

TEST(WatchNode, LongPolls) {
  const auto node = StartWatchedNode();
  Client writer(*node);
  writer.Put("a", "1");
  Http http(*node);
  const auto poll = [&](const std::string& query) {
    http.Send("GET /v1/watch?key=a" + query + " HTTP/1.1\r\nHost: n\r\n\r\n");
  };
  poll("");
  EXPECT_TRUE(http.ReadTo("\r\n\r\n").starts_with("HTTP/1.1 200 OK\r\n"));
  const std::string first = http.ReadTo("\"}");
  EXPECT_NE(first.find(R"("value_text":"1")"), std::string::npos) << first;
  std::string rest = first;
  while (rest.find("\"cursor\": \"") == std::string::npos) rest = http.ReadTo("\"}");
  const std::size_t at = rest.find("\"cursor\": \"") + 11;
  const std::string cursor = rest.substr(at, rest.size() - 2 - at);
  poll("&wait=20s&cursor=" + cursor);
  writer.Put("a", "2");
  EXPECT_TRUE(http.ReadTo("\r\n\r\n").starts_with("HTTP/1.1 200 OK\r\n"));
  EXPECT_NE(http.ReadTo("\"}").find(R"("value_text":"2")"), std::string::npos);
}

}  // namespace
}  // namespace quoin::net
