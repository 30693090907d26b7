// ApiHandler for POST /v1/batch.
#include <memory>
#include <utility>

#include "net/api_handler.h"
#include "net/batch_run.h"
#include "net/operation_json.h"
#include "net/uri.h"

namespace quoin::net {
namespace {

HttpResponse ResultsResponse(const std::vector<std::string>& results) {
  HttpResponse response;
  response.content_type = kJsonType;
  response.headers = "Cache-Control: no-store\r\n";
  response.body = "{\"results\": [";
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (i > 0) response.body.append(", ");
    response.body.append(results[i]);
  }
  response.body.append("]}");
  return response;
}

}  // namespace

HttpHandler::OnTimeout ApiHandler::HandleBatch(HttpRequest request, const Target& target, Respond respond) {
  if (request.head->Count(FieldName::kIdempotencyKey) > 0 || request.head->Count(FieldName::kBallot) > 0) {
    respond(ProblemResponse({Problem::kBadHeader,
                             "Idempotency-Key and Quoin-Ballot are of one operation; in a batch, each operation has "
                             "its own operation_id and ballot"},
                            request.request_id));
    return nullptr;
  }
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
  if (!gate_.Enter()) {
    respond(ProblemResponse(gate_.TooManyRequests(), request.request_id));
    return nullptr;
  }
  auto results = std::make_shared<std::vector<std::string>>(operations->size());
  const auto batch = std::make_shared<BatchRun>(
      gate_, *std::move(operations), head.consistency,
      [results, request_id = std::move(request.request_id)](std::size_t index, const KeyOperation& operation,
                                                            const quorum::Reply& reply,
                                                            const std::optional<ProblemReport>& problem) {
        AppendResult(operation.key, operation.shape, reply, problem, request_id, &(*results)[index]);
      },
      [results, respond = std::move(respond)] { respond(ResultsResponse(*results)); });
  batch->Start();
  return [batch, results] {
    batch->Expire();
    return ResultsResponse(*results);
  };
}

}  // namespace quoin::net
