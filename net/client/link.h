// Link: the way to one server: at most one connection at a time, opened when something waits for it and opened anew
// when it was lost, and what waits to be sent on it, in order. It can also be opened while nothing waits (Probe), so
// that nothing ever waits for a server that can't be reached.
//
// Threads: the client's executor.
// Bounds: what waits is bounded by Options::max_operations.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/client/client.h"
#include "net/client/connection.h"
#include "net/client/operation.h"
#include "net/client/router.h"

namespace quoin::client {

class Link : private Connection::Owner {
 public:
  using Token = Session::Token;

  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void OnUp(Link& link) = 0;
    virtual void OnAnswer(Link& link, Token token, v1::ServerFrame& answer) = 0;
    // Sends what the token stands for on the session, which has room, unless that is over by now.
    virtual void Send(Link& link, Token token, Session& session) = 0;
    // No connection came about, or the one there was is lost. `unanswered` had been sent, `waiting` had not.
    virtual void OnDown(Link& link, bool was_open, std::vector<Token> unanswered, std::vector<Token> waiting) = 0;
  };

  // Everything outlives the link, but for what `shared.life` guards.
  Link(Connection::Shared shared, const Options& options, net::HttpEndpoint server, Route route, Owner& owner);
  ~Link() override { Close(); }
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  // It is sent with the next Flush or turn that finds room.
  void Enqueue(Token token) { waiting_.push_back(token); }
  // Sends what waits, opens a connection if there is none.
  void Flush();
  // Opens a connection, so that something can be sent on it later. Does nothing while there is one, and after failures
  // for a time that doubles with each, up to kMaxProbeWait, and is partly random; so it may be called often.
  void Probe(Time now);
  // There is no connection, and nothing waits for one.
  bool idle() const { return connection_ == nullptr && waiting_.empty(); }
  // From now on it leads to another server. REQUIRES: idle().
  void Retarget(net::HttpEndpoint server);
  // Nobody waits for the answer to what was sent with this token any more.
  void GiveUpOn(Token token);
  // Closes the connection; what was on its way is nobody's then.
  void Close();

  const Route& route() const { return route_; }
  const net::HttpEndpoint& server() const { return server_; }
  // nullptr while there is no connection.
  Session* session() { return connection_ == nullptr ? nullptr : connection_->session(); }
  // For the owner, who flushes each link once in a turn.
  bool flush_scheduled = false;
  // Who is at the other end, as far as was said.
  const std::shared_ptr<const Responder>& responder() const { return responder_; }
  // Why there is no connection, for people: "127.0.0.1:8080: Connection refused". Empty: none was lost yet.
  const std::string& reason() const { return reason_; }

 private:
  void OnOpen() override;
  void OnAnswer(Token token, v1::ServerFrame& answer) override;
  void OnTurn() override { Pump(); }
  void OnOver(const std::string& reason) override;

  void Pump();
  void Open();
  std::chrono::milliseconds Backoff();

  Connection::Shared shared_;
  const Options& options_;
  net::HttpEndpoint server_;
  const Route route_;
  Owner& owner_;
  std::shared_ptr<Connection> connection_;
  std::shared_ptr<const Responder> responder_;
  std::deque<Token> waiting_;
  std::string reason_;
  boost::asio::steady_timer timer_;  // Until the next try.
  bool timer_armed_ = false;
  bool answered_ = false;  // The latest connection has brought an answer.
  Time next_try_;
  Time next_probe_;
  std::uint32_t failures_ = 0;  // Connections in a row that brought no answer.
};

// Of a server that can't be reached, though it should be (its address may be of use to others only).
inline constexpr std::chrono::milliseconds kFirstProbeWait{100};
inline constexpr std::chrono::milliseconds kMaxProbeWait{10'000};

// A random time between 0 and a bound that begins at first_backoff and doubles with each of the `failures`.
std::chrono::milliseconds DrawBackoff(const RetryPolicy& policy, std::uint32_t failures, std::mt19937_64& random);

// Those of a connection to this server.
SessionOptions SessionOptionsOf(const Options& options, const net::HttpEndpoint& server);

}  // namespace quoin::client
