// GapLoad: a steady client for each of some keys, all through one node: one request every `pace`, what fails is tried
// again at once; how long each key was without success, and whether what was acknowledged is there in the end.
//
// Writes of a key are numbered, and the value is the number. One whose outcome is not known (a failure may be one) may
// take effect at any later time, and is remembered for that.
// Threads: one.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "tests/bench/peer_client.h"

namespace quoin::bench {

class GapLoad {
 public:
  using Clock = std::chrono::steady_clock;
  struct Options {
    std::string host;  // An IPv4 address.
    std::uint16_t port = 0;
    bool puts = true;  // Otherwise gets; the keys must be there.
    std::chrono::microseconds pace{10'000};
  };
  // Connects, one connection for each key.
  GapLoad(const Options& options, const std::vector<std::string>& keys);
  ~GapLoad();
  GapLoad(const GapLoad&) = delete;
  GapLoad& operator=(const GapLoad&) = delete;

  void RunFor(std::chrono::milliseconds time);
  // Until each of these keys has succeeded in something that was begun after the call, or the time is over.
  void RunUntilAllSucceed(const std::vector<std::size_t>& keys, std::chrono::milliseconds limit);
  // Answers to what is under way are taken, nothing more is asked.
  void Finish(std::chrono::milliseconds limit);

  // From now on, gaps count (that which is open now from its beginning).
  void BeginGaps();
  // The longest time between two successes of that key since BeginGaps, one that is open yet included.
  std::chrono::microseconds LongestGap(std::size_t key) const;

  std::uint64_t done() const { return done_; }
  std::uint64_t failed() const { return failed_; }
  // Why the value that was read in the end can't be, or empty. REQUIRES: puts.
  std::string WrongWith(std::size_t key, const std::string& value) const;

 private:
  struct Key {
    std::string name;
    int socket = -1;
    std::unique_ptr<PeerClient> client;
    std::string input, output;
    bool waiting = false;
    std::uint64_t asked = 0;         // The number of the newest request.
    std::uint64_t acknowledged = 0;  // The newest of those that succeeded.
    std::set<std::uint64_t> open;    // Those that failed, and may have been done all the same.
    Clock::time_point due, succeeded;
    Clock::duration longest{0};
  };

  void RunWhile(Clock::time_point end, const std::function<bool()>& go_on);
  void Ask(Key& key);
  void OnReady(Key& key);

  const Options options_;
  int events_ = -1;
  bool finishing_ = false;
  std::vector<Key> keys_;
  std::uint64_t done_ = 0, failed_ = 0;
};

}  // namespace quoin::bench
