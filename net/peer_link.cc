#include "net/peer_link.h"

#include <glog/logging.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "net/peer_codec.h"

namespace quoin::net {
namespace {

// A link that was up for less doesn't start the backoff anew: the peer may be taking and dropping connections.
constexpr std::chrono::milliseconds kGoodLink{1000};

PeerQueue::Lane LaneOf(const quorum::PacketBody& packet) {
  if (std::holds_alternative<quorum::HeartbeatPacket>(packet)) return PeerQueue::Lane::kHeartbeat;
  if (std::holds_alternative<ring::GossipMessage>(packet)) return PeerQueue::Lane::kGossip;
  return PeerQueue::Lane::kBulk;
}

}  // namespace

PeerLink::PeerLink(boost::asio::io_context& context, NameLookup& names, NodeId peer, const PeerTiming& timing,
                   const PeerQueue::Limits& limits, std::uint64_t seed, Handlers handlers)
    : context_(context),
      names_(names),
      peer_(peer),
      timing_(timing),
      handlers_(std::move(handlers)),
      random_(seed),
      queue_(limits),
      backoff_(timing.backoff_least, timing.backoff_most),
      rest_(context) {}

void PeerLink::SetAddress(const std::string& address) {
  if (state_ == State::kClosed || addresses_.front() == address) return;
  const bool connected_there = state_ == State::kUp && this->address() == address;
  addresses_.insert(addresses_.begin(), address);
  // The one before stays as a second choice: it may be this news that is old.
  const auto is_older = [&](const std::string& other) { return other.empty() || other == address; };
  addresses_.erase(std::remove_if(addresses_.begin() + 1, addresses_.end(), is_older), addresses_.end());
  if (addresses_.size() > 2) addresses_.resize(2);
  next_address_ = 0;
  if (connected_there) return;
  if (state_ == State::kUp) {
    Restart("the peer has moved to " + address);
    return;
  }
  DropConnection();
  backoff_.Reset();
  hopeful_ = true;
  Dial();
}

void PeerLink::DialNow() {
  if (state_ == State::kResting || state_ == State::kConnecting) {
    DropConnection();
    backoff_.Reset();
    hopeful_ = true;
    Dial();
  }
  // While it is greeting, the two of them may be dialling each other in the same moment: if both began anew then,
  // neither would ever come to an end.
}

void PeerLink::Restart(const std::string& reason) {
  if (state_ != State::kUp) return;
  OnBroken(reason);
  DialNow();
}

void PeerLink::Dial() {
  CHECK(dial_ == nullptr && connection_ == nullptr);
  state_ = State::kConnecting;
  dial_ = PeerDial::Start(context_, names_, address(), timing_.connect_timeout,
                          [this](Result<boost::asio::ip::tcp::socket> socket) {
                            dial_ = nullptr;
                            if (socket.ok()) {
                              OnConnected(*std::move(socket));
                            } else {
                              OnFailed(socket.status().message());
                            }
                          });
}

void PeerLink::OnConnected(boost::asio::ip::tcp::socket socket) {
  state_ = State::kGreeting;
  PeerOutbound::Handlers session_handlers;
  session_handlers.answer = [this](const PeerAnswer& answer) { return OnAnswer(answer); };
  session_handlers.commit_number = handlers_.commit_number;
  PeerConnection::Handlers connection_handlers;
  connection_handlers.closed = [this](const std::string& reason) { OnClosed(reason); };
  // Up only once the session itself has taken the answer.
  connection_handlers.read = [this] {
    if (state_ == State::kUp && up_since_ == SteadyTime::min()) {
      up_since_ = std::chrono::steady_clock::now();
      handlers_.up();
    }
  };
  connection_ = std::make_shared<PeerConnection>(
      std::move(socket),
      std::make_unique<PeerOutbound>(handlers_.hello(), &queue_, timing_.greeting_timeout, std::move(session_handlers),
                                     std::chrono::steady_clock::now()),
      timing_.link_timeout, std::move(connection_handlers));
  connection_->Start();
}

Status PeerLink::OnAnswer(const PeerAnswer& answer) {
  if (answer.objection.refusal != PeerRefusal::kNone) {
    if (handlers_.refused) handlers_.refused(answer.objection);
    return Status(Code::kIncompatible, "it refuses this node (" + RefusalName(answer.objection.refusal) +
                                           "), saying: " + answer.objection.text);
  }
  QUOIN_RETURN_IF_ERROR(handlers_.judge(answer));
  state_ = State::kUp;
  up_since_ = SteadyTime::min();
  boot_ = answer.who.boot;
  hopeful_ = true;
  last_error_.clear();
  return Status::Ok();
}

void PeerLink::OnClosed(const std::string& reason) {
  connection_ = nullptr;
  if (state_ == State::kUp) {
    OnBroken(reason);
  } else {
    OnFailed(address() + ": " + reason);
  }
}

void PeerLink::OnBroken(const std::string& reason) {
  if (up_since_ != SteadyTime::min() && std::chrono::steady_clock::now() - up_since_ >= kGoodLink) backoff_.Reset();
  last_error_ = reason;
  Rest();
  // It may call anything here, Close included.
  handlers_.broke(reason);
}

void PeerLink::OnFailed(const std::string& reason) {
  hopeful_ = false;
  last_error_ = reason;
  const std::string failed = address();
  next_address_ = (next_address_ + 1) % addresses_.size();
  Rest();
  handlers_.failed(failed, reason);
}

void PeerLink::Rest() {
  DropConnection();
  queue_.Clear();
  state_ = State::kResting;
  rest_.expires_after(backoff_.Next(random_));
  rest_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (error || self == nullptr || self->state_ != State::kResting) return;
    self->Dial();
  });
}

void PeerLink::DropConnection() {
  rest_.cancel();
  if (dial_ != nullptr) std::exchange(dial_, nullptr)->Cancel();
  if (connection_ != nullptr) std::exchange(connection_, nullptr)->Close();
}

void PeerLink::Send(const quorum::PacketBody& packet) {
  const PeerQueue::Lane lane = LaneOf(packet);
  if (state_ != State::kUp && (!hopeful_ || state_ == State::kIdle || state_ == State::kClosed)) {
    // The next heartbeat is as good as this one, so that none is missed for good.
    if (lane != PeerQueue::Lane::kHeartbeat) queue_.CountDropped();
    return;
  }
  queue_.Add(lane, [&packet](std::string* batch) { AppendPacket(packet, batch); });
  if (state_ == State::kUp) connection_->Wake();
}

void PeerLink::Close() {
  DropConnection();
  queue_.Clear();
  state_ = State::kClosed;
}

}  // namespace quoin::net
