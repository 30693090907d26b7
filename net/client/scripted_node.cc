#include "net/client/scripted_node.h"

#include <glog/logging.h>

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/socket_base.hpp>
#include <boost/asio/write.hpp>
#include <string_view>
#include <utility>

#include "base/text.h"
#include "net/sha1.h"
#include "net/websocket_frame.h"

namespace quoin::client {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t kMaxMessageBytes = 8 << 20;

// The answer to a handshake, which must be right.
std::string AcceptHandshake(std::string_view head) {
  constexpr std::string_view kField = "Sec-WebSocket-Key: ";
  const std::size_t begin = head.find(kField);
  CHECK_NE(begin, std::string_view::npos) << head;
  const std::string_view key = head.substr(begin + kField.size(), 24);
  return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
         Base64Encode(net::Sha1(std::string(key) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) +
         "\r\nSec-WebSocket-Protocol: quoin.v1.protobuf\r\n\r\n";
}

}  // namespace

struct ScriptedNode::Peer {
  explicit Peer(asio::io_context& context) : socket(context), decoder(kMaxMessageBytes) {}
  ~Peer() { Reset(); }

  void Reset() {
    if (std::exchange(cut, true)) return;
    error_code ignored;
    socket.set_option(asio::socket_base::linger(true, 0), ignored);
    socket.close(ignored);
  }
  // Answers are few and small: they fit into the socket's buffer.
  void Say(const std::string& bytes) {
    error_code failed;
    if (!cut) asio::write(socket, asio::buffer(bytes), failed);
  }

  tcp::socket socket;
  std::array<char, 1 << 16> buffer;
  std::string head;  // Of the handshake.
  bool open = false;
  bool cut = false;
  net::WebSocketDecoder decoder;
};

ScriptedNode::ScriptedNode(asio::io_context& context, NodeId id, Script script)
    : context_(context),
      acceptor_(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
      id_(id),
      script_(std::move(script)) {
  Accept();
}

ScriptedNode::~ScriptedNode() { Cut(); }

std::string ScriptedNode::address() const { return "127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()); }

void ScriptedNode::Accept() {
  auto peer = std::make_shared<Peer>(context_);
  acceptor_.async_accept(peer->socket, [this, peer](const error_code& failed) {
    if (failed) return;  // This may be gone.
    ++accepted_;
    error_code ignored;
    peer->socket.set_option(tcp::no_delay(true), ignored);
    if (refuse) {
      peer->Reset();
    } else {
      peers_.push_back(peer);
      Read(peer);
    }
    Accept();
  });
}

void ScriptedNode::Read(const std::shared_ptr<Peer>& peer) {
  peer->socket.async_read_some(asio::buffer(peer->buffer), [this, peer](const error_code& failed, std::size_t count) {
    if (peer->cut) return;  // This may be gone.
    if (failed || !OnBytes(peer, count)) return peer->Reset();
    Read(peer);
  });
}

bool ScriptedNode::OnBytes(const std::shared_ptr<Peer>& peer, std::size_t count) {
  std::string_view bytes(peer->buffer.data(), count);
  if (!peer->open) {
    peer->head.append(bytes);
    const std::size_t end = peer->head.find("\r\n\r\n");
    if (end == std::string::npos) return true;
    CHECK_EQ(end + 4, peer->head.size()) << "a client says nothing before it was accepted";
    peer->open = true;
    peer->Say(AcceptHandshake(peer->head));
    v1::ServerFrame hello;
    hello.mutable_hello()->set_node(id_.ToString());
    hello.mutable_hello()->set_max_requests(1024);
    hello.mutable_hello()->set_max_message_bytes(kMaxMessageBytes);
    Write(*peer, hello);
    return true;
  }
  for (;;) {
    switch (peer->decoder.Next(&bytes)) {
      case net::WebSocketDecoder::Event::kNeedsMore:
        return true;
      case net::WebSocketDecoder::Event::kFault:
        LOG(FATAL) << "the client breaks the protocol: " << peer->decoder.fault().text;
      case net::WebSocketDecoder::Event::kControl:
        if (peer->decoder.type() == net::Opcode::kClose) return false;
        continue;  // Pings are not answered: a test may want a node that hangs.
      case net::WebSocketDecoder::Event::kMessage: {
        v1::ClientFrame request;
        CHECK(request.ParseFromArray(peer->decoder.payload().data(), static_cast<int>(peer->decoder.payload().size())));
        auto answer = script_(request);
        if (peer->cut) return false;
        if (answer) {
          Answer(*peer, request, *std::move(answer));
        } else {
          kept_.emplace_back(peer, std::move(request));
        }
      }
    }
  }
}

void ScriptedNode::AnswerKept() {
  CHECK(!kept_.empty());
  const auto [weak, request] = std::move(kept_.front());
  kept_.pop_front();
  auto answer = script_(request);
  CHECK(answer.has_value());
  if (const auto peer = weak.lock(); peer != nullptr) Answer(*peer, request, *std::move(answer));
}

void ScriptedNode::Answer(Peer& peer, const v1::ClientFrame& request, v1::ServerFrame answer) {
  answer.set_id(request.id());
  Write(peer, answer);
}

void ScriptedNode::Tell(const v1::ServerFrame& frame) {
  for (const auto& weak : peers_) {
    if (const auto peer = weak.lock(); peer != nullptr && peer->open) Write(*peer, frame);
  }
}

void ScriptedNode::Write(Peer& peer, const v1::ServerFrame& frame) {
  std::string bytes;
  const std::string payload = frame.SerializeAsString();
  net::AppendFrameHead(net::Opcode::kBinary, payload.size(), &bytes);
  peer.Say(bytes + payload);
}

void ScriptedNode::Cut() {
  kept_.clear();
  for (const auto& weak : std::exchange(peers_, {})) {
    if (const auto peer = weak.lock(); peer != nullptr) peer->Reset();
  }
}

}  // namespace quoin::client
