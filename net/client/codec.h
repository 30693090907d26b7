// From operations to messages of net/proto/quoin.proto, and from answers to what a program is told.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "net/client/operation.h"
#include "net/client/scan.h"
#include "net/client/sendings.h"
#include "net/proto/quoin.pb.h"

namespace quoin::client {

// What can't be put into a message at all, since a node couldn't tell which request it belongs to; all else is the
// node's to judge. nullopt: nothing. Otherwise what is wrong, and what would be right.
std::optional<std::string> FindUnsendable(const Operation& operation);
std::optional<std::string> FindUnsendable(const PageRequest& request);

// What one sending of a write says of itself (net/proto/quoin.proto, Operation). Of a read: nothing.
struct SendingFields {
  std::string_view operation_id;  // Empty: the rest is not said either.
  std::string_view ballot;
  bool repeated = false;
  std::uint64_t finished_below = 0;
};

// REQUIRES: FindUnsendable found nothing.
void FillOperation(const Operation& operation, Consistency consistency, const SendingFields& sending,
                   v1::Operation* out);
void FillScan(const PageRequest& request, v1::Scan* out);

// These take strings out of the message. `ticket`, `sendings` and `responder` are left to the caller.
// What makes no sense is kUnknown for a write and kNotApplied for a read, with the problem bad-answer.
Answer TakeAnswer(const Operation& operation, v1::ServerFrame& frame);
PageAnswer TakePage(v1::ServerFrame& frame);
// The same of parts.
State TakeState(v1::State& state);
Problem TakeProblem(v1::Problem& problem);

// Whether another try may do better than one that ended with this problem.
bool IsRetryable(const Problem& problem);
bool IsBallotRequired(const Problem& problem);

}  // namespace quoin::client
