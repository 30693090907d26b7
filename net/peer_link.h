// PeerLink: what this node sends to one peer. It dials the peer, greets it, and sends what it is given; when that
// breaks it dials again, with backoff.
//
// While no connection is to be had, what it is given is dropped: it would be stale by the time that it arrived, and the
// protocol sends again. Only until the first attempt has ended one way or the other is it kept.
//
// Threads: lives on one shard. Lifetime: Close() before the last reference goes; no handler is called from then on.
// Handlers may call anything here. Bounds: those of PeerQueue.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "base/ids.h"
#include "net/name_lookup.h"
#include "net/peer_backoff.h"
#include "net/peer_connection.h"
#include "net/peer_dial.h"
#include "net/peer_hello.h"
#include "net/peer_queue.h"
#include "quorum/packet.h"

namespace quoin::net {

struct PeerTiming {
  // The lookup of a name included; see PeerDial.
  std::chrono::milliseconds connect_timeout{1000};
  // Of who dials; and of who was dialled, for whom it may include dialling back.
  std::chrono::milliseconds greeting_timeout{2000};
  std::chrono::milliseconds accept_timeout{5000};
  std::chrono::milliseconds backoff_least{10};
  std::chrono::milliseconds backoff_most{1000};
  // A connection on which nothing is acknowledged for so long is given up.
  std::chrono::milliseconds link_timeout{3000};
};

class PeerLink : public std::enable_shared_from_this<PeerLink> {
 public:
  struct Handlers {
    // What to say now.
    std::function<PeerHello()> hello;
    // Whether the peer that answers is the right one, and welcome; otherwise an error for people.
    std::function<Status(const PeerAnswer&)> judge;
    std::function<std::uint64_t()> commit_number;  // May be empty.
    // Packets can be sent.
    std::function<void()> up;
    // It was up, and isn't any more.
    std::function<void(const std::string& reason)> broke;
    // An attempt at this address has failed. Often for the same reason again and again.
    std::function<void(const std::string& address, const std::string& reason)> failed;
    // The peer will have nothing to do with this node. `failed` follows. May be empty.
    std::function<void(const PeerObjection& objection)> refused;
  };

  // `names`: of the same shard; is there until Close().
  PeerLink(boost::asio::io_context& context, NameLookup& names, NodeId peer, const PeerTiming& timing,
           const PeerQueue::Limits& limits, std::uint64_t seed, Handlers handlers);

  // The newest that is known is tried first, and the one before it next. Without effect when it is the newest already.
  void SetAddress(const std::string& address);
  // Dials now if it isn't up: the peer is evidently there.
  void DialNow();
  // Drops the connection, which the peer's end no longer holds, and dials anew.
  void Restart(const std::string& reason);
  void Send(const quorum::PacketBody& packet);
  void Close();

  bool up() const { return state_ == State::kUp; }
  // Of the process at the other end; 0 unless up.
  std::uint64_t boot() const { return up() ? boot_ : 0; }
  // Under which the peer is dialled.
  const std::string& address() const { return addresses_[next_address_]; }
  const PeerQueue& queue() const { return queue_; }
  // Why it isn't up, or wasn't last time.
  const std::string& last_error() const { return last_error_; }

 private:
  enum class State { kIdle, kResting, kConnecting, kGreeting, kUp, kClosed };

  void Dial();
  void OnConnected(boost::asio::ip::tcp::socket socket);
  Status OnAnswer(const PeerAnswer& answer);
  void OnClosed(const std::string& reason);
  void OnFailed(const std::string& reason);
  void OnBroken(const std::string& reason);
  void Rest();
  void DropConnection();

  boost::asio::io_context& context_;
  NameLookup& names_;
  const NodeId peer_;
  const PeerTiming timing_;
  const Handlers handlers_;
  std::mt19937_64 random_;
  PeerQueue queue_;
  PeerBackoff backoff_;
  boost::asio::steady_timer rest_;
  State state_ = State::kIdle;
  bool hopeful_ = true;  // No attempt has failed since there was reason to believe that the peer is there.
  std::vector<std::string> addresses_{""};  // Newest first; at most two.
  std::size_t next_address_ = 0;
  std::shared_ptr<PeerDial> dial_;
  std::shared_ptr<PeerConnection> connection_;
  SteadyTime up_since_;
  std::uint64_t boot_ = 0;
  std::string last_error_;
};

}  // namespace quoin::net
