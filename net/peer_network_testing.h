// Nodes' networks in one thread, and peers that do exactly what a test tells them, wrong things included.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "net/peer_frame.h"
#include "net/peer_hello.h"
#include "net/peer_network.h"
#include "quorum/packet.h"

namespace quoin::net {

inline constexpr ClusterId kTestCluster{0xc1};

// One event loop for all of a test, on the test's thread.
class PeerLoop {
 public:
  boost::asio::io_context& context() { return context_; }
  // Runs until it holds; false if it doesn't within a time that no working program needs.
  [[nodiscard]] bool RunUntil(const std::function<bool()>& holds);
  // Lets everything happen that needs no time to pass.
  void Settle();

 private:
  boost::asio::io_context context_{1};
};

// A node of the cluster kTestCluster, as far as its links go, on a port of its own.
class TestPeer {
 public:
  struct Received {
    NodeId from;
    quorum::PacketBody body;
  };
  using Tweak = std::function<void(PeerNetwork::Options&)>;

  TestPeer(PeerLoop& loop, std::uint64_t node, std::uint64_t boot, const Tweak& tweak = {});
  // As when its process is killed: all connections are closed.
  ~TestPeer();

  void Know(const TestPeer& other) { Know({{other.node, other.address}}); }
  void Know(const std::map<NodeId, std::string>& peers) { network->SetPeers(peers); }
  // A packet that carries this number.
  void Send(NodeId to, std::uint64_t number);
  // Of packets that carry one.
  std::vector<std::uint64_t> Numbers() const;
  PeerCounts CountsOf(NodeId peer) const;
  bool SendsTo(const TestPeer& other) const { return CountsOf(other.node).sends; }

  const NodeId node;
  std::string address;
  std::uint64_t commit_number = 0;
  std::unique_ptr<PeerNetwork> network;
  std::vector<Received> received;
  std::vector<NodeId> resets;
  int batch_ends = 0;
};

// One end of a connection, byte by byte.
class RawPeer {
 public:
  // Connects at once: the address is one of a listener on this machine.
  RawPeer(PeerLoop& loop, const std::string& address);
  explicit RawPeer(boost::asio::ip::tcp::socket socket);
  ~RawPeer();
  RawPeer(const RawPeer&) = delete;
  RawPeer& operator=(const RawPeer&) = delete;

  void Send(std::string_view bytes);
  // From now on takes what comes.
  void Read();
  // Lets it wait in the kernel again.
  void StopReading();
  // Closes with a reset.
  void Reset();

  std::string received;
  bool ended = false;  // The other side has closed.

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// A link of this node's, spoken by the test, to `peer`: its hello has been answered, or it was closed.
std::unique_ptr<RawPeer> LinkTo(PeerLoop& loop, const TestPeer& peer, const PeerIdentity& who);
// With which the hello was answered; kNone: welcome. REQUIRES: it was answered.
PeerRefusal RefusalOf(const RawPeer& raw);

// A listener whose connections a test speaks for itself.
class RawListener {
 public:
  explicit RawListener(PeerLoop& loop);
  std::string address() const;
  // Those that came, oldest first.
  std::vector<std::unique_ptr<RawPeer>> accepted;

 private:
  void AcceptNext();
  boost::asio::ip::tcp::acceptor acceptor_;
};

PeerIdentity TestIdentity(std::uint64_t node, std::uint64_t boot, const std::string& advertised);
// kPeerMagic and the frame.
std::string HelloBytes(const PeerHello& hello);
std::string WelcomeBytes(const PeerIdentity& who);
// The frames in the stream after its magic.
std::vector<std::pair<FrameKind, std::string>> FramesIn(std::string_view stream);

}  // namespace quoin::net
