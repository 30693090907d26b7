#include "net/client/sendings.h"

#include <glog/logging.h>

namespace quoin::client {

Sendings::Next Sendings::OnAnswer(const SendingAnswer& answer) {
  CHECK_GT(awaited_, 0u);
  --awaited_;
  if (!is_write_) {
    --open_;
    if (answer.outcome == Outcome::kNotApplied && answer.retryable) return NextUnless(false);
    return Next::kTell;
  }
  switch (answer.outcome) {
    case Outcome::kDone:
      return Next::kTell;
    case Outcome::kAbsent:
    case Outcome::kConditionFailed:
    case Outcome::kRejected:
      if (answer.repeated || open_ == 1) return Next::kTell;
      --open_;  // R3
      return NextUnless(false);
    case Outcome::kNotApplied:
      --open_;
      if (answer.ballot_required && open_ == 0 && !keeps_known_ && answer.known > known_ &&
          at_once_ < kMaxTurnsAtOnce) {
        ++at_once_;
        known_ = answer.known;
        return Next::kAgainAtOnce;
      }
      if (open_ == 0 && !answer.retryable && (keeps_known_ || !answer.ballot_required)) return Next::kTell;
      // While others are open, a refusal that would come again still leaves the question what became of them.
      return NextUnless(!answer.retryable && !answer.ballot_required);
    case Outcome::kUnknown:
      // With a ballot it says: this copy did nothing, since the key can't know any more whether an earlier one did. All
      // later copies would be told the same, since they name the same version.
      if (answer.repeated && answer.known != kv::Version{}) hopeless_ = true;
      return NextUnless(false);
  }
  LOG(FATAL) << "no such outcome: " << static_cast<int>(answer.outcome);
}

Sendings::Next Sendings::OnLost() {
  CHECK_GT(awaited_, 0u);
  --awaited_;
  if (!is_write_) --open_;
  return NextUnless(false);
}

Sendings::Next Sendings::NextUnless(bool useless) {
  if (useless) hopeless_ = true;
  if (awaited_ > 0) return Next::kWait;
  return hopeless_ ? Next::kEnd : Next::kAgain;
}

}  // namespace quoin::client
