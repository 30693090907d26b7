// Operations and their results as protobuf messages (net/proto/quoin.proto): the counterpart of net/operation_json.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "net/key_operation.h"
#include "net/problem.h"
#include "net/proto/quoin.pb.h"
#include "net/websocket_handshake.h"
#include "quorum/keyspace.h"

namespace quoin::net {

// The message as a frame. kInvalid: it is none at all, so that nobody knows which request to answer.
Status ReadClientFrame(std::string_view message, Subprotocol subprotocol, v1::ClientFrame* out);

// Appends the frame as one whole WebSocket message, head and all. Says how many bytes its payload has.
std::size_t AppendServerFrame(const v1::ServerFrame& frame, Subprotocol subprotocol, std::string* out);

// These take values out of `operation` rather than copy them. kInvalid: what is wrong with it.
Result<KeyOperation> TakeOperation(v1::Operation& operation, std::size_t max_value_bytes);
Result<std::vector<KeyOperation>> TakeBatch(v1::Batch& batch, std::size_t max_value_bytes);
Result<quorum::ScanRequest> TakeScan(v1::Scan& scan);
quorum::Consistency ConsistencyOf(v1::Consistency consistency);

// Whether the message has members that this program doesn't know, by itself (not those that it contains).
template <typename Message>
bool HasUnknown(const Message& message) {
  // Asking the message for it each time costs more than the question itself.
  static const google::protobuf::Reflection* const reflection = Message::default_instance().GetReflection();
  return !reflection->GetUnknownFields(message).empty();
}

// Fills in what one operation led to. With Subprotocol::kJson, bytes that are UTF-8 become texts.
void FillResult(const ResultShape& shape, const quorum::Reply& reply, const std::optional<ProblemReport>& problem,
                Subprotocol subprotocol, v1::Result* out);
void FillState(const kv::Record& record, bool with_value, Subprotocol subprotocol, v1::State* out);
void FillProblem(const ProblemReport& report, v1::Problem* out);
void FillPage(const quorum::ScanPage& page, bool keys_only, Subprotocol subprotocol, v1::Page* out);

}  // namespace quoin::net
