#include "net/peer_network.h"

#include <glog/logging.h>

#include <boost/asio/post.hpp>
#include <random>
#include <utility>

#include "net/address.h"
#include "net/peer_network_impl.h"

namespace quoin::net {
namespace {

std::uint64_t RandomSeed() { return std::random_device()(); }

}  // namespace

namespace asio = boost::asio;

PeerNetwork::Impl::Impl(asio::io_context& context, Options options, Handlers handlers)
    : context_(context),
      options_(std::move(options)),
      handlers_(std::move(handlers)),
      names_(context, options_.resolve),
      ledger_(options_.ledger),
      dial_backs_(context, options_.resolve, options_.timing.connect_timeout, [this] { return Self(); }) {
  CHECK_NE(options_.self.value, 0u);
  CHECK_NE(options_.boot, 0u);
  const auto advertised = ParseHostPort(options_.advertised);
  CHECK(advertised.ok()) << advertised.status();
}

PeerIdentity PeerNetwork::Impl::Self() const {
  PeerIdentity self;
  self.cluster = options_.cluster;
  self.node = options_.self;
  self.boot = options_.boot;
  self.partition_count = options_.partition_count;
  self.commit_number = options_.commit_number ? options_.commit_number() : 0;
  self.advertised = options_.advertised;
  return self;
}

void PeerNetwork::Impl::Start(std::unique_ptr<PeerListener> listener) {
  CHECK(!acceptor_ && !stopped_);
  acceptor_.emplace(listener->TakeAcceptor(context_));
  PeerReception::Limits limits;
  limits.max_greeting = options_.max_greeting;
  limits.link_timeout = options_.timing.link_timeout;
  limits.session.greeting_timeout = options_.timing.accept_timeout;
  limits.session.max_batch_bytes = options_.max_packet_bytes + PeerQueue::kBatchBytes;
  PeerReception::Handlers handlers;
  handlers.hello = [this](const PeerVisitPtr& visit, const PeerHello& hello) { OnHello(visit, hello); };
  handlers.batch = [this](PeerVisit& visit, std::string_view batch) { return OnBatch(visit, batch); };
  handlers.commit_number = [this](PeerVisit& visit, std::uint64_t number) {
    ledger_.Heard(visit.node, visit.boot, number, Now());
  };
  handlers.read = [this](PeerVisit&) {
    if (handlers_.batch_end) handlers_.batch_end();
  };
  handlers.closed = [this](PeerVisit& visit, const std::string& reason) { OnVisitClosed(visit, reason); };
  reception_ = std::make_unique<PeerReception>(*acceptor_, limits, std::move(handlers));
}

void PeerNetwork::Impl::Stop() {
  if (stopped_) return;
  stopped_ = true;
  reception_ = nullptr;
  dial_backs_.Stop();
  if (acceptor_) {
    boost::system::error_code ignored;
    acceptor_->close(ignored);
  }
  for (auto& [node, peer] : peers_) peer.link->Close();
}

PeerNetwork::Impl::Peer& PeerNetwork::Impl::FindOrMake(NodeId node) {
  Peer& peer = peers_[node];
  if (peer.link == nullptr) {
    const PeerQueue::Limits limits{options_.max_queue_bytes, options_.max_packet_bytes};
    peer.link =
        std::make_shared<PeerLink>(context_, names_, node, options_.timing, limits, RandomSeed(), LinkHandlers(node));
  }
  return peer;
}

void PeerNetwork::Impl::Review(NodeId node) {
  const auto found = peers_.find(node);
  if (found == peers_.end() || found->second.in_ring || found->second.visit != nullptr) return;
  found->second.link->Close();
  // It may be in the middle of a call.
  asio::post(context_, [link = std::move(found->second.link)] {});
  peers_.erase(found);
}

void PeerNetwork::Impl::SetPeers(const std::map<NodeId, std::string>& addresses) {
  if (stopped_) return;
  for (const auto& [node, address] : addresses) {
    if (node == options_.self) continue;
    Peer& peer = FindOrMake(node);
    peer.in_ring = true;
    // Only news: what was known before may have been overtaken by what the peer says of itself.
    if (std::exchange(peer.ring_address, address) == address) continue;
    const auto link = peer.link;
    link->SetAddress(address);
  }
  std::vector<NodeId> gone;
  for (auto& [node, peer] : peers_) {
    if (addresses.contains(node)) continue;
    peer.in_ring = false;
    peer.ring_address.clear();
    gone.push_back(node);
  }
  for (const NodeId node : gone) Review(node);
}

void PeerNetwork::Impl::Send(NodeId to, const quorum::PacketBody& packet) {
  CHECK_NE(to, options_.self);
  if (stopped_) return;
  const auto found = peers_.find(to);
  if (found == peers_.end()) {
    ++dropped_for_strangers_;
    return;
  }
  found->second.link->Send(packet);
}

// ---- Of whom this node dials ----

PeerLink::Handlers PeerNetwork::Impl::LinkHandlers(NodeId node) {
  PeerLink::Handlers handlers;
  handlers.hello = [this, node] { return PeerHello{PeerHello::Kind::kLink, Self(), 0, node}; };
  handlers.judge = [this, node](const PeerAnswer& answer) { return Judge(node, answer); };
  handlers.commit_number = options_.commit_number;
  handlers.up = [this, node] { OnUp(node); };
  handlers.refused = [this, node](const PeerObjection& objection) {
    if (!stopped_ && handlers_.refused) handlers_.refused(node, objection);
  };
  handlers.broke = [this, node](const std::string& reason) {
    LOG(INFO) << "can't send to node " << node << " any more: " << reason;
    Reset(node);
  };
  handlers.failed = [this, node](const std::string& address, const std::string& reason) {
    LOG_IF(WARNING, refusals_.IsNews(node.ToString() + " at " + address, reason))
        << "can't send to node " << node << " yet: " << reason;
  };
  return handlers;
}

Status PeerNetwork::Impl::Judge(NodeId node, const PeerAnswer& answer) {
  if (answer.who.node != node) {
    return Status(Code::kIncompatible, "it is node " + answer.who.node.ToString() + ", not the one wanted");
  }
  if (const auto objection = ledger_.Judge(Self(), answer.who, Now())) {
    return Status(Code::kIncompatible,
                  "this node refuses it (" + RefusalName(objection->refusal) + "): " + objection->text);
  }
  ledger_.Welcome(answer.who, false, Now());
  return Status::Ok();
}

void PeerNetwork::Impl::OnUp(NodeId node) {
  Peer& peer = peers_.at(node);
  const auto link = peer.link;
  refusals_.Forget(node.ToString() + " at " + link->address());
  LOG(INFO) << "sends to node " << node << " at " << link->address();
  // What is left of an earlier process of that node has nothing more to say.
  if (peer.visit != nullptr && peer.visit->boot != link->boot()) {
    std::exchange(peer.visit, nullptr)->Close();
    Reset(node);
  }
  if (!stopped_ && handlers_.welcomed) handlers_.welcomed(node);
}

std::vector<PeerCounts> PeerNetwork::Impl::Counts() const {
  std::vector<PeerCounts> all;
  for (const auto& [node, peer] : peers_) {
    PeerCounts counts;
    counts.node = node;
    counts.address = peer.link->address();
    counts.sends = peer.link->up();
    counts.receives = peer.visit != nullptr;
    counts.queued_bytes = peer.link->queue().size_bytes();
    counts.sent_packets = peer.link->queue().counts().sent_packets;
    counts.sent_bytes = peer.link->queue().counts().sent_bytes;
    counts.dropped_packets = peer.link->queue().counts().dropped_packets;
    counts.received_packets = peer.received_packets;
    counts.received_bytes = peer.received_bytes;
    counts.last_error = peer.link->last_error();
    all.push_back(std::move(counts));
  }
  return all;
}

// ---- The outside ----

PeerNetwork::PeerNetwork(asio::io_context& context, Options options, Handlers handlers)
    : impl_(std::make_unique<Impl>(context, std::move(options), std::move(handlers))) {}
PeerNetwork::~PeerNetwork() = default;
void PeerNetwork::Start(std::unique_ptr<PeerListener> listener) { impl_->Start(std::move(listener)); }
void PeerNetwork::SetPeers(const std::map<NodeId, std::string>& peers) { impl_->SetPeers(peers); }
void PeerNetwork::Send(NodeId to, const quorum::PacketBody& packet) { impl_->Send(to, packet); }
void PeerNetwork::Stop() { impl_->Stop(); }
std::vector<PeerCounts> PeerNetwork::Counts() const { return impl_->Counts(); }
std::uint64_t PeerNetwork::dropped_for_strangers() const { return impl_->dropped_for_strangers(); }

}  // namespace quoin::net
