// WatchedWriters: clients that write keys that are watched, each key by one, one write after the other, and note in
// WrittenStates how every write ended. Some keys are only put, some deleted now and then, some have times to live.
//
// Threads: those of the executor, one at a time. Lifetime: until running() is 0, after Stop.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "kv/version.h"
#include "net/client/client.h"
#include "tests/cluster/written_states.h"

namespace quoin::tests {

class WatchedWriters {
 public:
  static constexpr const char* kPrefix = "watched/";
  static std::string PlainKey(std::size_t i) { return "watched/plain/" + std::to_string(i); }
  static std::string GoneKey(std::size_t i) { return "watched/gone/" + std::to_string(i); }
  static std::string BriefKey(std::size_t i) { return "watched/brief/" + std::to_string(i); }
  static std::vector<std::string> Keys();

  WatchedWriters(boost::asio::any_io_executor executor, const std::vector<std::string>& servers, std::uint64_t seed,
                 WrittenStates* states);

  void Begin();
  // No write is begun any more while they rest.
  void set_resting(bool resting) { resting_ = resting; }
  std::size_t under_way() const { return under_way_; }
  // While they rest: puts each plain key a few times, one put after the other. Over once peaceful_running() is 0.
  void BeginPeace();
  std::size_t peaceful_running() const { return peaceful_running_; }
  // By key, the versions of these puts in their order. Without keys some put to which is not known to be done, or whose
  // partition got another leader meanwhile.
  std::map<std::string, std::vector<kv::Version>> PeacefulVersions() const;

  void Stop();
  // Coroutines that have not ended.
  std::size_t running() const { return running_; }

 private:
  boost::asio::awaitable<void> WriteFor(std::string key);
  boost::asio::awaitable<void> WriteInPeace(std::string key);
  // The version that it made, where it is known to have.
  boost::asio::awaitable<kv::Version> Write(std::string key, client::Operation operation);
  client::Operation DrawWrite(const std::string& key);
  void Spawn(boost::asio::awaitable<void> coroutine, std::size_t* count);
  int Draw(int least, int most) { return std::uniform_int_distribution<int>(least, most)(random_); }

  const boost::asio::any_io_executor executor_;
  std::mt19937_64 random_;
  WrittenStates* const states_;
  std::unique_ptr<client::Client> client_;
  bool resting_ = false;
  bool stopped_ = false;
  std::size_t under_way_ = 0;
  std::size_t running_ = 0;
  std::size_t peaceful_running_ = 0;
  std::map<std::string, std::vector<kv::Version>> peaceful_;
};

}  // namespace quoin::tests
