// ApiHandler for GET /v1/watch: Server-Sent Events and long polls.
#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "net/api_handler.h"
#include "net/event_stream_session.h"
#include "net/field_text.h"
#include "net/ttl.h"
#include "net/watch_poll.h"
#include "net/watch_request.h"

namespace quoin::net {
namespace {

using Kind = quorum::WatchTarget::Kind;

constexpr std::chrono::milliseconds kDefaultWait{30'000};
constexpr std::chrono::milliseconds kMaxWait{300'000};

struct WatchQuery {
  std::vector<quorum::WatchTarget> targets;
  std::string cursor_text;
  bool state = true;
  std::chrono::milliseconds wait = kDefaultWait;
};

ProblemReport BadParameter(std::string why) { return {Problem::kBadParameter, std::move(why)}; }

std::optional<ProblemReport> ReadParameter(const std::string& name, std::string value, WatchQuery* out) {
  if (name == "key" || name == "prefix") {
    quorum::WatchTarget target{name == "key" ? Kind::kKey : Kind::kPrefix, std::move(value)};
    if (auto why = CheckTarget(target); why.has_value()) return BadParameter(*std::move(why));
    out->targets.push_back(std::move(target));
  } else if (name == "cursor") {
    out->cursor_text = std::move(value);
  } else if (name == "state") {
    if (value != "all" && value != "none") return BadParameter("state is all or none");
    out->state = value == "all";
  } else if (name == "wait") {
    const auto wait = ParseTtl(value);
    if (!wait.ok() || *wait > kMaxWait) {
      return BadParameter("wait is a number of seconds (20, 0.5) or a number with a unit (500ms, 20s), up to 5m");
    }
    out->wait = std::chrono::duration_cast<std::chrono::milliseconds>(*wait);
  } else {
    return BadParameter("there is no parameter '" + Printable(name) +
                        "' here; there is key, prefix, cursor, state and wait");
  }
  return std::nullopt;
}

std::optional<ProblemReport> ReadWatchQuery(std::string_view text, WatchQuery* out) {
  auto query = ParseQuery(text);
  if (!query.has_value()) return BadParameter("the query is not percent-encoded well");
  std::set<std::string> seen;
  for (auto& [name, value] : *query) {
    const bool repeats = name == "key" || name == "prefix";
    if (!seen.insert(name).second && !repeats) return BadParameter(Printable(name) + " is given twice");
    if (auto problem = ReadParameter(name, std::move(value), out); problem.has_value()) return problem;
  }
  if (out->targets.empty() || out->targets.size() > quorum::WatchRequest::kMaxTargets) {
    return BadParameter("a watch names 1 to " + std::to_string(quorum::WatchRequest::kMaxTargets) +
                        " targets (key=, prefix=), and this one " + std::to_string(out->targets.size()));
  }
  return std::nullopt;
}

// "a/b;q=0.5": whether it is wanted, and the range without its parameters.
std::string_view MediaRange(std::string_view item, bool* wanted) {
  *wanted = true;
  const std::string_view range = TakeItem(&item, ';');
  while (!item.empty()) {
    const std::string_view parameter = TakeItem(&item, ';');
    const bool is_weight = parameter.starts_with("q=") || parameter.starts_with("Q=");
    if (is_weight && parameter.find_first_not_of("0.", 2) == std::string_view::npos) *wanted = false;
  }
  return range;
}

struct Accepted {
  bool event_stream = false;  // Named as such.
  bool json = false;
};

Accepted ReadAccept(const HttpHead& head) {
  Accepted accepted;
  if (head.Count(FieldName::kAccept) == 0) return {false, true};
  for (std::string_view list : head.FindAll(FieldName::kAccept)) {
    while (!list.empty()) {
      bool wanted = false;
      const std::string_view range = MediaRange(TakeItem(&list), &wanted);
      if (!wanted) continue;
      if (EqualsIgnoringCase(range, "text/event-stream")) accepted.event_stream = true;
      if (range == "*/*" || EqualsIgnoringCase(range, "application/*") ||
          EqualsIgnoringCase(range, "application/json")) {
        accepted.json = true;
      }
    }
  }
  return accepted;
}

// The targets of a query that is good, and from where on.
Result<WatchOrder> OrderOf(WatchQuery query, const WatchSource::Cluster& cluster) {
  std::string cursor;
  if (!query.cursor_text.empty()) {
    auto bytes = ReadCursorText(query.cursor_text);
    if (!bytes.ok()) return bytes.status();
    cursor = *std::move(bytes);
  }
  return MakeOrder(std::move(query.targets), cursor, query.state, cluster);
}

}  // namespace

std::optional<ProblemReport> ApiHandler::CheckWatch(const HttpHead& head, const Target& target,
                                                    std::string_view request_id, HeadVerdict* verdict) {
  WatchQuery query;
  if (auto problem = ReadWatchQuery(target.query, &query); problem.has_value()) return problem;
  const Accepted accepted = ReadAccept(head);
  if (!accepted.event_stream && !accepted.json) {
    return ProblemReport{Problem::kNotAcceptable, "a watch is told as text/event-stream or application/json"};
  }
  // Where the stream was cut off, a browser knows better than the page that opened it.
  if (const auto last = head.Find(FieldName::kLastEventId);
      accepted.event_stream && last.has_value() && !last->empty()) {
    query.cursor_text = std::string(*last);
  }
  const auto cluster = options_.watches == nullptr ? std::nullopt : options_.watches->cluster();
  if (!cluster.has_value()) return ProblemReport{Problem::kNotJoined, "this node knows of no cluster to watch yet"};
  const std::chrono::milliseconds wait = query.wait;
  auto order = OrderOf(std::move(query), *cluster);
  if (!order.ok()) return BadParameter(order.status().message());
  if (!accepted.event_stream) {
    verdict->patience = wait;
    return std::nullopt;
  }
  if (head.method() != Method::kGet) return std::nullopt;
  const WatchGate::Place place = watch_gate_.Enter();
  if (place == nullptr) return watch_gate_.TooManyWatches();
  verdict->upgrade = HeadVerdict::Upgrade{
      "Cache-Control: no-store\r\nX-Accel-Buffering: no\r\n",
      [this, place, order = *std::move(order), request_id = std::string(request_id)](
          SteadyTime now, ByteSession::Wake wake) -> std::unique_ptr<ByteSession> {
        return std::make_unique<EventStreamSession>(*this, *options_.watches, place, order, request_id,
                                                    options_.web_socket.idle_timeout, now, std::move(wake));
      },
      200, kEventStreamType};
  return std::nullopt;
}

HttpHandler::OnTimeout ApiHandler::HandleWatch(HttpRequest request, const Target& target, Respond respond) {
  if (request.head->method() == Method::kHead) {
    HttpResponse response;
    response.content_type = ReadAccept(*request.head).event_stream ? kEventStreamType : kJsonType;
    response.headers = "Cache-Control: no-store\r\n";
    response.endless = true;
    respond(std::move(response));
    return nullptr;
  }
  WatchQuery query;
  const auto cluster = options_.watches->cluster();
  CHECK(!ReadWatchQuery(target.query, &query).has_value() && cluster.has_value()) << "CheckHead let it pass";
  std::string cursor_text = query.cursor_text;
  auto order = OrderOf(std::move(query), *cluster);
  CHECK(order.ok()) << order.status();
  WatchGate::Place place = watch_gate_.Enter();
  if (place == nullptr) {
    respond(ProblemResponse(watch_gate_.TooManyWatches(), request.request_id));
    return nullptr;
  }
  auto poll = std::make_shared<WatchPoll>(request.request_id, std::move(cursor_text),
                                          WatchPoll::Calls{options_.steady_now, std::move(request.answer_by)});
  poll->Begin(*options_.watches, std::move(place), *std::move(order));
  return [poll] { return poll->Answer(); };
}

}  // namespace quoin::net
