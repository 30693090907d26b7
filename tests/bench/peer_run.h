// PeerRun: the comparison's load generator: so many connections with one request each, one thread, epoll.
//
// Threads: one. Bounds: the latencies of 50 million answers; later ones are counted only.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tests/bench/peer_client.h"

namespace quoin::bench {

using Clock = std::chrono::steady_clock;

struct PeerPlan {
  enum class Kind { kEtcd, kRedis, kQuoin };
  enum class Work {
    kFill,  // Every key once.
    kPut,   // Keys drawn evenly, as fast as they are answered.
    kGet,
    kGap,  // Puts, each connection to a key of its own, one every `pace`; what fails is tried again at once.
  };
  Kind kind = Kind::kQuoin;
  Work work = Work::kGet;
  std::vector<std::uint16_t> ports;  // On 127.0.0.1; the connections are shared out among them.
  // kPut, kGet: by partition, the number of its leader's port, from 1; 0: not known. A connection then asks only for
  // keys that its server leads (and those of unknown leaders), as a client does that knows the ring. Empty: for all.
  std::vector<std::uint32_t> leaders;
  std::uint32_t connections = 1;
  std::uint32_t keys = 10'000;
  std::uint32_t value_bytes = 100;
  std::chrono::microseconds pace{10'000};
  // kGap: a request that is unanswered for so long counts as failed, and is tried again over a new connection.
  std::chrono::milliseconds patience{500};
};

class PeerRun {
 public:
  // Connects. Dies when a server can't be reached.
  explicit PeerRun(const PeerPlan& plan);
  ~PeerRun();
  PeerRun(const PeerRun&) = delete;
  PeerRun& operator=(const PeerRun&) = delete;

  // kFill: until all keys are stored. Otherwise for that time; latencies and gaps are those of the last call.
  void Run(std::chrono::duration<double> time);

  std::uint64_t done() const { return done_; }  // Of the last call.
  // By text, how often; a get of a key that isn't there is one, too.
  const std::map<std::string, std::uint64_t>& failures() const { return failures_; }
  // The latency that this share of the last call's answers did not exceed.
  double LatencyMicroseconds(double share);
  // The longest time in the last call that a connection was without success.
  double longest_gap_seconds() const { return std::chrono::duration<double>(longest_gap_).count(); }

  static std::string KeyName(std::uint64_t number);
  static constexpr std::size_t kKeyBytes = 14;

 private:
  struct Connection {
    int socket = -1;
    std::unique_ptr<PeerClient> client;
    std::string input, output;
    std::uint64_t random = 0;
    bool waiting = false;           // For an answer.
    std::uint32_t reconnected = 0;  // How often; each time to the next server.
    Clock::time_point asked, due, succeeded;
  };

  void Connect(std::uint32_t index);
  void SortKeysByLeader();
  void Ask(Connection& connection, std::uint32_t index, Clock::time_point now);
  void OnReady(std::uint32_t index);
  void OnAnswer(Connection& connection, std::uint32_t index, const PeerAnswer& answer);
  void Write(Connection& connection);
  // kGap.
  void AskThoseDue(Clock::time_point now);

  const PeerPlan plan_;
  const std::string value_;
  int events_ = -1;
  std::vector<Connection> connections_;
  std::vector<std::vector<std::uint32_t>> led_;  // By server: the keys that it leads, those without a leader included.
  std::vector<char> read_buffer_;                // Of all connections: nothing of it is kept between reads.
  std::uint64_t done_ = 0;
  std::uint64_t next_fill_ = 0;
  std::uint32_t unanswered_ = 0;
  std::map<std::string, std::uint64_t> failures_;
  std::vector<std::uint32_t> latencies_;  // Microseconds.
  Clock::duration longest_gap_{0};
};

}  // namespace quoin::bench
