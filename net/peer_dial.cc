#include "net/peer_dial.h"

#include <boost/asio/connect.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "net/address.h"

namespace quoin::net {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

PeerDial::PeerDial(asio::io_context& context, NameLookup& names, std::string address, std::chrono::milliseconds timeout,
                   Done done)
    : names_(names),
      socket_(context),
      timer_(context),
      address_(std::move(address)),
      timeout_(timeout),
      until_(std::chrono::steady_clock::now() + timeout),
      done_(std::move(done)) {}

std::shared_ptr<PeerDial> PeerDial::Start(asio::io_context& context, NameLookup& names, std::string address,
                                          std::chrono::milliseconds timeout, Done done) {
  auto dial = std::shared_ptr<PeerDial>(new PeerDial(context, names, std::move(address), timeout, std::move(done)));
  dial->Begin();
  return dial;
}

void PeerDial::Begin() {
  const auto address = ParseHostPort(address_);
  if (!address.ok()) {
    asio::post(socket_.get_executor(),
               [self = shared_from_this(), reason = address.status().message()] { self->Fail(reason); });
    return;
  }
  if (const auto addresses = NameLookup::Literal(address->host)) {
    Connect(*addresses, address->port, "");
  } else {
    Find(address->host, address->port);
  }
}

void PeerDial::Find(const std::string& name, std::uint16_t port) {
  ticket_ = names_.Find(name, NameLookup::Patience::Within(timeout_),
                        [self = shared_from_this(), port](const Result<NameLookup::Found>& found) {
                          self->ticket_ = 0;
                          if (found.ok()) {
                            self->Connect(found->addresses, port, found->doubt);
                          } else {
                            self->Fail(found.status().message());
                          }
                        });
}

void PeerDial::Connect(const NameLookup::Addresses& addresses, std::uint16_t port, const std::string& doubt) {
  const std::string doubtful = doubt.empty() ? "" : " (at what its name meant before: " + doubt + ")";
  timer_.expires_at(until_);
  timer_.async_wait([self = shared_from_this(), doubtful](const error_code& error) {
    if (!error) self->Fail("no answer within " + std::to_string(self->timeout_.count()) + " ms" + doubtful);
  });
  asio::async_connect(socket_, NameLookup::EndpointsOf(addresses, port),
                      [self = shared_from_this(), doubtful](const error_code& error, const tcp::endpoint&) {
                        if (self->over_) return;
                        if (error) {
                          self->Fail(error.message() + doubtful);
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
  if (ticket_ != 0) names_.Cancel(std::exchange(ticket_, 0));
  timer_.cancel();
  socket_.close(ignored);  // A socket that was handed on is another object by now.
}

}  // namespace quoin::net
