// Scans: keys in the order of their bytes, over the whole keyspace, page by page or as a stream.
//
// A scan is no snapshot: each key is shown as it was at some moment of the scan; keys that are there all the time
// appear exactly once.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "net/client/operation.h"

namespace quoin::client {

struct Entry {
  std::string key;
  State state;  // Without a value where only keys were asked for.
};

inline constexpr std::uint32_t kMaxPageEntries = 1000;

struct PageRequest {
  std::string prefix;
  std::string cursor;       // From the page before, with the same prefix. Empty: from the start.
  std::uint32_t limit = 0;  // 1 to 1000 entries; 0: 100.
  bool keys_only = false;
};

struct [[nodiscard]] PageAnswer {
  Outcome outcome = Outcome::kNotApplied;  // kDone or kNotApplied.
  std::vector<Entry> entries;
  std::string cursor;  // There may be more: give it to the next page. Empty: this was the end.
  Problem problem;     // For kNotApplied.
  std::uint32_t sendings = 0;
  std::shared_ptr<const Responder> responder;

  bool done() const { return outcome == Outcome::kDone; }
};

struct ScanRequest {
  std::string prefix;
  bool keys_only = false;
  std::uint32_t page_entries = 1000;         // Asked for at once: 1 to 1000.
  std::optional<std::uint64_t> max_entries;  // The stream ends after so many.
};

// An async stream of entries. While one page is being read, the next is under way; so at most two pages are in memory.
//
//   ScanStream users = client.Scan({.prefix = "user/"});
//   while (std::optional<Entry> entry = co_await users.Next()) ...
//   if (!users.status().ok()) ...  // It broke off: there may be more.
//
// Threads: as the client. Moved, not copied; must not be destroyed while a Next is under way.
class ScanStream {
 public:
  class Impl;
  explicit ScanStream(std::shared_ptr<Impl> impl);
  ScanStream(ScanStream&&) noexcept;
  ScanStream& operator=(ScanStream&&) noexcept;
  ~ScanStream();

  // The next entry; nullopt at the end, and when it broke off: see status(). One Next at a time.
  [[nodiscard]] boost::asio::awaitable<std::optional<Entry>> Next();

  // Once Next gave nullopt: Ok when all was shown, otherwise why the scan broke off (kUnavailable), or why it could not
  // be begun (kInvalid).
  const Status& status() const;

 private:
  std::shared_ptr<Impl> impl_;
};

}  // namespace quoin::client
