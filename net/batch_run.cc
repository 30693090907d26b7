#include "net/batch_run.h"

#include <glog/logging.h>

#include <string>
#include <utility>

#include "net/outcome.h"

namespace quoin::net {

BatchRun::BatchRun(KeyspaceGate& gate, std::vector<KeyOperation> operations, quorum::Consistency consistency,
                   OnResult on_result, OnDone on_done)
    : gate_(gate), consistency_(consistency), on_result_(std::move(on_result)), on_done_(std::move(on_done)) {
  items_.reserve(operations.size());
  for (KeyOperation& operation : operations) {
    Item& item = items_.emplace_back();
    item.is_write = quorum::IsWrite(operation.operation);
    item.operation = std::move(operation);
  }
}

void BatchRun::Pump() {
  if (pumping_) return;
  pumping_ = true;
  const std::size_t budget_bytes = gate_.options().max_batch_bytes;
  const std::size_t value_bytes = gate_.options().max_value_bytes;
  for (; next_ < items_.size() && !expired_; ++next_) {
    Item& item = items_[next_];
    if (item.operation.refusal.has_value()) {
      Tell(next_, *item.operation.refusal);
      continue;
    }
    if (TellsValues(item)) {
      if (told_bytes_ >= budget_bytes) {
        Refuse(next_, {Problem::kBodyTooLarge,
                       "the values in this answer are over the " + std::to_string(budget_bytes) +
                           " bytes of --max_batch_size already",
                       "max_batch_size"});
        continue;
      }
      if (reserved_bytes_ > 0 && told_bytes_ + reserved_bytes_ + value_bytes > budget_bytes) break;
    }
    Submit(next_);
  }
  pumping_ = false;
  if (pending_ > 0 || (next_ < items_.size() && !expired_)) return;
  if (!std::exchange(left_, true)) gate_.Leave();
  if (on_done_) std::exchange(on_done_, nullptr)();
}

void BatchRun::Submit(std::size_t index) {
  Item& item = items_[index];
  item.submitted = true;
  item.id = item.operation.id.has_value() ? *item.operation.id : gate_.NewOperationId();
  ++pending_;
  if (TellsValues(item)) reserved_bytes_ += gate_.options().max_value_bytes;
  quorum::Request request;
  request.id = item.id;
  request.key = item.operation.key;
  request.operation = std::move(item.operation.operation);
  request.conditions = std::move(item.operation.conditions);
  request.consistency = consistency_;
  gate_.keyspace().Submit(
      std::move(request), item.operation.sending,
      [self = shared_from_this(), index](const quorum::Reply& reply) { self->OnReply(index, reply); });
}

void BatchRun::OnReply(std::size_t index, const quorum::Reply& reply) {
  Item& item = items_[index];
  CHECK_GT(pending_, 0u);
  --pending_;
  if (TellsValues(item)) reserved_bytes_ -= gate_.options().max_value_bytes;
  if (!expired_) {
    if (item.operation.shape.value && reply.record != nullptr) told_bytes_ += reply.record->value.size();
    if (item.operation.shape.previous && reply.previous != nullptr) told_bytes_ += reply.previous->value.size();
    Finish(index, reply, ProblemOfReply(reply, item.is_write, item.id));
  }
  Pump();
}

void BatchRun::Finish(std::size_t index, const quorum::Reply& reply, const std::optional<ProblemReport>& problem) {
  items_[index].done = true;
  on_result_(index, items_[index].operation, reply, problem);
}

void BatchRun::Refuse(std::size_t index, ProblemReport problem) {
  const KeyOperation& operation = items_[index].operation;
  if (operation.sending.repeated && !IsUnknown(problem)) {
    problem = WithEarlierSendings(std::move(problem), *operation.id);
  }
  Tell(index, problem);
}

void BatchRun::Tell(std::size_t index, const ProblemReport& problem) {
  quorum::Reply reply;
  reply.outcome = quorum::Outcome::kError;
  Finish(index, reply, problem);
}

void BatchRun::Expire() {
  expired_ = true;
  on_done_ = nullptr;
  for (std::size_t index = 0; index < items_.size(); ++index) {
    const Item& item = items_[index];
    if (!item.done) Refuse(index, OutOfTime(item.submitted && item.is_write, item.id));
  }
}

}  // namespace quoin::net
