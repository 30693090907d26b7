// PeerDial: one attempt to connect to an address, the lookup of its name included.
//
// A name whose lookup has not come back within a quarter of the time is dialled at the addresses that were found for
// it last: most names mean tomorrow what they mean today, and a greeting shows who answers.
//
// Threads: lives on one shard. Lifetime: keeps itself alive until it is over; `done` is called once, never from inside
// Start, and not after Cancel().
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "base/status.h"
#include "net/name_lookup.h"

namespace quoin::net {

class PeerDial : public std::enable_shared_from_this<PeerDial> {
 public:
  // A connected socket; or kUnavailable, "can't connect to 10.0.0.7:7080: Connection refused".
  using Done = std::function<void(Result<boost::asio::ip::tcp::socket>)>;


  // `names` belongs to the same shard, and is there until the dial is over.
  static std::shared_ptr<PeerDial> Start(boost::asio::io_context& context, NameLookup& names, std::string address,
                                         std::chrono::milliseconds timeout, Done done);
  void Cancel();

 private:
  PeerDial(boost::asio::io_context& context, NameLookup& names, std::string address, std::chrono::milliseconds timeout,
           Done done);

  void Begin();
  void Find(const std::string& name, std::uint16_t port);
  // Tries these, one after the other. `doubt`: see NameLookup::Found.
  void Connect(const NameLookup::Addresses& addresses, std::uint16_t port, const std::string& doubt);
  void Fail(const std::string& reason);
  void Finish(Result<boost::asio::ip::tcp::socket> result);

  NameLookup& names_;
  boost::asio::ip::tcp::socket socket_;
  boost::asio::steady_timer timer_;  // Of the connection; a lookup has its own.
  const std::string address_;
  const std::chrono::milliseconds timeout_;
  const std::chrono::steady_clock::time_point until_;
  Done done_;
  NameLookup::Ticket ticket_ = 0;  // 0: nothing is being looked up.
  bool over_ = false;
};

}  // namespace quoin::net
