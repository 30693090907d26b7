// Watchers: clients that watch keys of a cluster that is being hurt, and clients that write some of these keys, in a
// thread of their own beside the test's. What they find is in docs/watch.md's promises (WatcherView, WrittenStates).
//
// There are watchers with the C++ library, over Server-Sent Events, and over long polls; of one key, of several, of a
// prefix, of all. Each stays with a node until that ends the connection, or until it has had enough of it, and goes on
// elsewhere. All of them live as long as this object: through all rounds.
//
// Threads: one, the one that constructed it; the clients have another. Lifetime: ends with all of its clients.
// Bounds: WrittenStates and WatcherView.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "net/http_client.h"
#include "tests/cluster/watcher_view.h"

namespace quoin::tests {

struct WatchCounts {
  std::uint64_t watchers = 0;
  std::uint64_t written = 0;     // By the writers, and acknowledged.
  std::uint64_t events = 0;      // Of states.
  std::uint64_t gaps = 0;        // Of keys, and of all.
  std::uint64_t conflated = 0;   // Events that a newer one stood for, as the node said.
  std::uint64_t reconnects = 0;  // Connections beyond each watcher's first; not those of polls.
  std::uint64_t polls = 0;
  std::uint64_t compared = 0;  // Views held against what is stored.
  std::uint64_t in_peace = 0;  // Versions of which it was seen in peace that a watcher was told them, or how many not.

  std::string ToString() const;
};

class Watchers {
 public:
  // `servers`: of all members. They begin at once, and so does the writing. What each does follows from the seed.
  Watchers(const std::vector<net::HttpEndpoint>& servers, std::uint64_t seed);
  ~Watchers();
  Watchers(const Watchers&) = delete;
  Watchers& operator=(const Watchers&) = delete;

  // Where watches over HTTP go from now on; the library finds out by itself.
  void SetServers(const std::vector<net::HttpEndpoint>& servers);

  // Nobody writes or leaves a node any more from now on, and once this is true no write is under way.
  bool Rest();
  // They write and leave again.
  void GoOn();

  // All keys that anybody was told of, or that were written. For reading what is stored.
  std::set<std::string> Keys();
  // What a linearizable read found of the keys (those that are not there are absent), held against what everybody was
  // told: the first difference; empty: none.
  std::string Compare(const std::map<std::string, StoredState>& stored);

  // Writes every plain key a few times, one write after the other, at rest, and remembers what is told meanwhile.
  void BeginPeace();
  // Empty when all of these writes are acknowledged; otherwise what is awaited.
  std::string MissingForPeace();
  // What was left out without a word since BeginPeace; empty: nothing. A key whose partition got another leader
  // meanwhile is left aside, as its watchers had to catch up.
  // REQUIRES: MissingForPeace and, since then, Compare were empty.
  std::string LeftOutInPeace();

  // What must not be, found so far.
  std::vector<std::string> Complaints();
  // No older version will be told any more: the cluster is at rest.
  void ForgetTold();
  WatchCounts counts();

 private:
  class Impl;
  // Runs it in the clients' thread, and waits for its end.
  void Do(const std::function<void()>& what);

  std::unique_ptr<Impl> impl_;
};

}  // namespace quoin::tests
