#include "net/readiness.h"

#include <glog/logging.h>

#include <cerrno>
#include <string>
#include <system_error>

namespace quoin::net {
namespace {

int MakeSet() {
  const int set = ::epoll_create1(EPOLL_CLOEXEC);
  PCHECK(set >= 0);
  return set;
}

}  // namespace

Readiness::Readiness(boost::asio::io_context& context) : set_(context, MakeSet()) {}

Status Readiness::Add(int socket, Listener* listener) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = listener;
  if (::epoll_ctl(set_.native_handle(), EPOLL_CTL_ADD, socket, &event) != 0) {
    return Status(Code::kUnavailable,
                  "the system watches no further socket: " + std::generic_category().message(errno));
  }
  if (!waiting_) Wait();
  return Status::Ok();
}

void Readiness::Remove(int socket, const Listener* listener) {
  PCHECK(::epoll_ctl(set_.native_handle(), EPOLL_CTL_DEL, socket, nullptr) == 0);
  for (std::size_t i = next_; i < count_; ++i) {
    if (events_[i].data.ptr == listener) events_[i].data.ptr = nullptr;
  }
}

void Readiness::Wait() {
  waiting_ = true;
  set_.async_wait(boost::asio::posix::stream_descriptor::wait_read, [this](const boost::system::error_code& error) {
    if (error) return;  // It is being destroyed.
    Tell();
    Wait();
  });
}

void Readiness::Tell() {
  const int count = ::epoll_wait(set_.native_handle(), events_.data(), static_cast<int>(events_.size()), 0);
  PCHECK(count >= 0 || errno == EINTR);
  count_ = count > 0 ? static_cast<std::size_t>(count) : 0;
  for (next_ = 0; next_ < count_;) {
    const epoll_event& event = events_[next_++];
    if (event.data.ptr != nullptr) static_cast<Listener*>(event.data.ptr)->OnReady(event.events);
  }
  count_ = next_ = 0;
}

}  // namespace quoin::net
