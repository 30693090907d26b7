// The paths of the API: what each takes, and the pages about the node itself.
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <memory>
#include <set>
#include <string>

#include "net/api_handler.h"
#include "net/assets.h"
#include "net/http_testing.h"
#include "net/json_reader.h"
#include "net/json_testing.h"
#include "net/routes.h"

namespace quoin::net {
namespace {

class PagesTest : public testing::Test {
 protected:
  PagesTest() {
    status = options.status();
    options.status = [this] { return status; };
    handler = std::make_unique<ApiHandler>(keyspace, options);
  }
  // Each request on a connection of its own.
  TestResponse Ask(const std::string& method, const std::string& target) {
    TestConnection connection(*handler, HttpLimits());
    const std::string bytes = connection.Ask(method + " " + target + " HTTP/1.1\r\nHost: node\r\n\r\n");
    const auto responses = ParseResponses(bytes, method == "HEAD");
    EXPECT_TRUE(responses.has_value() && responses->size() == 1) << bytes;
    return responses.has_value() && !responses->empty() ? responses->front() : TestResponse{};
  }

  MemoryKeyspace keyspace;
  NodeStatus status;
  ApiHandler::Options options = TestOptions();
  std::unique_ptr<ApiHandler> handler;
};

TEST_F(PagesTest, OpenApiDescribesExactlyTheRoutes) {
  const auto document = ReadJson(OpenApiJson(), 32);
  ASSERT_TRUE(document.ok()) << document.status();
  std::map<std::string, std::set<std::string>> described;
  for (const auto& path : document->as_object().at("paths").as_object()) {
    for (const auto& member : path.value().as_object()) {
      const std::string name(member.key());
      if (name != "parameters") described[std::string(path.key())].insert(name);
    }
  }
  std::map<std::string, std::set<std::string>> routed;
  for (const RouteInfo& info : AllRoutes()) {
    if (!info.described) continue;
    for (std::size_t i = 0; i < kMethodCount; ++i) {
      const auto method = static_cast<Method>(i);
      // OPTIONS goes without saying; so does HEAD wherever it is nothing but a GET.
      if (!info.Takes(method) || method == Method::kOptions) continue;
      if (method == Method::kHead && info.route != Route::kKey) continue;
      std::string name(MethodName(method));
      for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      routed[std::string(info.path)].insert(name);
    }
  }
  EXPECT_EQ(described, routed);
}

TEST_F(PagesTest, EveryRouteTakesItsMethodsAndNoOthers) {
  for (const RouteInfo& info : AllRoutes()) {
    if (info.route == Route::kNone || info.route == Route::kServer) continue;
    std::string target = info.route == Route::kKey ? "/v1/kv/a" : std::string(info.path);
    if (const auto file = target.find("{file}"); file != std::string::npos) target.replace(file, 6, "main.js");
    if (const auto id = target.find("{id}"); id != std::string::npos) target.replace(id, 4, "00c0ffee00c0ffee");
    for (const char* method : {"GET", "HEAD", "PUT", "DELETE", "POST", "OPTIONS", "PATCH", "TRACE", "get"}) {
      SCOPED_TRACE(std::string(method) + " " + target);
      const TestResponse response = Ask(method, target);
      EXPECT_EQ(response.status == 405, !info.Takes(ParseMethod(method))) << response.status;
      const std::string allow_line = "Allow: " + response.Field("allow") + "\r\n";
      if (response.status == 405 || std::string(method) == "OPTIONS") {
        EXPECT_EQ(allow_line, info.allow_line);
      }
    }
    EXPECT_EQ(Ask("OPTIONS", target).status, 204);
  }
}

TEST_F(PagesTest, OtherPathsAndFormsAreRefusedSensibly) {
  for (const char* target : {"/v1", "/v1/", "/v1/kvx", "/healthz/", "//", "/v2/kv/a"}) {
    EXPECT_EQ(Ask("GET", target).status, 404) << target;
  }
  EXPECT_EQ(Ask("OPTIONS", "*").status, 204);
  EXPECT_EQ(Ask("GET", "*").status, 400);
  EXPECT_EQ(Ask("CONNECT", "host:443").status, 405);
  EXPECT_EQ(Ask("CONNECT", "host:443").Field("connection"), "close");
  EXPECT_EQ(Ask("GET", "nonsense").status, 400);
}

TEST_F(PagesTest, HealthFollowsTheStorage) {
  EXPECT_EQ(Ask("GET", "/healthz").body, "ok\n");
  EXPECT_EQ(Ask("GET", "/readyz").body, "ready\n");
  status.storage = {kv::Health::Mode::kDiskFull, "no space"};
  EXPECT_EQ(Ask("GET", "/healthz").status, 200);
  const TestResponse full = Ask("GET", "/readyz");
  EXPECT_EQ(full.status, 503);
  EXPECT_NE(full.body.find("no space"), std::string::npos);
  status.storage = {kv::Health::Mode::kReadOnly, "a sync failed"};
  EXPECT_EQ(Ask("GET", "/healthz").status, 500);
  EXPECT_NE(Ask("GET", "/readyz").body.find("a sync failed"), std::string::npos);
  status.storage = {};
  for (const auto state : {NodeStatus::State::kStarting, NodeStatus::State::kStopping}) {
    status.state = state;
    EXPECT_EQ(Ask("GET", "/readyz").status, 503);
    EXPECT_EQ(Ask("GET", "/healthz").status, 200);
  }
}

TEST_F(PagesTest, StatusIsJson) {
  status.storage_size_bytes = 77;
  status.storage.reason = "a \"quote\" and \xff";
  const TestResponse response = Ask("GET", "/v1/status");
  EXPECT_EQ(response.Field("content-type"), "application/json");
  const auto value = ReadJson(response.body, 3);
  ASSERT_TRUE(value.ok()) << value.status() << response.body;
  const auto& object = value->as_object();
  EXPECT_EQ(Member(object, "node"), "00c0ffee00c0ffee");
  EXPECT_EQ(Member(object, "cluster"), "0000000000000abc");
  EXPECT_EQ(Member(object, "engine"), "memory");
  EXPECT_EQ(Member(object, "version"), "0.1.0");
  EXPECT_EQ(Member(object, "state"), "serving");
  EXPECT_EQ(Member(object, "started_at"), "2026-01-02T03:03:20.000Z");
  EXPECT_EQ(Member(object, "uptime_s"), "45");
  EXPECT_EQ(Member(object.at("storage").as_object(), "mode"), "writable");
  EXPECT_EQ(Member(object.at("storage").as_object(), "size_bytes"), "77");
}

TEST_F(PagesTest, DashboardLoadsNothingFromElsewhere) {
  const TestResponse page = Ask("GET", "/");
  EXPECT_EQ(page.Field("content-type"), "text/html; charset=utf-8");
  EXPECT_NE(page.Field("content-security-policy").find("default-src 'none'; script-src 'self'"), std::string::npos);
  EXPECT_EQ(page.Field("content-security-policy").find("unsafe"), std::string::npos);
  // Nothing that the policy would block.
  EXPECT_EQ(page.body.find("<style"), std::string::npos);
  EXPECT_EQ(page.body.find("style="), std::string::npos);
  EXPECT_EQ(page.body.find("onclick"), std::string::npos);
  EXPECT_EQ(page.body.find("<script>"), std::string::npos);
  EXPECT_EQ(page.body.find("//cdn"), std::string::npos);
  // All that it names is there.
  std::size_t files = 0;
  for (std::size_t at = 0; (at = page.body.find("\"/dashboard/", at)) != std::string::npos; ++files) {
    const std::size_t end = page.body.find('"', ++at);
    const std::string path = page.body.substr(at, end - at);
    const TestResponse file = Ask("GET", path);
    EXPECT_EQ(file.status, 200) << path;
    EXPECT_EQ(file.Field("content-type"), path.ends_with(".css")  ? "text/css; charset=utf-8"
                                          : path.ends_with(".js") ? "text/javascript; charset=utf-8"
                                                                  : "text/plain; charset=utf-8");
    EXPECT_EQ(file.body, FindDashboardFile(path.substr(path.rfind('/') + 1))->content);
  }
  EXPECT_GE(files, 3u);
  EXPECT_EQ(Ask("GET", "/dashboard/none.js").status, 404);
  EXPECT_EQ(Ask("GET", "/dashboard/").status, 404);
}

TEST_F(PagesTest, ExamplePageLoadsNothingFromElsewhere) {
  const TestResponse page = Ask("GET", "/example");
  EXPECT_EQ(page.Field("content-type"), "text/html; charset=utf-8");
  EXPECT_EQ(page.Field("content-security-policy"), Ask("GET", "/").Field("content-security-policy"));
  for (const char* blocked : {"<style", "style=", "onclick", "<script>", "//cdn"}) {
    EXPECT_EQ(page.body.find(blocked), std::string::npos) << blocked;
  }
  EXPECT_EQ(Ask("GET", "/example.js").body, ExampleScript());
  EXPECT_EQ(Ask("GET", "/example.css").body, ExampleStyle());
  EXPECT_NE(Ask("GET", "/").body.find("href=\"/example\""), std::string::npos);
}

TEST_F(PagesTest, ServesTheClientModuleAsOneFileOfItsOwn) {
  const TestResponse module = Ask("GET", "/quoin.js");
  EXPECT_EQ(module.Field("content-type"), "text/javascript; charset=utf-8");
  EXPECT_EQ(module.body, ClientModule());
  EXPECT_NE(module.body.find("export async function connect("), std::string::npos);
  EXPECT_EQ(module.body.find("\nimport "), std::string::npos) << "a part of it is left out";
  EXPECT_EQ(Ask("GET", "/quoin.d.ts").body, ClientTypes());
}

TEST_F(PagesTest, MetricsCountRequestsAndSamples) {
  Ask("GET", "/v1/kv/a");
  Ask("GET", "/v1/kv/a");
  Ask("GET", "/nowhere");
  handler->metrics().AddSampler([](std::vector<MetricSample>& samples) {
    samples.push_back({"quoin_storage_size_bytes", "Bytes.", 123, false});
    samples.push_back({"quoin_commit_rounds_total", "Rounds.", 7, true});
  });
  const TestResponse response = Ask("GET", "/metrics");
  EXPECT_EQ(response.Field("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  for (const char* line : {
           "quoin_http_requests_total{method=\"GET\",route=\"key\",status=\"404\"} 2\n",
           "quoin_http_requests_total{method=\"GET\",route=\"none\",status=\"404\"} 1\n",
           "quoin_http_request_duration_seconds_count{route=\"key\"} 2\n",
           "# TYPE quoin_storage_size_bytes gauge\nquoin_storage_size_bytes 123\n",
           "# TYPE quoin_commit_rounds_total counter\nquoin_commit_rounds_total 7\n",
           "quoin_http_connections 1\n",
           "quoin_http_connections_total 4\n",
       }) {
    EXPECT_NE(response.body.find(line), std::string::npos) << line << "\n" << response.body;
  }
}

TEST_F(PagesTest, TooManyConnectionsIsAWholeAnswer) {
  const auto responses = ParseResponses(handler->TooManyConnections(10'000));
  ASSERT_TRUE(responses.has_value() && responses->size() == 1);
  EXPECT_EQ(responses->front().status, 503);
  EXPECT_EQ(responses->front().Field("connection"), "close");
  EXPECT_NE(responses->front().Field("retry-after"), "");
  EXPECT_NE(responses->front().body.find("urn:quoin:problem:too-many-connections"), std::string::npos);
  EXPECT_NE(responses->front().body.find("more than 10000 clients"), std::string::npos);
  EXPECT_NE(responses->front().body.find("--max_connections"), std::string::npos);
}

TEST_F(PagesTest, RequestIdsDoNotRepeat) {
  std::set<std::string> ids;
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(ids.insert(Ask("GET", "/healthz").Field("quoin-request-id")).second);
}

}  // namespace
}  // namespace quoin::net
