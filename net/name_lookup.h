// NameLookup: the IP addresses of hosts' names, for a shard, which must not wait for them.
//
// The system's resolver blocks for as long as the name's servers are silent, and can't be told to stop. Asio's has one
// thread for all of a loop, so that one such name holds up every other one, and the loop's end. Here each name that is
// being looked up has a thread of its own, which owns nothing that anyone waits for.
//
// Invariants:
//   L1  a name whose lookup hangs delays no other, as long as fewer than kMostAtOnce hang;
//   L2  a name is looked up once at a time: who asks meanwhile shares what comes of it;
//   L3  what was found last stands in for a lookup that is late or fails;
//   L4  the destructor waits for no lookup.
//
// Threads: lives on the shard whose loop it is given; destroyed there too, or when no thread runs that loop.
// Lifetime: the loop outlives it. A lookup may outlive both, and the function that it calls must allow for that.
// Bounds: kMostAtOnce threads, after which names wait in the order in which they were asked for; kMostRemembered names.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/status.h"

namespace quoin::net {

class NameLookup {
 public:
  using Addresses = std::vector<boost::asio::ip::address>;
  // Blocks, on a thread of its own. At least one address, or an error: "Name or service not known".
  using Resolve = std::function<Result<Addresses>(const std::string& name)>;
  struct Found {
    Addresses addresses;  // Never empty.
    std::string doubt;    // Why they are those of an earlier lookup; empty: they aren't.
  };
  // kUnavailable says why there are none.
  using Done = std::function<void(Result<Found>)>;
  using Ticket = std::uint64_t;  // Never 0.
  struct Patience {
    std::chrono::milliseconds fresh;  // After so long, what was found last will do.
    std::chrono::milliseconds whole;  // After so long, nothing will.

    // That of a connection which may take so long: a quarter of it is for a fresh lookup.
    static Patience Within(std::chrono::milliseconds whole) { return {whole / 4, whole}; }
  };

  // For each of the peers that a ring may have (1,024), the two addresses that it may be dialled at, twice over.
  static constexpr std::size_t kMostRemembered = 4096;
  // Enough for all names of most clusters. A thread that waits costs little more than its place.
  static constexpr std::size_t kMostAtOnce = 64;

  // What needs no lookup: an IP address. nullopt: it is a name.
  static std::optional<Addresses> Literal(const std::string& host);
  static std::vector<boost::asio::ip::tcp::endpoint> EndpointsOf(const Addresses& addresses, std::uint16_t port);
  // Asks the system.
  static Result<Addresses> AskSystem(const std::string& name);

  explicit NameLookup(boost::asio::io_context& context, Resolve resolve = AskSystem);
  ~NameLookup();
  NameLookup(const NameLookup&) = delete;
  NameLookup& operator=(const NameLookup&) = delete;

  // `done` is called once, within patience.whole, never from inside Find, and not after Cancel. It may call anything
  // here but the destructor.
  Ticket Find(const std::string& name, const Patience& patience, Done done);
  // Without effect when it was answered. The lookup goes on, and what it finds is remembered.
  void Cancel(Ticket ticket) { waiters_.erase(ticket); }

 private:
  using Time = std::chrono::steady_clock::time_point;
  // What a lookup's thread and the handlers in the loop keep; `owner` is null once there is nobody to tell.
  struct Door;
  struct Waiter {
    std::string name;
    Patience patience;
    Time asked;
    Done done;
    boost::asio::steady_timer timer;
    bool nothing_to_stand_in = false;  // When patience.fresh had passed.
  };
  struct Remembered {
    Addresses addresses;
    Time found;
  };

  static void LookUp(const std::shared_ptr<Door>& door, const Resolve& resolve, const std::string& name);
  // Unless it is being looked up already, or has to wait for others to end.
  void Begin(const std::string& name);
  void BeginThoseThatWait();
  void OnEnd(const std::string& name, const Result<Addresses>& result);
  void WakeAt(Ticket ticket, Waiter& waiter, Time time);
  void OnWake(Ticket ticket);
  void Answer(Ticket ticket, Result<Found> found);
  void Remember(const std::string& name, const Addresses& addresses);
  // What was found last, or, when that is nothing, `why`.
  Result<Found> StandIn(const std::string& name, const std::string& why) const;

  boost::asio::io_context& context_;
  const Resolve resolve_;
  const std::shared_ptr<Door> door_;
  Ticket last_ticket_ = 0;
  std::map<Ticket, Waiter> waiters_;  // In the order in which they asked.
  std::set<std::string> running_;
  std::map<std::string, Remembered> remembered_;
};

}  // namespace quoin::net
