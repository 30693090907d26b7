// WriteIds: the operation ids of a client's writes, and which of them are finished, so that leaders need not remember
// those any longer (net/proto/quoin.proto, Operation.finished_below).
//
// An id is finished once nobody will ever send it again. The client itself sends a write no more once it has ended; but
// of one that ended as unknown the program has been given the ticket, and may resume it, tomorrow or after its own
// crash, and twice. So such an id is never finished, and neither is one that was handed out with NewTicket.
//
// Invariants:
//   W1  an id that is under way, ended as unknown, or was handed out as a ticket is never said to be finished;
//   W2  whatever remains unknown holds back at most kMaxHeldBack later ids: beyond, ids go on under a new client half,
//       which owes nothing to the old one. Nodes remember the ids of the old one as long as they would have anyway.
//
// Threads: none of its own. Bounds: a few bytes per slot ever used. Begin and End take constant time.
#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace quoin::client {

class WriteIds {
 public:
  static constexpr std::uint64_t kMaxHeldBack = 1024;

  // `client`: the first half of the first ids. `random` draws the others and outlives this.
  WriteIds(std::uint64_t client, std::mt19937_64& random);

  // A write begins in this slot, which holds no other: it gets the next id.
  void Begin(std::uint32_t slot);
  // Its id, as a text: "00c0ffee00c0ffee-17".
  std::string Text(std::uint32_t slot) const;
  // What it may say of the others: ids of the same half with lower numbers are finished. 0: nothing.
  std::uint64_t FinishedBelow(std::uint32_t slot) const;
  // It has ended. `unknown`: the program may go on with it.
  void End(std::uint32_t slot, bool unknown);

  // An id for a ticket; it has a half of its own, of which nothing is ever said to be finished.
  std::string NewTicketId();

 private:
  static constexpr std::uint32_t kNone = UINT32_MAX;
  // The writes under way whose ids have the present half are a list, in the order of their numbers.
  struct Entry {
    std::uint64_t client = 0;
    std::uint64_t number = 0;
    std::uint32_t before = kNone;
    std::uint32_t behind = kNone;
    bool listed = false;
  };

  void StartAnew();
  std::uint64_t DrawHalf();

  std::mt19937_64& random_;
  std::uint64_t client_;
  std::uint64_t next_number_ = 1;
  std::optional<std::uint64_t> lowest_unknown_;  // Of the present half.
  std::vector<Entry> entries_;                   // By slot.
  std::uint32_t first_ = kNone;
  std::uint32_t last_ = kNone;
  const std::uint64_t ticket_client_;
  std::uint64_t next_ticket_ = 1;
};

}  // namespace quoin::client
