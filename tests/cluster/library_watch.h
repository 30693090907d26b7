// LibraryWatch: a watch with the C++ client library, by a program that now and then begins again: with a client of its
// own, from the cursor that it had stored.
//
// Threads: those of the executor, one at a time.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/client/client.h"
#include "tests/cluster/told_event.h"

namespace quoin::tests {

class LibraryWatch {
 public:
  struct Options {
    std::vector<client::WatchTarget> targets;
    std::function<std::vector<std::string>()> servers;
    std::function<void(bool resumed)> on_begin;  // The program begins, from a cursor or not.
    std::function<void()> on_reconnect;          // The library has another connection; it goes on where it was.
    std::function<void(const ToldEvent& event)> on_event;
    std::function<void(const std::string& text)> on_nonsense;  // What never may be: it ended, or told nonsense.
  };
  LibraryWatch(boost::asio::any_io_executor executor, Options options);
  ~LibraryWatch() { Stop(); }
  LibraryWatch(const LibraryWatch&) = delete;
  LibraryWatch& operator=(const LibraryWatch&) = delete;

  void Begin();
  // The program ends and begins again.
  void Leave();
  void Stop();

 private:
  void Next();

  const boost::asio::any_io_executor executor_;
  const Options options_;
  std::unique_ptr<client::Client> client_;
  std::unique_ptr<client::WatchStream> stream_;
  std::uint64_t connections_ = 0;  // Of this client.
  std::string cursor_;
  std::shared_ptr<bool> begun_;  // False once what was begun is over: late calls don't matter.
};

}  // namespace quoin::tests
