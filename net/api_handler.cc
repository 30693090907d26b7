#include "net/api_handler.h"

#include <glog/logging.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "base/text.h"
#include "net/operation_proto.h"
#include "net/routes.h"
#include "net/watch_poll.h"

namespace quoin::net {
namespace {

constexpr std::string_view kNothing = {};
// The arithmetic is in http_session.h, H4.
constexpr std::size_t kValuesCountedAsOne = 16;

bool IsReading(Method method) {
  return method == Method::kGet || method == Method::kHead || method == Method::kOptions;
}

// application/json, with or without parameters.
bool IsJson(std::string_view content_type) {
  std::string_view type = content_type.substr(0, content_type.find(';'));
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.remove_suffix(1);
  return EqualsIgnoringCase(type, "application/json");
}

bool IsMembership(Route route) {
  return route == Route::kNodeDrain || route == Route::kNodeRemove || route == Route::kNodeReplace ||
         route == Route::kNodeCancel;
}

// What orchestrators, balancers and collectors ask for, by whatever name they have for the node. It has neither keys
// nor values, and nothing can be done with it: a page that gets it by a name of its own learns that there is a node,
// which it learns from a refusal, too, and how busy it is.
bool IsOpenToAnyHost(Route route) {
  return route == Route::kHealthz || route == Route::kReadyz || route == Route::kMetrics;
}

bool AnnouncesBody(const HttpHead& head) {
  if (head.Count(FieldName::kTransferEncoding) > 0) return true;
  const auto length = head.Find(FieldName::kContentLength);
  return length.has_value() && ParseUint64(*length) != 0u;
}

}  // namespace

ApiHandler::ApiHandler(quorum::Keyspace& keyspace, Options options)
    : options_(std::move(options)),
      node_line_("Quoin-Node: " + options_.node.ToString() + "\r\n"),
      request_id_prefix_(Hex64(options_.start_nonce).substr(8) + "-"),
      metered_(keyspace, meter_, options_.steady_now),
      gate_(metered_, {options_.start_nonce, options_.max_inflight_requests, options_.max_value_bytes,
                       options_.max_batch_bytes, options_.max_page_bytes}),
      watch_gate_(options_.max_watches) {
  CHECK(options_.status);
  metrics_.AddSampler([this](std::vector<MetricSample>& samples) { watch_gate_.Sample(samples); });
  // Protobuf makes what stands for "no unknown members" at its first use, which the thread sanitizer can't follow into
  // the system's library. Here the shards don't run yet.
  CHECK(!HasUnknown(v1::ClientFrame::default_instance()));
}

std::string ApiHandler::NewRequestId() {
  return request_id_prefix_ + std::to_string(next_request_.fetch_add(1, std::memory_order_relaxed));
}

HeadVerdict ApiHandler::CheckHead(const HttpHead& head, std::string_view request_id) {
  HeadVerdict verdict;
  verdict.refusal = Refuse(head, request_id, &verdict);
  verdict.answer_bytes = AnswerBytes(verdict.route, head.method());
  return verdict;
}

std::size_t ApiHandler::AnswerBytes(Route route, Method method) const {
  switch (route) {
    case Route::kKey:
      // A POST may tell a value, too; its head doesn't say.
      return method == Method::kPut || method == Method::kDelete ? 0 : options_.max_value_bytes / kValuesCountedAsOne;
    case Route::kList:
      return options_.max_page_bytes + options_.max_value_bytes;
    case Route::kBatch:
      return options_.max_batch_bytes + options_.max_value_bytes;  // BatchRun, B2.
    case Route::kWatch:
      return WatchPoll::kAnswerBytes;
    default:
      return 0;
  }
}

std::optional<HttpResponse> ApiHandler::Refuse(const HttpHead& head, std::string_view request_id,
                                               HeadVerdict* verdict) {
  const auto target = ParseTarget(head.target());
  if (!target.has_value()) {
    return ProblemResponse({Problem::kBadRequest, "the target is neither a path nor an http URL"}, request_id);
  }
  std::string_view encoded_key;
  switch (target->form) {
    case Target::Form::kAsterisk:
      if (head.method() != Method::kOptions) {
        return ProblemResponse({Problem::kBadRequest, "'*' is only for OPTIONS"}, request_id);
      }
      verdict->route = Route::kServer;
      break;
    case Target::Form::kAuthority: {
      // Most likely CONNECT; what follows it would be no HTTP.
      HttpResponse refusal =
          ProblemResponse({Problem::kMethodNotAllowed, "this is no proxy: a target is a path"}, request_id);
      refusal.headers.append(InfoOf(Route::kServer).allow_line);
      refusal.close = true;
      return refusal;
    }
    case Target::Form::kOrigin:
    case Target::Form::kAbsolute:
      verdict->route = FindRoute(target->path, &encoded_key);
      break;
  }
  if (verdict->route == Route::kNone) return ProblemResponse({Problem::kNoSuchPath, {}}, request_id);
  const RouteInfo& info = InfoOf(verdict->route);
  if (!info.Takes(head.method())) {
    HttpResponse refusal = ProblemResponse(
        {Problem::kMethodNotAllowed, "this path does not take " + Printable(head.method_token())}, request_id);
    refusal.headers.append(info.allow_line);
    return refusal;
  }
  const std::string_view host =
      target->form == Target::Form::kAbsolute ? target->authority : head.Find(FieldName::kHost).value_or(kNothing);
  verdict->headers = options_.allowed_origins.ResponseLines(head, host);
  if (auto problem = CheckOrigin(head, host, verdict->route); problem.has_value()) {
    return ProblemResponse(*problem, request_id);
  }
  if (auto problem = CheckBodyFraming(head, *target, encoded_key, verdict); problem.has_value()) {
    return ProblemResponse(*problem, request_id);
  }
  if (verdict->route == Route::kWebSocket && head.method() == Method::kGet) {
    return CheckWebSocket(head, request_id, verdict);
  }
  if (verdict->route == Route::kWatch && head.method() != Method::kOptions) {
    if (auto problem = CheckWatch(head, *target, request_id, verdict); problem.has_value()) {
      return ProblemResponse(*problem, request_id);
    }
  }
  return std::nullopt;
}

std::optional<ProblemReport> ApiHandler::CheckOrigin(const HttpHead& head, std::string_view host, Route route) const {
  if (!IsOpenToAnyHost(route) && !IsKnownHost(host)) {
    return ProblemReport{Problem::kCrossOrigin, "the request is for the host '" + Printable(host) +
                                                    "', which this node does not know as its own; if it is, say so "
                                                    "with --hosts"};
  }
  // A browser keeps what it reads from a page that may not have it, but not what it does by writing; and a WebSocket it
  // would let any page open.
  if ((!IsReading(head.method()) || route == Route::kWebSocket) && !options_.allowed_origins.Allows(head, host)) {
    return ProblemReport{Problem::kCrossOrigin,
                         "the Origin of the page is not this node, and --allowed_origins does not name it"};
  }
  return std::nullopt;
}

bool ApiHandler::IsKnownHost(std::string_view host) const {
  if (options_.hosts.Knows(host)) return true;
  if (options_.cluster == nullptr) return false;
  // Every member's name is told to clients, and what stands before the cluster may lead any of them to this node. Only
  // what isn't known otherwise is looked for here, so that common requests don't pay for it.
  const auto snapshot = options_.cluster->Snapshot();
  if (snapshot->topology == nullptr) return false;
  const auto& members = snapshot->topology->members;
  return std::any_of(members.begin(), members.end(),
                     [host](const auto& member) { return IsSameHost(host, member.second.client_address); });
}

std::optional<ProblemReport> ApiHandler::CheckBodyFraming(const HttpHead& head, const Target& target,
                                                          std::string_view encoded_key, HeadVerdict* verdict) const {
  const bool has_body = AnnouncesBody(head);
  if (head.method() != Method::kPut && head.method() != Method::kPost) {
    if (!has_body) return std::nullopt;
    return ProblemReport{Problem::kBadBody, "a " + std::string(MethodName(head.method())) + " has no body"};
  }
  if (head.Count(FieldName::kContentType) > 1) {
    return ProblemReport{Problem::kBadHeader, "Content-Type is given twice"};
  }
  if (head.method() == Method::kPost) {
    // What is done with a node needs no words, but for what takes its place.
    const bool bare = IsMembership(verdict->route) && verdict->route != Route::kNodeReplace && !has_body;
    if (!bare && !IsJson(head.Find(FieldName::kContentType).value_or(kNothing))) {
      return ProblemReport{Problem::kUnsupportedMediaType, "the Content-Type of a POST is application/json"};
    }
    verdict->max_body_bytes = options_.max_batch_bytes;
    verdict->too_large = Problem::kBodyTooLarge;
    verdict->limit_flag = "max_batch_size";
  } else {
    verdict->max_body_bytes = options_.max_value_bytes;
    verdict->too_large = Problem::kValueTooLarge;
    verdict->limit_flag = "max_value_size";
  }
  // A request that can't succeed shall not send its body first. (The head is read again with the body: cheaper than
  // carrying it along.)
  if (has_body && verdict->route == Route::kKey) {
    KeyHead unused;
    return ReadKeyHead(head, target, encoded_key, &unused);
  }
  return std::nullopt;
}

HttpHandler::OnTimeout ApiHandler::Handle(HttpRequest request, Respond respond) {
  const auto target = ParseTarget(request.head->target());
  CHECK(target.has_value()) << "CheckHead let an impossible target pass";
  if (request.head->method() == Method::kOptions) {
    HttpResponse response;
    response.status = 204;
    response.headers = InfoOf(request.route).allow_line;
    if (options_.allowed_origins.open()) response.headers.append(AllowedOrigins::PreflightLines());
    respond(std::move(response));
    return nullptr;
  }
  switch (request.route) {
    case Route::kKey: {
      std::string_view encoded_key;
      FindRoute(target->path, &encoded_key);
      return HandleKey(std::move(request), *target, encoded_key, std::move(respond));
    }
    case Route::kList:
      return HandleList(std::move(request), *target, std::move(respond));
    case Route::kBatch:
      return HandleBatch(std::move(request), *target, std::move(respond));
    case Route::kWatch:
      return HandleWatch(std::move(request), *target, std::move(respond));
    case Route::kCluster:
    case Route::kClusterRing:
      respond(AnswerAboutCluster(request.route, *target, request.request_id));
      return nullptr;
    case Route::kNodeDrain:
    case Route::kNodeRemove:
    case Route::kNodeReplace:
    case Route::kNodeCancel:
      respond(ChangeMembership(request, *target));
      return nullptr;
    case Route::kStats:
    case Route::kClusterStats:
      respond(AnswerAboutStats(request.route, request.request_id));
      return nullptr;
    default: {
      std::string_view file;
      FindRoute(target->path, &file);
      respond(AnswerAboutNode(request.route, file, request.request_id));
      return nullptr;
    }
  }
}

void ApiHandler::OnAnswered(const AnsweredRequest& answered) {
  const SteadyTime now = options_.steady_now();
  const auto latency = std::max(now - answered.received, SteadyTime::duration::zero());
  metrics_.CountRequest(answered.method, answered.route, answered.status, latency);
  VLOG(1) << "request " << answered.request_id << ": " << MethodName(answered.method) << " "
          << InfoOf(answered.route).name << " answered " << answered.status << " after "
          << std::chrono::duration_cast<std::chrono::microseconds>(latency).count() << " us";
  // 501 and 505 are the client's doing.
  if (answered.status < 500 || answered.status == 501 || answered.status == 505) return;
  // One line a second: a broken disk must not fill the log's disk too.
  const auto second = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  std::int64_t warned_at = warned_at_s_.load(std::memory_order_relaxed);
  if (warned_at == second || !warned_at_s_.compare_exchange_strong(warned_at, second)) {
    warnings_left_out_.fetch_add(1, std::memory_order_relaxed);
    return;
  }
  LOG(WARNING) << "request " << answered.request_id << ": " << MethodName(answered.method) << " "
               << InfoOf(answered.route).name << " answered " << answered.status << " ("
               << warnings_left_out_.exchange(0) << " such answers before it were not logged)";
}

std::string ApiHandler::TooManyConnections(std::size_t max_connections) {
  const std::string request_id = NewRequestId();
  const HttpResponse response =
      ProblemResponse({Problem::kTooManyConnections,
                       "more than " + std::to_string(max_connections) +
                           " clients are connected: that is --max_connections, or what `ulimit -n` leaves of it",
                       "max_connections"},
                      request_id);
  std::string bytes;
  AppendHead(response, {node_line_, request_id, /*headers=*/{}, /*close=*/true, /*http_1_0=*/false}, &bytes);
  return bytes + response.body;
}

}  // namespace quoin::net
