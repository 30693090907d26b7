#include "net/peer_network_testing.h"

#include <glog/logging.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <utility>
#include <variant>

#include "net/address.h"
#include "net/peer_listener.h"

namespace quoin::net {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::chrono::seconds kPatience{60};

}  // namespace

bool PeerLoop::RunUntil(const std::function<bool()>& holds) {
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (!holds()) {
    if (std::chrono::steady_clock::now() >= until) return false;
    context_.restart();
    context_.run_one_until(until);
  }
  return true;
}

void PeerLoop::Settle() {
  context_.restart();
  context_.poll();
}

TestPeer::TestPeer(PeerLoop& loop, std::uint64_t id, std::uint64_t boot, const Tweak& tweak) : node{id} {
  auto listener = PeerListener::Listen("127.0.0.1", 0);
  CHECK(listener.ok()) << listener.status();
  address = "127.0.0.1:" + std::to_string((*listener)->port());
  PeerNetwork::Options options;
  options.self = node;
  options.boot = boot;
  options.cluster = kTestCluster;
  options.partition_count = 256;
  options.advertised = address;
  options.commit_number = [this] { return commit_number; };
  options.timing.backoff_most = std::chrono::milliseconds(50);
  // The machine may be busy.
  options.timing.connect_timeout = options.timing.greeting_timeout = kPatience;
  options.timing.accept_timeout = options.timing.link_timeout = kPatience;
  if (tweak) tweak(options);
  PeerNetwork::Handlers handlers;
  handlers.packet = [this](NodeId from, quorum::PacketBody body) { received.push_back({from, std::move(body)}); };
  handlers.reset = [this](NodeId peer) { resets.push_back(peer); };
  handlers.batch_end = [this] { ++batch_ends; };
  network = std::make_unique<PeerNetwork>(loop.context(), std::move(options), std::move(handlers));
  network->Start(*std::move(listener));
}

TestPeer::~TestPeer() { network->Stop(); }

void TestPeer::Send(NodeId to, std::uint64_t number) { network->Send(to, quorum::FetchTopologyPacket{number}); }

std::vector<std::uint64_t> TestPeer::Numbers() const {
  std::vector<std::uint64_t> numbers;
  for (const Received& each : received) {
    if (const auto* fetch = std::get_if<quorum::FetchTopologyPacket>(&each.body)) numbers.push_back(fetch->epoch);
  }
  return numbers;
}

PeerCounts TestPeer::CountsOf(NodeId peer) const {
  for (const PeerCounts& counts : network->Counts()) {
    if (counts.node == peer) return counts;
  }
  return {};
}

struct RawPeer::State : std::enable_shared_from_this<State> {
  explicit State(tcp::socket given) : socket(std::move(given)) {}

  void ReadNext() {
    socket.async_read_some(asio::buffer(buffer),
                           [self = shared_from_this()](const error_code& error, std::size_t count) {
                             if (self->owner == nullptr) return;
                             self->owner->received.append(self->buffer.data(), count);
                             if (!error) {
                               if (self->reading) self->ReadNext();
                             } else if (error != asio::error::operation_aborted) {
                               self->owner->ended = true;
                             }
                           });
  }

  tcp::socket socket;
  std::array<char, 65536> buffer;
  RawPeer* owner = nullptr;
  bool reading = false;
};

RawPeer::RawPeer(tcp::socket socket) : state_(std::make_shared<State>(std::move(socket))) { state_->owner = this; }

RawPeer::RawPeer(PeerLoop& loop, const std::string& text) : RawPeer(tcp::socket(loop.context())) {
  const auto address = ParseHostPort(text);
  CHECK(address.ok()) << address.status();
  error_code error;
  state_->socket.connect({asio::ip::make_address(address->host), address->port}, error);
  CHECK(!error) << error.message();
}

RawPeer::~RawPeer() {
  state_->owner = nullptr;
  error_code ignored;
  state_->socket.close(ignored);
}

void RawPeer::Send(std::string_view bytes) {
  error_code ignored;  // The other side may have had enough.
  asio::write(state_->socket, asio::buffer(bytes), ignored);
}

void RawPeer::Read() {
  state_->reading = true;
  state_->ReadNext();
}

void RawPeer::StopReading() {
  state_->reading = false;
  error_code ignored;
  state_->socket.cancel(ignored);
}

void RawPeer::Reset() {
  error_code ignored;
  state_->socket.set_option(asio::socket_base::linger(true, 0), ignored);
  state_->socket.close(ignored);
}

std::unique_ptr<RawPeer> LinkTo(PeerLoop& loop, const TestPeer& peer, const PeerIdentity& who) {
  auto raw = std::make_unique<RawPeer>(loop, peer.address);
  raw->Send(HelloBytes({PeerHello::Kind::kLink, who}));
  raw->Read();
  CHECK(loop.RunUntil([&] { return FramesIn(raw->received).size() == 1 || raw->ended; }));
  return raw;
}

PeerRefusal RefusalOf(const RawPeer& raw) {
  const auto frames = FramesIn(raw.received);
  CHECK_EQ(frames.size(), 1u);
  const auto answer = DecodeAnswer(frames[0].second);
  CHECK(answer.ok()) << answer.status();
  return answer->objection.refusal;
}

RawListener::RawListener(PeerLoop& loop) : acceptor_(loop.context(), tcp::endpoint(tcp::v4(), 0)) {
  // Little room in the kernel, so that a peer that doesn't read is felt soon.
  acceptor_.set_option(asio::socket_base::receive_buffer_size(16 << 10));
  AcceptNext();
}

std::string RawListener::address() const { return "127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()); }

void RawListener::AcceptNext() {
  acceptor_.async_accept([this](const error_code& error, tcp::socket socket) {
    if (error) return;
    accepted.push_back(std::make_unique<RawPeer>(std::move(socket)));
    AcceptNext();
  });
}

PeerIdentity TestIdentity(std::uint64_t node, std::uint64_t boot, const std::string& advertised) {
  PeerIdentity who;
  who.cluster = kTestCluster;
  who.node = NodeId{node};
  who.boot = boot;
  who.partition_count = 256;
  who.advertised = advertised;
  return who;
}

std::string HelloBytes(const PeerHello& hello) {
  std::string bytes(kPeerMagic);
  AppendFrame(FrameKind::kHello, hello.who.commit_number, EncodeHello(hello), &bytes);
  return bytes;
}

std::string WelcomeBytes(const PeerIdentity& who) {
  std::string bytes(kPeerMagic);
  PeerAnswer answer;
  answer.who = who;
  AppendFrame(FrameKind::kAnswer, who.commit_number, EncodeAnswer(answer), &bytes);
  return bytes;
}

std::vector<std::pair<FrameKind, std::string>> FramesIn(std::string_view stream) {
  std::vector<std::pair<FrameKind, std::string>> frames;
  stream.remove_prefix(std::min(stream.size(), kPeerMagic.size()));
  FrameReader reader;
  const Status status = reader.Feed(stream, [&](const Frame& frame) {
    frames.emplace_back(frame.kind, frame.payload);
    return Status::Ok();
  });
  CHECK(status.ok()) << status;
  return frames;
}

}  // namespace quoin::net
