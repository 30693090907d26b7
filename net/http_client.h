// HttpClient: a small blocking HTTP/1.1 client for tools and tests. One connection to one server, kept open between
// requests; every call ends by its deadline, whatever the server does.
//
// Errors say what is certain (invariant I10):
//   kUnavailable  the server can't have received the whole request, so it has certainly not acted on it: no connection,
//                 or one that broke or ran out of time before all was written;
//   kUnknown      the request went out whole, and no whole answer came back;
//   kInvalid      the request can't be written as HTTP.
//
// Reconnects: a kept connection that the server has closed in the meantime is opened anew before anything is sent. When
// a kept connection ends without a byte of an answer, the request is sent once more if it is a GET or HEAD, or could
// not all be sent; any other request never is.
//
// Threads: one at a time; calls run their own event loop. Lifetime: the destructor waits for a name resolution that is
// still under way (the C library can't be told to stop), so prefer addresses where that matters.
// Bounds: an answer's head kMaxHeadBytes, its body `max_body_bytes`.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"

namespace quoin::net {

struct HttpEndpoint {
  std::string host;  // A name or an address; an IPv6 address without its brackets.
  std::uint16_t port = 0;

  std::string ToString() const;  // "127.0.0.1:8080", "[::1]:8080"
  friend bool operator==(const HttpEndpoint&, const HttpEndpoint&) = default;
};

// host:port, [v6 address]:port, and the same as people copy it: with http:// before and a slash behind. The message of
// the error (kInvalid) says what is allowed.
Result<HttpEndpoint> ParseHttpEndpoint(std::string_view text);

using HttpFields = std::vector<std::pair<std::string, std::string>>;

// Host, Content-Length and User-Agent are added.
struct HttpClientRequest {
  std::string method = "GET";
  std::string target = "/";
  HttpFields fields;
  std::string body;
};

struct HttpClientResponse {
  unsigned status = 0;
  HttpFields fields;
  std::string body;

  // The first field of that name, in whatever case.
  std::optional<std::string_view> Field(std::string_view name) const;
};

class HttpClient {
 public:
  using Time = std::chrono::steady_clock::time_point;

  static constexpr std::size_t kMaxHeadBytes = std::size_t{64} << 10;

  struct Options {
    std::string user_agent = "quoin";
    std::size_t max_body_bytes = std::size_t{256} << 20;
    // Asked about every 20 ms while a call waits; when it says so, the call ends as if its deadline had passed.
    std::function<bool()> give_up;
  };

  HttpClient(HttpEndpoint server, Options options);
  explicit HttpClient(HttpEndpoint server);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  const HttpEndpoint& server() const;

  // Sends the request and waits for its answer until `deadline`. A connection, where one must be opened, has to be
  // there by `connect_by`.
  Result<HttpClientResponse> Do(const HttpClientRequest& request, Time deadline, Time connect_by = Time::max());

  // Closes the kept connection, if there is one.
  void Close();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace quoin::net
