// Store: the client's way to the keys: the client library (docs/client-library.md), one blocking call at a time.
//
// The library resends what got lost, under the same operation id; goes on to the next server when one can't be reached;
// and says of every write whether it is certain what happened. Here are only the waiting, and an end of it that a
// person asks for.
//
// Threads: one at a time; calls run their own event loop. Between calls nobody looks at the connections; the next call
// first takes note of what became of them, so that a write never leaves on one that the server has closed since.
// Lifetime: the destructor closes the connections, and waits for a name resolution that is still under way (the C
// library can't be told to stop). Bounds: those of client::Options.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/client/client.h"
#include "net/http_client.h"

namespace quoin::tools {

class Store {
 public:
  struct Options {
    std::vector<net::HttpEndpoint> servers;                      // At least one.
    std::chrono::microseconds timeout{std::chrono::seconds(5)};  // For a call, unless its own options say.
    // Asked about every 20 ms while a call waits; when it says so, the call ends at once: with kUnknown for a write
    // that has left.
    std::function<bool()> give_up;
  };

  explicit Store(Options options);
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  client::Answer Do(client::Operation operation, client::CallOptions options);
  // The operations are under way at once; the answers are in their order.
  std::vector<client::Answer> Batch(std::vector<client::Operation> operations, const client::CallOptions& options);
  client::PageAnswer Page(client::PageRequest request, client::CallOptions options);

  // A watch, which begins within the time of a call or not at all. What it tells comes while RunUntil runs.
  // REQUIRES: it is gone before the store is.
  client::WatchStream Watch(std::vector<client::WatchTarget> targets, client::WatchOptions options);
  // Closes the connections; the next call opens new ones. Waits for nothing.
  void Close();
  // Runs the event loop until `ended`. When someone gives up meanwhile, calls and watches end.
  void RunUntil(const bool& ended);
  bool given_up() const { return options_.give_up && options_.give_up(); }
  boost::asio::io_context& context() { return context_; }

 private:
  client::Client& Open();

  const Options options_;
  boost::asio::io_context context_;
  std::unique_ptr<client::Client> client_;  // nullptr: the next call makes one.
};

}  // namespace quoin::tools
