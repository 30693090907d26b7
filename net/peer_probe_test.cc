#include "net/peer_probe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

#include "net/peer_network_testing.h"
#include "net/scripted_server.h"

namespace quoin::net {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::StartsWith;

// Longer than any working program needs; a probe that fails must not wait for it.
constexpr milliseconds kTimeout{30'000};

// A node that runs on a thread of its own, since AskPeer blocks.
class PeerProbeTest : public testing::Test {
 protected:
  PeerProbeTest() {
    thread_ = std::thread([this] {
      while (!stopping_) {
        loop.context().restart();
        loop.context().run_one_for(milliseconds(10));
      }
    });
    auto listening = PeerListener::Listen("127.0.0.1", 0);
    CHECK(listening.ok()) << listening.status();
    listener = *std::move(listening);
    own.advertised = "127.0.0.1:" + std::to_string(listener->port());
  }
  ~PeerProbeTest() override {
    stopping_ = true;
    thread_.join();
  }

  PeerLoop loop;
  TestPeer seed{loop, 1, 11};  // Is not touched while the thread runs.
  std::unique_ptr<PeerListener> listener;
  PeerIdentity own;

 private:
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

TEST_F(PeerProbeTest, TellsWhoIsThereAndDialsBack) {
  for (int i = 0; i < 2; ++i) {  // The listener can be used again.
    const auto found = AskPeer(seed.address, own, *listener, kTimeout);
    ASSERT_TRUE(found.ok()) << found.status();
    EXPECT_EQ(found->who.cluster, kTestCluster);
    EXPECT_EQ(found->who.node, NodeId{1});
    EXPECT_EQ(found->who.format, kPeerFormat);
    EXPECT_EQ(found->who.partition_count, 256u);
    EXPECT_EQ(found->unreachable, "");
  }
}

TEST_F(PeerProbeTest, TheListenerServesANetworkAfterwards) {
  ASSERT_TRUE(AskPeer(seed.address, own, *listener, kTimeout).ok());
  const std::uint16_t port = listener->port();
  PeerLoop second;
  auto acceptor = listener->TakeAcceptor(second.context());
  EXPECT_EQ(acceptor.local_endpoint().port(), port);
  bool accepted = false;
  acceptor.async_accept(
      [&](const boost::system::error_code& error, boost::asio::ip::tcp::socket) { accepted = !error; });
  RawPeer raw(second, own.advertised);
  EXPECT_TRUE(second.RunUntil([&] { return accepted; }));
}

TEST_F(PeerProbeTest, TellsWhenItCannotBeDialledBack) {
  const RefusingPort nobody;
  own.advertised = nobody.address();
  const auto found = AskPeer(seed.address, own, *listener, kTimeout);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->unreachable, "can't connect to " + nobody.address() + ": Connection refused");
}

TEST_F(PeerProbeTest, TellsWhenSomebodyElseAnswersAtItsAddress) {
  own.advertised = seed.address;
  const auto found = AskPeer(seed.address, own, *listener, kTimeout);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_THAT(found->unreachable, StartsWith("another node answers at " + seed.address));
}

TEST_F(PeerProbeTest, TellsWhenItsAddressIsNone) {
  own.advertised = "0.0.0.0:7080";
  const auto found = AskPeer(seed.address, own, *listener, kTimeout);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_THAT(found->unreachable, HasSubstr("is no address that other nodes can dial"));
}

TEST_F(PeerProbeTest, AddressesMayBeNames) {
  own.advertised = "localhost:" + std::to_string(listener->port());
  const auto found = AskPeer("localhost" + seed.address.substr(seed.address.rfind(':')), own, *listener, kTimeout);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->unreachable, "");
}

TEST_F(PeerProbeTest, NeedsNoAddressOfItsOwn) {
  own.advertised.clear();
  const auto found = AskPeer(seed.address, own, *listener, kTimeout);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->unreachable, "");
}

TEST_F(PeerProbeTest, ForeignClustersRefuse) {
  own.cluster = ClusterId{0xd1};
  const auto found = AskPeer(seed.address, own, *listener, kTimeout);
  EXPECT_EQ(found.code(), Code::kIncompatible);
  EXPECT_THAT(found.status().message(),
              StartsWith("the node at " + seed.address + " refuses this node (another cluster)"));
}

TEST_F(PeerProbeTest, KnowsItself) {
  const auto found = AskPeer(own.advertised, own, *listener, kTimeout);
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_TRUE(found->is_self);
  EXPECT_FALSE(AskPeer(seed.address, own, *listener, kTimeout).value().is_self);
}

TEST_F(PeerProbeTest, WhoIsStillAskingItselfSaysSo) {
  auto other = PeerListener::Listen("127.0.0.1", 0);
  ASSERT_TRUE(other.ok());
  const std::string address = "127.0.0.1:" + std::to_string((*other)->port());
  // Asks a seed that doesn't answer, and ends the connection when it is let go.
  std::promise<void> release;
  ScriptedServer silent([released = release.get_future().share()](ScriptedConnection&) { released.wait(); });
  std::thread asking([&, listening = (*other).get()] {
    (void)AskPeer(silent.address(), PeerIdentity{}, *listening, kTimeout);
  });
  const auto found = AskPeer(address, own, *listener, kTimeout);
  release.set_value();
  asking.join();
  EXPECT_EQ(found.code(), Code::kUnavailable);
  EXPECT_THAT(found.status().message(), HasSubstr("it is starting"));
}

TEST_F(PeerProbeTest, NobodyAndStrangersAreNamed) {
  const RefusingPort nobody;
  auto found = AskPeer(nobody.address(), own, *listener, kTimeout);
  EXPECT_EQ(found.code(), Code::kUnavailable);
  EXPECT_EQ(found.status().message(), "can't connect to " + nobody.address() + ": Connection refused");
  ScriptedServer http([](ScriptedConnection& connection) {
    connection.Send("HTTP/1.1 400 Bad Request\r\n\r\n");
    connection.WaitForEnd();
  });
  found = AskPeer(http.address(), own, *listener, kTimeout);
  EXPECT_EQ(found.code(), Code::kUnavailable);
  EXPECT_THAT(found.status().message(), HasSubstr("no greeting of a Quoin node: 'HTTP/1.1"));
  found = AskPeer("nonsense", own, *listener, kTimeout);
  EXPECT_EQ(found.code(), Code::kInvalid);
}

TEST_F(PeerProbeTest, SilenceEndsInTime) {
  ScriptedServer silent([](ScriptedConnection& connection) { connection.WaitForEnd(); });
  const auto found = AskPeer(silent.address(), own, *listener, milliseconds(50));
  EXPECT_EQ(found.code(), Code::kUnavailable);
  EXPECT_THAT(found.status().message(), HasSubstr(silent.address()));
}

}  // namespace
}  // namespace quoin::net
