#include "tests/simulation/client.h"

#include <glog/logging.h>

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "tests/simulation/adapter.h"

namespace quoin::simulation {

Client::Client(std::uint64_t id, ClientSurroundings surroundings) : id_(id), with_(surroundings) { CHECK_GT(id, 0u); }

void Client::Start(std::uint64_t requests) {
  CHECK(idle());
  left_ = requests;
  lanes_ = plan().lanes;
  for (std::size_t lane = 0; lane < plan().lanes; ++lane) Think();
}

void Client::Think() {
  const auto most = static_cast<std::uint64_t>(plan().max_think.count());
  with_.port.After(ring::Duration(with_.random.Below(most + 1)), [this] { RunLane(); });
}

void Client::RunLane() {
  if (left_ == 0) {
    --lanes_;
    return;
  }
  if (!PickNode({})) return Think();  // Nobody is up to be asked.
  if (plan().scan_permille > 0 && with_.random.Below(1000) < plan().scan_permille) {
    --left_;
    return BeginScan();
  }
  std::uint64_t size = 1;
  if (Chance(plan().batch_percent)) size = 2 + with_.random.Below(std::max<std::size_t>(plan().max_batch, 2) - 1);
  size = std::min(size, left_);
  left_ -= size;
  const auto batch = std::make_shared<std::size_t>(size);
  for (std::uint64_t i = 0; i < size; ++i) {
    const AskedPtr asked = MakeAsked();
    asked->batch = batch;
    Begin(asked);
  }
}

std::uint64_t Client::NextNumber() {
  open_.insert(++numbers_);
  return numbers_;
}

Client::AskedPtr Client::MakeAsked() {
  const std::uint64_t number = NextNumber();
  auto asked = std::make_shared<Asked>(number, with_.workload.Draw(id_, number));
  if (liveness_bound_) {
    asked->must_succeed_by = with_.port.now() + *liveness_bound_;
    with_.port.After(*liveness_bound_, [this, asked] { OnBound(asked); });
  } else if (Chance(plan().anonymous_percent)) {
    asked->request.id = {};
  }
  return asked;
}

void Client::Begin(const AskedPtr& asked) {
  ++under_way_;
  CHECK(asked_.emplace(asked->number, asked).second);
  if (BelongsIntoHistory(asked->request)) {
    asked->event = with_.history.Begin(id_, asked->request, with_.port.now());
  }
  with_.values.Sent(asked->request);
  SendNext(asked);
}

void Client::SendNext(const AskedPtr& asked) {
  const bool anonymous = asked->request.id == kv::OperationId{};
  if (asked->attempts >= (anonymous ? 1 : plan().max_copies)) return End(asked, nullptr);
  ++asked->attempts;
  const bool first = asked->copies.sent() == 0;
  const auto node = PickNode(first ? std::nullopt : std::optional(asked->node));
  const bool may_be_repeated = !anonymous && !asked->must_succeed_by;
  if (node) return SendCopy(asked, *node, !first || (may_be_repeated && Chance(plan().repeated_first_percent)));
  // Nobody is up; that attempt is lost.
  with_.port.After(Timeout(*asked), [this, asked] {
    if (!asked->ended) SendNext(asked);
  });
}

void Client::SendCopy(const AskedPtr& asked, std::size_t node, bool repeated) {
  const std::size_t copy = asked->copies.Send(repeated);
  asked->node = node;
  ++with_.findings.counts[repeated ? "repeated copies" : "first copies"];
  if (!asked->ended) with_.port.After(Timeout(*asked), [this, asked, copy] { OnTimeout(asked, copy); });
  const quorum::Sending sending{.repeated = repeated, .finished_below = *open_.begin()};
  with_.port.Submit(node, asked->request, sending,
                    [this, asked, copy](const quorum::Reply& reply) { OnReply(asked, copy, reply); });
}

void Client::OnTimeout(const AskedPtr& asked, std::size_t copy) {
  if (asked->ended || copy + 1 != asked->copies.sent()) return;
  if (home_ == asked->node) home_.reset();
  SendNext(asked);
}

void Client::OnNodeDown(std::size_t node) {
  if (home_ == node) home_.reset();
  std::vector<AskedPtr> waiting;
  for (const auto& [number, asked] : asked_) {
    if (asked->copies.sent() > 0 && asked->node == node) waiting.push_back(asked);
  }
  for (const AskedPtr& asked : waiting) OnTimeout(asked, asked->copies.sent() - 1);
}

void Client::OnReply(const AskedPtr& asked, std::size_t copy, const quorum::Reply& reply) {
  if (const auto wrong = asked->copies.Contradiction(copy, reply)) {
    with_.findings.complaints.push_back(*wrong + ": " + Name(*asked));
  }
  if (asked->ended) return;
  asked->last_answer = Describe(reply);
  CheckWeakRead(*asked, reply);
  if (!asked->copies.Counts(copy, reply)) return;
  if (reply.outcome == quorum::Outcome::kError) {
    const bool may_repeat = asked->request.id != kv::OperationId{} && asked->attempts < plan().max_copies;
    if (may_repeat && !asked->must_succeed_by && Chance(plan().send_again_percent)) {
      // After a moment, or all copies would be used up before anything has changed; meanwhile the timeout of this copy
      // may do the same.
      with_.port.After(plan().copy_timeout / 4, [this, asked, copy] { OnTimeout(asked, copy); });
      return;
    }
  }
  asked->copies.Settle(copy, reply);
  with_.workload.Learn(asked->request, reply);
  End(asked, &reply);
}

void Client::End(const AskedPtr& asked, const quorum::Reply* reply) {
  CHECK(!asked->ended);
  asked->ended = true;
  --under_way_;
  asked_.erase(asked->number);
  if (asked->event && reply != nullptr) with_.history.Answer(*asked->event, asked->request, *reply, with_.port.now());
  const bool failed = reply == nullptr || reply->outcome == quorum::Outcome::kError;
  if (reply == nullptr) ++with_.findings.counts["given up"];
  if (reply == nullptr || (failed && reply->status.code() == Code::kUnknown))
    with_.workload.NoteUnknown(asked->request);
  if (failed && asked->must_succeed_by) {
    ++with_.findings.counts["liveness errors"];
    if (with_.port.now() < *asked->must_succeed_by) {
      open_.erase(asked->number);
      return TryAnew(asked);
    }
  }
  const bool again = !failed && asked->event && Chance(plan().duplicate_percent) && SendDuplicate(asked);
  if (!again) open_.erase(asked->number);
  if (--*asked->batch == 0) Think();
}

}  // namespace quoin::simulation
