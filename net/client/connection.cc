#include "net/client/connection.h"

#include <linux/sockios.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <utility>

namespace quoin::client {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

// Reads that one event may do, so that one fast server doesn't hold up the others.
constexpr int kReadsPerEvent = 4;
// A buffer that has grown beyond this is given back.
constexpr std::size_t kKeptBytes = 1 << 20;

Time Now() { return std::chrono::steady_clock::now(); }

bool IsWouldBlock(const error_code& error) {
  return error == asio::error::would_block || error == asio::error::try_again;
}

}  // namespace

Connection::Connection(Shared shared, net::HttpEndpoint server, SessionOptions options,
                       std::chrono::milliseconds connect_timeout, Owner& owner)
    : shared_(std::move(shared)),
      server_(std::move(server)),
      options_(std::move(options)),
      connect_by_(Now() + connect_timeout),
      owner_(&owner),
      resolver_(shared_.executor),
      socket_(shared_.executor),
      timer_(shared_.executor) {}

void Connection::Start() {
  ArmTimer();
  error_code error;
  // An address needs no resolver, which would be a thread of its own.
  if (const auto address = asio::ip::make_address(server_.host, error); !error) {
    const Tcp::endpoint endpoint(address, server_.port);
    return Connect(Tcp::resolver::results_type::create(endpoint, server_.host, std::to_string(server_.port)));
  }
  resolver_.async_resolve(
      server_.host, std::to_string(server_.port),
      [self = shared_from_this()](const error_code& failed, const Tcp::resolver::results_type& endpoints) {
        const auto life = self->shared_.life.lock();
        if (life == nullptr || self->owner_ == nullptr) return;
        if (failed) return self->Finish(failed.message());
        self->Connect(endpoints);
      });
}

void Connection::Connect(const Tcp::resolver::results_type& endpoints) {
  asio::async_connect(socket_, endpoints, [self = shared_from_this()](const error_code& failed, const Tcp::endpoint&) {
    const auto life = self->shared_.life.lock();
    if (life == nullptr || self->owner_ == nullptr) return;
    if (failed) return self->Finish(failed.message());
    self->OnConnected();
  });
}

void Connection::OnConnected() {
  error_code ignored;
  socket_.set_option(Tcp::no_delay(true), ignored);
  socket_.non_blocking(true, ignored);
  Session::Receiver& receiver = *this;  // That base is private.
  session_.emplace(options_, shared_.random, Now(), receiver);
  WaitForBytes();
  Settle();
}

void Connection::OnOpen(const v1::Hello&) {
  if (owner_ != nullptr) owner_->OnOpen();
}

void Connection::OnAnswer(Session::Token token, v1::ServerFrame& answer) {
  if (owner_ != nullptr) owner_->OnAnswer(token, answer);
}

void Connection::WaitForBytes() {
  socket_.async_wait(Tcp::socket::wait_read, [self = shared_from_this()](const error_code&) {
    const auto life = self->shared_.life.lock();
    if (life == nullptr || self->owner_ == nullptr) return;
    self->OnReadable();
  });
}

bool Connection::Read() {
  for (int i = 0; i < kReadsPerEvent && !session_->over(); ++i) {
    error_code error;
    const std::size_t count =
        socket_.read_some(asio::buffer(shared_.read_buffer.data(), shared_.read_buffer.size()), error);
    if (IsWouldBlock(error)) break;
    ++shared_.counts.reads;
    if (error) {
      session_->OnEnd(error == asio::error::eof ? "the server closed the connection" : error.message());
      break;
    }
    session_->OnBytes({shared_.read_buffer.data(), count}, Now());
    if (owner_ == nullptr) return false;
    if (count < shared_.read_buffer.size()) break;
  }
  return true;
}

void Connection::OnReadable() {
  if (!Read()) return;
  if (!session_->over()) WaitForBytes();
  Settle();
}

void Connection::Write() {
  while (!waiting_for_room_) {
    if (written_bytes_ == writing_.size()) {
      if (writing_.capacity() > kKeptBytes) writing_ = std::string();
      writing_.clear();
      written_bytes_ = 0;
      if (!session_->has_output()) return;
      session_->TakeOutput(&writing_);
    }
    error_code error;
    const std::size_t count =
        socket_.write_some(asio::buffer(writing_.data() + written_bytes_, writing_.size() - written_bytes_), error);
    if (IsWouldBlock(error)) {
      waiting_for_room_ = true;
      socket_.async_wait(Tcp::socket::wait_write, [self = shared_from_this()](const error_code&) {
        self->waiting_for_room_ = false;
        const auto life = self->shared_.life.lock();
        if (life != nullptr && self->owner_ != nullptr) self->Settle();
      });
      return;
    }
    ++shared_.counts.writes;
    if (error) {
      // Answers may still lie in the receive buffer; reading them comes to the end, too.
      if (session_->over()) return;
      writing_.clear();
      written_bytes_ = 0;
      error_code ignored;
      socket_.shutdown(Tcp::socket::shutdown_send, ignored);
      waiting_for_room_ = true;  // For ever.
      return;
    }
    written_bytes_ += count;
    all_written_bytes_ += count;
  }
}

void Connection::Settle() {
  if (!session_->over()) owner_->OnTurn();
  if (owner_ == nullptr) return;
  Write();
  if (session_->over()) return Finish(session_->reason());
  ArmTimer();
}

void Connection::Flush() {
  if (owner_ == nullptr || !session_) return;
  Write();
  if (session_->over()) return Finish(session_->reason());
  ArmTimer();
}

void Connection::ArmTimer() {
  const bool opened = session_ && session_->opened();
  const Time due = opened ? session_->deadline() : connect_by_;
  // A timer that fires early looks again: moving one costs more than a look.
  if (timer_at_ <= due) return;
  timer_at_ = due;
  timer_.expires_at(due);
  timer_.async_wait([weak = weak_from_this()](const error_code& error) {
    const auto self = weak.lock();
    if (self == nullptr || error == asio::error::operation_aborted) return;
    const auto life = self->shared_.life.lock();
    if (life != nullptr && self->owner_ != nullptr) self->OnTimer();
  });
}

void Connection::OnTimer() {
  timer_at_ = Time::max();
  if (!session_ || !session_->opened()) {
    if (Now() < connect_by_) return ArmTimer();
    return Finish(session_ ? "no hello came in time" : "no connection came about in time");
  }
  // If it was this program that stood still, signs of life lie in the buffer.
  if (Now() >= session_->deadline()) {
    if (!Read()) return;
    // A large message may take long to arrive, and the ping behind it, too.
    session_->OnTaken(TakenBytes(), Now());
  }
  session_->OnTime(Now());
  Settle();
}

std::uint64_t Connection::TakenBytes() {
  int under_way_bytes = 0;
  if (::ioctl(socket_.native_handle(), SIOCOUTQ, &under_way_bytes) != 0) return 0;
  // A FIN counts there, too.
  return all_written_bytes_ - std::min(all_written_bytes_, static_cast<std::uint64_t>(under_way_bytes));
}

void Connection::Finish(const std::string& reason) {
  Owner* const owner = std::exchange(owner_, nullptr);
  if (session_) session_->OnEnd(reason);
  error_code ignored;
  resolver_.cancel();
  timer_.cancel();
  socket_.close(ignored);
  if (owner != nullptr) owner->OnOver(reason);
}

void Connection::Abandon() {
  if (owner_ == nullptr) return;
  owner_ = nullptr;
  if (session_ && !session_->over()) {
    session_->Close({net::CloseCode::kNormal, {}});
    Write();
  }
  Finish("closed");
}

}  // namespace quoin::client
