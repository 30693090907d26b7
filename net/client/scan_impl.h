// ScanStream::Impl: the page that is being given out, and the next one, which is under way or waits.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "net/client/client_impl.h"
#include "net/client/scan.h"

namespace quoin::client {

class ScanStream::Impl : public std::enable_shared_from_this<ScanStream::Impl> {
 public:
  Impl(std::shared_ptr<Client::Impl> client, ScanRequest request, CallOptions options);

  // Asks for the page behind the one that came last, unless one is under way or there is no more.
  void Prefetch();
  // Whether nothing will come any more. REQUIRES: Take just gave nothing.
  bool over() const { return !under_way_ && !next_; }
  // Whether a page has come that Take has not looked at.
  bool has_page() const { return next_.has_value(); }
  // Ends when the page that is under way has come, or never will.
  boost::asio::awaitable<bool> PageCame();
  // The next entry of the pages that have come; nullopt: there is none now.
  std::optional<Entry> Take();

  const Status& status() const { return status_; }

 private:
  void OnPage(PageAnswer page);

  const std::shared_ptr<Client::Impl> client_;
  const ScanRequest request_;
  const CallOptions options_;
  PageAnswer page_;
  std::size_t at_ = 0;              // Entries of page_ that were given out.
  std::optional<PageAnswer> next_;  // Came ahead of time.
  bool under_way_ = false;
  bool ended_ = false;               // No page comes behind those that came.
  std::string asked_cursor_;         // Of the page that is asked for next.
  std::uint64_t asked_entries_ = 0;  // That came, or are asked for.
  Handler<bool> waiter_;
  Status status_;
};

}  // namespace quoin::client
