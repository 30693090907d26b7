// Readiness: tells the connections of a shard when their sockets are ready, by an epoll set of its own for which the
// event loop waits as for one descriptor.
//
// Asio's waits end with each event and are armed anew, a system call for each request of each connection. Here a socket
// is registered once, edge-triggered, and one call arms the wait for all of them.
//
// Threads: lives on one shard; may be made and destroyed while the shard's loop doesn't run. Lifetime: outlives what is
// added to it.
#pragma once

#include <sys/epoll.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstddef>
#include <cstdint>

#include "base/status.h"

namespace quoin::net {

class Readiness {
 public:
  class Listener {
   public:
    // What has become possible since the last time, as epoll says it: EPOLLIN, EPOLLOUT, EPOLLRDHUP, EPOLLHUP,
    // EPOLLERR. It isn't said again until there are news: whoever doesn't use it up must remember. May call anything
    // here.
    virtual void OnReady(std::uint32_t events) = 0;

   protected:
    ~Listener() = default;
  };

  explicit Readiness(boost::asio::io_context& context);
  Readiness(const Readiness&) = delete;
  Readiness& operator=(const Readiness&) = delete;

  // kUnavailable: the system takes no more. The listener is told of what is ready already, too.
  Status Add(int socket, Listener* listener);
  // Before the socket is closed; the listener isn't called from then on. REQUIRES: it was added.
  void Remove(int socket, const Listener* listener);

 private:
  // So that the shard's other work has its turn.
  static constexpr std::size_t kEventsAtOnce = 64;

  void Wait();
  void Tell();

  boost::asio::posix::stream_descriptor set_;
  bool waiting_ = false;
  std::array<epoll_event, kEventsAtOnce> events_;
  std::size_t count_ = 0;  // Of those that are being told, and
  std::size_t next_ = 0;   // the first of them that wasn't told yet.
};

}  // namespace quoin::net
