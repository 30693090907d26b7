#include "net/http_connection.h"

#include <glog/logging.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <cerrno>
#include <chrono>
#include <system_error>
#include <utility>

namespace quoin::net {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

// Views that one write takes (Linux takes 1024 at most).
constexpr std::size_t kViewsPerWrite = 64;
// How long, after the last answer, a peer that goes on sending is listened to.
constexpr std::chrono::milliseconds kLinger{2000};
// The same when the node is stopping.
constexpr std::chrono::milliseconds kLingerWhenDraining{100};
// Reads that one event may do, so that one fast sender doesn't hold up a shard.
constexpr int kReadsPerEvent = 4;

SteadyTime Now() { return std::chrono::steady_clock::now(); }

bool IsWouldBlock(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

// Takes the socket out of the loop's own hands.
int Release(tcp::socket socket) {
  error_code error;
  socket.non_blocking(true, error);
  const int released = socket.release(error);
  CHECK(!error) << error.message();
  return released;
}

}  // namespace

HttpConnection::HttpConnection(asio::io_context& context, Readiness& readiness, tcp::socket socket,
                               HttpHandler& handler, const HttpLimits& limits, std::span<char> read_buffer,
                               OnClosed on_closed)
    : context_(context),
      readiness_(readiness),
      socket_(Release(std::move(socket))),
      timer_(context),
      read_buffer_(read_buffer),
      on_closed_(std::move(on_closed)) {
  session_ = std::make_unique<HttpSession>(handler, limits, Now(), [this] { ScheduleTurn(); });
}

HttpConnection::~HttpConnection() { CHECK(closed_) << "a connection is closed before it goes"; }

void HttpConnection::Start() {
  const int on = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (const Status status = readiness_.Add(socket_, this); !status.ok()) {
    LOG_EVERY_N(WARNING, 100) << "a client is turned away: " << status;
    watched_ = false;
    return Close();
  }
  ArmTimer();
  readable_ = true;
  Read();  // The first request is usually there already.
}

void HttpConnection::Drain() {
  if (closed_) return;
  draining_ = true;
  if (lingering_) {
    linger_until_ = std::min(linger_until_, Now() + kLingerWhenDraining);
    ArmTimer();
    return;
  }
  session_->Drain(Now());
  Pump();
}

void HttpConnection::OnReady(std::uint32_t events) {
  BeginTurn();
  if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) peer_done_ = true;
  // A reset; or both sides have ended, which happens to nobody but who lingers.
  if (events & (EPOLLHUP | EPOLLERR)) peer_gone_ = true;
  if (events & (EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR)) readable_ = true;
  if (events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) {
    if (std::exchange(waiting_for_room_, false)) Pump();
  }
  if (closed_ || !readable_) return;
  if (lingering_) {
    ReadWhileLingering();
  } else {
    Read();
  }
}

std::size_t HttpConnection::ReadSome() {
  const ssize_t count = ::recv(socket_, read_buffer_.data(), read_buffer_.size(), 0);
  if (count > 0) {
    // Less than there was room for is all there was, as epoll(7) says, unless the end follows.
    if (static_cast<std::size_t>(count) < read_buffer_.size() && !peer_done_) readable_ = false;
    return static_cast<std::size_t>(count);
  }
  readable_ = count < 0 && errno == EINTR;
  if (count == 0) {
    input_ended_ = true;
  } else if (errno != EINTR && !IsWouldBlock(errno)) {
    VLOG(1) << "connection lost while reading: " << std::generic_category().message(errno);
    Close();
  }
  return 0;
}

void HttpConnection::Read() {
  for (int i = 0; i < kReadsPerEvent && readable_ && session_->wants_bytes(); ++i) {
    const std::size_t count = ReadSome();
    if (closed_) return;
    if (count > 0) session_->OnBytes({read_buffer_.data(), count}, Now());
    if (input_ended_) session_->OnEndOfInput(Now());
  }
  if (peer_done_ && !input_ended_ && !session_->wants_bytes()) OnEndUnread();
  Pump();
}

void HttpConnection::OnEndUnread() {
  if (peer_gone_) {
    VLOG(1) << "the peer has gone, and nothing more is wanted from it";
    return Close();
  }
  // Whoever sends no more may still wait for answers.
  session_->OnEndInSight(Now());
}

void HttpConnection::ReadWhileLingering() {
  for (int i = 0; i < kReadsPerEvent && readable_; ++i) {
    ReadSome();
    if (input_ended_) return Close();
    if (closed_) return;
  }
  ScheduleRead();
}

void HttpConnection::ScheduleRead() {
  if (closed_ || !readable_ || read_scheduled_) return;
  if (!lingering_ && !session_->wants_bytes()) return;
  read_scheduled_ = true;
  // Posted, so that one fast sender doesn't hold up a shard.
  asio::post(context_, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self == nullptr) return;
    self->read_scheduled_ = false;
    if (!self->closed_) self->OnReady(0);
  });
}

void HttpConnection::ScheduleTurn() {
  if (closed_ || turn_scheduled_) return;
  turn_scheduled_ = true;
  // Posted, so that the answers of one tick leave in one write, and others on the shard have their turn, too.
  asio::post(context_, [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self == nullptr) return;
    self->turn_scheduled_ = false;
    self->BeginTurn();
    self->Pump();
  });
}

void HttpConnection::BeginTurn() {
  if (!closed_ && !lingering_) session_->OnTurn(Now());
}

ssize_t HttpConnection::WriteSome() {
  thread_local std::vector<std::string_view> views;  // Kept for its memory.
  views.clear();
  session_->CollectOutput(views, kViewsPerWrite);
  // Mostly there is one, which costs the system less than a list.
  if (views.size() == 1) return ::send(socket_, views[0].data(), views[0].size(), MSG_NOSIGNAL);
  std::array<iovec, kViewsPerWrite> parts;
  for (std::size_t i = 0; i < views.size(); ++i) parts[i] = {const_cast<char*>(views[i].data()), views[i].size()};
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = views.size();
  return ::sendmsg(socket_, &message, MSG_NOSIGNAL);
}

void HttpConnection::WriteOutput() {
  while (!waiting_for_room_ && session_->has_output()) {
    const ssize_t count = WriteSome();
    if (count >= 0) {
      session_->OnWritten(static_cast<std::size_t>(count), Now());
    } else if (IsWouldBlock(errno)) {
      waiting_for_room_ = true;
    } else if (errno != EINTR) {
      VLOG(1) << "connection lost while writing: " << std::generic_category().message(errno);
      Close();
      return;
    }
  }
}

void HttpConnection::Pump() {
  if (closed_ || lingering_) return;
  WriteOutput();
  if (closed_) return;
  if (auto successor = session_->TakeSuccessor(Now(), [this] { ScheduleTurn(); }); successor != nullptr) {
    session_ = std::move(successor);
    if (input_ended_) session_->OnEndOfInput(Now());
    if (draining_) session_->Drain(Now());
    WriteOutput();
    if (closed_) return;
  }
  if (session_->finished() && !session_->has_output()) {
    if (input_ended_) {
      Close();
    } else {
      BeginLingering();
    }
    return;
  }
  if (session_->wants_turn()) ScheduleTurn();
  ScheduleRead();
  ArmTimer();
}

void HttpConnection::BeginLingering() {
  lingering_ = true;
  if (::shutdown(socket_, SHUT_WR) != 0) {
    Close();
    return;
  }
  linger_until_ = Now() + (draining_ ? kLingerWhenDraining : kLinger);
  ArmTimer();
  ReadWhileLingering();
}

void HttpConnection::ArmTimer() {
  if (closed_) return;
  const SteadyTime due = lingering_ ? linger_until_ : session_->deadline();
  // A timer that fires early looks again: deadlines mostly move away, and moving a timer costs more than a look.
  if (timer_at_ <= due) return;
  timer_at_ = due;
  timer_.expires_at(due);
  timer_.async_wait([weak = weak_from_this()](const error_code& error) {
    const auto self = weak.lock();
    if (self != nullptr && error != asio::error::operation_aborted) self->OnTimer();
  });
}

void HttpConnection::OnTimer() {
  timer_at_ = SteadyTime::max();
  if (closed_) return;
  BeginTurn();
  const SteadyTime now = Now();
  if (lingering_) {
    if (now >= linger_until_) {
      Close();
    } else {
      ArmTimer();
    }
    return;
  }
  if (now >= session_->deadline()) session_->OnTime(now);
  Pump();
}

void HttpConnection::Close() {
  if (closed_) return;
  closed_ = true;
  timer_.cancel();
  if (watched_) readiness_.Remove(socket_, this);
  ::close(socket_);
  session_.reset();
  on_closed_(this);
}

}  // namespace quoin::net
