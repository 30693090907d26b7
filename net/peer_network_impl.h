// The insides of PeerNetwork: peer_network.cc has what concerns whom this node dials, peer_network_visits.cc who dials
// it.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/status.h"
#include "net/name_lookup.h"
#include "net/peer_dial_backs.h"
#include "net/peer_hello.h"
#include "net/peer_ledger.h"
#include "net/peer_link.h"
#include "net/peer_network.h"
#include "net/peer_reception.h"
#include "net/peer_refusal_log.h"
#include "quorum/packet.h"

namespace quoin::net {

class PeerNetwork::Impl {
 public:
  Impl(boost::asio::io_context& context, Options options, Handlers handlers);
  ~Impl() { Stop(); }

  void Start(std::unique_ptr<PeerListener> listener);
  void SetPeers(const std::map<NodeId, std::string>& addresses);
  void Send(NodeId to, const quorum::PacketBody& packet);
  void Stop();
  std::vector<PeerCounts> Counts() const;
  std::uint64_t dropped_for_strangers() const { return dropped_for_strangers_; }

 private:
  struct Peer {
    std::shared_ptr<PeerLink> link;
    bool in_ring = false;
    std::string ring_address;
    std::string own_address;  // As it has told itself.
    PeerVisitPtr visit;       // The connection over which it sends.
    std::uint64_t received_packets = 0;
    std::uint64_t received_bytes = 0;
  };

  static SteadyTime Now() { return std::chrono::steady_clock::now(); }

  PeerIdentity Self() const;
  Peer& FindOrMake(NodeId node);
  // Forgets the peer if nothing speaks for it any more.
  void Review(NodeId node);

  // Of who dials this node.
  void OnHello(const PeerVisitPtr& visit, const PeerHello& hello);
  void OnLinkWanted(const PeerVisitPtr& visit, const PeerHello& hello);
  void Refuse(const PeerVisitPtr& visit, const PeerIdentity& who, PeerObjection objection);
  Status OnBatch(PeerVisit& visit, std::string_view batch);
  void OnVisitClosed(PeerVisit& visit, const std::string& reason);

  // Of whom this node dials.
  PeerLink::Handlers LinkHandlers(NodeId node);
  Status Judge(NodeId node, const PeerAnswer& answer);
  void OnUp(NodeId node);

  void Reset(NodeId node) {
    if (!stopped_) handlers_.reset(node);
  }

  boost::asio::io_context& context_;
  const Options options_;
  const Handlers handlers_;
  bool stopped_ = false;
  NameLookup names_;
  PeerLedger ledger_;
  PeerRefusalLog refusals_;
  std::map<NodeId, Peer> peers_;
  std::uint64_t dropped_for_strangers_ = 0;
  PeerDialBacks dial_backs_;
  std::optional<boost::asio::ip::tcp::acceptor> acceptor_;
  std::unique_ptr<PeerReception> reception_;  // Gone before what it uses.
};

}  // namespace quoin::net
