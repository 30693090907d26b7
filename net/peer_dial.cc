#include "net/peer_dial.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "net/address.h"

namespace quoin::net {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

PeerDial::PeerDial(asio::io_context& context, std::string address, Done done)
    : resolver_(context), socket_(context), timer_(context), address_(std::move(address)), done_(std::move(done)) {}

std::shared_ptr<PeerDial> PeerDial::Start(asio::io_context& context, std::string address,
                                          std::chrono::milliseconds timeout, Done done) {
  auto dial = std::shared_ptr<PeerDial>(new PeerDial(context, std::move(address), std::move(done)));
  dial->Begin(timeout);
  return dial;
}

void PeerDial::Begin(std::chrono::milliseconds timeout) {
  timer_.expires_after(timeout);
  timer_.async_wait([self = shared_from_this(), timeout](const error_code& error) {
    if (!error) self->Fail("no answer within " + std::to_string(timeout.count()) + " ms");
  });
  const auto address = ParseHostPort(address_);
  if (!address.ok()) {
    asio::post(socket_.get_executor(),
               [self = shared_from_this(), reason = address.status().message()] { self->Fail(reason); });
    return;
  }
  error_code error;
  const asio::ip::address ip = asio::ip::make_address(address->host, error);
  if (!error) {
    Connect(tcp::resolver::results_type::create(tcp::endpoint(ip, address->port), address->host, ""));
    return;
  }
  resolver_.async_resolve(
      address->host, std::to_string(address->port),
      [self = shared_from_this()](const error_code& failure, const tcp::resolver::results_type& endpoints) {
        if (self->over_) return;
        if (failure) {
          self->Fail("the name can't be resolved: " + failure.message());
        } else {
          self->Connect(endpoints);
        }
      });
}

void PeerDial::Connect(const tcp::resolver::results_type& endpoints) {
  asio::async_connect(socket_, endpoints,
                      [self = shared_from_this()](const error_code& error, const tcp::endpoint& /*endpoint*/) {
                        if (self->over_) return;
                        if (error) {
                          self->Fail(error.message());
                        } else {
                          self->Finish(std::move(self->socket_));
                        }
                      });
}

void PeerDial::Fail(const std::string& reason) {
  Finish(Status(Code::kUnavailable, "can't connect to " + address_ + ": " + reason));
}

void PeerDial::Finish(Result<tcp::socket> result) {
  if (over_) return;
  const auto done = std::move(done_);
  Cancel();
  done(std::move(result));
}

void PeerDial::Cancel() {
  if (over_) return;
  over_ = true;
  done_ = nullptr;
  error_code ignored;
  resolver_.cancel();
  timer_.cancel();
  socket_.close(ignored);  // A socket that was handed on is another object by now.
}

}  // namespace quoin::net
