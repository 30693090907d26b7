// BatchRun: one batch under way. It submits its operations in their order and tells their results.
//
// Invariants:
//   B1  operations are submitted in the order of the batch, so those on one key take effect in that order;
//   B2  the values in the results have together at most max_batch_bytes and one value more: an operation that would
//       tell a value is submitted only while there is room for the largest one, and refused when there is none left;
//   B3  it counts as one request of the gate, which it has entered, until all that it submitted was answered.
//
// Threads: the shard of its request.
// Lifetime: keeps itself alive until B3 ends; must be in a shared_ptr.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "net/key_operation.h"
#include "net/keyspace_gate.h"

namespace quoin::net {

class BatchRun : public std::enable_shared_from_this<BatchRun> {
 public:
  // One operation has ended, or was refused (`problem`). Told once for each.
  using OnResult = std::function<void(std::size_t index, const KeyOperation& operation, const quorum::Reply& reply,
                                      const std::optional<ProblemReport>& problem)>;
  // All results were told. Not called after Expire.
  using OnDone = std::function<void()>;

  // REQUIRES: gate.Enter() said yes for this batch.
  BatchRun(KeyspaceGate& gate, std::vector<KeyOperation> operations, quorum::Consistency consistency,
           OnResult on_result, OnDone on_done);

  // Submits what may be submitted now; `on_done` may be called before it returns.
  void Start() { Pump(); }
  // The time has run out: tells `unknown` for the writes under way and `timed-out` for the rest. Nothing more is
  // submitted, and nothing more is told.
  void Expire();

 private:
  struct Item {
    KeyOperation operation;
    kv::OperationId id;
    bool is_write = false;
    bool submitted = false;
    bool done = false;
  };

  void Pump();
  void Submit(std::size_t index);
  void OnReply(std::size_t index, const quorum::Reply& reply);
  void Finish(std::size_t index, const quorum::Reply& reply, const std::optional<ProblemReport>& problem);
  // `problem`: of this sending, for what it found at the moment.
  void Refuse(std::size_t index, ProblemReport problem);
  void Tell(std::size_t index, const ProblemReport& problem);
  static bool TellsValues(const Item& item) { return item.operation.shape.value || item.operation.shape.previous; }

  KeyspaceGate& gate_;
  const quorum::Consistency consistency_;
  OnResult on_result_;
  OnDone on_done_;  // Empty once called.
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
