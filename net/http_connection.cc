#include "net/http_connection.h"

#include <glog/logging.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <chrono>
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

bool IsWouldBlock(const error_code& error) {
  return error == asio::error::would_block || error == asio::error::try_again;
}

}  // namespace

HttpConnection::HttpConnection(tcp::socket socket, HttpHandler& handler, const HttpLimits& limits,
                               std::span<char> read_buffer, OnClosed on_closed)
    : socket_(std::move(socket)),
      timer_(socket_.get_executor()),
      read_buffer_(read_buffer),
      on_closed_(std::move(on_closed)) {
  session_ = std::make_unique<HttpSession>(handler, limits, Now(), [this] { ScheduleWrite(); });
}

void HttpConnection::Start() {
  error_code ignored;
  socket_.set_option(tcp::no_delay(true), ignored);
  socket_.non_blocking(true, ignored);
  ArmTimer();
  OnReadable();  // The first request is usually there already.
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

void HttpConnection::WaitForBytes() {
  if (closed_ || waiting_for_bytes_ || input_ended_) return;
  if (!lingering_ && !session_->wants_bytes()) return;
  waiting_for_bytes_ = true;
  socket_.async_wait(tcp::socket::wait_read, [self = shared_from_this()](const error_code& error) {
    self->waiting_for_bytes_ = false;
    if (self->closed_ || error == asio::error::operation_aborted) return;
    if (self->lingering_) {
      self->OnReadableWhileLingering();
    } else {
      self->OnReadable();
    }
  });
}

void HttpConnection::OnReadable() {
  for (int i = 0; i < kReadsPerEvent && !closed_ && session_->wants_bytes(); ++i) {
    error_code error;
    const std::size_t count = socket_.read_some(asio::buffer(read_buffer_.data(), read_buffer_.size()), error);
    if (IsWouldBlock(error)) break;
    if (error == asio::error::eof) {
      input_ended_ = true;
      session_->OnEndOfInput(Now());
      break;
    }
    if (error) {
      VLOG(1) << "connection lost while reading: " << error.message();
      Close();
      return;
    }
    session_->OnBytes({read_buffer_.data(), count}, Now());
    if (count < read_buffer_.size()) break;
  }
  Pump();
}

void HttpConnection::OnReadableWhileLingering() {
  error_code error;
  for (int i = 0; i < kReadsPerEvent && !error; ++i) {
    socket_.read_some(asio::buffer(read_buffer_.data(), read_buffer_.size()), error);
  }
  if (error && !IsWouldBlock(error)) {
    Close();
    return;
  }
  WaitForBytes();
}

void HttpConnection::ScheduleWrite() {
  if (closed_ || write_scheduled_) return;
  write_scheduled_ = true;
  // Posted, so that the answers of one tick leave in one write.
  asio::post(socket_.get_executor(), [weak = weak_from_this()] {
    const auto self = weak.lock();
    if (self == nullptr) return;
    self->write_scheduled_ = false;
    self->Pump();
  });
}

std::size_t HttpConnection::WriteSome(error_code& error) {
  thread_local std::vector<std::string_view> views;  // Kept for its memory.
  views.clear();
  session_->CollectOutput(views, kViewsPerWrite);
  // Mostly there is one, which costs the system less than a list.
  if (views.size() == 1) return socket_.write_some(asio::buffer(views[0].data(), views[0].size()), error);
  std::array<asio::const_buffer, kViewsPerWrite> buffers;
  for (std::size_t i = 0; i < views.size(); ++i) buffers[i] = asio::buffer(views[i].data(), views[i].size());
  return socket_.write_some(std::span(buffers.data(), views.size()), error);
}

void HttpConnection::WriteOutput() {
  while (!waiting_for_room_ && session_->has_output()) {
    error_code error;
    const std::size_t count = WriteSome(error);
    if (IsWouldBlock(error)) {
      waiting_for_room_ = true;
      socket_.async_wait(tcp::socket::wait_write, [self = shared_from_this()](const error_code& wait_error) {
        self->waiting_for_room_ = false;
        if (wait_error != asio::error::operation_aborted) self->Pump();
      });
      break;
    }
    if (error) {
      VLOG(1) << "connection lost while writing: " << error.message();
      Close();
      return;
    }
    session_->OnWritten(count, Now());
  }
}

void HttpConnection::Pump() {
  if (closed_ || lingering_) return;
  WriteOutput();
  if (closed_) return;
  if (auto successor = session_->TakeSuccessor(Now(), [this] { ScheduleWrite(); }); successor != nullptr) {
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
  WaitForBytes();
  ArmTimer();
}

void HttpConnection::BeginLingering() {
  lingering_ = true;
  error_code error;
  socket_.shutdown(tcp::socket::shutdown_send, error);
  if (error) {
    Close();
    return;
  }
  linger_until_ = Now() + (draining_ ? kLingerWhenDraining : kLinger);
  ArmTimer();
  OnReadableWhileLingering();
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
  error_code ignored;
  timer_.cancel();
  socket_.close(ignored);
  session_.reset();
  on_closed_(this);
}

}  // namespace quoin::net
