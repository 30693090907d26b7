// WatchStream::Impl: the connection that the watch has now, what came on it and was not taken yet, and when to open the
// next one.
//
// Flow: credit that the node has, and bytes of messages that wait here, together are window_bytes. What is taken is
// given back as credit, in halves of the window. While more than half of it waits here, no new connection is opened:
// the node would only cut it off again for want of credit.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/client/client_impl.h"
#include "net/client/connection.h"
#include "net/client/watch.h"
#include "net/client/watch_progress.h"

namespace quoin::client {

class WatchStream::Impl : public std::enable_shared_from_this<WatchStream::Impl>,
                          private Connection::Owner,
                          private Client::Impl::Watcher {
 public:
  Impl(std::shared_ptr<Client::Impl> client, std::vector<WatchTarget> targets, WatchOptions options);
  ~Impl() override;
  // After it is owned by a shared_ptr.
  void Begin();

  void StartNext(Handler<std::optional<WatchEvent>> handler);
  boost::asio::awaitable<std::optional<WatchEvent>> Came();
  std::optional<WatchEvent> TryNext();
  const std::string& cursor() const { return cursor_; }
  void Stop();
  const Status& status() const { return status_; }

 private:
  using Step = WatchProgress::Step;
  struct Waiting {
    Step step;
    std::size_t bytes = 0;  // Of the message that it is the last of.
  };

  void OnOpen() override;
  void OnAnswer(Session::Token token, v1::ServerFrame& answer) override;
  void OnTurn() override {}
  void OnOver(const std::string& reason) override;
  void OnClientClosed() override;

  std::optional<Status> FindFault() const;
  void Connect();
  void OnEvents(v1::Events& events, std::size_t bytes);
  // The node takes the watch no longer, or not at all.
  void OnRefused(Problem problem);
  // The connection is gone, or given up: goes on with another one, not before `least` has passed.
  void GoOn(const std::string& reason, std::chrono::milliseconds least);
  void ConnectLater(std::chrono::milliseconds least);
  void SetDeadline(std::optional<std::chrono::milliseconds> within);
  bool IsFull() const { return 2 * waiting_bytes_ > options_.window_bytes; }
  // So many bytes no longer wait here.
  void GiveBack(std::size_t bytes);
  // Takes steps off that have nothing for the program but a cursor.
  void TakeCursors();
  void Wake();
  void TellConnection(bool connected, const std::string& text);
  void End(Status status);

  const std::shared_ptr<Client::Impl> client_;
  const WatchOptions options_;
  WatchProgress progress_;
  std::shared_ptr<Connection> connection_;
  net::HttpEndpoint server_;              // Of the connection.
  std::vector<net::HttpEndpoint> tried_;  // In vain, since the last events.
  std::uint32_t failures_ = 0;            // Connections in a row that brought no events.
  std::string reason_;                    // Of the latest failure.
  boost::asio::steady_timer retry_timer_;
  boost::asio::steady_timer deadline_timer_;
  bool connected_ = false;  // Events came on this connection.
  bool held_back_ = false;  // Connects once enough was taken.

  std::deque<Waiting> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::size_t freed_bytes_ = 0;   // Not given back to the node yet.
  std::uint64_t seen_bytes_ = 0;  // Of Session::answer_bytes.
  std::string cursor_;            // With the steps that were taken.
  Handler<std::optional<WatchEvent>> waiter_;
  bool waking_ = false;
  bool over_ = false;
  Status status_;
};

}  // namespace quoin::client
