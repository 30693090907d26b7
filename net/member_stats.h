// MemberStats: what the other members say about themselves: their GET /v1/stats, fetched at the addresses for clients
// that the ring names, so that a page of one node can show all.
//
// Over HTTP rather than the links between nodes: it is the very page that people read, it needs no packet that every
// version must understand from then on, and a link that is full of the protocol's own work delays nothing here.
//
// Nothing is fetched before somebody asks, and then at most once in kInterval: the answer is what was known before, and
// the next one knows more. Who asks every second so sees what is about a second old.
//
// Only what a member says about itself counts: an address at which another node answers (a load balancer's) brings an
// error, or one node's work would be counted several times.
//
// Thread safety: Latest may be called on any thread; the rest happens on the given context's.
// Lifetime: destroyed after the context's threads have ended; `cluster` must outlive them.
// Bounds: one request at a time for each member, which ends within kPatience, the lookup of a name included; and
// kMaxAnswerBytes for each member.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "base/ids.h"
#include "net/cluster_view.h"
#include "net/name_lookup.h"

namespace quoin::net {

class MemberStats {
 public:
  using Time = std::chrono::steady_clock::time_point;

  static constexpr std::chrono::milliseconds kInterval{500};
  static constexpr std::chrono::milliseconds kPatience{900};
  static constexpr std::size_t kMaxAnswerBytes = std::size_t{256} << 10;

  struct Answer {
    std::string json;   // The last one that CheckMemberStats let through; empty: none yet.
    Time received;      // When that was.
    std::string error;  // Why the last request brought none; empty: it did.
  };

  // `patience`: with each request; `resolve`: of names. Both are given in tests.
  MemberStats(boost::asio::io_context& context, const ClusterView& cluster,
              std::chrono::milliseconds patience = kPatience, NameLookup::Resolve resolve = NameLookup::AskSystem);
  ~MemberStats();
  MemberStats(const MemberStats&) = delete;
  MemberStats& operator=(const MemberStats&) = delete;

  // Of all members but this node that have been asked; those that are no members any more are left out.
  std::map<NodeId, Answer> Latest();

 private:
  class Request;

  // On the context's thread.
  void AskAll();
  void OnEnd(NodeId node, const std::string& error, std::string json);

  boost::asio::io_context& context_;
  const ClusterView& cluster_;
  const std::chrono::milliseconds patience_;
  // Apart from that of the peers: names for clients that nobody answers for must not take its threads.
  NameLookup names_;  // Of the context's thread.
  std::mutex mutex_;
  Time asked_;                        // Guarded by mutex_: when the last round began; zero: never.
  std::map<NodeId, Answer> answers_;  // Guarded by mutex_.
  std::map<NodeId, bool> under_way_;  // Of the context's thread.
};

}  // namespace quoin::net
