#include "net/http_client.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cerrno>

#include "base/text.h"
#include "net/http_message.h"

namespace quoin::net {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using boost::system::error_code;
using tcp = asio::ip::tcp;

constexpr std::chrono::milliseconds kGiveUpInterval{20};
// Interim answers (1xx) before the real one; more is a server gone wild.
constexpr int kMaxInterimAnswers = 16;

// A word of the request line or a field's name: visible ASCII, never a blank or a line's end.
bool IsWord(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
}
// What goes behind a field's colon must not end its line.
bool IsFieldValue(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) >= ' ' && c != 0x7f; });
}

Status Invalid(std::string message) { return Status(Code::kInvalid, std::move(message)); }

Result<std::string> WriteHead(const HttpClientRequest& request, const HttpEndpoint& server,
                              const std::string& user_agent) {
  if (!IsWord(request.method) || !IsWord(request.target)) return Invalid("the method or the target is not HTTP");
  std::string head = request.method + " " + request.target + " HTTP/1.1\r\nHost: " + server.ToString() +
                     "\r\nUser-Agent: " + user_agent + "\r\n";
  for (const auto& [name, value] : request.fields) {
    if (!IsWord(name) || name.find(':') != std::string::npos || !IsFieldValue(value)) {
      return Invalid("the header field " + Printable(name) + " is not HTTP");
    }
    head += name + ": " + value + "\r\n";
  }
  const bool may_have_body = request.method != "GET" && request.method != "HEAD";
  if (may_have_body || !request.body.empty()) {
    head += "Content-Length: " + std::to_string(request.body.size()) + "\r\n";
  }
  head += "\r\n";
  return head;
}

// One request on its way. Handlers share it, so that one that comes after the call has ended finds its memory alive.
struct Exchange {
  std::string head;
  std::string body;
  std::size_t written_bytes = 0;
  bool write_done = false;
  boost::beast::flat_buffer buffer;
  std::optional<http::response_parser<http::string_body>> parser;
  error_code read_error;
  bool read_done = false;

  std::size_t total_bytes() const { return head.size() + body.size(); }
};

struct Connect {
  error_code error;
  bool done = false;
};

}  // namespace

class HttpClient::Impl {
 public:
  Impl(HttpEndpoint server, Options options) : server_(std::move(server)), options_(std::move(options)) {}
  ~Impl() { Close(); }

  const HttpEndpoint& server() const { return server_; }

  Result<HttpClientResponse> Do(const HttpClientRequest& request, Time deadline, Time connect_by) {
    Result<std::string> head = WriteHead(request, server_, options_.user_agent);
    if (!head.ok()) return head.status();
    const bool reading = request.method == "GET" || request.method == "HEAD";
    for (bool again = false;; again = true) {
      if (socket_.is_open() && !IsQuiet()) Close();
      const bool kept = socket_.is_open();
      if (!kept) QUOIN_RETURN_IF_ERROR(Open(std::min(deadline, connect_by)));
      auto exchange = std::make_shared<Exchange>();
      exchange->head = *head;
      exchange->body = request.body;
      bool no_answer = false;
      Result<HttpClientResponse> response = Run(exchange, request.method == "HEAD", deadline, &no_answer);
      const bool harmless = reading || response.code() == Code::kUnavailable;
      if (response.ok() || !(kept && no_answer && harmless) || again) return response;
    }
  }

  void Close() {
    error_code ignored;
    socket_.close(ignored);
    io_.restart();
    io_.poll();  // Lets the handlers of what was cancelled run.
  }

 private:
  // Whether nothing has happened on the kept connection: neither its end nor bytes that nobody asked for.
  bool IsQuiet() {
    char byte = 0;
    const ssize_t count = ::recv(socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
  }

  // Runs the loop until `done`, the deadline, or the caller gives up.
  void RunUntil(const bool& done, Time deadline) {
    io_.restart();
    while (!done) {
      const Time now = std::chrono::steady_clock::now();
      if (now >= deadline || (options_.give_up && options_.give_up())) return;
      io_.run_one_until(options_.give_up ? std::min(deadline, now + kGiveUpInterval) : deadline);
      if (io_.stopped()) io_.restart();
    }
  }

  Status Unreachable(const std::string& why) {
    return Status(Code::kUnavailable, "can't reach " + server_.ToString() + ": " + why);
  }

  Status Open(Time deadline) {
    auto connect = std::make_shared<Connect>();
    error_code error;
    const asio::ip::address address = asio::ip::make_address(server_.host, error);
    if (!error) {
      socket_.async_connect(tcp::endpoint(address, server_.port), [connect](error_code result) {
        connect->error = result;
        connect->done = true;
      });
    } else {
      resolver_.async_resolve(
          server_.host, std::to_string(server_.port),
          [this, connect, attempt = ++attempt_](error_code result, tcp::resolver::results_type found) {
            // The names of an attempt that was given up come too late.
            if (result || attempt != attempt_) {
              connect->error = result;
              connect->done = true;
              return;
            }
            asio::async_connect(socket_, found, [connect](error_code outcome, const tcp::endpoint&) {
              connect->error = outcome;
              connect->done = true;
            });
          });
    }
    RunUntil(connect->done, deadline);
    if (!connect->done) {
      ++attempt_;
      resolver_.cancel();
      Close();
      return Unreachable("no connection in time");
    }
    if (connect->error) {
      Close();
      return Unreachable(connect->error.message());
    }
    socket_.set_option(tcp::no_delay(true), error);
    return Status::Ok();
  }

  void Read(const std::shared_ptr<Exchange>& exchange, bool head_only, int interim_answers) {
    exchange->parser.emplace();
    exchange->parser->header_limit(kMaxHeadBytes);
    exchange->parser->body_limit(options_.max_body_bytes);
    exchange->parser->skip(head_only);
    http::async_read(socket_, exchange->buffer, *exchange->parser,
                     [this, exchange, head_only, interim_answers](error_code error, std::size_t) {
                       if (!error && exchange->parser->get().result_int() / 100 == 1) {
                         if (interim_answers < kMaxInterimAnswers)
                           return Read(exchange, head_only, interim_answers + 1);
                         error = http::error::bad_status;
                       }
                       exchange->read_error = error;
                       exchange->read_done = true;
                     });
  }

  // Writes and reads at the same time: a server that refuses a large body says so before it has read it all.
  Result<HttpClientResponse> Run(const std::shared_ptr<Exchange>& exchange, bool head_only, Time deadline,
                                 bool* no_answer) {
    const std::array<asio::const_buffer, 2> buffers = {asio::buffer(exchange->head), asio::buffer(exchange->body)};
    asio::async_write(socket_, buffers, [exchange](error_code, std::size_t count) {
      exchange->written_bytes = count;
      exchange->write_done = true;
    });
    Read(exchange, head_only, 0);
    RunUntil(exchange->read_done, deadline);

    const bool in_time = exchange->read_done;
    if (in_time && !exchange->read_error) return TakeResponse(*exchange);
    *no_answer = in_time && !exchange->parser->got_some() && exchange->buffer.size() == 0;
    Close();
    CHECK(exchange->write_done) << "a closed socket still writes";
    const bool late = std::chrono::steady_clock::now() >= deadline;
    const std::string why = !in_time     ? (late ? "no answer in time" : "the wait for an answer was given up")
                            : *no_answer ? "the connection ended without an answer"
                                         : "the answer can't be used: " + exchange->read_error.message();
    const bool whole = exchange->written_bytes == exchange->total_bytes();
    return Status(whole ? Code::kUnknown : Code::kUnavailable, server_.ToString() + ": " + why);
  }

  HttpClientResponse TakeResponse(Exchange& exchange) {
    // Bytes behind the answer, or an answer to a request that is not all sent: the connection is of no more use.
    const bool keep = exchange.parser->keep_alive() && exchange.buffer.size() == 0 && exchange.write_done &&
                      exchange.written_bytes == exchange.total_bytes();
    HttpClientResponse response;
    http::response<http::string_body> message = exchange.parser->release();
    response.status = message.result_int();
    for (const auto& field : message) response.fields.emplace_back(field.name_string(), field.value());
    response.body = std::move(message.body());
    if (!keep) Close();
    return response;
  }

  const HttpEndpoint server_;
  const Options options_;
  asio::io_context io_{1};
  tcp::resolver resolver_{io_};
  tcp::socket socket_{io_};
  std::uint64_t attempt_ = 0;  // Tells name resolutions that were given up from the current one.
};

std::string HttpEndpoint::ToString() const {
  const bool v6 = host.find(':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<HttpEndpoint> ParseHttpEndpoint(std::string_view text) {
  const std::string shown = Printable(text);
  constexpr std::string_view kScheme = "http://";
  if (text.starts_with(kScheme)) {
    text.remove_prefix(kScheme.size());
    if (text.ends_with('/')) text.remove_suffix(1);
  }
  const Status wrong = Invalid("'" + shown + "' is no host:port, like 127.0.0.1:8080, localhost:8080 or [::1]:8080");
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return wrong;
  std::string_view host = text.substr(0, colon);
  const auto port = ParseUint64(text.substr(colon + 1));
  if (!port || *port == 0 || *port > 65535) return wrong;
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return wrong;
  }
  if (!IsWord(host) || host.find_first_of("/[]@?#,") != std::string_view::npos) return wrong;
  return HttpEndpoint{std::string(host), static_cast<std::uint16_t>(*port)};
}

std::optional<std::string_view> HttpClientResponse::Field(std::string_view name) const {
  for (const auto& [key, value] : fields) {
    if (EqualsIgnoringCase(key, name)) return value;
  }
  return std::nullopt;
}

HttpClient::HttpClient(HttpEndpoint server, Options options)
    : impl_(std::make_unique<Impl>(std::move(server), std::move(options))) {}
HttpClient::HttpClient(HttpEndpoint server) : HttpClient(std::move(server), Options()) {}
HttpClient::~HttpClient() = default;

const HttpEndpoint& HttpClient::server() const { return impl_->server(); }

Result<HttpClientResponse> HttpClient::Do(const HttpClientRequest& request, Time deadline, Time connect_by) {
  return impl_->Do(request, deadline, connect_by);
}

void HttpClient::Close() { impl_->Close(); }

}  // namespace quoin::net
