#include "net/api_batch.h"

#include <glog/logging.h>

#include <utility>

#include "net/outcome.h"
#include "net/uri.h"

namespace quoin::net {

ApiHandler::Batch::Batch(ApiHandler& handler, std::vector<OperationJson> operations, quorum::Consistency consistency,
                         std::string request_id, Respond respond)
    : handler_(handler), consistency_(consistency), request_id_(std::move(request_id)), respond_(std::move(respond)) {
  items_.reserve(operations.size());
  for (OperationJson& operation : operations) {
    Item& item = items_.emplace_back();
    item.is_write = quorum::IsWrite(operation.operation);
    item.operation = std::move(operation);
  }
}

void ApiHandler::Batch::Pump() {
  if (pumping_) return;
  pumping_ = true;
  const std::size_t budget_bytes = handler_.options_.max_batch_bytes;
  const std::size_t value_bytes = handler_.options_.max_value_bytes;
  for (; next_ < items_.size() && !expired_; ++next_) {
    Item& item = items_[next_];
    if (item.operation.refusal.has_value()) {
      Refuse(item, *item.operation.refusal);
      continue;
    }
    if (TellsValues(item)) {
      if (told_bytes_ >= budget_bytes) {
        Refuse(item, {Problem::kBodyTooLarge,
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
  if (!std::exchange(left_, true)) handler_.Leave();
  if (respond_) std::exchange(respond_, nullptr)(Results());
}

void ApiHandler::Batch::Submit(std::size_t index) {
  Item& item = items_[index];
  item.submitted = true;
  item.id = handler_.NewOperationId();
  ++pending_;
  if (TellsValues(item)) reserved_bytes_ += handler_.options_.max_value_bytes;
  quorum::Request request;
  request.id = item.id;
  request.key = item.operation.key;
  request.operation = std::move(item.operation.operation);
  request.conditions = std::move(item.operation.conditions);
  request.consistency = consistency_;
  handler_.keyspace_.Submit(std::move(request), [self = shared_from_this(), index](const quorum::Reply& reply) {
    self->OnReply(index, reply);
  });
}

void ApiHandler::Batch::OnReply(std::size_t index, const quorum::Reply& reply) {
  Item& item = items_[index];
  CHECK_GT(pending_, 0u);
  --pending_;
  if (TellsValues(item)) reserved_bytes_ -= handler_.options_.max_value_bytes;
  if (!expired_) {
    if (item.operation.shape.value && reply.record != nullptr) told_bytes_ += reply.record->value.size();
    if (item.operation.shape.previous && reply.previous != nullptr) told_bytes_ += reply.previous->value.size();
    Finish(item, reply, ProblemOfReply(reply, item.is_write, item.id));
  }
  Pump();
}

void ApiHandler::Batch::Finish(Item& item, const quorum::Reply& reply, const std::optional<ProblemReport>& problem) {
  item.done = true;
  AppendResult(item.operation.key, item.operation.shape, reply, problem, request_id_, &item.result);
}

void ApiHandler::Batch::Refuse(Item& item, const ProblemReport& problem) {
  quorum::Reply reply;
  reply.outcome = quorum::Outcome::kError;
  Finish(item, reply, problem);
}

HttpResponse ApiHandler::Batch::Expire() {
  expired_ = true;
  respond_ = nullptr;
  for (Item& item : items_) {
    if (item.done) continue;
    if (item.submitted && item.is_write) {
      Refuse(item,
             {Problem::kOutcomeUnknown, "there was no answer within --request_timeout", "request_timeout", item.id});
    } else {
      Refuse(item, {Problem::kTimedOut, "there was no answer within --request_timeout", "request_timeout"});
    }
  }
  return Results();
}

HttpResponse ApiHandler::Batch::Results() const {
  HttpResponse response;
  response.content_type = kJsonType;
  response.headers = "Cache-Control: no-store\r\n";
  response.body = "{\"results\": [";
  for (std::size_t i = 0; i < items_.size(); ++i) {
    if (i > 0) response.body.append(", ");
    response.body.append(items_[i].result);
  }
  response.body.append("]}");
  return response;
}

HttpHandler::OnTimeout ApiHandler::HandleBatch(HttpRequest request, const Target& target, Respond respond) {
  KeyHead head;
  if (const auto problem = ReadQuery(Method::kPost, target.query, &head); problem.has_value()) {
    respond(ProblemResponse(*problem, request.request_id));
    return nullptr;
  }
  auto operations = ReadBatch(request.body, options_.max_value_bytes);
  if (!operations.ok()) {
    respond(ProblemResponse({Problem::kBadBody, operations.status().message()}, request.request_id));
    return nullptr;
  }
  if (!Enter()) {
    respond(TooManyRequests(options_.max_inflight_requests, request.request_id));
    return nullptr;
  }
  auto batch = std::make_shared<Batch>(*this, *std::move(operations), head.consistency, std::move(request.request_id),
                                       std::move(respond));
  batch->Pump();
  return [batch] { return batch->Expire(); };
}

}  // namespace quoin::net
