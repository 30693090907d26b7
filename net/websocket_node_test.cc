// WebSockets against a whole node in this process, over real sockets, with Boost.Beast's client on the other end: the
// two must agree on what the RFC says.
#include <gtest/gtest.h>

#include <boost/beast/http/field.hpp>
#include <boost/beast/websocket/error.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <chrono>
#include <map>
#include <string>
#include <thread>
#include <utility>

#include "net/websocket_client_testing.h"

namespace quoin::net {
namespace {

namespace beast = boost::beast;
namespace websocket = boost::beast::websocket;
using std::chrono::milliseconds;
using std::chrono::seconds;

class WebSocketNodeTest : public testing::TestWithParam<Subprotocol> {};

INSTANTIATE_TEST_SUITE_P(Subprotocols, WebSocketNodeTest, testing::Values(Subprotocol::kProtobuf, Subprotocol::kJson),
                         [](const auto& info) { return info.param == Subprotocol::kJson ? "Json" : "Protobuf"; });

TEST_P(WebSocketNodeTest, DoesEveryOperation) {
  const auto node = StartNode();
  BeastClient client(*node, GetParam());
  ASSERT_FALSE(client.error) << client.error.message();
  EXPECT_EQ(client.response[beast::http::field::sec_websocket_protocol], SubprotocolName(GetParam()));
  EXPECT_EQ(client.hello.node(), node->id().ToString());
  int id = 0;
  const auto outcome = [&](const std::string& operation) {
    const v1::ServerFrame answer =
        client.AskJson(R"({"id":)" + std::to_string(++id) + R"(,"operation":)" + operation + "}");
    EXPECT_EQ(answer.id(), static_cast<unsigned>(id));
    return answer.result().outcome();
  };
  EXPECT_EQ(outcome(R"({"key_text":"k","get":{}})"), v1::ABSENT);
  EXPECT_EQ(outcome(R"({"key_text":"k","put":{"value_text":"1"}})"), v1::DONE);
  EXPECT_EQ(outcome(R"({"key_text":"k","get":{}})"), v1::DONE);
  EXPECT_EQ(outcome(R"({"key_text":"k","increment":{"by":"41"}})"), v1::DONE);
  EXPECT_EQ(outcome(R"({"key_text":"k","append":{"value_text":"!"}})"), v1::DONE);
  EXPECT_EQ(outcome(R"({"key_text":"k","increment":{}})"), v1::REJECTED);
  EXPECT_EQ(outcome(R"({"key_text":"k","put":{"value_text":"x"},"conditions":[{"value_is_text":"42"}]})"),
            v1::CONDITION_FAILED);
  EXPECT_EQ(outcome(R"({"key_text":"k","set_deadline":{"ttl_ms":"60000"}})"), v1::DONE);
  EXPECT_EQ(outcome(R"({"key_text":"k","swap":{"value_text":"x"},"conditions":[{"value_is_text":"42!"}]})"), v1::DONE);
  EXPECT_EQ(client.AskJson(R"({"id":1,"scan":{}})").page().entries_size(), 1);
  EXPECT_EQ(client.AskJson(R"({"id":1,"batch":{"operations":[{"key_text":"k","delete":{}}]}})").batch().results_size(),
            1);
  client.socket().close(websocket::close_reason(websocket::close_code::normal), client.error);
  EXPECT_FALSE(client.error) << client.error.message();
  EXPECT_TRUE(node->Stop(seconds(10)));
}

TEST_P(WebSocketNodeTest, AnswersAThousandInFlight) {
  const auto node = StartNode();
  BeastClient client(*node, GetParam());
  for (int id = 1; id <= 1000; ++id) {
    client.SendJson(R"({"id":)" + std::to_string(id) + R"(,"operation":{"key_text":"k)" + std::to_string(id % 17) +
                    R"(","increment":{}}})");
  }
  std::map<unsigned, int> answers;
  for (int i = 0; i < 1000; ++i) {
    const v1::ServerFrame frame = client.Receive();
    ASSERT_FALSE(client.error) << client.error.message();
    EXPECT_EQ(frame.result().outcome(), v1::DONE);
    ++answers[frame.id()];
  }
  EXPECT_EQ(answers.size(), 1000u);
}

TEST_P(WebSocketNodeTest, CarriesLargeValuesInFragments) {
  const auto node = StartNode();
  BeastClient client(*node, GetParam());
  client.socket().auto_fragment(true);
  client.socket().write_buffer_bytes(1000);
  client.socket().read_message_max(4 << 20);
  const std::string value(1 << 20, 'v');
  EXPECT_EQ(client.AskJson(R"({"id":1,"operation":{"key_text":"k","put":{"value_text":")" + value + "\"}}}")
                .result()
                .outcome(),
            v1::DONE);
  const v1::State state = client.AskJson(R"({"id":2,"operation":{"key_text":"k","get":{}}})").result().state();
  EXPECT_TRUE((GetParam() == Subprotocol::kJson ? state.value_text() : state.value()) == value);
}

TEST_P(WebSocketNodeTest, StopAnswersWhatIsUnderWayAndGoesAway) {
  for (milliseconds delay{200};; delay *= 5) {
    NodeOptions options = MemoryNodeOptions();
    options.commit_delay = delay;
    const auto node = StartNode(std::move(options));
    BeastClient idle(*node, GetParam());
    BeastClient busy(*node, GetParam());
    // From now on the leader knows the other key, and needs no look at the disk for it.
    EXPECT_EQ(busy.AskJson(R"({"id":1,"operation":{"key_text":"other","get":{}}})").result().outcome(), v1::ABSENT);
    // A read behind the write is answered first, so the write has arrived.
    busy.SendJson(R"({"id":2,"operation":{"key_text":"k","put":{"value_text":"v"}}})");
    const std::uint64_t first = busy.AskJson(R"({"id":3,"operation":{"key_text":"other","get":{}}})").id();
    if (first != 3u && delay < seconds(5)) continue;  // A busy machine: sending it took longer than the commit.
    EXPECT_EQ(first, 3u);
    std::thread stopping([&] { EXPECT_TRUE(node->Stop(seconds(30))); });
    const v1::ServerFrame answer = busy.Receive();
    EXPECT_EQ(answer.id(), 2u);
    EXPECT_EQ(answer.result().outcome(), v1::DONE);
    for (BeastClient* client : {&busy, &idle}) {
      client->Receive();
      EXPECT_EQ(client->error, websocket::error::closed);
      EXPECT_EQ(client->socket().reason().code, websocket::close_code::going_away);
    }
    return stopping.join();
  }
}

TEST(WebSocketNode, PingsAndIsPinged) {
  NodeOptions options = MemoryNodeOptions();
  options.ping_interval = milliseconds(50);
  const auto node = StartNode(std::move(options));
  BeastClient client(*node, Subprotocol::kJson);
  int pings = 0, pongs = 0;
  client.socket().control_callback([&](websocket::frame_type kind, beast::string_view payload) {
    pings += kind == websocket::frame_type::ping ? 1 : 0;
    pongs += kind == websocket::frame_type::pong && payload == "hello" ? 1 : 0;
    // So that the read below comes to an end.
    if (pings == 3) client.SendJson(R"({"id":1,"operation":{"key_text":"k","get":{}}})");
  });
  client.socket().ping("hello");
  EXPECT_EQ(client.Receive().id(), 1u);
  EXPECT_GE(pings, 3);
  EXPECT_EQ(pongs, 1);
}

TEST(WebSocketNode, TellsAClientThatNeverReadsWhyItWasCutOff) {
  NodeOptions options = MemoryNodeOptions();
  options.limits.idle_timeout = milliseconds(300);
  options.max_websocket_requests = 100'000;
  const auto node = StartNode(std::move(options));
  BeastClient writer(*node, Subprotocol::kProtobuf);
  v1::ClientFrame put = FrameOf(R"({"id":1,"operation":{"key_text":"k","put":{}}})");
  put.mutable_operation()->mutable_put()->set_value(std::string(1 << 20, 'v'));
  writer.Send(put);
  EXPECT_EQ(writer.Receive().result().outcome(), v1::DONE);
  constexpr int kGets = 59;  // Together more than the kernel buffers for a connection.
  BeastClient witness(*node, Subprotocol::kProtobuf);
  witness.socket().control_callback([](websocket::frame_type, beast::string_view) {});
  bool told = false;
  // On a busy machine the node may not have given up yet, or it was so long ago that it lingers no more.
  for (int round = 0; round < 20 && !told; ++round) {
    BeastClient client(*node, Subprotocol::kProtobuf);
    client.socket().read_message_max(4 << 20);
    for (int id = 2; id < 2 + kGets; ++id) {
      client.SendJson(R"({"id":)" + std::to_string(id) + R"(,"operation":{"key_text":"k","get":{}}})");
    }
    // Until the node gives up, and not longer than it lingers for. Another connection is served meanwhile.
    const auto until = std::chrono::steady_clock::now() + milliseconds(1200);
    for (int id = 1; std::chrono::steady_clock::now() < until; ++id) {
      witness.SendJson(R"({"id":)" + std::to_string(id) + R"(,"operation":{"key_text":"k2","get":{}}})");
      EXPECT_EQ(witness.Receive().result().outcome(), v1::ABSENT);
    }
    for (int got = 0; got < kGets && !client.error; ++got) client.Receive();
    told = client.error == websocket::error::closed;
    if (told) {
      EXPECT_EQ(client.socket().reason().code, websocket::close_code::policy_error);
    }
  }
  EXPECT_TRUE(told);
}

TEST(WebSocketNode, RefusesAnUnknownSubprotocol) {
  const auto node = StartNode();
  BeastClient client(*node, Subprotocol::kJson, "chat");
  EXPECT_EQ(client.error, websocket::error::upgrade_declined);
  EXPECT_EQ(client.response.result_int(), 400u);
}

}  // namespace
}  // namespace quoin::net
