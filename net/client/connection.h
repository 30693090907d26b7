// Connection: one TCP connection to a server and the Session on it. It moves bytes and keeps the session's time.
//
// Reads go into a buffer that all connections of a client share; what was sent within one turn leaves in one write.
//
// Threads: the client's executor.
// Lifetime: shared with what waits in the executor; Abandon() ends it, after which the owner is never called again.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>

#include "net/client/client.h"
#include "net/client/session.h"
#include "net/http_client.h"

namespace quoin::client {

class Connection : public std::enable_shared_from_this<Connection>, private Session::Receiver {
 public:
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void OnOpen() = 0;
    virtual void OnAnswer(Session::Token token, v1::ServerFrame& answer) = 0;
    // After each event, before what the session has is written: the time to send more.
    virtual void OnTurn() = 0;
    // It is over; `reason` is for people. Called once, and last.
    virtual void OnOver(const std::string& reason) = 0;
  };
  // What the connections of a client share.
  struct Shared {
    boost::asio::any_io_executor executor;
    std::mt19937_64& random;
    std::span<char> read_buffer;
    Client::Counts& counts;
    // Keeps alive, while an event runs, what the references above and the owner are part of.
    std::weak_ptr<void> life;
  };

  Connection(Shared shared, net::HttpEndpoint server, SessionOptions options, std::chrono::milliseconds connect_timeout,
             Owner& owner);

  void Start();
  // nullptr until connected.
  Session* session() { return session_ ? &*session_ : nullptr; }
  // Writes what the session has.
  void Flush();
  // Says goodbye where that is possible, and closes.
  void Abandon();

 private:
  using Tcp = boost::asio::ip::tcp;

  void OnOpen(const v1::Hello& hello) override;
  void OnAnswer(Session::Token token, v1::ServerFrame& answer) override;

  void Connect(const Tcp::resolver::results_type& endpoints);
  void OnConnected();
  void WaitForBytes();
  void OnReadable();
  // Takes what has come, without waiting. False: the owner is gone by now.
  bool Read();
  void Write();
  // Of what was written, as much as the server's kernel has acknowledged.
  std::uint64_t TakenBytes();
  // After each event.
  void Settle();
  void ArmTimer();
  void OnTimer();
  void Finish(const std::string& reason);

  Shared shared_;
  const net::HttpEndpoint server_;
  const SessionOptions options_;
  const Time connect_by_;
  Owner* owner_;  // nullptr once over.
  Tcp::resolver resolver_;
  Tcp::socket socket_;
  boost::asio::steady_timer timer_;
  Time timer_at_ = Time::max();
  std::optional<Session> session_;
  std::string writing_;
  std::size_t written_bytes_ = 0;  // Of writing_.
  std::uint64_t all_written_bytes_ = 0;
  bool waiting_for_room_ = false;
};

}  // namespace quoin::client
