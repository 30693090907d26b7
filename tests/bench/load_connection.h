// LoadConnection: one WebSocket of the load generator. It has `depth` requests under way, all from frames made
// beforehand of which only the key is written anew, and sends each again as soon as it is answered.
//
// Every answer is looked at as far as its outcome, the first and each 4096th whole. What is asked again goes out in one
// write for each read.
// Threads: one. Lifetime: closes its socket.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/bench/websocket_client.h"

namespace quoin::bench {

enum class LoadKind {
  kEcho,  // Messages of value_bytes bytes, which come back as they are.
  kGet,   // Reads of keys that are there.
  kPut,   // Writes of values.
  kFill,  // Writes each key once, and ends.
};

// What all connections of one run share.
struct Load {
  LoadKind kind = LoadKind::kEcho;
  std::uint32_t depth = 1;
  std::uint32_t keys = 1;  // "bench/00000000" and on.
  std::size_t value_bytes = 0;

  std::uint32_t filled = 0;  // kFill: keys that have been asked for.
  std::uint64_t answers = 0;
  std::map<std::string, std::uint64_t> failures;  // Answers that were no success, by what they were.
};

class LoadConnection {
 public:
  // `load` outlives the connection. `seed` draws the keys.
  LoadConnection(std::uint16_t port, Load* load, std::uint64_t seed);
  ~LoadConnection();
  LoadConnection(const LoadConnection&) = delete;
  LoadConnection& operator=(const LoadConnection&) = delete;

  int socket() const { return opened_.socket; }
  // Sends the first requests.
  void Start();
  // To be called when the socket can be read, or written after wants_to_write().
  void OnReady();
  // Whether there is something to send that the socket had no room for.
  bool wants_to_write() const { return sent_ < output_.size(); }
  // Requests without an answer.
  std::uint32_t under_way() const { return under_way_; }

 private:
  void TakeAnswers(std::string_view* bytes);
  void OnMessage(std::string_view payload);
  void CountAnswer();
  void Ask(std::uint32_t slot);
  // A request made beforehand; its id is the slot's number + 1.
  struct Slot {
    std::string frame;
    std::size_t payload_at = 0;  // In the frame.
    std::size_t digits_at = 0;   // In the payload: the digits of the key.
  };
  void WriteKey(Slot& slot);
  void Write();

  Load* const load_;
  OpenedWebSocket opened_;
  std::uint64_t random_;
  std::vector<Slot> slots_;
  std::string payload_;  // kEcho: what every message is.
  bool greeted_ = false;
  std::uint64_t answers_ = 0;
  std::uint32_t under_way_ = 0;
  std::vector<char> input_;
  std::size_t held_ = 0;  // So many bytes of input_ are there and not taken.
  std::string output_;
  std::size_t sent_ = 0;  // So much of output_ is gone.
};

}  // namespace quoin::bench
