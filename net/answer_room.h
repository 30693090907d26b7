// AnswerRoom: what the HTTP connections of a node hold together in answers that their clients have not taken yet. Each
// connection has its own bound (HttpSession, H4), but there may be many, and asking without reading costs a client
// nothing.
//
// Invariants:
//   M1  while more than kMaxWaitingBytes wait, no connection begins a request beside another answer of its own. So what
//       waits can grow by what is under way already, and by one answer for each connection.
//
// Thread safety: one object serves all shards.
#pragma once

#include <atomic>
#include <cstddef>

namespace quoin::net {

class AnswerRoom {
 public:
  static constexpr std::size_t kMaxWaitingBytes = std::size_t{256} << 20;

  // What waits in one connection has become this instead of that.
  void Change(std::size_t before_bytes, std::size_t after_bytes) {
    waiting_bytes_.fetch_add(after_bytes - before_bytes, std::memory_order_relaxed);
  }
  bool full() const { return waiting_bytes_.load(std::memory_order_relaxed) > kMaxWaitingBytes; }

 private:
  std::atomic<std::size_t> waiting_bytes_{0};
};

}  // namespace quoin::net
