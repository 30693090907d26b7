// What becomes of operations that were sent: answers, lost connections, deadlines, the next try.
#include <algorithm>
#include <boost/asio/error.hpp>
#include <utility>

#include "net/client/client_impl.h"
#include "net/client/codec.h"

namespace quoin::client {
namespace {

using std::chrono::milliseconds;

// Lost connections of one operation after which it goes on at another server at once.
constexpr std::uint32_t kMaxMovesAtOnce = 3;

Time Now() { return std::chrono::steady_clock::now(); }

SendingAnswer About(const PageAnswer& answer) {
  SendingAnswer about;
  about.outcome = answer.outcome;
  about.retryable = IsRetryable(answer.problem);
  return about;
}

}  // namespace

void Client::Impl::OnAnswer(Link& link, Token token, v1::ServerFrame& frame) {
  if (token == kRingToken) return OnRing(frame);
  Pending* const pending = Find(token);
  if (pending == nullptr) return;  // It ended before, by its deadline or by the answer to another sending.
  pending->responder = link.responder();
  const std::uint32_t slot = SlotOf(token);
  const std::size_t server = link.route().server;
  const auto* const operation = std::get_if<Operation>(&pending->what);
  if (operation == nullptr) {
    PageAnswer answer = TakePage(frame);
    return Follow(slot, server, pending->sendings.OnAnswer(About(answer)), std::move(answer));
  }
  Answer answer = TakeAnswer(*operation, frame);
  SendingAnswer about;
  about.outcome = answer.outcome;
  about.repeated = token >> 63 != 0;
  about.retryable = IsRetryable(answer.problem);
  about.ballot_required = IsBallotRequired(answer.problem);
  about.known = ParseBallot(frame.result().ballot()).value_or(kv::Version{});
  if (about.known != kv::Version{}) {
    ballots_.Learn(operation->key, about.known);
    LearnLeader(pending->hash, about.known.ballot);
  }
  Follow(slot, server, pending->sendings.OnAnswer(about), std::move(answer));
}

template <typename AnswerType>
void Client::Impl::Follow(std::uint32_t slot, std::size_t server, Sendings::Next next, AnswerType answer) {
  if (next == Sendings::Next::kTell) return Tell(slot, std::move(answer));
  table_[slot].problem = std::move(answer.problem);
  if (next == Sendings::Next::kAgain) {
    table_[slot].avoid = server;
    AskForRingSoon();
  }
  FollowLost(slot, next, false);
}

void Client::Impl::FollowLost(std::uint32_t slot, Sendings::Next next, bool elsewhere) {
  switch (next) {
    case Sendings::Next::kTell:
    case Sendings::Next::kEnd:
      return EndWithProblem(slot);
    case Sendings::Next::kAgainAtOnce:
    case Sendings::Next::kAgain: {
      const std::uint32_t generation = table_[slot].generation;
      // One that is queued, or waits for its turn, is on its way already.
      if (table_[slot].phase == Phase::kSent) Retry(slot, elsewhere || next == Sendings::Next::kAgainAtOnce);
      // Behind this one, if it was sent at once; if it has to wait, the order is lost anyway.
      if (table_[slot].generation == generation) LetFollow(table_[slot]);
      return;
    }
    case Sendings::Next::kWait:
      return;
  }
}

void Client::Impl::Retry(std::uint32_t slot, bool at_once) {
  Pending& pending = table_[slot];
  const RetryPolicy& policy = options_.retry;
  if (policy.max_sendings > 0 && pending.sendings.charged() >= policy.max_sendings) return EndWithProblem(slot);
  if (at_once) return Dispatch(slot);
  const Time now = Now();
  const auto left = std::chrono::duration_cast<milliseconds>(pending.deadline - now);
  milliseconds wait = DrawBackoff(policy, pending.failures++, random_);
  if (const milliseconds asked = pending.problem.retry_after; asked.count() > 0) {
    wait += asked;
    // The node has said that it is no use before.
    if (wait >= left) return EndWithProblem(slot);
  }
  if (wait >= left) {
    // One more try before the deadline, while an answer can still come in time.
    wait = left / 2;
    if (wait <= policy.first_backoff) return EndWithProblem(slot);
  }
  LeaveLane(pending);
  pending.phase = Phase::kBackingOff;
  due_.Set(slot, now + wait);
  ArmTimer();
}

void Client::Impl::OnDown(Link& link, bool was_open, std::vector<Token> unanswered, std::vector<Token> waiting) {
  router_.OnDown(link.route().server);
  if (was_open) AskForRingSoon();
  for (const Token token : unanswered) {
    if (token == kRingToken) {
      ring_asked_ = false;
      continue;
    }
    Pending* const pending = Find(token);
    if (pending == nullptr) continue;
    pending->problem = {"connection-lost", link.reason(), {}, 0, milliseconds(0)};
    // Not for ever at once: where one server after another is lost, something else is wrong.
    const bool elsewhere = router_.up_count() > 0 && pending->failures < kMaxMovesAtOnce;
    if (elsewhere) ++pending->failures;
    FollowLost(SlotOf(token), pending->sendings.OnLost(), elsewhere);
  }
  for (const Token token : waiting) {
    Pending* const pending = Find(token);
    if (pending == nullptr || pending->phase != Phase::kQueued) continue;
    if (!was_open) ++pending->unreachable;
    if (!options_.retry.wait_for_servers && pending->unreachable >= router_.listed_count()) {
      pending->problem = {"unreachable", WhyUnreachable(), {}, 0, milliseconds(0)};
      EndWithProblem(SlotOf(token));
    } else {
      Dispatch(SlotOf(token));
    }
  }
}

std::string Client::Impl::WhyUnreachable() const {
  std::string reasons;
  for (const auto& link : links_) {
    if (link->reason().empty() || reasons.find(link->reason()) != std::string::npos) continue;
    if (!reasons.empty()) reasons += "; ";
    reasons += link->reason();
  }
  return reasons;
}

void Client::Impl::OnDue(std::uint32_t slot) {
  Pending& pending = table_[slot];
  if (pending.phase == Phase::kSent) {
    pending.link->GiveUpOn(pending.sent);
    ScheduleFlush(*pending.link);  // That may have been its end.
  }
  if (Now() < pending.deadline) {
    const std::uint32_t most = options_.retry.max_sendings;
    if (pending.phase == Phase::kCrossing) {
      StopCrossing(slot);
    } else if (pending.phase == Phase::kSent && most > 0 && pending.sendings.charged() >= most) {
      due_.Set(slot, pending.deadline);
    } else {
      if (pending.phase == Phase::kSent) pending.avoid = pending.link->route().server;
      Dispatch(slot);
    }
    return;
  }
  // Why the latest try failed says more than that there was no time for another; an answer that is still awaited could
  // have said anything.
  if (pending.phase == Phase::kSent || pending.problem.type.empty()) {
    const bool unreached = pending.sendings.count() == 0 && !WhyUnreachable().empty();
    pending.problem = {unreached ? "unreachable" : "timed-out",
                       "no answer within " + std::to_string(pending.timeout.count()) + " ms" +
                           (unreached ? ": " + WhyUnreachable() : ""),
                       {},
                       0,
                       milliseconds(0)};
  }
  EndWithProblem(slot);
}

void Client::Impl::OnTimer() {
  const Time now = Now();
  while (!closed_ && !due_.empty() && due_.first_due() <= now) OnDue(due_.first());
  ArmTimer();
}

void Client::Impl::ArmTimer() {
  if (closed_ || due_.empty()) return;
  const Time due = due_.first_due();
  // A timer that fires early looks again: most operations end long before they are due.
  if (timer_at_ <= due) return;
  timer_at_ = due;
  timer_.expires_at(due);
  timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (self == nullptr || error == boost::asio::error::operation_aborted) return;
    self->timer_at_ = Time::max();
    self->OnTimer();
  });
}

}  // namespace quoin::client
