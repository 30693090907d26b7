// Lanes: the order of operations on one key (client.h, L3) while their way changes. A lane is a slice of the keys that
// share a way (a partition, once the ring is known). It remembers to which server its operations that are under way
// went, and makes others wait that would go another way, and could overtake them, until those are answered.
//
// Invariants:
//   O1  operations that entered a lane and were neither lost nor sent again are under way at one server;
//   O2  who waits is let go in the order of arrival, and nobody enters past those who wait (but see `again`);
//   O3  nobody waits at a lane without anything under way.
//
// Threads: none of its own. Bounds: a few bytes per lane, a token per operation that waits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

namespace quoin::client {

class Lanes {
 public:
  using Token = std::uint64_t;
  static constexpr std::uint32_t kNowhere = UINT32_MAX;

  explicit Lanes(std::size_t count) : lanes_(count) {}

  std::size_t count() const { return lanes_.size(); }
  // Where the operations that are under way went; kNowhere: there are none.
  std::uint32_t server(std::size_t lane) const { return lanes_[lane].under_way == 0 ? kNowhere : lanes_[lane].server; }

  // Whether an operation may go to `server` now; it is under way then, until Leave. `server_lost`: the one of server()
  // is gone, so that there is no order left to keep. `again`: this operation was sent before, and has no place in the
  // order any more.
  bool Enter(std::size_t lane, std::uint32_t server, bool server_lost, bool again);
  // The operation is answered, or lost. Gives those who may be tried again now, in order; usually none.
  std::vector<Token> Leave(std::size_t lane);

  // Who was not let in.
  void Wait(std::size_t lane, Token token);
  // Waiting any longer is no use: from now on the lane goes to `server`, whatever is still under way elsewhere.
  std::vector<Token> StopWaiting(std::size_t lane, std::uint32_t server);
  // The same for all lanes; per lane in order.
  std::vector<Token> StopAllWaiting();

 private:
  struct Lane {
    std::uint32_t server = kNowhere;
    std::uint32_t under_way = 0;
    bool waited_for = false;  // There is an entry in waiting_.
  };

  std::vector<Token> TakeWaiting(std::size_t lane);

  std::vector<Lane> lanes_;
  std::unordered_map<std::size_t, std::vector<Token>> waiting_;
};

}  // namespace quoin::client
