// Asking a node who it is: before this node joins (AskPeer), and, by who was asked, to see whether it can be dialled
// back.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/status.h"
#include "net/name_lookup.h"
#include "net/peer_connection.h"
#include "net/peer_dial.h"
#include "net/peer_hello.h"
#include "net/peer_listener.h"

namespace quoin::net {

// One greeting and its answer.
// Threads: lives on one shard. Lifetime: the destructor gives it up. `done` is called once at most, never from inside
// the constructor, and may destroy it.
class PeerQuestion {
 public:
  // kUnavailable says why there is no answer, and names the address. An answer may be a refusal.
  using Done = std::function<void(Result<PeerAnswer>)>;

  // The whole of it takes at most twice `timeout`: once for the connection, once for the answer. `names`: of the same
  // shard; outlives it.
  PeerQuestion(boost::asio::io_context& context, NameLookup& names, std::string address, PeerHello hello,
               std::chrono::milliseconds timeout, Done done);
  ~PeerQuestion();
  PeerQuestion(const PeerQuestion&) = delete;
  PeerQuestion& operator=(const PeerQuestion&) = delete;

 private:
  void OnConnected(boost::asio::ip::tcp::socket socket);
  void Finish(Result<PeerAnswer> result);

  const std::string address_;
  const PeerHello hello_;
  const std::chrono::milliseconds timeout_;
  Done done_;
  std::shared_ptr<PeerDial> dial_;
  std::shared_ptr<PeerConnection> connection_;
};

struct PeerFound {
  // This very node answers at that address; then nothing below says anything.
  bool is_self = false;
  PeerIdentity who;
  // Why who was asked can't dial this node at own.advertised: "can't connect to 10.0.0.7:7080: Connection refused".
  // Empty: it can, or own.advertised is empty.
  std::string unreachable;
};

// Asks whoever listens at `address` who it is, and whether it can dial this node at own.advertised, where `listener` is
// to be found: it is answered from here meanwhile. What `own` doesn't know yet is zero. Blocks for `timeout` at most.
//
// kInvalid: the address is none. kUnavailable: nobody answers, or somebody who is still starting himself: later may
// work; also whatever answers like no Quoin node. kIncompatible: a refusal; its text is for people. All name the
// address.
// REQUIRES: nothing else uses the listener.
Result<PeerFound> AskPeer(const std::string& address, const PeerIdentity& own, PeerListener& listener,
                          std::chrono::milliseconds timeout);

}  // namespace quoin::net
