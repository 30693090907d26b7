#include "net/peer_connection.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <span>
#include <utility>
#include <vector>

#include "net/peer_address.h"

namespace quoin::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

// Views that one write takes (Linux takes 1024 at most).
constexpr std::size_t kViewsPerWrite = 64;
// Reads that one event may do, so that one fast sender doesn't hold up a shard.
constexpr int kReadsPerEvent = 4;
// One for all connections of a thread: nothing of it is kept between events.
constexpr std::size_t kReadBufferBytes = 256 << 10;
// What the kernel holds of a connection without having sent it: heartbeats stand behind it.
constexpr int kUnsentBytes = 256 << 10;
// Idle connections are probed, since who only listens would never learn of a dead path.
constexpr int kProbeIntervalSeconds = 1;

std::span<char> ReadBuffer() {
  thread_local std::vector<char> buffer(kReadBufferBytes);
  return buffer;
}

bool IsWouldBlock(const error_code& error) {
  return error == asio::error::would_block || error == asio::error::try_again;
}

}  // namespace

PeerConnection::PeerConnection(tcp::socket socket, std::unique_ptr<PeerSession> session,
                               std::chrono::milliseconds link_timeout, Handlers handlers)
    : socket_(std::move(socket)),
      timer_(socket_.get_executor()),
      session_(std::move(session)),
      handlers_(std::move(handlers)) {
  error_code error;
  const tcp::endpoint endpoint = socket_.remote_endpoint(error);
  remote_ = error ? "a connection that is gone" : EndpointText(endpoint);
  SetOptions(link_timeout);
}

void PeerConnection::SetOptions(std::chrono::milliseconds link_timeout) {
  error_code ignored;
  socket_.non_blocking(true, ignored);
  socket_.set_option(tcp::no_delay(true), ignored);
  socket_.set_option(asio::socket_base::keep_alive(true), ignored);
  // Options that the system may not have; without them it takes longer to find out about a dead path.
  const auto set = [this](int option, int value) {
    setsockopt(socket_.native_handle(), IPPROTO_TCP, option, &value, sizeof(value));
  };
  set(TCP_USER_TIMEOUT, static_cast<int>(link_timeout.count()));
  set(TCP_KEEPIDLE, static_cast<int>(std::max<std::int64_t>(1, link_timeout.count() / 1000)));
  set(TCP_KEEPINTVL, kProbeIntervalSeconds);
  set(TCP_NOTSENT_LOWAT, kUnsentBytes);
}

void PeerConnection::Start() {
  WaitForBytes();
  ArmTimer();
  Wake();
}

void PeerConnection::Wake() {
  if (closed_ || wake_posted_) return;
  wake_posted_ = true;
  asio::post(socket_.get_executor(), [self = shared_from_this()] {
    self->wake_posted_ = false;
    self->Pump();
  });
}

void PeerConnection::WaitForBytes() {
  if (closed_ || waiting_for_bytes_ || !session_->wants_bytes()) return;
  waiting_for_bytes_ = true;
  socket_.async_wait(tcp::socket::wait_read, [self = shared_from_this()](const error_code& error) {
    self->waiting_for_bytes_ = false;
    if (!self->closed_ && error != asio::error::operation_aborted) self->OnReadable();
  });
}

void PeerConnection::OnReadable() {
  const std::span<char> buffer = ReadBuffer();
  error_code error;
  for (int i = 0; i < kReadsPerEvent && !closed_ && session_->wants_bytes(); ++i) {
    const std::size_t count = socket_.read_some(asio::buffer(buffer.data(), buffer.size()), error);
    if (error) break;
    session_->OnBytes({buffer.data(), count}, std::chrono::steady_clock::now());
    if (count < buffer.size()) break;
  }
  if (!closed_ && handlers_.read) handlers_.read();
  if (closed_) return;
  if (error == asio::error::eof) {
    session_->OnEndOfInput(std::chrono::steady_clock::now());
  } else if (error && !IsWouldBlock(error)) {
    Finish("the connection broke: " + error.message());
    return;
  }
  Pump();
}

void PeerConnection::WriteOutput() {
  while (!closed_ && !waiting_for_room_ && session_->has_output()) {
    std::vector<std::string_view> views;
    session_->CollectOutput(views, kViewsPerWrite);
    std::array<asio::const_buffer, kViewsPerWrite> buffers;
    for (std::size_t i = 0; i < views.size(); ++i) buffers[i] = asio::buffer(views[i].data(), views[i].size());
    error_code error;
    const std::size_t count = socket_.write_some(std::span(buffers.data(), views.size()), error);
    if (IsWouldBlock(error)) {
      waiting_for_room_ = true;
      socket_.async_wait(tcp::socket::wait_write, [self = shared_from_this()](const error_code& wait_error) {
        self->waiting_for_room_ = false;
        if (wait_error != asio::error::operation_aborted) self->Pump();
      });
      break;
    }
    if (error) {
      Finish("the connection broke: " + error.message());
      return;
    }
    session_->OnWritten(count, std::chrono::steady_clock::now());
  }
}

void PeerConnection::Pump() {
  if (closed_) return;
  WriteOutput();
  if (closed_) return;
  if (session_->finished() && !session_->has_output()) {
    Finish(session_->error());
    return;
  }
  WaitForBytes();
  ArmTimer();
}

void PeerConnection::ArmTimer() {
  const SteadyTime due = session_->deadline();
  // A timer that fires early looks again.
  if (closed_ || timer_at_ <= due) return;
  timer_at_ = due;
  timer_.expires_at(due);
  timer_.async_wait([weak = weak_from_this()](const error_code& error) {
    const auto self = weak.lock();
    if (self == nullptr || self->closed_ || error == asio::error::operation_aborted) return;
    self->timer_at_ = SteadyTime::max();
    self->session_->OnTime(std::chrono::steady_clock::now());
    self->Pump();
  });
}

void PeerConnection::Finish(const std::string& reason) {
  const auto closed = std::move(handlers_.closed);
  const auto self = shared_from_this();
  Close();
  if (closed) closed(reason);
}

void PeerConnection::Close() {
  if (closed_) return;
  closed_ = true;
  error_code ignored;
  timer_.cancel();
  socket_.close(ignored);
  session_->End();
  // The session may be in the middle of a call, and so may a handler; neither is destroyed under its own feet.
  asio::post(socket_.get_executor(),
             [session = std::move(session_), handlers = std::move(handlers_)]() mutable { session.reset(); });
}

}  // namespace quoin::net
