// ApiHandler for one key: /v1/kv/{key}.
#include <glog/logging.h>

#include <utility>

#include "net/api_handler.h"
#include "net/ballot_text.h"
#include "net/etag.h"
#include "net/operation_json.h"
#include "net/outcome.h"

namespace quoin::net {
namespace {

using quorum::Condition;
using quorum::Outcome;

quorum::Operation PlainOperation(Method method, KeyHead& head, std::string body) {
  switch (method) {
    case Method::kGet:
    case Method::kHead:
      return quorum::Get{};
    case Method::kPut:
      return quorum::Put{std::move(body), std::move(head.content_type), head.ttl};
    case Method::kDelete:
      return quorum::Delete{};
    default:
      LOG(FATAL) << "no plain operation: " << MethodName(method);
  }
}

// Of a failed read: whether it was If-None-Match that failed, which means that the client has the newest state.
// If-Match comes first (RFC 9110, section 13.2.2).
bool IsNotModified(const std::optional<Condition>& if_match, const quorum::Reply& reply) {
  if (reply.record == nullptr) return false;
  if (!if_match.has_value() || if_match->kind == Condition::Kind::kPresent) return true;
  for (const kv::Version& version : if_match->versions) {
    if (version == reply.record->changed) return true;
  }
  return false;
}

HttpResponse FailedResponse(const quorum::Reply& reply, const ProblemReport& problem, std::string_view request_id) {
  HttpResponse response = ProblemResponse(problem, request_id);
  if (reply.outcome == Outcome::kConditionFailed && reply.record != nullptr) response.etag = reply.record->changed;
  return response;
}

// Why a request was not begun; of one that the client may have sent before, that is not all there is to say.
ProblemReport OfThisSending(const KeyHead& head, ProblemReport problem) {
  return head.id.has_value() ? WithEarlierSendings(std::move(problem), *head.id) : problem;
}

void AddBallot(const kv::Version& known, HttpResponse* response) {
  if (known == kv::Version{}) return;
  response->headers.append("Quoin-Ballot: ").append(FormatBallot(known)).append("\r\n");
}

HttpResponse PlainResponse(Method method, const std::optional<Condition>& if_match, quorum::Reply reply,
                           const kv::OperationId& id, std::string_view request_id) {
  const bool is_read = method == Method::kGet || method == Method::kHead;
  HttpResponse response;
  if (is_read && reply.outcome == Outcome::kConditionFailed && IsNotModified(if_match, reply)) {
    response.status = 304;
    response.etag = reply.record->changed;
    response.headers = "Cache-Control: no-cache\r\n";
    return response;
  }
  if (const auto problem = ProblemOfReply(reply, !is_read, id); problem.has_value()) {
    return FailedResponse(reply, *problem, request_id);
  }
  if (is_read) {
    CHECK(reply.record != nullptr) << "a read that is done has a record";
    response.etag = reply.record->changed;
    response.record = std::move(reply.record);
  } else if (method == Method::kDelete) {
    response.status = 204;
  } else {
    response.status = reply.created ? 201 : 204;
    response.etag = reply.changed;
  }
  return response;
}

}  // namespace

HttpHandler::OnTimeout ApiHandler::HandleKey(HttpRequest request, const Target& target, std::string_view encoded_key,
                                             Respond respond) {
  KeyHead head;
  if (const auto problem = ReadKeyHead(*request.head, target, encoded_key, &head); problem.has_value()) {
    respond(ProblemResponse(*problem, request.request_id));
    return nullptr;
  }
  if (request.head->method() == Method::kPost) {
    return SubmitPosted(std::move(request), std::move(head), std::move(respond));
  }
  return SubmitPlain(std::move(request), std::move(head), std::move(respond));
}

HttpHandler::OnTimeout ApiHandler::SubmitPlain(HttpRequest request, KeyHead head, Respond respond) {
  if (!gate_.Enter()) {
    respond(ProblemResponse(OfThisSending(head, gate_.TooManyRequests()), request.request_id));
    return nullptr;
  }
  const Method method = request.head->method();
  const bool is_write = method == Method::kPut || method == Method::kDelete;
  const kv::OperationId id = head.id.has_value() ? *head.id : gate_.NewOperationId();
  std::optional<Condition> if_match;
  if (request.head->Count(FieldName::kIfMatch) > 0) if_match = head.conditions.front();

  quorum::Request submitted;
  submitted.id = id;
  submitted.operation = PlainOperation(method, head, std::move(request.body));
  submitted.key = std::move(head.key);
  submitted.conditions = std::move(head.conditions);
  submitted.consistency = head.consistency;
  gate_.keyspace().Submit(std::move(submitted), head.sending,
                          [this, method, id, if_match = std::move(if_match), request_id = request.request_id,
                           respond = std::move(respond)](quorum::Reply reply) {
                            gate_.Leave();
                            const kv::Version known = reply.known;
                            HttpResponse response = PlainResponse(method, if_match, std::move(reply), id, request_id);
                            AddBallot(known, &response);
                            respond(std::move(response));
                          });
  return [is_write, id, request_id = std::move(request.request_id)] {
    return ProblemResponse(OutOfTime(is_write, id), request_id);
  };
}

HttpHandler::OnTimeout ApiHandler::SubmitPosted(HttpRequest request, KeyHead head, Respond respond) {
  auto operation = ReadOperation(request.body, options_.max_value_bytes);
  std::optional<ProblemReport> refusal;
  if (!operation.ok()) {
    refusal = {Problem::kBadBody, operation.status().message()};
  } else if (operation->refusal.has_value()) {
    refusal = operation->refusal;
  } else if (head.id.has_value() && !quorum::IsWrite(operation->operation)) {
    refusal = {Problem::kBadHeader,
               "Idempotency-Key is for writes: a get may be sent as often as one likes without it"};
  }
  if (refusal.has_value()) {
    respond(ProblemResponse(*refusal, request.request_id));
    return nullptr;
  }
  if (!gate_.Enter()) {
    respond(ProblemResponse(OfThisSending(head, gate_.TooManyRequests()), request.request_id));
    return nullptr;
  }
  const bool is_write = quorum::IsWrite(operation->operation);
  const kv::OperationId id = head.id.has_value() ? *head.id : gate_.NewOperationId();

  quorum::Request submitted;
  submitted.id = id;
  submitted.key = head.key;
  submitted.conditions = std::move(head.conditions);
  for (Condition& condition : operation->conditions) submitted.conditions.push_back(std::move(condition));
  submitted.consistency = head.consistency;
  submitted.operation = std::move(operation->operation);
  gate_.keyspace().Submit(std::move(submitted), head.sending,
                          [this, id, is_write, key = std::move(head.key), shape = operation->shape,
                           request_id = request.request_id, respond = std::move(respond)](quorum::Reply reply) {
                            gate_.Leave();
                            if (const auto problem = ProblemOfReply(reply, is_write, id); problem.has_value()) {
                              HttpResponse failed = FailedResponse(reply, *problem, request_id);
                              AddBallot(reply.known, &failed);
                              return respond(std::move(failed));
                            }
                            HttpResponse response;
                            if (reply.record != nullptr) response.etag = reply.record->changed;
                            response.content_type = kJsonType;
                            response.headers = "Cache-Control: no-store\r\n";
                            AddBallot(reply.known, &response);
                            AppendResult(key, shape, reply, std::nullopt, request_id, &response.body);
                            respond(std::move(response));
                          });
  return [is_write, id, request_id = std::move(request.request_id)] {
    return ProblemResponse(OutOfTime(is_write, id), request_id);
  };
}

}  // namespace quoin::net
