// ApiHandler::Batch: one batch under way. It submits its operations in their order and gathers their results.
//
// Invariants:
//   B1  operations are submitted in the order of the body, so those on one key take effect in that order;
//   B2  the values in the results have together at most max_batch_bytes and one value more: an operation that would
//   tell
//       a value is submitted only while there is room for the largest one, and refused when there is none left;
//   B3  it counts as one request of the handler until everything that it submitted was answered.
//
// Threads: the shard of its request.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "net/api_handler.h"
#include "net/operation_json.h"

namespace quoin::net {

class ApiHandler::Batch : public std::enable_shared_from_this<Batch> {
 public:
  Batch(ApiHandler& handler, std::vector<OperationJson> operations, quorum::Consistency consistency,
        std::string request_id, Respond respond);

  // Submits what may be submitted now; answers when all is done.
  void Pump();
  // The time has run out: what is known, and `unknown` for the writes under way. Nothing more is submitted.
  HttpResponse Expire();

 private:
  struct Item {
    OperationJson operation;
    kv::OperationId id;
    bool is_write = false;
    bool submitted = false;
    bool done = false;
    std::string result;
  };

  void Submit(std::size_t index);
  void OnReply(std::size_t index, const quorum::Reply& reply);
  void Finish(Item& item, const quorum::Reply& reply, const std::optional<ProblemReport>& problem);
  void Refuse(Item& item, const ProblemReport& problem);
  bool TellsValues(const Item& item) const { return item.operation.shape.value || item.operation.shape.previous; }
  HttpResponse Results() const;

  ApiHandler& handler_;
  const quorum::Consistency consistency_;
  const std::string request_id_;
  Respond respond_;  // Empty once answered.
  std::vector<Item> items_;
  std::size_t next_ = 0;            // The first item that is neither submitted nor refused.
  std::size_t pending_ = 0;         // Submitted and not answered.
  std::size_t reserved_bytes_ = 0;  // For values that are still to come.
  std::size_t told_bytes_ = 0;      // Values in results.
  bool pumping_ = false;
  bool expired_ = false;
  bool left_ = false;  // No longer counts as a request.
};

}  // namespace quoin::net
