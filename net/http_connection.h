// HttpConnection: one client's TCP connection. It moves bytes between a socket and a session, keeps the session's
// deadlines, and closes in order. It begins with an HttpSession, and goes on in another when that one gives it a
// successor (a WebSocket).
//
// Reads go straight into a buffer that all connections of a shard share, and writes straight from the session's output,
// so an idle connection holds no buffer of its own.
//
// Threads: lives on one shard.
// Lifetime: keeps itself alive while it waits for something; `on_closed` is called once when it is over.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "net/http_session.h"

namespace quoin::net {

class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
 public:
  using OnClosed = std::function<void(HttpConnection*)>;

  // `read_buffer` is the shard's own; nothing of it is kept between events.
  HttpConnection(boost::asio::ip::tcp::socket socket, HttpHandler& handler, const HttpLimits& limits,
                 std::span<char> read_buffer, OnClosed on_closed);

  void Start();
  // Answers what has begun to arrive, then closes.
  void Drain();
  // Closes now, whatever is under way.
  void Close();

 private:
  void WaitForBytes();
  void OnReadable();
  // Takes what the peer still sends after the last answer, so that the answer isn't lost to a reset.
  void OnReadableWhileLingering();
  void ScheduleWrite();
  // Bytes that the system took of the session's output.
  std::size_t WriteSome(boost::system::error_code& error);
  void WriteOutput();
  // Writes what there is, waits for more room where needed, closes when the session is over.
  void Pump();
  void ArmTimer();
  void OnTimer();
  void BeginLingering();

  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer timer_;
  std::unique_ptr<ByteSession> session_;  // Gone once the connection is closed: what waits in a loop holds no handler.
  const std::span<char> read_buffer_;
  OnClosed on_closed_;
  SteadyTime timer_at_ = SteadyTime::max();
  SteadyTime linger_until_ = SteadyTime::max();
  bool waiting_for_bytes_ = false;
  bool waiting_for_room_ = false;
  bool write_scheduled_ = false;
  bool input_ended_ = false;
  bool lingering_ = false;
  bool draining_ = false;
  bool closed_ = false;
};

}  // namespace quoin::net
