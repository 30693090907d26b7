// LoadWriter: one client that writes to a node over HTTP, as fast as it is answered, until the node is gone, and that
// knows what the node must have kept: for each of its keys the last acknowledged state, and the states that operations
// under way may have made of it.
//
// Invariants:
//   L1  a settled key has exactly one possible state, with the version that was acknowledged for it;
//   L2  an operation whose answer did not come adds a possible state for its key, and nothing else does; an error that
//   is
//       certain (not the whole request went out) adds none;
//   L3  versions of a key only go up.
// Threads: one at a time; a writer moves between threads only while nobody runs it. It fails the test it runs in.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "net/http_client.h"

namespace quoin::tests {

// Opens when so many writes have been acknowledged to all writers together. Any thread.
class AcknowledgementGate {
 public:
  explicit AcknowledgementGate(int wanted) : wanted_(wanted) {}

  void Count();
  // A writer has ended; with the last one gone there's nothing left to wait for.
  void Leave();
  void Enter();
  void WaitUntilReached();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  const int wanted_;
  int counted_ = 0;
  int running_ = 0;
  int entered_ = 0;
};

class LoadWriter {
 public:
  // Its keys begin with `prefix`, which is its own.
  LoadWriter(std::string prefix, std::uint64_t seed);

  void RunUntilTheNodeIsGone(std::uint16_t port, AcknowledgementGate& gate);
  // Reads every key back and expects one of its possible states, which settles it.
  void Verify(std::uint16_t port);

  // Keys that have more than one possible state.
  int unsettled() const;
  int acknowledged() const { return acknowledged_; }
  // REQUIRES: all keys are settled.
  void AddPresentKeys(std::set<std::string>& keys) const;

 private:
  // What a key may hold; no value when it is absent.
  struct State {
    std::optional<std::string> value;
    std::string etag;  // Empty while nobody has told it.
  };
  struct Key {
    std::vector<State> possible{State{}};
    std::string newest_etag;  // L3
  };

  // One request of each kind; false when the node is gone.
  bool Put(net::HttpClient& client);
  bool Delete(net::HttpClient& client);
  bool Increment(net::HttpClient& client);
  bool Batch(net::HttpClient& client);
  // Sends it; nullopt when the node is gone. Then `keys` have got `states` as further possible ones, if that may be.
  std::optional<net::HttpClientResponse> Send(net::HttpClient& client, const net::HttpClientRequest& request,
                                              const std::vector<std::string>& keys, const std::vector<State>& states);
  void Settle(const std::string& key, State state);

  std::string DrawKey();
  std::string DrawValue();
  int Draw(int least, int most) { return std::uniform_int_distribution<int>(least, most)(random_); }

  std::string prefix_;
  std::mt19937_64 random_;
  std::map<std::string, Key> keys_;
  int acknowledged_ = 0;
};

// Every key that the node lists, page by page.
std::set<std::string> ListAllKeys(std::uint16_t port);

}  // namespace quoin::tests
