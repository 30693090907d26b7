// A bare Beast server, as one would first write it: one event-loop thread, keep-alive, a fixed answer of 100 bytes to
// every request. The yardstick for the node's HTTP path (tests/bench/http.sh), and nothing else.
//
// Prints "listening on PORT" and runs until it is killed.
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <memory>
#include <string>
#include <utility>

#include "tests/bench/serve.h"

namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;

class Session : public std::enable_shared_from_this<Session> {
 public:
  explicit Session(tcp::socket socket) : socket_(std::move(socket)) {}

  void Read() {
    request_ = {};
    http::async_read(socket_, buffer_, request_, [self = shared_from_this()](const auto& error, std::size_t) {
      if (!error) self->Write();
    });
  }

 private:
  void Write() {
    response_ = http::response<http::string_body>(http::status::ok, request_.version());
    response_.set(http::field::server, "hello");
    response_.set(http::field::content_type, "text/plain");
    response_.keep_alive(request_.keep_alive());
    response_.body() = std::string(100, 'x');
    response_.prepare_payload();
    http::async_write(socket_, response_, [self = shared_from_this()](const auto& error, std::size_t) {
      if (!error && self->response_.keep_alive()) self->Read();
    });
  }

  tcp::socket socket_;
  boost::beast::flat_buffer buffer_;
  http::request<http::string_body> request_;
  http::response<http::string_body> response_;
};

}  // namespace

int main() {
  quoin::bench::Serve([](tcp::socket socket) { std::make_shared<Session>(std::move(socket))->Read(); });
}
