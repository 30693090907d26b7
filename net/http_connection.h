// HttpConnection: one client's TCP connection. It moves bytes between a socket and a session, keeps the session's
// deadlines, and closes in order. It begins with an HttpSession, and goes on in another when that one gives it a
// successor (a WebSocket).
//
// Reads go straight into a buffer that all connections of a shard share, and writes straight from the session's output,
// so an idle connection holds no buffer of its own.
//
// Threads: lives on one shard.
// Lifetime: in a shared_ptr, which its owner holds until `on_closed`; that is called once when it is over.
#pragma once

#include <sys/types.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "net/http_session.h"
#include "net/readiness.h"

namespace quoin::net {

class HttpConnection final : public std::enable_shared_from_this<HttpConnection>, private Readiness::Listener {
 public:
  using OnClosed = std::function<void(HttpConnection*)>;

  // `context` and `readiness` are the shard's own, and so is `read_buffer`; nothing of it is kept between events.
  HttpConnection(boost::asio::io_context& context, Readiness& readiness, boost::asio::ip::tcp::socket socket,
                 HttpHandler& handler, const HttpLimits& limits, std::span<char> read_buffer, OnClosed on_closed);
  ~HttpConnection();

  void Start();
  // Answers what has begun to arrive, then closes.
  void Drain();
  // Closes now, whatever is under way.
  void Close();

 private:
  void OnReady(std::uint32_t events) override;
  // Takes what has come, as long as the session wants it.
  void Read();
  // The peer has said its last, and the session doesn't want to read it, now or ever: it isn't found out by reading.
  void OnEndUnread();
  // Takes what the peer still sends after the last answer, so that the answer isn't lost to a reset.
  void ReadWhileLingering();
  // One read into the buffer: the bytes that came; 0: none, and `readable_` or `input_ended_` or `closed_` says why.
  std::size_t ReadSome();
  // Goes on reading in the loop's next turn, where there may be more.
  void ScheduleRead();
  // Goes on with what the session has to write and to do in the loop's next turn.
  void ScheduleTurn();
  void BeginTurn();
  // Bytes that the system took of the session's output; below 0: errno has the error.
  ssize_t WriteSome();
  void WriteOutput();
  // Writes what there is, goes on in a later turn where the session wants more, closes when it is over.
  void Pump();
  void ArmTimer();
  void OnTimer();
  void BeginLingering();

  boost::asio::io_context& context_;
  Readiness& readiness_;
  int socket_;
  boost::asio::steady_timer timer_;
  std::unique_ptr<ByteSession> session_;  // Gone once the connection is closed: what waits in a loop holds no handler.
  const std::span<char> read_buffer_;
  OnClosed on_closed_;
  SteadyTime timer_at_ = SteadyTime::max();
  SteadyTime linger_until_ = SteadyTime::max();
  bool watched_ = true;     // By readiness_, until it is closed.
  bool readable_ = false;   // There may be bytes, or the end, that were not read yet.
  bool peer_done_ = false;  // The end is there to be read, behind what else is.
  bool peer_gone_ = false;  // And nobody is there to be told anything.
  bool waiting_for_room_ = false;
  bool read_scheduled_ = false;
  bool turn_scheduled_ = false;
  bool input_ended_ = false;
  bool lingering_ = false;
  bool draining_ = false;
  bool closed_ = false;
};

}  // namespace quoin::net
