// PeerConnection: one TCP connection between two nodes. It moves bytes between a socket and a session, and keeps the
// session's deadline.
//
// Threads: lives on one shard.
// Lifetime: keeps itself alive while it waits for something. `closed` is called once when it is over by itself, never
// after Close(), and never from inside Start, Wake or Close.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "net/peer_session.h"

namespace quoin::net {

class PeerConnection : public std::enable_shared_from_this<PeerConnection> {
 public:
  struct Handlers {
    // After all that one read brought was handed to the session. May be empty.
    std::function<void()> read;
    // Why, for people.
    std::function<void(const std::string& reason)> closed;
  };

  // A connection on which the other side acknowledges nothing for `link_timeout` is given up, so that a dead path holds
  // no memory and is tried anew.
  PeerConnection(boost::asio::ip::tcp::socket socket, std::unique_ptr<PeerSession> session,
                 std::chrono::milliseconds link_timeout, Handlers handlers);

  void Start();
  // The session may have output: it is written in this tick of the loop, together with whatever else comes by then.
  void Wake();
  // Closes now, whatever is under way.
  void Close();

  // "127.0.0.1:7080"; as the system knows the other side.
  const std::string& remote() const { return remote_; }

 private:
  void SetOptions(std::chrono::milliseconds link_timeout);
  void WaitForBytes();
  void OnReadable();
  void WriteOutput();
  // Writes what there is, waits for what is to be waited for, ends when the session is at its end.
  void Pump();
  void ArmTimer();
  void Finish(const std::string& reason);

  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer timer_;
  std::unique_ptr<PeerSession> session_;
  Handlers handlers_;
  std::string remote_;
  SteadyTime timer_at_ = SteadyTime::max();
  bool waiting_for_bytes_ = false;
  bool waiting_for_room_ = false;
  bool wake_posted_ = false;
  bool closed_ = false;
};

}  // namespace quoin::net
