// Sendings: what is known about the copies of one operation that were sent, and so, what may be told and what the next
// copy must say. Pure: it is told what happened and says what to do.
//
// Invariants:
//   R1  "Not applied" is only ever concluded when no sending is open, i.e. may have been applied, or may yet be.
//   R2  All sendings that are sent while another is open name the same version of the key's partition (as a text, it is
//       called ballot), and say that they are repeated. One that the program has stored with its ticket is named by
//       all, whatever is open.
//   R3  A negative result (absent, condition failed, rejected) of a sending that was not said to be repeated is about
//       that sending alone; another one that is open may still act.
//
// Threads: none of its own.
#pragma once

#include <cstdint>

#include "kv/version.h"
#include "net/client/operation.h"

namespace quoin::client {

// What an answer says about the sending that it answers.
struct SendingAnswer {
  Outcome outcome = Outcome::kNotApplied;
  bool repeated = false;         // The sending said so.
  bool retryable = false;        // kNotApplied: another try may do better.
  bool ballot_required = false;  // kNotApplied: the key has forgotten too much for the version that was named.
  kv::Version known;             // The one that the answer names; zero: none.
};

class Sendings {
 public:
  struct Ticketed {
    bool resumed = false;  // A sending may be open that this client knows nothing of.
  };

  Sendings(bool is_write, kv::Version known) : is_write_(is_write), known_(known) {}
  // Of a write whose id and version are the program's.
  Sendings(Ticketed ticketed, kv::Version known) : is_write_(true), keeps_known_(true), known_(known) {
    if (ticketed.resumed) open_ = 1;
  }

  // What the next sending says of itself.
  bool repeated() const { return is_write_ && open_ > 0; }
  const kv::Version& known() const { return known_; }
  // A sending that nothing open binds may name a newer version.
  void Refresh(const kv::Version& known) {
    if (open_ == 0 && !keeps_known_ && known > known_) known_ = known;
  }

  void OnSent() { ++count_, ++open_, ++awaited_; }
  std::uint32_t count() const { return count_; }
  // Without those that were refused for their ballot, and repaired at once.
  std::uint32_t charged() const { return count_ - at_once_; }

  enum class Next : std::uint8_t {
    kTell,         // The answer is the operation's.
    kAgainAtOnce,  // Send it again, with the version that is named now.
    kAgain,        // Send it again after a while.
    kEnd,          // No further sending helps: kUnknown or kNotApplied, as certain() says.
    kWait,         // Another sending is still to be answered, and decides.
  };
  Next OnAnswer(const SendingAnswer& answer);
  // The sending will not be answered: its connection is gone.
  Next OnLost();

  // No sending may have been applied, or may yet be.
  bool certain() const { return !is_write_ || open_ == 0; }

 private:
  // Several at-once turns in a row mean that something else is wrong.
  static constexpr std::uint32_t kMaxTurnsAtOnce = 3;

  Next NextUnless(bool useless);

  bool is_write_;
  bool keeps_known_ = false;
  bool hopeless_ = false;  // The key has forgotten; further sendings would be told the same.
  std::uint32_t count_ = 0;
  std::uint32_t open_ = 0;     // May have been applied, or may yet be.
  std::uint32_t awaited_ = 0;  // An answer may still come.
  std::uint32_t at_once_ = 0;
  kv::Version known_;
};

}  // namespace quoin::client
