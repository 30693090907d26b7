// PeerDialBacks: answers probes: who this node is, and whether it can dial the prober at the address that it wants to
// give to everyone.
//
// Whoever reaches the port can send probes: the names in them are looked up apart from those of peers, which so have
// threads left whatever strangers ask for.
//
// Threads: lives on one shard. Bounds: kMostAtOnce addresses are tried at a time; more probes are asked to come again.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "net/name_lookup.h"
#include "net/peer_hello.h"
#include "net/peer_probe.h"
#include "net/peer_reception.h"

namespace quoin::net {

class PeerDialBacks {
 public:
  static constexpr std::size_t kMostAtOnce = 16;

  // `timeout`: of each, for the connection, and again for its answer.
  PeerDialBacks(boost::asio::io_context& context, NameLookup::Resolve resolve, std::chrono::milliseconds timeout,
                std::function<PeerIdentity()> self);

  // Answers the probe, now or later.
  void Answer(const PeerVisitPtr& visit, const PeerHello& probe);
  // What isn't answered by now never is.
  void Stop() { questions_.clear(); }

 private:
  boost::asio::io_context& context_;
  const std::chrono::milliseconds timeout_;
  const std::function<PeerIdentity()> self_;
  NameLookup names_;
  std::uint64_t last_number_ = 0;
  std::map<std::uint64_t, std::unique_ptr<PeerQuestion>> questions_;
};

}  // namespace quoin::net
