#include <glog/logging.h>

#include <utility>

#include "net/address.h"
#include "net/peer_codec.h"
#include "net/peer_network_impl.h"

namespace quoin::net {
namespace {

std::string HostOf(const std::string& remote) { return remote.substr(0, remote.rfind(':')); }

// Without what it quotes, which may be something else each time.
std::string KindOf(const std::string& reason) { return reason.substr(0, reason.find('\'')); }

}  // namespace

void PeerNetwork::Impl::OnHello(const PeerVisitPtr& visit, const PeerHello& hello) {
  switch (hello.kind) {
    case PeerHello::Kind::kLink:
      OnLinkWanted(visit, hello);
      return;
    case PeerHello::Kind::kProbe:
      dial_backs_.Answer(visit, hello);
      return;
    case PeerHello::Kind::kDialBack:
      Refuse(visit, hello.who,
             {PeerRefusal::kUnknownDialBack, "node " + options_.self.ToString() + " has not asked to be dialled back"});
      return;
  }
}

void PeerNetwork::Impl::Refuse(const PeerVisitPtr& visit, const PeerIdentity& who, PeerObjection objection) {
  LOG_IF(WARNING, refusals_.IsNews(who.node.ToString(), objection.text))
      << "refused node " << who.node << " at " << visit->remote() << " (" << RefusalName(objection.refusal)
      << "): " << objection.text;
  PeerAnswer answer;
  answer.objection = std::move(objection);
  answer.who = Self();
  visit->Answer(answer);
}

void PeerNetwork::Impl::OnLinkWanted(const PeerVisitPtr& visit, const PeerHello& hello) {
  const PeerIdentity& who = hello.who;
  auto objection = ledger_.Judge(Self(), who, Now());
  if (const auto address = ParseHostPort(who.advertised); !objection && !address.ok()) {
    objection = PeerObjection{PeerRefusal::kSenseless,
                              "the address that it gives can't be used: " + address.status().message()};
  }
  // A stale address may have become this node's. A link that is made by mistake would take the place of the right one.
  if (!objection && hello.wanted.value != 0 && hello.wanted != options_.self) {
    objection = PeerObjection{PeerRefusal::kNotWanted, "it is node " + options_.self.ToString() + ", and " +
                                                           hello.wanted.ToString() + " was wanted"};
  }
  if (objection) {
    Refuse(visit, who, *std::move(objection));
    return;
  }
  refusals_.Forget(who.node.ToString());
  ledger_.Welcome(who, true, Now());
  visit->node = who.node;
  visit->boot = who.boot;
  Peer& peer = FindOrMake(who.node);
  const PeerVisitPtr before = std::exchange(peer.visit, visit);
  const bool moved = std::exchange(peer.own_address, who.advertised) != who.advertised;
  const auto link = peer.link;  // `peer` itself may go with the handlers that are called from here on.
  PeerAnswer answer;
  answer.who = Self();
  visit->Answer(answer);
  LOG(INFO) << "node " << who.node << " sends from " << visit->remote();
  if (before != nullptr) before->Close();
  if (moved) link->SetAddress(who.advertised);
  if (link->up() && link->boot() != who.boot) link->Restart("the peer has started anew");
  link->DialNow();
  if (before != nullptr) Reset(who.node);
}

Status PeerNetwork::Impl::OnBatch(PeerVisit& visit, std::string_view batch) {
  const NodeId from = visit.node;
  const auto found = peers_.find(from);
  if (found == peers_.end() || found->second.visit.get() != &visit) {
    return Status(Code::kUnavailable, "the connection is being closed");
  }
  found->second.received_bytes += batch.size();
  std::uint64_t& received = found->second.received_packets;  // The peer stays as long as its visit does.
  return DecodePackets(batch, [&](quorum::PacketBody packet) {
    ++received;
    handlers_.packet(from, std::move(packet));
  });
}

void PeerNetwork::Impl::OnVisitClosed(PeerVisit& visit, const std::string& reason) {
  if (visit.node.value == 0) {
    LOG_IF(WARNING, !reason.empty() && refusals_.IsNews(HostOf(visit.remote()), KindOf(reason)))
        << "closed a connection from " << visit.remote() << " on the peers' address: " << reason;
    return;
  }
  const auto found = peers_.find(visit.node);
  if (found == peers_.end() || found->second.visit.get() != &visit) return;
  LOG(INFO) << "node " << visit.node << " no longer sends from " << visit.remote() << ": " << reason;
  found->second.visit = nullptr;
  ledger_.Gone(visit.node, visit.boot);
  Review(visit.node);
  Reset(visit.node);
}

}  // namespace quoin::net
