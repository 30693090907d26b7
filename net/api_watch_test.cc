// GET /v1/watch: Server-Sent Events and long polls, from the request's bytes to the source and back.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "net/event_stream_session.h"
#include "net/http_testing.h"
#include "net/watch_cursor.h"
#include "net/watch_poll.h"
#include "net/watch_testing.h"
#include "ring/partition.h"

namespace quoin::net {
namespace {

using std::chrono::milliseconds;

constexpr char kStream[] =
    "GET /v1/watch?key=a&prefix=b%2F HTTP/1.1\r\nHost: node\r\nAccept: text/event-stream\r\n\r\n";

std::string Poll(const std::string& query) { return "GET /v1/watch?" + query + " HTTP/1.1\r\nHost: node\r\n\r\n"; }

class ApiWatchTest : public testing::Test {
 protected:
  ApiHandler& Handler() {
    if (handler_ == nullptr) {
      ApiHandler::Options options = TestOptions();
      options.watches = &source_;
      options.max_watches = max_watches_;
      options.steady_now = [this] { return now_; };
      handler_ = std::make_unique<ApiHandler>(keyspace_, std::move(options));
    }
    return *handler_;
  }
  TestResponse Ask(const std::string& request) {
    TestConnection connection(Handler(), HttpLimits());
    const auto responses = ParseResponses(connection.Ask(request));
    EXPECT_TRUE(responses.has_value() && responses->size() == 1) << request;
    return responses.has_value() && !responses->empty() ? responses->front() : TestResponse();
  }
  std::string CursorAt(std::uint64_t sequence, const std::vector<quorum::WatchTarget>& targets) {
    return CursorText(EncodeCursor({*source_.joined, DigestOfTargets(targets)}, *PositionsAt(sequence)));
  }

  MemoryKeyspace keyspace_;
  FakeWatchSource source_;
  std::size_t max_watches_ = 1000;
  SteadyTime now_{std::chrono::hours(1)};
  std::unique_ptr<ApiHandler> handler_;
};

const quorum::WatchTarget kKeyA{quorum::WatchTarget::Kind::kKey, "a"};
const quorum::WatchTarget kPrefixB{quorum::WatchTarget::Kind::kPrefix, "b/"};

// The far end of an event stream, after its head.
class Stream {
 public:
  Stream(ApiHandler& handler, const std::string& request) : http_(handler, HttpLimits()) {
    head = http_.Ask(request);
    session = http_.session->TakeSuccessor(now, [this] { ++wakes; });
  }
  std::string Take() {
    std::string output;
    while (session->has_output()) {
      std::vector<std::string_view> views;
      session->CollectOutput(views, 4);
      output.append(views[0]);
      session->OnWritten(views[0].size(), now);
    }
    return output;
  }
  void Advance(milliseconds time) {
    now += time;
    if (now >= session->deadline()) session->OnTime(now);
  }

  std::string head;
  SteadyTime now{std::chrono::hours(1)};
  int wakes = 0;
  std::unique_ptr<ByteSession> session;

 private:
  TestConnection http_;
};

TEST_F(ApiWatchTest, StreamsEventsWithIdsToGoOnFrom) {
  Stream stream(Handler(), kStream);
  EXPECT_TRUE(stream.head.starts_with("HTTP/1.1 200 OK\r\n")) << stream.head;
  EXPECT_NE(stream.head.find("Content-Type: text/event-stream\r\n"), std::string::npos);
  EXPECT_NE(stream.head.find("Cache-Control: no-store\r\n"), std::string::npos);
  EXPECT_NE(stream.head.find("Connection: close\r\n"), std::string::npos);
  EXPECT_EQ(stream.head.find("Content-Length"), std::string::npos);
  ASSERT_NE(stream.session, nullptr);
  EXPECT_EQ(stream.Take(), "retry: 2000\n\n");
  ASSERT_EQ(source_.open.size(), 1u);
  EXPECT_EQ(source_.open.at(1).request.targets, (std::vector{kKeyA, kPrefixB}));
  source_.Tell(1, {PutEvent("a", 41, "two\nlines"), SyncedEvent()}, PositionsAt(41));
  EXPECT_EQ(stream.wakes, 1);
  const std::string cursor = CursorAt(41, {kKeyA, kPrefixB});
  EXPECT_EQ(stream.Take(),
            "event: put\n"
            "data: {\"kind\":\"PUT\",\"key_text\":\"a\",\"state\":{\"value_text\":\"two\\nlines\",\"content_type\":"
            "\"text/plain\",\"version\":\"1.00c0ffee00c0ffee.41\"},\"version\":\"1.00c0ffee00c0ffee.41\"}\n"
            "\n"
            "event: synced\ndata: {\"kind\":\"SYNCED\"}\nid: " +
                cursor + "\n\n");
  source_.Tell(1, {}, PositionsAt(50));
  EXPECT_EQ(stream.Take(), "id: " + CursorAt(50, {kKeyA, kPrefixB}) + "\n\n");
  // What a browser sends by itself counts before what the page said when it began.
  Stream again(Handler(),
               "GET /v1/watch?key=a&prefix=b/&cursor=old HTTP/1.1\r\nHost: node\r\nAccept: text/event-stream\r\n"
               "Last-Event-ID: " +
                   cursor + "\r\n\r\n");
  ASSERT_EQ(source_.last, 2u);
  EXPECT_EQ(source_.open.at(2).request.from, *PositionsAt(41));
}

TEST_F(ApiWatchTest, AStreamSaysSomethingWhenNothingHappens) {
  Stream stream(Handler(), kStream);
  stream.Take();
  stream.Advance(EventStreamSession::kKeepAlive - milliseconds(1));
  EXPECT_EQ(stream.Take(), "");
  stream.Advance(milliseconds(1));
  EXPECT_EQ(stream.Take(), ":\n\n");
  stream.Advance(EventStreamSession::kKeepAlive);
  EXPECT_EQ(stream.Take(), ":\n\n");
}

TEST_F(ApiWatchTest, AStreamThatNobodyReadsIsBoundedAndCutOff) {
  Stream stream(Handler(), kStream);
  source_.Tell(1, {SyncedEvent()}, PositionsAt(1));
  const std::string value(10'000, 'v');
  for (std::uint64_t sequence = 2; sequence < 5000 && !source_.open.empty(); ++sequence) {
    source_.Tell(1, {PutEvent("b/" + std::to_string(sequence), sequence, value)}, PositionsAt(sequence));
  }
  EXPECT_TRUE(source_.open.empty());
  stream.Advance(milliseconds(0));
  stream.Advance(milliseconds(74'000));
  EXPECT_FALSE(stream.session->finished());
  stream.Advance(milliseconds(1001));
  EXPECT_TRUE(stream.session->finished());
}

TEST_F(ApiWatchTest, AStreamEndsWithTheNodeTheClientAndTheWatch) {
  Stream stopping(Handler(), kStream);
  stopping.session->Drain(stopping.now);
  EXPECT_TRUE(stopping.session->finished());
  Stream gone(Handler(), kStream);
  gone.session->OnEndOfInput(gone.now);
  EXPECT_TRUE(gone.session->finished());
  gone.session.reset();
  Stream refused(Handler(), kStream);
  refused.Take();
  source_.Fail(source_.last, Status(Code::kInvalid, "no such thing"));
  const std::string text = refused.Take();
  EXPECT_TRUE(text.starts_with("event: problem\ndata: {\"type\": \"urn:quoin:problem:bad-parameter\"")) << text;
  EXPECT_TRUE(refused.session->finished());
}

TEST_F(ApiWatchTest, StreamsAreForHttp10Too) {
  Stream old(Handler(), "GET /v1/watch?key=a HTTP/1.0\r\nAccept: text/event-stream\r\n\r\n");
  EXPECT_TRUE(old.head.starts_with("HTTP/1.1 200 OK\r\n"));
  ASSERT_NE(old.session, nullptr);
  EXPECT_EQ(old.Take(), "retry: 2000\n\n");
}

TEST_F(ApiWatchTest, WhatWasAskedBeforeAStreamIsAnsweredFirst) {
  Stream stream(Handler(), std::string("GET /healthz HTTP/1.1\r\nHost: node\r\n\r\n") + kStream);
  EXPECT_LT(stream.head.find("ok"), stream.head.find("text/event-stream"));
  EXPECT_NE(stream.session, nullptr);
}

TEST_F(ApiWatchTest, RefusesWhatMakesNoSense) {
  const auto detail = [&](const std::string& query) {
    const TestResponse response = Ask(Poll(query));
    EXPECT_EQ(response.status, 400) << query;
    const std::size_t at = response.body.find("\"detail\": \"") + 11;
    return response.body.substr(at, response.body.find('"', at) - at);
  };
  EXPECT_EQ(detail(""), "a watch names 1 to 256 targets (key=, prefix=), and this one 0");
  EXPECT_EQ(detail("key="), "a key that is watched has at least 1 byte");
  EXPECT_EQ(detail("key=a&state=some"), "state is all or none");
  EXPECT_EQ(detail("key=a&wait=6m"),
            "wait is a number of seconds (20, 0.5) or a number with a unit (500ms, 20s), up to 5m");
  EXPECT_EQ(detail("key=a&wait=1s&wait=2s"), "wait is given twice");
  EXPECT_EQ(detail("keys=a"), "there is no parameter 'keys' here; there is key, prefix, cursor, state and wait");
  EXPECT_EQ(detail("key=%zz"), "the query is not percent-encoded well");
  EXPECT_NE(detail("key=a&cursor=abc").find("damaged"), std::string::npos);
  EXPECT_NE(detail("key=a&cursor=" + CursorAt(1, {kPrefixB})).find("other keys"), std::string::npos);
  EXPECT_EQ(source_.last, 0u);
}

TEST_F(ApiWatchTest, TellsInTheFormThatIsAccepted) {
  const auto head = [&](const std::string& accept) {
    TestConnection connection(Handler(), HttpLimits());
    return connection.Ask("HEAD /v1/watch?key=a HTTP/1.1\r\nHost: node\r\nAccept: " + accept + "\r\n\r\n");
  };
  const auto tells = [&](const std::string& accept, const std::string& type) {
    const std::string answer = head(accept);
    return answer.starts_with("HTTP/1.1 200 OK\r\n") && answer.ends_with("\r\n\r\n") &&
           answer.find("Content-Type: " + type + "\r\n") != std::string::npos &&
           answer.find("Content-Length") == std::string::npos;
  };
  EXPECT_TRUE(head("text/html").starts_with("HTTP/1.1 406 Not Acceptable\r\n"));
  EXPECT_TRUE(head("text/event-stream;q=0").starts_with("HTTP/1.1 406 "));
  EXPECT_TRUE(tells("text/html, */*;q=0.1", "application/json"));
  EXPECT_TRUE(tells("application/json", "application/json"));
  EXPECT_TRUE(tells("application/json, Text/Event-Stream; q=0.5", "text/event-stream"));
  EXPECT_EQ(source_.last, 0u);
}

TEST_F(ApiWatchTest, OnlySoManyWatchesAreOpen) {
  max_watches_ = 1;
  Stream stream(Handler(), kStream);
  TestResponse refused = Ask(Poll("key=a"));
  EXPECT_EQ(refused.status, 429);
  EXPECT_NE(refused.body.find("too-many-watches"), std::string::npos);
  EXPECT_EQ(Ask(kStream).status, 429);
  stream.session.reset();
  Stream next(Handler(), kStream);
  EXPECT_NE(next.session, nullptr);
}

TEST_F(ApiWatchTest, ANodeOutsideOfAClusterWatchesNothing) {
  source_.joined.reset();
  EXPECT_EQ(Ask(Poll("key=a")).status, 503);
}

// ---- Long polls ----

class PollTest : public ApiWatchTest {
 protected:
  PollTest() : connection_(Handler(), HttpLimits()) {}
  // Until the events that come soon after are gathered.
  std::string TakeBody() {
    EXPECT_EQ(connection_.Take(), "");
    now_ += WatchPoll::kGathering;
    connection_.Advance(WatchPoll::kGathering);
    return TakeBodyNow();
  }
  std::string TakeBodyNow() {
    const auto responses = ParseResponses(connection_.Take());
    EXPECT_TRUE(responses.has_value() && responses->size() == 1);
    if (!responses.has_value() || responses->empty()) return {};
    EXPECT_EQ(responses->front().status, 200);
    EXPECT_EQ(responses->front().Field("content-type"), "application/json");
    return responses->front().body;
  }

  TestConnection connection_;
};

TEST_F(PollTest, AnswersWithWhatHappensSoon) {
  EXPECT_EQ(connection_.Ask(Poll("key=a")), "");
  EXPECT_EQ(source_.open.at(1).pace, WatchSource::Pace::kAlways);
  const int wakes = connection_.wakes;
  source_.Tell(1, {PutEvent("a", 41, "1"), SyncedEvent()}, PositionsAt(41));
  EXPECT_GT(connection_.wakes, wakes);
  source_.Tell(1, {DeleteEvent("a", 42)}, PositionsAt(42));
  // The newest state of the key, at its place.
  const std::string deleted = R"({"kind":"DELETED","key_text":"a","version":"1.00c0ffee00c0ffee.42","skipped":"1"})";
  EXPECT_EQ(TakeBody(),
            R"({"events": [)" + deleted + R"(,{"kind":"SYNCED"}], "cursor": ")" + CursorAt(42, {kKeyA}) + "\"}");
  EXPECT_TRUE(source_.open.empty());
  // On the same connection, the next one.
  EXPECT_EQ(connection_.Ask(Poll("key=a&cursor=" + CursorAt(42, {kKeyA}))), "");
  EXPECT_EQ(source_.open.at(2).request.from, *PositionsAt(42));
}

// Each poll is a watch of its own in the core, which says kSynced each time.
TEST_F(PollTest, WaitsUntilSomethingHasChangedSinceTheCursor) {
  EXPECT_EQ(connection_.Ask(Poll("key=a&wait=20s&cursor=" + CursorAt(42, {kKeyA}))), "");
  source_.Tell(1, {SyncedEvent()}, PositionsAt(50));
  connection_.Advance(milliseconds(19'999));
  EXPECT_EQ(connection_.Take(), "");
  connection_.Advance(milliseconds(1));
  EXPECT_EQ(TakeBodyNow(), R"({"events": [], "cursor": ")" + CursorAt(50, {kKeyA}) + "\"}");
  EXPECT_TRUE(source_.open.empty());
}

TEST_F(PollTest, WithoutNewsTheCursorComesBack) {
  const std::string cursor = CursorAt(42, {kKeyA});
  EXPECT_EQ(connection_.Ask(Poll("key=a&wait=1s&cursor=" + cursor)), "");
  connection_.Advance(milliseconds(1000));
  EXPECT_EQ(TakeBodyNow(), R"({"events": [], "cursor": ")" + cursor + "\"}");
  EXPECT_EQ(connection_.Ask(Poll("key=a&wait=1s")), "");
  connection_.Advance(milliseconds(1000));
  EXPECT_EQ(TakeBodyNow(), R"({"events": []})");
}

TEST_F(PollTest, ALargeStateComesInSeveralAnswersOfWholePartitions) {
  EXPECT_EQ(connection_.Ask(Poll("prefix=")), "");
  const std::string value(100'000, 'v');
  std::size_t sequence = 1;
  quorum::WatchPositions positions;
  for (std::uint32_t p = 0; p < 16; ++p) {
    // Some keys of the partition, whichever they are.
    std::vector<quorum::WatchEvent> events;
    while (events.size() < 4) {
      const std::string key = "k" + std::to_string(++sequence);
      if (ring::PartitionOf(key, 16).value == p) events.push_back(PutEvent(key, sequence, value));
    }
    if (p == 15) events.push_back(SyncedEvent());
    positions[PartitionId{p}] = VersionAt(sequence);
    source_.Tell(1, std::move(events), std::make_shared<const quorum::WatchPositions>(positions));
  }
  const std::string body = TakeBody();
  EXPECT_GT(body.size(), WatchPoll::kAnswerBytes);
  EXPECT_LT(body.size(), WatchPoll::kAnswerBytes + 500'000);
  EXPECT_EQ(body.find("SYNCED"), std::string::npos);
  const std::size_t at = body.find("\"cursor\": \"") + 11;
  const std::string cursor = body.substr(at, body.size() - 2 - at);
  EXPECT_EQ(connection_.Ask(Poll("prefix=&cursor=" + cursor)), "");
  const auto from = source_.open.at(2).request.from;
  ASSERT_TRUE(from.has_value());
  EXPECT_EQ(from->size(), 3u);
  positions = *from;
  for (std::uint32_t p = 3; p < 16; ++p) positions[PartitionId{p}] = VersionAt(sequence);
  // That all of it was told comes with the last of it, even where the core says it later.
  source_.Tell(2, {}, std::make_shared<const quorum::WatchPositions>(positions));
  connection_.Advance(milliseconds(100));
  EXPECT_EQ(connection_.Take(), "");
  source_.Tell(2, {SyncedEvent()}, std::make_shared<const quorum::WatchPositions>(positions));
  EXPECT_NE(TakeBody().find(R"([{"kind":"SYNCED"}])"), std::string::npos);
}

// Found by tests/cluster:chaos_test, QUOIN_SEED=1591807843: a poll that was answered with the gap alone, because the
// state took longer than kGathering, came back for ever with a cursor that begins with a gap.
TEST_F(PollTest, AGapIsToldWithTheFirstOfTheStateThatFollows) {
  const std::string gap_first = CursorText(EncodeCursor({*source_.joined, DigestOfTargets({kKeyA})}, {}));
  EXPECT_EQ(connection_.Ask(Poll("key=a&wait=20s&cursor=" + gap_first)), "");
  EXPECT_EQ(source_.open.at(1).request.from, std::nullopt);
  connection_.Advance(milliseconds(10'000));
  EXPECT_EQ(connection_.Take(), "");
  source_.Tell(1, {PutEvent("a", 41, "1"), SyncedEvent()}, PositionsAt(41));
  const std::string body = TakeBody();
  EXPECT_NE(body.find(R"({"events": [{"kind":"GAP"},{"kind":"PUT","key_text":"a")"), std::string::npos) << body;
  EXPECT_NE(body.find(R"({"kind":"SYNCED"}], "cursor": ")" + CursorAt(41, {kKeyA})), std::string::npos) << body;
}

TEST_F(PollTest, AGapThatNothingFollowsInTimeIsToldAlone) {
  EXPECT_EQ(connection_.Ask(Poll("prefix=&wait=20s")), "");
  source_.Tell(1, {GapEvent()}, nullptr);
  connection_.Advance(milliseconds(20'000));
  const std::string gap_first =
      CursorText(EncodeCursor({*source_.joined, DigestOfTargets({{quorum::WatchTarget::Kind::kPrefix, ""}})}, {}));
  EXPECT_EQ(TakeBodyNow(), R"({"events": [{"kind":"GAP"}], "cursor": ")" + gap_first + "\"}");
}

TEST_F(PollTest, TheNodeStopsAndTheClientLeavesWithoutWaiting) {
  EXPECT_EQ(connection_.Ask(Poll("key=a&wait=5m")), "");
  connection_.session->Drain(connection_.now);
  EXPECT_EQ(TakeBodyNow(), R"({"events": []})");
  EXPECT_TRUE(connection_.session->finished());
  TestConnection half_closed(Handler(), HttpLimits());
  EXPECT_EQ(half_closed.Ask(Poll("key=a&wait=5m")), "");
  half_closed.session->OnEndOfInput(half_closed.now);
  EXPECT_NE(half_closed.Take(), "");
  EXPECT_TRUE(half_closed.session->finished());
  TestConnection gone(Handler(), HttpLimits());
  EXPECT_EQ(gone.Ask(Poll("key=a")), "");
  EXPECT_EQ(source_.open.size(), 1u);
  gone.session.reset();
  EXPECT_TRUE(source_.open.empty());
}

TEST_F(PollTest, TheCoreMayRefuse) {
  EXPECT_EQ(connection_.Ask(Poll("key=a")), "");
  source_.Fail(1, Status(Code::kUnavailable, "more than 40000 watches"));
  now_ += WatchPoll::kGathering;
  connection_.Advance(WatchPoll::kGathering);
  const auto responses = ParseResponses(connection_.Take());
  ASSERT_TRUE(responses.has_value() && responses->size() == 1);
  EXPECT_EQ(responses->front().status, 429);
}

}  // namespace
}  // namespace quoin::net
