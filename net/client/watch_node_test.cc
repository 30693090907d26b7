// Watches of a whole node, through a proxy that cuts their connections: what a program was told, in the end, is what is
// there, and every key's versions went up.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "net/client/client.h"
#include "net/client/client_testing.h"
#include "net/client/watch_testing.h"
#include "net/etag.h"

namespace quoin::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using Kind = WatchEvent::Kind;

class WatchNodeTest : public testing::Test {
 protected:
  std::unique_ptr<Client> NewClient(const std::string& server) {
    Options options;
    options.servers = {server};
    options.routing = Routing::kFailover;  // Or it would learn of the way around the proxy.
    auto client = Client::Create(context_.get_executor(), Patient(std::move(options)));
    CHECK(client.ok()) << client.status();
    return *std::move(client);
  }
  Answer Do(Operation operation) { return RunToEnd(context_, writer_->Do(std::move(operation))); }
  WatchEvent Next(WatchStream& watch) {
    auto event = RunToEnd(context_, watch.Next());
    CHECK(event.has_value()) << watch.status();
    return *std::move(event);
  }
  // Of the kind, key and value, without versions.
  std::string NextLine(WatchStream& watch) {
    const WatchEvent event = Next(watch);
    std::string line(WatchEventName(event.kind));
    if (!event.key.empty()) line += " " + event.key;
    return event.state ? line + " " + event.state->value : line;
  }

  std::unique_ptr<net::Node> node_ = StartTestNode();
  boost::asio::io_context context_;
  Proxy proxy_{context_, node_->port()};
  const std::unique_ptr<Client> writer_ = NewClient(AddressOf(*node_));
  const std::unique_ptr<Client> watcher_ = NewClient(proxy_.address());
};

TEST_F(WatchNodeTest, TellsWhatHappensToAKeyAndAPrefix) {
  EXPECT_TRUE(Do(Operation::Put("a", "1").As("text/plain")).done());
  WatchStream watch = watcher_->Watch({Key("a"), Prefix("b/")});
  const WatchEvent first = Next(watch);
  EXPECT_EQ(first.key, "a");
  EXPECT_EQ(first.state->value, "1");
  EXPECT_EQ(first.state->content_type, "text/plain");
  EXPECT_EQ(NextLine(watch), "synced");
  const Answer put = Do(Operation::Put("b/1", "x"));
  const WatchEvent told = Next(watch);
  EXPECT_EQ(told.version, put.version);
  EXPECT_EQ(told.state->version, put.version);
  EXPECT_TRUE(Do(Operation::Put("elsewhere", "y")).done());
  EXPECT_TRUE(Do(Operation::Delete("b/1")).done());
  EXPECT_EQ(NextLine(watch), "deleted b/1");
  EXPECT_TRUE(Do(Operation::Put("b/2", "short").For(milliseconds(1))).done());
  EXPECT_EQ(NextLine(watch), "put b/2 short");
}

TEST_F(WatchNodeTest, GoesOnFromACursorAfterTheProgramsRestart) {
  std::string cursor;
  {
    WatchStream watch = watcher_->Watch({Prefix("k")});
    EXPECT_EQ(NextLine(watch), "synced");
    EXPECT_TRUE(Do(Operation::Put("k1", "1")).done());
    EXPECT_EQ(NextLine(watch), "put k1 1");
    cursor = watch.cursor();
    EXPECT_NE(cursor, "");
  }
  EXPECT_TRUE(Do(Operation::Put("k2", "2")).done());
  EXPECT_TRUE(Do(Operation::Delete("k1")).done());
  WatchStream watch = watcher_->Watch({Prefix("k")}, {.cursor = cursor});
  std::map<std::string, std::string> newest;
  for (std::string line = NextLine(watch); line != "synced"; line = NextLine(watch)) newest[line.substr(0, 10)] = line;
  EXPECT_TRUE(newest.contains("put k2 2"));
  EXPECT_FALSE(newest.contains("put k1 1"));
  // On a slow machine the first comparison may have come behind the delete, and purged it: then the state is told anew.
  EXPECT_TRUE(newest.contains("deleted k1") || newest.contains("gap"));
}

TEST_F(WatchNodeTest, ADamagedCursorIsRefused) {
  WatchStream watch = watcher_->Watch({Prefix("k")}, {.cursor = "nonsense"});
  EXPECT_FALSE(RunToEnd(context_, watch.Next()).has_value());
  EXPECT_EQ(watch.status().code(), Code::kInvalid);
  EXPECT_THAT(watch.status().message(), HasSubstr("cursor"));
}

TEST_F(WatchNodeTest, TellsTheNewestOfEachKeyInOrderWhateverIsCut) {
  WatchOptions options;
  options.window_bytes = 4096;
  WatchStream watch = watcher_->Watch({Prefix("k")}, options);

  std::map<std::string, std::string> copy, in_doubt;
  std::map<std::string, kv::Version> told;
  std::size_t events = 0;
  const auto apply = [&](const WatchEvent& event) {
    ++events;
    if (event.kind == Kind::kSynced) {
      for (const auto& [key, value] : std::exchange(in_doubt, {})) copy.erase(key);
    } else if (event.kind == Kind::kGap) {
      if (event.key.empty()) {
        in_doubt = copy;
        told.clear();
      } else {
        told.erase(event.key);
      }
    } else {
      const auto version = net::ParseVersion(event.version);
      ASSERT_TRUE(version.has_value());
      EXPECT_LT(told[event.key], *version) << event.key;
      told[event.key] = *version;
      in_doubt.erase(event.key);
      event.kind == Kind::kPut ? void(copy[event.key] = event.state->value) : void(copy.erase(event.key));
    }
  };
  // Its own coroutine, beside the writer.
  std::function<void()> take = [&] {
    watch.StartNext([&](const std::optional<WatchEvent>& event) {
      if (!event) return;
      apply(*event);
      take();
    });
  };
  take();
  // That nothing is there is told first; or, on a busy machine, all connections might be cut before they tell anything.
  RunUntil(context_, [&] { return events == 1; });
  std::mt19937_64 random(11);
  std::size_t until_cut = 2000;
  proxy_.on_server_bytes = [&](std::size_t bytes) {
    if (bytes < until_cut) {
      until_cut -= bytes;
      return;
    }
    until_cut = 500 + random() % 4000;
    proxy_.Cut();
  };

  std::map<std::string, std::string> written;
  // As long as it takes: between two connections the watch waits longer and longer.
  for (int i = 0; i < 600 || (proxy_.accepted() <= 3 && i < 100'000); ++i) {
    const std::string key = "k" + std::to_string(random() % 20);
    if (random() % 5 == 0) {
      EXPECT_TRUE(Do(Operation::Delete(key)).certain());
      written.erase(key);
    } else {
      written[key] = std::to_string(i) + std::string(random() % 200, 'v');
      EXPECT_TRUE(Do(Operation::Put(key, written[key])).done());
    }
  }
  EXPECT_GT(proxy_.accepted(), 3u);
  RunUntil(context_, [&] { return copy == written; });
  EXPECT_GT(events, written.size());
  watch.Stop();
}

}  // namespace
}  // namespace quoin::client
