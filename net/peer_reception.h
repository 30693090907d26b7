// PeerReception: takes the connections of those who dial this node, and hears who they are. What they are answered, and
// what becomes of their packets, is its owner's.
//
// Threads: lives on the shard of its acceptor.
// Lifetime: the destructor closes all connections; no handler is called from then on. A handler must not destroy it.
// Bounds: at most max_greeting connections that have not got as far as a link; beyond, the oldest gives way. Links are
// as many as the owner welcomes.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/status.h"
#include "net/peer_connection.h"
#include "net/peer_hello.h"
#include "net/peer_session.h"

namespace quoin::net {

// One who dials.
class PeerVisit {
 public:
  // REQUIRES: its hello was handed on, and it wasn't answered. Without effect once it is closed.
  void Answer(const PeerAnswer& answer);
  // Not followed by `closed`.
  void Close();
  const std::string& remote() const { return remote_; }
  bool linked() const { return session_ != nullptr && session_->linked(); }

  // The owner's; once it has made a link of it.
  NodeId node;
  std::uint64_t boot = 0;

 private:
  friend class PeerReception;

  std::uint64_t number_ = 0;  // In the order of arrival.
  std::string remote_;
  std::shared_ptr<PeerConnection> connection_;
  PeerInbound* session_ = nullptr;  // The connection's; nullptr once it is closed.
  class PeerReception* reception_ = nullptr;
};
using PeerVisitPtr = std::shared_ptr<PeerVisit>;

class PeerReception {
 public:
  struct Limits {
    std::size_t max_greeting = 256;
    std::chrono::milliseconds link_timeout{3000};
    PeerInbound::Limits session;
  };
  struct Handlers {
    std::function<void(const PeerVisitPtr&, const PeerHello&)> hello;
    // The following ones only for links; as in PeerInbound and PeerConnection.
    std::function<Status(PeerVisit&, std::string_view batch)> batch;
    std::function<void(PeerVisit&, std::uint64_t commit_number)> commit_number;
    std::function<void(PeerVisit&)> read;
    // It ended by itself, as a link or before; `reason` is empty when nothing was wrong.
    std::function<void(PeerVisit&, const std::string& reason)> closed;
  };

  // Accepts from now on. The acceptor outlives this.
  PeerReception(boost::asio::ip::tcp::acceptor& acceptor, const Limits& limits, Handlers handlers);
  ~PeerReception();
  PeerReception(const PeerReception&) = delete;
  PeerReception& operator=(const PeerReception&) = delete;

 private:
  friend class PeerVisit;

  void AcceptNext();
  void OnAccepted(boost::asio::ip::tcp::socket socket);
  // Before another is taken in.
  void MakeRoom();
  void Remove(PeerVisit& visit);

  boost::asio::ip::tcp::acceptor& acceptor_;
  boost::asio::steady_timer rest_;
  const Limits limits_;
  const Handlers handlers_;
  std::uint64_t last_number_ = 0;
  std::map<std::uint64_t, PeerVisitPtr> visits_;    // By number.
  std::map<std::uint64_t, PeerVisitPtr> greeting_;  // Those that are no links.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace quoin::net
