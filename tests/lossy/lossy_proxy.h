// LossyProxy: a TCP proxy on the loopback that loses answers. Between a client and a node it lets requests through, and
// from a drawn byte of the answers on it does one of three things:
//   cut      both connections end at once: the answers of what has gone through never come;
//   swallow  requests go on reaching the node, and no answer comes back, until both connections end;
//   late     the client's connection ends with its next requests; those reach the node only after a while, when the
//            client may have sent them again on another connection and had its answer.
// It also holds some answers back for a moment. It knows nothing of HTTP or WebSocket: bytes only.
//
// Invariants:
//   P1  what reaches either side is a prefix of what the other side has sent: nothing is changed, doubled or reordered
//       within a connection;
//   P2  the fate of the connection that was accepted as the nth depends on the seed and n alone.
// Threads: one of its own; all functions may be called from any thread. Lifetime: the destructor ends all connections.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

namespace quoin::tests {

// What becomes of one connection.
struct Fate {
  enum class Kind { kCut, kSwallow, kLate };
  Kind kind = Kind::kCut;
  std::size_t answer_bytes = 0;  // So many bytes of answers reach the client; then it strikes.
  // kSwallow: until both connections end. kLate: until the last requests reach the node. Of any kind: until the
  // client's connection ends where the node can't be reached.
  std::chrono::milliseconds linger{0};
  bool reset = false;  // The client's connection ends by a reset, not in order.
  // Each piece of an answer is held back for so long.
  std::chrono::milliseconds hold{0};
};

// The fate of connection number `number` (from 0). A quarter of all loses even its first answer; the others strike
// within the first `most_answer_bytes` bytes.
Fate DrawFate(std::uint64_t seed, std::uint64_t number, std::size_t most_answer_bytes);

class LossyProxy {
 public:
  using Draw = std::function<Fate(std::uint64_t number)>;

  // Listens on a port that the kernel chooses. `draw` is called on the proxy's thread.
  LossyProxy(std::uint16_t node_port, Draw draw);
  ~LossyProxy();
  LossyProxy(const LossyProxy&) = delete;
  LossyProxy& operator=(const LossyProxy&) = delete;

  std::uint16_t port() const;
  // Where connections lead that are accepted from now on.
  void SetNodePort(std::uint16_t port);

  // What it has done so far, for tests that want to be sure that it did something.
  struct Counts {
    std::uint64_t connections = 0;
    std::uint64_t cut = 0;              // Connections that ended by their fate, of whatever kind.
    std::uint64_t swallowed_bytes = 0;  // Of answers that the node gave and the client never got.
    std::uint64_t late_bytes = 0;       // Of requests that reached the node after their client's connection had ended.
  };
  Counts counts() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace quoin::tests
