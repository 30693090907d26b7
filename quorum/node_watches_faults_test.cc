// Watches through any mixture of faults, drawn from a seed: lost, doubled and late packets, cuts, deaths, jumps of the
// clock, joining nodes. While they last nothing wrong is told; afterwards every watch knows what is there.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "quorum/node.h"
#include "quorum/node_testing.h"
#include "quorum/request_testing.h"
#include "quorum/target_table.h"
#include "quorum/watch_testing.h"

namespace quoin::quorum {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::IsEmpty;

// A client with one watch, which goes on at another node, with its cursor, when its own has died.
struct Client {
  std::vector<WatchTarget> targets;
  std::uint64_t node = 0;
  std::uint64_t token = 0;
  WatchPositions cursor;
  bool has_cursor = false;
  std::unique_ptr<WatchView> view = std::make_unique<WatchView>();
};

class NodeWatchesFaultsTest : public testing::TestWithParam<std::uint64_t> {
 protected:
  std::uint64_t Draw(std::uint64_t below) {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return (state_ >> 33) % below;
  }
  bool Chance(std::uint64_t of) { return Draw(of) == 0; }
  std::string Key() { return (Chance(2) ? "a" : "b") + std::to_string(Draw(6)); }

  void Connect(Client* client, std::uint64_t node) {
    client->node = node;
    if (client->has_cursor) {
      client->view->Reconnect();
    } else {
      client->view->ForgetState();
    }
    WatchRequest request = WatchOf(client->targets);
    if (client->has_cursor) request.from = client->cursor;
    connecting_ = client;
    client->token = nodes_.Watch(node, std::move(request));
    connecting_ = nullptr;
  }
  bool HasJoined(std::uint64_t id) const { return nodes_.IsUp(id) && nodes_.node(id).topology() != nullptr; }
  void SaveCursor(Client* client) {
    if (!nodes_.IsUp(client->node) || !client->view->synced()) return;
    client->cursor = nodes_.node(client->node).PositionsOf(client->token);
    client->has_cursor = true;
  }
  void Kill(std::uint64_t id) {
    nodes_.Kill(id, !Chance(4));
    for (Client& client : clients_) {
      if (client.node == id) client.node = 0;
    }
  }
  void Write() {
    std::vector<std::uint64_t> up;
    for (std::uint64_t id = 1; id <= size_; ++id) {
      if (nodes_.IsUp(id)) up.push_back(id);
    }
    if (up.empty()) return;
    const std::uint64_t node = up[Draw(up.size())];
    if (Chance(4)) {
      nodes_.Submit(node, DeleteOf(Key()));
    } else {
      quorum::Put put{.value = std::to_string(++values_), .content_type = {}, .ttl = {}};
      if (Chance(6)) put.ttl = TimeToLive(200 + Draw(2000));
      nodes_.Submit(node, RequestOf(Key(), std::move(put)));
    }
  }

  std::uint64_t state_ = GetParam() * 7919 + 1;
  std::uint64_t values_ = 0;
  std::uint64_t size_ = 0;
  TestNodes nodes_{4};
  std::vector<Client> clients_;
  Client* connecting_ = nullptr;
};

TEST_P(NodeWatchesFaultsTest, TellNothingWrongAndEndWithWhatIsThere) {
  nodes_.timing.scrub = milliseconds(300 + Draw(3000));
  size_ = 1 + Draw(4);
  for (std::uint64_t id = 1; id <= size_; ++id) nodes_.Add(id);
  ASSERT_TRUE(nodes_.RunUntil([&] { return nodes_.Settled(); }, seconds(60)));
  nodes_.on_news = [this](std::uint64_t id, const WatchNews& news) {
    for (Client& client : clients_) {
      const bool its = client.node == id && (client.token == news.token || &client == connecting_);
      if (its) client.view->Take(news);
    }
  };
  clients_.resize(6);
  clients_[0].targets = clients_[1].targets = {PrefixTarget("")};
  clients_[2].targets = {PrefixTarget("a"), KeyTarget("b1")};
  clients_[3].targets = {KeyTarget("a0")};
  clients_[4].targets = {KeyTarget("a0"), KeyTarget("b2"), PrefixTarget("b3")};
  clients_[5].targets = {PrefixTarget("b")};
  const std::uint64_t loss = 4 + Draw(60);
  const std::uint64_t late = 3 + Draw(30);
  bool faults = true;
  nodes_.drop = [&](const TestNodes::Sent&) { return faults && Chance(loss); };
  nodes_.latency = [&](const TestNodes::Sent&) { return milliseconds(faults && Chance(late) ? 1 + Draw(80) : 1); };
  std::vector<std::uint64_t> down;
  for (int step = 0; step < 400; ++step) {
    faults = step % 100 < 80;
    for (std::uint64_t writes = Draw(4); writes > 0; --writes) Write();
    for (Client& client : clients_) {
      const std::uint64_t node = 1 + Draw(size_);
      if (client.node == 0 && HasJoined(node) && Chance(3)) Connect(&client, node);
      if (client.node != 0 && Chance(10)) SaveCursor(&client);
      if (client.node != 0 && Chance(60)) {
        SaveCursor(&client);
        nodes_.Unwatch(client.node, client.token);
        client.node = 0;
      }
    }
    if (faults && down.size() < (size_ + 1) / 2 && Chance(40)) {
      const std::uint64_t id = 1 + Draw(size_);
      if (nodes_.IsUp(id)) {
        Kill(id);
        down.push_back(id);
      }
    }
    if (!down.empty() && Chance(20)) {
      nodes_.Start(down.back());
      down.pop_back();
    }
    if (faults && size_ > 1 && Chance(40)) nodes_.Cut(1 + Draw(size_), 1 + Draw(size_));
    if (Chance(30) || !faults) nodes_.HealCuts();
    if (Chance(100)) nodes_.JumpWall(milliseconds(Draw(1000)));
    if (size_ < 5 && Chance(150)) nodes_.Add(++size_);
    nodes_.Run(milliseconds(5 + Draw(40)));
  }
  faults = false;
  nodes_.HealCuts();
  for (const std::uint64_t id : down) nodes_.Start(id);
  for (Client& client : clients_) {
    if (client.node == 0) Connect(&client, 1);
  }
  ASSERT_TRUE(nodes_.RunUntil([&] { return nodes_.Settled(); }, seconds(120)));
  nodes_.Run(seconds(8));
  const Result<ScanPage> page = nodes_.Scan(1, {});
  ASSERT_TRUE(page.ok()) << page.status();
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    const Client& client = clients_[i];
    std::map<std::string, std::string> there;
    for (const ScanEntry& entry : page->entries) {
      for (const WatchTarget& target : client.targets) {
        if (Covers(target, entry.key)) there[entry.key] = entry.record->value;
      }
    }
    EXPECT_TRUE(client.view->synced()) << "client " << i;
    EXPECT_EQ(client.view->state(), there) << "client " << i;
    EXPECT_THAT(client.view->complaints(), IsEmpty()) << "client " << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, NodeWatchesFaultsTest, testing::Range<std::uint64_t>(1, 31));

}  // namespace
}  // namespace quoin::quorum
