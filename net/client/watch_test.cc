// Watches against scripted nodes, on the test's own thread: events, lost connections, credit, refusals, ends.
#include "net/client/watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/client/client.h"
#include "net/client/client_testing.h"
#include "net/client/watched_node.h"
#include "net/scripted_server.h"

namespace quoin::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class WatchTest : public testing::Test {
 protected:
  std::unique_ptr<Client> NewClient(Options options = {}) {
    if (options.servers.empty()) options.servers = {node_->address()};
    auto client = Client::Create(context_.get_executor(), client::Patient(std::move(options)));
    CHECK(client.ok()) << client.status();
    return *std::move(client);
  }
  WatchOptions Patient() {
    WatchOptions options;
    options.ping_interval = seconds(10);  // The machine may be busy.
    options.on_connection = [this](bool connected, const std::string& text) {
      connections_.push_back(connected ? "up" : "down: " + text);
    };
    return options;
  }
  std::string Next(WatchStream& watch) {
    const auto event = RunToEnd(context_, watch.Next());
    return event ? LineOf(*event) : "end";
  }
  void AwaitWatch(WatchedNode& node, std::size_t count = 1) {
    RunUntil(context_, [&] { return node.watches.size() >= count; });
  }
  // Runs what is ready now.
  void Settle() {
    context_.restart();
    while (context_.poll() > 0) {
    }
  }

  boost::asio::io_context context_;
  WatchedNode node_{context_, 1};
  WatchedNode other_{context_, 2};
  std::vector<std::string> connections_;
  const std::unique_ptr<Client> client_ = NewClient();
};

TEST_F(WatchTest, TellsEventsInOrderAndTheCursorOfWhatWasTaken) {
  WatchStream watch = client_->Watch({Key("a"), Prefix("b/")}, Patient());
  AwaitWatch(node_);
  EXPECT_EQ(node_.watches[0].targets(0).key(), "a");
  EXPECT_EQ(node_.watches[0].targets(1).prefix(), "b/");
  EXPECT_EQ(client_->counts().watches, 1u);
  node_.Tell({"put a 1 x", "put b/1 2 y"}, "c1");
  node_.Tell({"synced"}, "c2");
  EXPECT_EQ(Next(watch), "put a 1 x");
  EXPECT_EQ(watch.cursor(), "");
  EXPECT_EQ(Next(watch), "put b/1 2 y");
  EXPECT_EQ(watch.cursor(), "c1");
  EXPECT_EQ(Next(watch), "synced");
  EXPECT_EQ(watch.cursor(), "c2");
  EXPECT_FALSE(watch.TryNext().has_value());
  // A cursor alone counts at once, since there is nothing to take.
  node_.Tell({}, "c3");
  RunUntil(context_, [&] { return watch.cursor() == "c3"; });
  EXPECT_THAT(connections_, ElementsAre("up"));
}

TEST_F(WatchTest, TellsHandlersTheSame) {
  WatchStream watch = client_->Watch({Key("a")}, Patient());
  AwaitWatch(node_);
  node_.Tell({"put a 1 x", "deleted a 2"}, "c1");
  std::vector<std::string> told;
  std::function<void()> again = [&] {
    watch.StartNext([&](std::optional<WatchEvent> event) {
      told.push_back(event ? LineOf(*event) : "end");
      if (event) again();
    });
  };
  again();
  EXPECT_THAT(told, IsEmpty());  // Never from within StartNext.
  RunUntil(context_, [&] { return told.size() == 2; });
  watch.Stop();
  RunUntil(context_, [&] { return told.size() == 3; });
  EXPECT_THAT(told, ElementsAre("put a 1 x", "deleted a 2", "end"));
  EXPECT_TRUE(watch.status().ok());
}

TEST_F(WatchTest, GoesOnAtAnotherServerFromTheLastCursor) {
  const auto client = NewClient({.servers = {node_->address(), other_->address()}});
  other_->refuse = true;
  WatchStream watch = client->Watch({Key("a")}, Patient());
  AwaitWatch(node_);
  node_.Tell({"put a 1 x", "synced"}, "c1");
  node_.Tell({"put a 2 y"});
  for (const char* const line : {"put a 1 x", "synced", "put a 2 y"}) EXPECT_EQ(Next(watch), line);
  other_->refuse = false;
  node_->refuse = true;
  node_->Cut();
  AwaitWatch(other_);
  EXPECT_EQ(other_.watches[0].cursor(), "c1");
  other_.Tell({"put a 2 y", "put a 3 z", "synced"}, "c2");
  EXPECT_EQ(Next(watch), "put a 3 z");
  EXPECT_EQ(Next(watch), "synced");
  EXPECT_EQ(watch.cursor(), "c2");
  EXPECT_THAT(connections_, ElementsAre("up", HasSubstr("down: " + node_->address()), "up"));
}

TEST_F(WatchTest, FindsServersOfTheRingThatItWasNotToldOf) {
  node_.ring = {node_->address(), other_->address()};
  WatchStream watch = client_->Watch({Key("a")}, Patient());
  AwaitWatch(node_);
  node_.Tell({"synced"}, "c1");
  EXPECT_EQ(Next(watch), "synced");
  node_->refuse = true;
  node_->Cut();
  AwaitWatch(other_);
  EXPECT_EQ(other_.watches[0].cursor(), "c1");
}

TEST_F(WatchTest, BeginsAnewWithAGapWhereNoCursorCame) {
  WatchStream watch = client_->Watch({Prefix("")}, Patient());
  AwaitWatch(node_);
  node_.Tell({"put a 1 x"});
  EXPECT_EQ(Next(watch), "put a 1 x");
  node_->Cut();
  AwaitWatch(node_, 2);
  node_.Tell({"put b 2 y", "synced"}, "c1");
  for (const char* const line : {"gap", "put b 2 y", "synced"}) EXPECT_EQ(Next(watch), line);
}

TEST_F(WatchTest, GivesNoMoreCreditThanItsWindow) {
  WatchOptions options = Patient();
  options.window_bytes = 500;
  WatchStream watch = client_->Watch({Prefix("")}, options);
  AwaitWatch(node_);
  EXPECT_EQ(node_.credit_bytes, 500u);
  const std::string value(100, 'v');
  int version = 0;
  // As a node does it: it tells while there is credit left.
  const auto tell = [&] {
    int count = 0;
    for (; node_.told_bytes < node_.credit_bytes; ++count)
      node_.Tell({"put k " + std::to_string(++version) + " " + value});
    return count;
  };
  EXPECT_EQ(tell(), 4);
  // Nobody takes anything: nothing more is allowed.
  RunUntil(context_, [&] { return connections_.size() == 1; });
  Settle();
  EXPECT_EQ(node_.credit_bytes, 500u);
  int taken = 0;
  for (int round = 0; round < 50; ++round) {
    while (taken < version) {
      EXPECT_EQ(Next(watch), "put k " + std::to_string(++taken) + " " + value);
      EXPECT_LE(node_.credit_bytes, static_cast<std::uint64_t>(taken) * 150 + 500);
    }
    RunUntil(context_, [&] { return node_.told_bytes < node_.credit_bytes; });
    tell();
  }
}

TEST_F(WatchTest, OpensNoConnectionWhileItIsFull) {
  WatchOptions options = Patient();
  options.window_bytes = 100;
  WatchStream watch = client_->Watch({Prefix("")}, options);
  AwaitWatch(node_);
  node_.Tell({"put a 1 " + std::string(200, 'v')}, "c1");
  RunUntil(context_, [&] { return connections_.size() == 1; });
  node_->Cut();
  RunUntil(context_, [&] { return connections_.size() == 2; });
  const std::size_t accepted = node_->accepted();
  // Longer than the longest wait for the first try.
  boost::asio::steady_timer timer(context_, milliseconds(60));
  bool passed = false;
  timer.async_wait([&](const boost::system::error_code&) { passed = true; });
  RunUntil(context_, [&] { return passed; });
  EXPECT_EQ(node_->accepted(), accepted);
  EXPECT_TRUE(watch.TryNext().has_value());
  EXPECT_EQ(watch.cursor(), "c1");
  AwaitWatch(node_, 2);
  EXPECT_EQ(node_.watches[1].cursor(), "c1");
}

TEST_F(WatchTest, LooksForAnotherServerWhenItIsRefusedForNow) {
  const auto client = NewClient({.servers = {node_->address(), other_->address()}});
  node_.refusal = "too-many-watches";
  WatchStream watch = client->Watch({Key("a")}, Patient());
  AwaitWatch(other_);
  other_.Tell({"synced"}, "c1");
  EXPECT_EQ(Next(watch), "synced");
  // The same while it is under way.
  node_.refusal.clear();
  const std::size_t before = node_.watches.size();
  other_.refusal = "stopping";
  other_.TellProblem("stopping", 503);
  AwaitWatch(node_, before + 1);
  EXPECT_EQ(node_.watches.back().cursor(), "c1");
}

TEST_F(WatchTest, EndsWhenItIsRefusedForGood) {
  node_.refusal = "bad-cursor";
  node_.refusal_status = 400;
  WatchStream watch = client_->Watch({Key("a")}, Patient());
  EXPECT_EQ(Next(watch), "end");
  EXPECT_EQ(watch.status(), Status(Code::kInvalid, "bad-cursor: because"));
  EXPECT_EQ(Next(watch), "end");
}

TEST_F(WatchTest, TellsWhatCameBeforeItsEnd) {
  WatchStream watch = client_->Watch({Key("a")}, Patient());
  AwaitWatch(node_);
  node_.Tell({"put a 1 x"});
  node_.TellProblem("bad-watch", 400);
  RunUntil(context_, [&] { return !watch.status().ok(); });
  EXPECT_EQ(Next(watch), "put a 1 x");
  EXPECT_EQ(Next(watch), "end");
}

TEST_F(WatchTest, LeavesANodeThatTalksNonsense) {
  const auto client = NewClient({.servers = {node_->address(), other_->address()}});
  other_->refuse = true;
  WatchStream watch = client->Watch({Key("a")}, Patient());
  AwaitWatch(node_);
  node_.Tell({"put a 1 x", "synced"}, "c1");
  node_.Tell({"put a"});
  other_->refuse = false;
  node_->refuse = true;
  AwaitWatch(other_);
  EXPECT_EQ(other_.watches[0].cursor(), "c1");
  RunUntil(context_, [&] { return connections_.size() == 2; });
  EXPECT_THAT(connections_[1], HasSubstr("the node told an event without a version"));
}

TEST_F(WatchTest, EndsWhenNoServerTakesItInTime) {
  const net::RefusingPort nobody;
  const auto client = NewClient({.servers = {nobody.address()}});
  WatchOptions options = Patient();
  options.begin_within = milliseconds(2000);
  WatchStream watch = client->Watch({Key("a")}, options);
  EXPECT_EQ(Next(watch), "end");
  EXPECT_EQ(watch.status().code(), Code::kUnavailable);
  EXPECT_THAT(watch.status().message(), HasSubstr("unreachable: no server took the watch within 2000 ms"));
  EXPECT_THAT(watch.status().message(), HasSubstr(nobody.address()));
}

TEST_F(WatchTest, EndsWhenNoServerTakesItAgainInTime) {
  WatchOptions options = Patient();
  options.begin_within = seconds(60);
  options.resume_within = milliseconds(50);
  WatchStream watch = client_->Watch({Key("a")}, options);
  AwaitWatch(node_);
  node_.Tell({"synced"}, "c1");
  EXPECT_EQ(Next(watch), "synced");
  node_->refuse = true;
  node_->Cut();
  EXPECT_EQ(Next(watch), "end");
  EXPECT_EQ(watch.status().code(), Code::kUnavailable);
  EXPECT_EQ(watch.cursor(), "c1");
}

TEST_F(WatchTest, GivesUpAConnectionThatIsSilent) {
  WatchOptions options = Patient();
  options.ping_interval = milliseconds(20);  // Scripted nodes answer no pings.
  WatchStream watch = client_->Watch({Key("a")}, options);
  AwaitWatch(node_, 2);
}

TEST_F(WatchTest, EndsWithItsClient) {
  auto client = NewClient();
  WatchStream watch = client->Watch({Key("a")}, Patient());
  AwaitWatch(node_);
  client.reset();
  EXPECT_EQ(Next(watch), "end");
  EXPECT_EQ(watch.status(), Status(Code::kUnavailable, "closed: the client was closed"));
}

TEST_F(WatchTest, MayBeDroppedAndLeavesNothingBehind) {
  bool ended = false;
  {
    WatchStream watch = client_->Watch({Key("a")}, Patient());
    AwaitWatch(node_);
    node_.Tell({"put a 1 x"});
    RunUntil(context_, [&] { return connections_.size() == 1; });
    WatchStream moved = std::move(watch);
    EXPECT_EQ(Next(moved), "put a 1 x");
    moved.StartNext([&](const std::optional<WatchEvent>& event) { ended = !event.has_value(); });
  }
  RunUntil(context_, [&] { return ended; });
  Settle();
  EXPECT_EQ(client_->counts().watches, 0u);
}

TEST_F(WatchTest, SaysWhatIsWrongWithACall) {
  const auto end = [&](std::vector<WatchTarget> targets, WatchOptions options = {}) {
    WatchStream watch = client_->Watch(std::move(targets), std::move(options));
    EXPECT_EQ(Next(watch), "end");
    EXPECT_EQ(watch.status().code(), Code::kInvalid);
    return watch.status().message();
  };
  EXPECT_EQ(end({}), "bad-watch: a watch has 1 to 256 keys and prefixes, not 0");
  EXPECT_EQ(end({Key("a")}, {.window_bytes = 0}), "bad-watch: window_bytes is at least 1");
  EXPECT_EQ(end({Key("a")}, {.begin_within = milliseconds(0)}),
            "bad-watch: begin_within and resume_within are at least 1 ms");
  // More than this node's messages may have.
  EXPECT_THAT(end({Key("a")}, {.cursor = std::string(9 << 20, 'c')}), HasSubstr("body-too-large: the watch's keys"));
  EXPECT_THAT(node_.watches, IsEmpty());
}

}  // namespace
}  // namespace quoin::client
