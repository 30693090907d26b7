// ApiHandler for the pages about the node itself.
#include <glog/logging.h>

#include <chrono>
#include <utility>

#include "base/text.h"
#include "net/api_handler.h"
#include "net/assets.h"
#include "net/json_text.h"

namespace quoin::net {
namespace {

constexpr std::string_view kNoCache = "Cache-Control: no-cache\r\n";
// The page loads its own script and style and talks to its own node, and nothing else.
constexpr std::string_view kPagePolicy =
    "Cache-Control: no-cache\r\n"
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n"
    "Referrer-Policy: no-referrer\r\n";

std::string_view StateName(NodeStatus::State state) {
  switch (state) {
    case NodeStatus::State::kStarting:
      return "starting";
    case NodeStatus::State::kServing:
      return "serving";
    case NodeStatus::State::kStopping:
      return "stopping";
  }
  LOG(FATAL) << "no such state: " << static_cast<int>(state);
}

std::string_view ModeName(kv::Health::Mode mode) {
  switch (mode) {
    case kv::Health::Mode::kWritable:
      return "writable";
    case kv::Health::Mode::kDiskFull:
      return "disk-full";
    case kv::Health::Mode::kReadOnly:
      return "read-only";
  }
  LOG(FATAL) << "no such mode: " << static_cast<int>(mode);
}

HttpResponse Constant(std::string_view content_type, std::string_view body, std::string_view headers) {
  HttpResponse response;
  response.content_type = content_type;
  response.constant_body = body;
  response.headers = headers;
  return response;
}

HttpResponse Health(const NodeStatus& status, std::string_view request_id) {
  if (status.storage.mode != kv::Health::Mode::kReadOnly) return Constant(kTextType, "ok\n", kNoCache);
  return ProblemResponse({Problem::kDiskError, status.storage.reason}, request_id);
}

HttpResponse Readiness(const NodeStatus& status, std::string_view request_id) {
  if (status.state != NodeStatus::State::kServing) {
    return ProblemResponse({Problem::kStopping, "the node is " + std::string(StateName(status.state))}, request_id);
  }
  switch (status.storage.mode) {
    case kv::Health::Mode::kWritable:
      return Constant(kTextType, "ready\n", kNoCache);
    case kv::Health::Mode::kDiskFull:
      return ProblemResponse({Problem::kDiskFull, status.storage.reason}, request_id);
    case kv::Health::Mode::kReadOnly:
      return ProblemResponse({Problem::kReadOnly, status.storage.reason}, request_id);
  }
  LOG(FATAL) << "no such mode: " << static_cast<int>(status.storage.mode);
}

HttpResponse StatusPage(const NodeStatus& status, kv::WallTime now) {
  HttpResponse response;
  response.content_type = kJsonType;
  response.headers = kNoCache;
  std::string& body = response.body;
  body =
      "{\"node\": \"" + status.node.ToString() + "\", \"cluster\": \"" + status.cluster.ToString() + "\", \"engine\": ";
  AppendJsonText(status.engine, &body);
  body.append(", \"version\": ");
  AppendJsonText(status.version, &body);
  body.append(", \"state\": \"").append(StateName(status.state));
  body.append("\", \"started_at\": \"").append(FormatTime(status.started_at));
  const auto uptime = std::chrono::duration_cast<std::chrono::seconds>(now - status.started_at);
  body.append("\", \"uptime_s\": ").append(std::to_string(std::max<std::int64_t>(0, uptime.count())));
  body.append(", \"storage\": {\"mode\": \"").append(ModeName(status.storage.mode));
  body.append("\", \"reason\": ");
  AppendJsonText(IsUtf8(status.storage.reason) ? status.storage.reason : Printable(status.storage.reason, 512), &body);
  body.append(", \"size_bytes\": ").append(std::to_string(status.storage_size_bytes)).append("}}\n");
  return response;
}

}  // namespace

HttpResponse ApiHandler::AnswerAboutNode(Route route, std::string_view file, std::string_view request_id) {
  switch (route) {
    case Route::kStatus:
      return StatusPage(options_.status(), options_.wall_now());
    case Route::kHealthz:
      return Health(options_.status(), request_id);
    case Route::kReadyz:
      return Readiness(options_.status(), request_id);
    case Route::kMetrics: {
      metrics_.SetInFlight(gate_.in_flight());
      HttpResponse response = Constant("text/plain; version=0.0.4; charset=utf-8", {}, kNoCache);
      response.body = metrics_.Render();
      return response;
    }
    case Route::kOpenApi:
      return Constant(kJsonType, OpenApiJson(), kNoCache);
    case Route::kDashboard:
      return Constant("text/html; charset=utf-8", DashboardPage(), kPagePolicy);
    case Route::kDashboardFile: {
      const auto found = FindDashboardFile(file);
      if (!found) return ProblemResponse({Problem::kNoSuchPath, "the dashboard has no such file"}, request_id);
      return Constant(found->content_type, found->content, kNoCache);
    }
    case Route::kClientModule:
      return Constant("text/javascript; charset=utf-8", ClientModule(), kNoCache);
    case Route::kClientTypes:
      // No type of its own is registered; browsers show text.
      return Constant("text/plain; charset=utf-8", ClientTypes(), kNoCache);
    case Route::kExample:
      return Constant("text/html; charset=utf-8", ExamplePage(), kPagePolicy);
    case Route::kExampleScript:
      return Constant("text/javascript; charset=utf-8", ExampleScript(), kNoCache);
    case Route::kExampleStyle:
      return Constant("text/css; charset=utf-8", ExampleStyle(), kNoCache);
    case Route::kNone:
    case Route::kKey:
    case Route::kList:
    case Route::kBatch:
    case Route::kWebSocket:
    case Route::kWatch:
    case Route::kCluster:
    case Route::kClusterRing:
    case Route::kClusterStats:
    case Route::kStats:
    case Route::kNodeDrain:
    case Route::kNodeRemove:
    case Route::kNodeReplace:
    case Route::kNodeCancel:
    case Route::kServer:
      break;
  }
  LOG(FATAL) << "no page about the node: " << static_cast<int>(route);
}

}  // namespace quoin::net
