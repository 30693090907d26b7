// Watches of a WebSocket, from the client's bytes to the source and back.
#include "net/watch_stream.h"

#include <gtest/gtest.h>

#include <string>

#include "net/http_testing.h"
#include "net/watch_testing.h"
#include "net/websocket_testing.h"

namespace quoin::net {
namespace {

using std::chrono::milliseconds;

constexpr char kWatchA[] = R"({"id":7,"watch":{"targets":[{"key_text":"a"},{"prefix_text":"b/"}]}})";

class WatchStreamTest : public testing::TestWithParam<Subprotocol> {
 protected:
  ApiHandler& Handler() {
    if (handler_ == nullptr) {
      ApiHandler::Options options = TestOptions();
      options.watches = source_given_ ? &source_ : nullptr;
      options.max_watches = max_watches_;
      handler_ = std::make_unique<ApiHandler>(keyspace_, std::move(options));
    }
    return *handler_;
  }
  TestWebSocket Open() { return TestWebSocket(Handler(), GetParam()); }
  std::string Metric(const std::string& name) {
    const std::string text = Handler().metrics().Render();
    const std::size_t at = text.find("\n" + name + " ");
    return at == std::string::npos ? ""
                                   : text.substr(at + name.size() + 2, text.find('\n', at + 1) - at - name.size() - 2);
  }

  MemoryKeyspace keyspace_;
  FakeWatchSource source_;
  bool source_given_ = true;
  std::size_t max_watches_ = 1000;
  std::unique_ptr<ApiHandler> handler_;
};

INSTANTIATE_TEST_SUITE_P(Subprotocols, WatchStreamTest, testing::Values(Subprotocol::kProtobuf, Subprotocol::kJson),
                         [](const auto& info) { return info.param == Subprotocol::kJson ? "Json" : "Protobuf"; });

std::string KeyOf(const v1::Event& event) { return event.has_key() ? event.key() : event.key_text(); }

TEST_P(WatchStreamTest, TellsStateAndChangesWithACursorToGoOnFrom) {
  TestWebSocket socket = Open();
  socket.SendJson(kWatchA);
  EXPECT_TRUE(socket.TakeFrames().empty());
  ASSERT_EQ(source_.open.size(), 1u);
  const quorum::WatchRequest& request = source_.open.at(1).request;
  ASSERT_EQ(request.targets.size(), 2u);
  EXPECT_EQ(request.targets[1], (quorum::WatchTarget{quorum::WatchTarget::Kind::kPrefix, "b/"}));
  EXPECT_TRUE(request.state);
  EXPECT_FALSE(request.from.has_value());

  const int wakes = socket.wakes;
  source_.Tell(1, {PutEvent("a", 41, "value"), SyncedEvent()}, PositionsAt(41));
  EXPECT_GT(socket.wakes, wakes);
  auto frames = socket.TakeFrames();
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].id(), 7u);
  const v1::Events events = frames[0].events();
  ASSERT_EQ(events.events_size(), 2);
  EXPECT_EQ(events.events(0).kind(), v1::Event::PUT);
  EXPECT_EQ(KeyOf(events.events(0)), "a");
  EXPECT_EQ(events.events(0).version(), "1.00c0ffee00c0ffee.41");
  EXPECT_EQ(events.events(0).state().version(), "1.00c0ffee00c0ffee.41");
  EXPECT_EQ(events.events(0).state().content_type(), "text/plain");
  EXPECT_EQ(GetParam() == Subprotocol::kJson ? events.events(0).state().value_text() : events.events(0).state().value(),
            "value");
  EXPECT_EQ(events.events(1).kind(), v1::Event::SYNCED);

  source_.Tell(1, {DeleteEvent("b/\xff", 42)}, nullptr);
  frames = socket.TakeFrames();
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].events().events(0).kind(), v1::Event::DELETED);
  EXPECT_EQ(frames[0].events().events(0).key(), "b/\xff");
  EXPECT_TRUE(frames[0].events().cursor().empty());

  v1::ClientFrame again = FrameOf(kWatchA);
  again.set_id(8);
  again.mutable_watch()->set_cursor(events.cursor());
  socket.Send(again);
  ASSERT_EQ(source_.last, 2u);
  EXPECT_EQ(source_.open.at(2).request.from, *PositionsAt(41));
  EXPECT_EQ(Metric("quoin_watches"), "2");
  EXPECT_EQ(Metric("quoin_watch_events_total"), "3");
}

TEST_P(WatchStreamTest, EventsOfOneTickLeaveTogether) {
  TestWebSocket socket = Open();
  socket.SendJson(kWatchA);
  socket.SendJson(R"({"id":8,"watch":{"targets":[{"key_text":"a"}]}})");
  source_.Tell(1, {PutEvent("a", 41, "x")});
  source_.Tell(2, {SyncedEvent(), PutEvent("a", 41, "x")}, PositionsAt(41));
  source_.Tell(1, {SyncedEvent()}, PositionsAt(41));
  std::vector<std::string_view> views;
  socket.session->CollectOutput(views, 64);
  EXPECT_EQ(views.size(), 1u);
  EXPECT_EQ(socket.TakeFrames().size(), 2u);
}

TEST_P(WatchStreamTest, UnwatchEndsIt) {
  TestWebSocket socket = Open();
  socket.SendJson(kWatchA);
  source_.Tell(1, {SyncedEvent()}, PositionsAt(1));
  EXPECT_EQ(socket.TakeFrames().size(), 1u);
  EXPECT_EQ(socket.AskJson(R"({"id":8,"unwatch":{"watch":7}})").result().outcome(), v1::DONE);
  EXPECT_TRUE(source_.open.empty());
  EXPECT_EQ(socket.AskJson(R"({"id":8,"unwatch":{"watch":7}})").result().outcome(), v1::ABSENT);
  EXPECT_EQ(Metric("quoin_watches"), "0");
  // Its id may be used again.
  socket.SendJson(kWatchA);
  EXPECT_EQ(source_.open.size(), 1u);
}

TEST_P(WatchStreamTest, AnIdIsInUseAsLongAsItsWatch) {
  TestWebSocket socket = Open();
  socket.SendJson(kWatchA);
  EXPECT_FALSE(socket.session->finished());
  socket.SendJson(R"({"id":7,"operation":{"key_text":"a","get":{}}})");
  EXPECT_EQ(socket.TakeClose().text, "the id 7 is in use");
  EXPECT_TRUE(source_.open.empty());
}

TEST_P(WatchStreamTest, RefusesWhatMakesNoSense) {
  TestWebSocket socket = Open();
  const auto problem = [&](const std::string& watch) {
    return socket.AskJson(R"({"id":1,"watch":)" + watch + "}").result().problem();
  };
  EXPECT_EQ(problem("{}").detail(), "a watch has 1 to 256 targets, and this one has 0");
  EXPECT_EQ(problem(R"({"targets":[{}]})").detail(), "a target is one of key, key_text, prefix and prefix_text");
  EXPECT_EQ(problem(R"({"targets":[{"key_text":""}]})").detail(), "a key that is watched has at least 1 byte");
  const std::string longest(4097, 'k');
  EXPECT_EQ(problem(R"({"targets":[{"prefix_text":")" + longest + R"("}]})").detail(),
            "a prefix that is watched has at most 4096 bytes");
  EXPECT_EQ(problem(R"({"targets":[{"key_text":"a"}],"cursor":"AAAA"})").type(), "bad-body");
  const std::string cursor =
      EncodeCursor({*source_.joined, DigestOfTargets({{quorum::WatchTarget::Kind::kKey, "b"}})}, {});
  v1::ClientFrame frame = FrameOf(R"({"id":1,"watch":{"targets":[{"key_text":"a"}]}})");
  frame.mutable_watch()->set_cursor(cursor);
  EXPECT_EQ(socket.Ask(frame).result().problem().detail(),
            "the cursor is of a watch of other keys or prefixes: it is good for the same ones only");
  source_.joined.reset();
  EXPECT_EQ(problem(R"({"targets":[{"key_text":"a"}]})").type(), "not-joined");
  EXPECT_EQ(source_.last, 0u);
}

TEST_P(WatchStreamTest, ANodeWithoutWatchesSaysSo) {
  source_given_ = false;
  TestWebSocket socket = Open();
  EXPECT_EQ(socket.AskJson(kWatchA).result().problem().type(), "not-joined");
}

TEST_P(WatchStreamTest, WatchesAreLimitedPerConnectionAndPerNode) {
  max_watches_ = WatchStream::kMaxWatches + 1;
  TestWebSocket socket = Open();
  const auto watch = [](std::size_t id) {
    return R"({"id":)" + std::to_string(id) + R"(,"watch":{"targets":[{"key_text":"a"}]}})";
  };
  for (std::size_t id = 1; id <= WatchStream::kMaxWatches; ++id) socket.SendJson(watch(id));
  EXPECT_TRUE(socket.TakeFrames().empty());
  const v1::Problem of_connection = socket.AskJson(watch(1000)).result().problem();
  EXPECT_EQ(of_connection.type(), "too-many-watches");
  EXPECT_EQ(of_connection.limit(), "");
  TestWebSocket other = Open();
  other.SendJson(watch(1));
  EXPECT_TRUE(other.TakeFrames().empty());
  const v1::Problem of_node = other.AskJson(watch(2)).result().problem();
  EXPECT_EQ(of_node.type(), "too-many-watches");
  EXPECT_EQ(of_node.limit(), "max_watches");
  EXPECT_EQ(of_node.status(), 429u);
}

TEST_P(WatchStreamTest, WithoutCreditTheNewestWaits) {
  TestWebSocket socket = Open();
  socket.SendJson(kWatchA);
  socket.SendJson(R"({"credit":{"bytes":"1"}})");
  source_.Tell(1, {SyncedEvent()}, PositionsAt(1));
  EXPECT_EQ(socket.TakeFrames().size(), 1u);  // The last one may be larger than what was left.
  for (std::uint64_t sequence = 2; sequence < 12; ++sequence) source_.Tell(1, {PutEvent("a", sequence, "x")});
  EXPECT_TRUE(socket.TakeFrames().empty());
  socket.SendJson(R"({"credit":{"bytes":"1000"}})");
  const auto frames = socket.TakeFrames();
  ASSERT_EQ(frames.size(), 1u);
  ASSERT_EQ(frames[0].events().events_size(), 1);
  EXPECT_EQ(frames[0].events().events(0).version(), "1.00c0ffee00c0ffee.11");
  EXPECT_EQ(frames[0].events().events(0).skipped(), 9u);
  EXPECT_EQ(Metric("quoin_watch_conflated_total"), "9");
}

TEST_P(WatchStreamTest, AClientWithoutCreditForLongIsCutOff) {
  TestWebSocket socket = Open();
  socket.SendJson(kWatchA);
  socket.SendJson(R"({"credit":{"bytes":"1"}})");
  source_.Tell(1, {SyncedEvent()}, PositionsAt(1));
  EXPECT_EQ(socket.TakeFrames().size(), 1u);
  const auto pong = [&] {
    EXPECT_TRUE(socket.SendRaw(ClientBytes(Opcode::kPong, "")));
    socket.Take();
  };
  // However long nothing waited.
  for (int i = 0; i < 10; ++i) {
    socket.Advance(milliseconds(15'000));
    pong();
  }
  source_.Tell(1, {PutEvent("a", 2, "x")});
  for (int i = 0; i < 4; ++i) {
    socket.Advance(milliseconds(0));
    socket.Advance(milliseconds(15'000));
    pong();
    ASSERT_FALSE(socket.session->finished()) << i;
  }
  socket.Advance(milliseconds(16'000));
  EXPECT_EQ(socket.TakeClose().text, "no credit was given within --idle_timeout, and answers wait for it");
  EXPECT_TRUE(source_.open.empty());
}

TEST_P(WatchStreamTest, AClientThatNeverReadsCostsBoundedMemoryAndIsCutOff) {
  TestWebSocket socket = Open();
  socket.SendJson(R"({"id":1,"watch":{"targets":[{"prefix_text":""}]}})");
  source_.Tell(1, {SyncedEvent()}, PositionsAt(1));
  const std::string value(10'000, 'v');
  for (std::uint64_t sequence = 2; sequence < 5000 && !source_.open.empty(); ++sequence) {
    source_.Tell(1, {PutEvent("k" + std::to_string(sequence), sequence, value)}, PositionsAt(sequence));
  }
  // Everything was dropped, and the core needn't tell it for nobody.
  EXPECT_TRUE(source_.open.empty());
  EXPECT_EQ(Metric("quoin_watch_waiting_bytes"), "0");
  socket.Advance(milliseconds(75'001));
  // What was put out before is there to be read, up to the close.
  EXPECT_EQ(socket.TakeClose().text, "answers were not taken within --idle_timeout");
}

TEST_P(WatchStreamTest, ASlowClientGoesOnFromWhatItHasTaken) {
  TestWebSocket socket = Open();
  socket.SendJson(R"({"id":1,"watch":{"targets":[{"prefix_text":""}]}})");
  source_.Tell(1, {SyncedEvent()}, PositionsAt(1));
  EXPECT_EQ(socket.TakeFrames().size(), 1u);
  const std::string value(10'000, 'v');
  std::uint64_t sequence = 2;
  for (; !source_.open.empty(); ++sequence) {
    source_.Tell(1, {PutEvent("k" + std::to_string(sequence), sequence, value)}, PositionsAt(sequence));
  }
  std::uint64_t told = 1;
  for (const v1::ServerFrame& frame : socket.TakeFrames())
    told += static_cast<std::uint64_t>(frame.events().events_size());
  ASSERT_EQ(source_.last, 2u);
  EXPECT_EQ(source_.open.at(2).request.from, *PositionsAt(told));
  source_.Tell(2, {PutEvent("k" + std::to_string(told + 1), told + 1, value), SyncedEvent()}, PositionsAt(sequence));
  const auto frames = socket.TakeFrames();
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].events().events_size(), 1);
  EXPECT_EQ(Metric("quoin_watch_restarts_total"), "1");
}

TEST_P(WatchStreamTest, TheCoreMayEndIt) {
  TestWebSocket socket = Open();
  socket.SendJson(kWatchA);
  source_.Fail(1, Status(Code::kUnavailable, "more than 40000 watches"));
  auto frames = socket.TakeFrames();
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].id(), 7u);
  EXPECT_EQ(frames[0].result().problem().type(), "too-many-watches");
  socket.SendJson(kWatchA);
  EXPECT_EQ(source_.open.size(), 1u);
}

TEST_P(WatchStreamTest, StoppingClosesWatchesAndBeginsNone) {
  TestWebSocket socket = Open();
  socket.SendJson(kWatchA);
  keyspace_.hold = true;
  socket.SendJson(R"({"id":1,"operation":{"key_text":"a","get":{}}})");
  socket.session->Drain(socket.now);
  socket.SendJson(R"({"id":8,"watch":{"targets":[{"key_text":"a"}]}})");
  const auto frames = socket.TakeFrames();
  ASSERT_EQ(frames.size(), 1u);
  EXPECT_EQ(frames[0].result().problem().type(), "stopping");
  keyspace_.ReleaseAll();
  EXPECT_EQ(socket.TakeClose().code, CloseCode::kGoingAway);
  EXPECT_TRUE(source_.open.empty());
}

TEST_P(WatchStreamTest, EndsWithTheConnection) {
  {
    TestWebSocket socket = Open();
    socket.SendJson(kWatchA);
    EXPECT_EQ(source_.open.size(), 1u);
  }
  EXPECT_TRUE(source_.open.empty());
  EXPECT_EQ(Metric("quoin_watches"), "0");
}

}  // namespace
}  // namespace quoin::net
