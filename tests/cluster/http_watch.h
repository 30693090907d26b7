// HttpWatch: a watch over HTTP without the client library, as a browser or a script has it: Server-Sent Events, or long
// polls. Nothing that the node tells is sorted out here, so what a test sees is what one connection was told.
//
// When the connection ends, it goes on at another node, with the cursor that came last; before there was one, from the
// start.
//
// Threads: those of the executor, one at a time. Lifetime: Run must have ended.
// Bounds: one block of an event stream, or one answer to a poll, 64 MiB.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/client/watch.h"
#include "net/http_client.h"
#include "tests/cluster/told_event.h"

namespace quoin::tests {

// Takes a text/event-stream apart (the HTML standard, section 9.2.6, but for line ends other than "\n").
class EventStreamText {
 public:
  struct Block {
    std::string event;              // Empty: a block without.
    std::string data;               // Its lines together.
    std::optional<std::string> id;  // Given in this block.
  };
  // The blocks that end within these bytes.
  std::vector<Block> Take(std::string_view bytes);

 private:
  void OnLine(std::string_view line, std::vector<Block>* out);

  std::string line_;
  Block block_;
};

class HttpWatch {
 public:
  enum class Form { kEventStream, kLongPoll };
  struct Options {
    Form form = Form::kEventStream;
    std::vector<client::WatchTarget> targets;
    std::function<net::HttpEndpoint()> next_server;
    std::function<void(bool resumed)> on_connection;  // A stream or a poll has been accepted, from a cursor or not.
    std::function<void(const ToldEvent& event)> on_event;
    std::function<void(const std::string& text)> on_nonsense;  // The node said what it never may.
  };
  HttpWatch(boost::asio::any_io_executor executor, Options options);

  // Until Stop.
  boost::asio::awaitable<void> Run();
  // Ends the connection; it goes on at the next server.
  void Leave();
  void Stop();

 private:
  // Until the connection ends. False: nothing came of it.
  boost::asio::awaitable<bool> Connect();
  boost::asio::awaitable<bool> ReadStream();
  boost::asio::awaitable<bool> ReadPolls();
  boost::asio::awaitable<bool> Send();
  bool IsAccepted(unsigned status, const std::string& what);
  void OnBlock(const EventStreamText::Block& block);
  void OnPolled(const std::string& body);
  void OnJson(const boost::json::value& event);

  const Options options_;
  const std::string query_;
  boost::beast::tcp_stream stream_;
  boost::asio::steady_timer timer_;
  boost::beast::flat_buffer buffer_;
  net::HttpEndpoint server_;
  std::string cursor_;
  bool stopped_ = false;
};

}  // namespace quoin::tests
