// The API of docs/api.md for keys, over a keyspace in memory: each row of its tables, as bytes on a connection.
#include "net/api_handler.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "net/http_testing.h"
#include "net/json_reader.h"
#include "net/json_testing.h"

namespace quoin::net {
namespace {

class ApiTest : public testing::Test {
 protected:
  ApiTest() {
    options.max_value_bytes = 100;
    options.max_batch_bytes = 1000;
    keyspace.max_value_bytes = 100;
  }

  void Start() {
    handler = std::make_unique<ApiHandler>(keyspace, options);
    connection = std::make_unique<TestConnection>(*handler, HttpLimits());
  }
  static std::string Request(std::string_view method, std::string_view target, std::string_view body = {},
                             std::string_view fields = {}) {
    std::string bytes = std::string(method) + " " + std::string(target) + " HTTP/1.1\r\n";
    if (fields.find("Host: ") == std::string_view::npos) bytes += "Host: node:8080\r\n";
    bytes += fields;
    if (method != "PUT" && method != "POST") return bytes + "\r\n";
    return bytes + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
  }
  TestResponse Ask(std::string_view method, std::string_view target, std::string_view body = {},
                   std::string_view fields = {}) {
    if (handler == nullptr) Start();
    const std::string bytes = connection->Ask(Request(method, target, body, fields));
    const auto responses = ParseResponses(bytes, method == "HEAD");
    EXPECT_TRUE(responses.has_value() && responses->size() == 1) << bytes;
    if (!responses.has_value() || responses->empty()) return {};
    EXPECT_EQ(responses->front().Field("quoin-node"), "00c0ffee00c0ffee");
    EXPECT_FALSE(responses->front().Field("quoin-request-id").empty());
    EXPECT_EQ(responses->front().Field("x-content-type-options"), "nosniff");
    return responses->front();
  }
  TestResponse Post(std::string_view target, std::string_view body) {
    return Ask("POST", target, body, "Content-Type: application/json\r\n");
  }
  static boost::json::object Json(const TestResponse& response) {
    auto value = ReadJson(response.body, 8);
    EXPECT_TRUE(value.ok() && value->is_object()) << value.status() << "\n" << response.body;
    return value.ok() && value->is_object() ? value->as_object() : boost::json::object();
  }
  static void ExpectProblem(const TestResponse& response, int status, const std::string& type,
                            const std::string& outcome = "not-applied") {
    EXPECT_EQ(response.status, status) << response.body;
    EXPECT_EQ(response.Field("content-type"), "application/problem+json");
    const auto problem = Json(response);
    EXPECT_EQ(Member(problem, "type"), "urn:quoin:problem:" + type) << response.body;
    EXPECT_EQ(Member(problem, "status"), std::to_string(status));
    EXPECT_EQ(Member(problem, "outcome"), outcome);
    EXPECT_EQ(Member(problem, "request_id"), response.Field("quoin-request-id"));
    EXPECT_EQ(response.Field("retry-after").empty(), status != 429 && status != 503);
  }

  MemoryKeyspace keyspace;
  ApiHandler::Options options = TestOptions();
  std::unique_ptr<ApiHandler> handler;
  std::unique_ptr<TestConnection> connection;
};

TEST_F(ApiTest, PutGetHeadDelete) {
  const TestResponse created = Ask("PUT", "/v1/kv/a", "one", "Content-Type: text/html\r\n");
  EXPECT_EQ(created.status, 201);
  EXPECT_EQ(created.Field("etag"), "\"3.00c0ffee00c0ffee.1\"");
  const TestResponse got = Ask("GET", "/v1/kv/a");
  EXPECT_EQ(got.status, 200);
  EXPECT_EQ(got.body, "one");
  EXPECT_EQ(got.Field("etag"), created.Field("etag"));
  EXPECT_EQ(got.Field("content-type"), "text/html");
  EXPECT_EQ(got.Field("cache-control"), "no-cache");
  EXPECT_EQ(got.Field("content-security-policy"), "sandbox; default-src 'none'");
  EXPECT_EQ(got.Field("quoin-expires"), "");
  const TestResponse head = Ask("HEAD", "/v1/kv/a");
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.Field("content-length"), "3");
  const TestResponse changed = Ask("PUT", "/v1/kv/a", "two");
  EXPECT_EQ(changed.status, 204);
  EXPECT_EQ(changed.Field("etag"), "\"3.00c0ffee00c0ffee.2\"");
  EXPECT_EQ(Ask("GET", "/v1/kv/a").Field("content-type"), "application/octet-stream");
  const TestResponse deleted = Ask("DELETE", "/v1/kv/a");
  EXPECT_EQ(deleted.status, 204);
  EXPECT_EQ(deleted.Field("etag"), "");
  ExpectProblem(Ask("GET", "/v1/kv/a"), 404, "absent");
  ExpectProblem(Ask("DELETE", "/v1/kv/a"), 404, "absent");
  EXPECT_EQ(Ask("HEAD", "/v1/kv/a").status, 404);
}

TEST_F(ApiTest, KeysAreDecodedExactlyOnce) {
  EXPECT_EQ(Ask("PUT", "/v1/kv/a%2Fb+%2525%00%ff", "x").status, 201);
  EXPECT_EQ(keyspace.requests.back().key, std::string("a/b+%25\0\xff", 9));
  EXPECT_EQ(Ask("GET", "/v1/kv/a/b%2B%2525%00%FF").body, "x");
  EXPECT_EQ(Ask("GET", "http://elsewhere/v1/kv/a/b+%2525%00%FF").body, "x");
}

TEST_F(ApiTest, KeysHaveTheirBounds) {
  EXPECT_EQ(Ask("PUT", "/v1/kv/" + std::string(4096, 'k'), "x").status, 201);
  ExpectProblem(Ask("GET", "/v1/kv/" + std::string(4097, 'k')), 414, "key-too-long");
  ExpectProblem(Ask("GET", "/v1/kv/"), 400, "bad-key");
  ExpectProblem(Ask("GET", "/v1/kv/%4"), 400, "bad-key");
}

TEST_F(ApiTest, TtlShowsWhenAKeyExpires) {
  EXPECT_EQ(Ask("PUT", "/v1/kv/a?ttl=1.5", "x").status, 201);
  EXPECT_EQ(Ask("GET", "/v1/kv/a").Field("quoin-expires"), "2026-01-02T03:04:07.178Z");
  keyspace.now += std::chrono::milliseconds(1'500);
  ExpectProblem(Ask("GET", "/v1/kv/a"), 404, "absent");
}

TEST_F(ApiTest, ConsistencyReachesTheKeyspace) {
  Ask("GET", "/v1/kv/a");
  EXPECT_EQ(keyspace.requests.back().consistency, quorum::Consistency::kQuorum);
  Ask("GET", "/v1/kv/a?consistency=one");
  EXPECT_EQ(keyspace.requests.back().consistency, quorum::Consistency::kOne);
  Ask("PUT", "/v1/kv/a?consistency=all&ttl=1s", "x");
  EXPECT_EQ(keyspace.requests.back().consistency, quorum::Consistency::kAll);
}

TEST_F(ApiTest, OperationIdsAreNeverUsedTwice) {
  Ask("PUT", "/v1/kv/a", "x");
  Ask("PUT", "/v1/kv/a", "x");
  EXPECT_EQ(keyspace.requests[0].id.client, options.start_nonce);
  EXPECT_NE(keyspace.requests[0].id, keyspace.requests[1].id);
}

TEST_F(ApiTest, BadParametersAreRefused) {
  for (const std::string_view target :
       {"/v1/kv/a?x=1", "/v1/kv/a?consistency=two", "/v1/kv/a?consistency=one&consistency=one", "/v1/kv/a?%",
        "/v1/kv/a?ttl=5", "/v1/kv?limit=0", "/v1/kv?limit=1001", "/v1/kv?limit=x", "/v1/kv?keys_only=1",
        "/v1/kv?cursor=*", "/v1/kv?cursor=", "/v1/kv?prefix=b&cursor=YQ==", "/v1/kv?x", "/v1/kv?limit=1&limit=1"}) {
    SCOPED_TRACE(target);
    ExpectProblem(Ask("GET", target), 400, "bad-parameter");
  }
  ExpectProblem(Ask("PUT", "/v1/kv/a?ttl=0", "x"), 400, "bad-parameter");
  EXPECT_EQ(keyspace.submitted, 0u);
}

TEST_F(ApiTest, ConditionsOnReads) {
  const std::string tag = Ask("PUT", "/v1/kv/a", "x").Field("etag");
  const auto get = [&](const std::string& fields) { return Ask("GET", "/v1/kv/a", {}, fields); };
  EXPECT_EQ(get("If-Match: " + tag + "\r\n").status, 200);
  EXPECT_EQ(get("If-Match: *\r\n").status, 200);
  const TestResponse current = get("If-None-Match: \"other\", W/" + tag + "\r\n");
  EXPECT_EQ(current.status, 304);
  EXPECT_EQ(current.Field("etag"), tag);
  EXPECT_EQ(get("If-None-Match: *\r\n").status, 304);
  EXPECT_EQ(get("If-None-Match: \"other\"\r\n").status, 200);
  EXPECT_EQ(get("If-Match: " + tag + "\r\nIf-None-Match: " + tag + "\r\n").status, 304);
  const TestResponse failed = get("If-Match: \"other\"\r\nIf-None-Match: " + tag + "\r\n");
  ExpectProblem(failed, 412, "condition-failed");
  EXPECT_EQ(failed.Field("etag"), tag);
  ExpectProblem(get("If-Match: W/" + tag + "\r\n"), 412, "condition-failed");
  const TestResponse absent = Ask("GET", "/v1/kv/b", {}, "If-Match: *\r\n");
  ExpectProblem(absent, 412, "condition-failed");
  EXPECT_EQ(absent.Field("etag"), "");
  EXPECT_EQ(Ask("GET", "/v1/kv/b", {}, "If-None-Match: " + tag + "\r\n").status, 404);
}

TEST_F(ApiTest, ConditionsOnWrites) {
  EXPECT_EQ(Ask("PUT", "/v1/kv/a", "1", "If-None-Match: *\r\n").status, 201);
  ExpectProblem(Ask("PUT", "/v1/kv/a", "2", "If-None-Match: *\r\n"), 412, "condition-failed");
  const std::string tag = Ask("GET", "/v1/kv/a").Field("etag");
  EXPECT_EQ(Ask("PUT", "/v1/kv/a", "2", "If-Match: " + tag + "\r\n").status, 204);
  const TestResponse failed = Ask("PUT", "/v1/kv/a", "3", "If-Match: " + tag + "\r\n");
  ExpectProblem(failed, 412, "condition-failed");
  EXPECT_EQ(failed.Field("etag"), "\"3.00c0ffee00c0ffee.2\"");
  ExpectProblem(Ask("DELETE", "/v1/kv/a", {}, "If-Match: " + tag + "\r\n"), 412, "condition-failed");
  EXPECT_EQ(Ask("DELETE", "/v1/kv/a", {}, "If-None-Match: " + tag + "\r\n").status, 204);
  ExpectProblem(Ask("PUT", "/v1/kv/a", "3", "If-Match: *\r\n"), 412, "condition-failed");
  ExpectProblem(Ask("PUT", "/v1/kv/a", "3", "If-Match: x\r\n"), 400, "bad-header");
}

TEST_F(ApiTest, ContentTypesAreCheckedBeforeTheyAreKept) {
  EXPECT_EQ(Ask("PUT", "/v1/kv/a", "x", "Content-Type: " + std::string(256, 't') + "\r\n").status, 201);
  ExpectProblem(Ask("PUT", "/v1/kv/a", "x", "Content-Type: " + std::string(257, 't') + "\r\n"), 400, "bad-header");
  ExpectProblem(Ask("PUT", "/v1/kv/a", "x", "Content-Type: \xff\r\n"), 400, "bad-header");
  ExpectProblem(Ask("PUT", "/v1/kv/a", "x", "Content-Type: a\r\nContent-Type: b\r\n"), 400, "bad-header");
}

TEST_F(ApiTest, PagesOfOtherOriginsMayNotWrite) {
  for (const std::string_view origin : {"http://evil", "null", "http://node", "https://node:8080.evil", "node:8080",
                                        "http://node:8080/", "http://node:80"}) {
    SCOPED_TRACE(origin);
    ExpectProblem(Ask("PUT", "/v1/kv/a", "x", "Origin: " + std::string(origin) + "\r\n"), 403, "cross-origin");
    ExpectProblem(Ask("DELETE", "/v1/kv/a", {}, "Origin: " + std::string(origin) + "\r\n"), 403, "cross-origin");
  }
  EXPECT_EQ(keyspace.submitted, 0u);
  EXPECT_EQ(Ask("PUT", "/v1/kv/a", "x", "Origin: http://NODE:8080\r\n").status, 201);
  EXPECT_EQ(Ask("GET", "/v1/kv/a", {}, "Origin: http://evil\r\n").status, 200);
}

// A page of evil.example:8080 whose owner lets that name point to the node is one of the node's own to a browser: its
// Origin is what Host says, and its GETs have none.
TEST_F(ApiTest, PagesOfNamesThatAreNotTheNodesMayNeitherReadNorWrite) {
  for (const std::string_view host : {"evil.example:8080", "EVIL.example", "127.0.0.1.evil.example:8080"}) {
    SCOPED_TRACE(host);
    const std::string named = "Host: " + std::string(host) + "\r\n";
    const std::string page = named + "Origin: http://" + std::string(host) + "\r\n";
    for (const char* target :
         {"/v1/kv/a", "/v1/kv", "/v1/watch?key=a", "/v1/status", "/v1/cluster", "/v1/stats", "/"}) {
      ExpectProblem(Ask("GET", target, {}, named), 403, "cross-origin");
      ExpectProblem(Ask("GET", target, {}, page), 403, "cross-origin");
    }
    ExpectProblem(Ask("PUT", "/v1/kv/a", "x", page), 403, "cross-origin");
    ExpectProblem(Ask("DELETE", "/v1/kv/a", {}, page), 403, "cross-origin");
    ExpectProblem(Ask("POST", "/v1/batch", "{}", page + "Content-Type: application/json\r\n"), 403, "cross-origin");
    ExpectProblem(Ask("GET", "http://" + std::string(host) + "/v1/kv/a"), 403, "cross-origin");
  }
  EXPECT_EQ(keyspace.submitted, 0u);
  const std::string told = Ask("GET", "/v1/kv/a", {}, "Host: evil.example:8080\r\n").body;
  EXPECT_NE(told.find("'evil.example:8080'"), std::string::npos) << told;
  EXPECT_NE(told.find("--hosts"), std::string::npos) << told;
}

TEST_F(ApiTest, IsAskedByNamesThatOutsidersCantOwn) {
  for (const std::string_view host : {"127.0.0.1:8080", "[::1]:8080", "localhost:8080", "LOCALHOST.", "node1",
                                      "node1:8080", "node1.svc.cluster.local:8080", "Node1.Internal.:8080"}) {
    SCOPED_TRACE(host);
    const std::string named = "Host: " + std::string(host) + "\r\n";
    EXPECT_EQ(Ask("GET", "/v1/kv/absent", {}, named).status, 404);
    EXPECT_NE(Ask("PUT", "/v1/kv/a", "x", named + "Origin: http://" + std::string(host) + "\r\n").status, 403);
  }
}

TEST_F(ApiTest, IsAskedByTheNamesThatItWasTold) {
  options.hosts = *KnownHosts::Parse("db.example");
  EXPECT_EQ(Ask("GET", "/v1/kv/absent", {}, "Host: DB.example.:8080\r\n").status, 404);
  EXPECT_EQ(Ask("PUT", "/v1/kv/a", "x", "Host: db.example\r\nOrigin: http://db.example\r\n").status, 201);
  ExpectProblem(Ask("GET", "/v1/kv/a", {}, "Host: evil.example\r\n"), 403, "cross-origin");
}

TEST_F(ApiTest, IsAskedByAnyNameWithAStar) {
  options.hosts = *KnownHosts::Parse("*");
  EXPECT_EQ(Ask("GET", "/v1/kv/absent", {}, "Host: any.example:8080\r\n").status, 404);
  EXPECT_EQ(Ask("PUT", "/v1/kv/a", "x", "Host: any.example\r\nOrigin: http://any.example\r\n").status, 201);
  ExpectProblem(Ask("PUT", "/v1/kv/a", "x", "Host: any.example\r\nOrigin: http://evil\r\n"), 403, "cross-origin");
}

// Browsers speak no HTTP/1.0.
TEST_F(ApiTest, IsAskedWithoutANameInHttp10) {
  Start();
  EXPECT_TRUE(connection->Ask("GET /v1/kv/absent HTTP/1.0\r\n\r\n").starts_with("HTTP/1.1 404 "));
}

TEST_F(ApiTest, TellsHealthAndCountsUnderAnyName) {
  for (const char* target : {"/healthz", "/readyz", "/metrics"}) {
    EXPECT_NE(Ask("GET", target, {}, "Host: node1.prod.example:8080\r\n").status, 403) << target;
  }
}

TEST_F(ApiTest, LimitsHaveTheirStatusAndName) {
  EXPECT_EQ(Ask("PUT", "/v1/kv/a", std::string(100, 'x')).status, 201);
  const TestResponse value = Ask("PUT", "/v1/kv/a", std::string(101, 'x'));
  ExpectProblem(value, 413, "value-too-large");
  EXPECT_EQ(Member(Json(value), "limit"), "max_value_size");
  const TestResponse body = Post("/v1/batch", std::string(1001, ' '));
  ExpectProblem(body, 413, "body-too-large");
  EXPECT_EQ(Member(Json(body), "limit"), "max_batch_size");
  ExpectProblem(Post("/v1/kv/a", R"({"op": "put", "value": ")" + std::string(101, 'x') + "\"}"), 413,
                "value-too-large");
}

TEST_F(ApiTest, AdmitsABoundedNumberOfRequests) {
  options.max_inflight_requests = 2;
  keyspace.hold = true;
  Start();
  connection->Send(Request("GET", "/v1/kv/a") + Request("GET", "/v1/kv"));
  TestConnection other(*handler, HttpLimits());
  for (const std::string& bytes :
       {Request("GET", "/v1/kv/a"), Request("GET", "/v1/kv"),
        Request("POST", "/v1/batch", R"({"operations": []})", "Content-Type: application/json\r\n"),
        Request("POST", "/v1/kv/a", R"({"op": "get"})", "Content-Type: application/json\r\n")}) {
    const auto responses = ParseResponses(other.Ask(bytes));
    ASSERT_TRUE(responses.has_value() && responses->size() == 1);
    ExpectProblem(responses->front(), 429, "too-many-requests");
  }
  keyspace.ReleaseAll();
  connection->Take();
  keyspace.hold = false;
  EXPECT_EQ(Ask("GET", "/v1/kv/a").status, 404);
}

TEST_F(ApiTest, ARequestOutOfTimeStaysCountedUntilItEnds) {
  options.max_inflight_requests = 1;
  keyspace.hold = true;
  Start();
  connection->Send(Request("PUT", "/v1/kv/a", "x"));
  connection->Advance(std::chrono::milliseconds(5'000));
  const auto responses = ParseResponses(connection->Take());
  ASSERT_TRUE(responses.has_value() && responses->size() == 1);
  ExpectProblem(responses->front(), 504, "outcome-unknown", "unknown");
  EXPECT_EQ(responses->front().Field("quoin-operation-id"), "1122334455667788-1");
  EXPECT_EQ(Member(Json(responses->front()), "operation_id"), "1122334455667788-1");
  EXPECT_EQ(Member(Json(responses->front()), "limit"), "request_timeout");
  ExpectProblem(Ask("GET", "/v1/kv/a"), 429, "too-many-requests");
  keyspace.hold = false;
  keyspace.ReleaseAll();
  EXPECT_EQ(Ask("GET", "/v1/kv/a").body, "x");
}

TEST_F(ApiTest, ReadsOutOfTimeAreNotUnknown) {
  keyspace.hold = true;
  Start();
  for (const std::string& bytes :
       {Request("GET", "/v1/kv/a"), Request("GET", "/v1/kv"),
        Request("POST", "/v1/kv/a", R"({"op": "get"})", "Content-Type: application/json\r\n")}) {
    connection->Send(bytes);
    connection->Advance(std::chrono::milliseconds(5'000));
    const auto responses = ParseResponses(connection->Take());
    ASSERT_TRUE(responses.has_value() && responses->size() == 1);
    ExpectProblem(responses->front(), 503, "timed-out");
  }
  keyspace.ReleaseAll();
}

TEST_F(ApiTest, ErrorsOfTheKeyspaceHaveTheirRow) {
  struct Row {
    Code code;
    int status;
    const char* type;
    bool tells_why = true;  // What disks and engines say stays in the log.
  };
  for (const Row& row :
       {Row{Code::kDiskFull, 503, "disk-full"}, Row{Code::kReadOnly, 503, "read-only", false},
        Row{Code::kUnavailable, 503, "stopping"}, Row{Code::kDamaged, 500, "damaged", false},
        Row{Code::kIo, 500, "disk-error", false}, Row{Code::kInvalid, 400, "bad-parameter"}}) {
    SCOPED_TRACE(row.type);
    keyspace.failure = Status(row.code, "because");
    for (const char* method : {"GET", "PUT", "DELETE"}) {
      const TestResponse response = Ask(method, "/v1/kv/a", "x");
      ExpectProblem(response, row.status, row.type);
      EXPECT_EQ(Member(Json(response), "detail") == "because", row.tells_why) << response.body;
    }
    ExpectProblem(Post("/v1/kv/a", R"({"op": "increment"})"), row.status, row.type);
    ExpectProblem(Ask("GET", "/v1/kv"), row.status, row.type);
  }
  keyspace.failure = Status(Code::kUnknown, "the sync failed");
  for (const char* method : {"PUT", "DELETE"}) {
    const TestResponse response = Ask(method, "/v1/kv/a", "x");
    ExpectProblem(response, 504, "outcome-unknown", "unknown");
    EXPECT_NE(response.Field("quoin-operation-id"), "");
  }
  ExpectProblem(Post("/v1/kv/a", R"({"op": "increment"})"), 504, "outcome-unknown", "unknown");
  ExpectProblem(Ask("GET", "/v1/kv/a"), 503, "timed-out");
  ExpectProblem(Ask("GET", "/v1/kv"), 503, "timed-out");
}

TEST_F(ApiTest, PostAppliesOneOperation) {
  const TestResponse first = Post("/v1/kv/visits", R"({"op": "increment", "by": 7})");
  EXPECT_EQ(first.status, 200);
  EXPECT_EQ(first.Field("content-type"), "application/json");
  EXPECT_EQ(first.Field("etag"), "\"3.00c0ffee00c0ffee.1\"");
  EXPECT_EQ(Member(Json(first), "key"), "visits");
  EXPECT_EQ(Member(Json(first), "value"), "7");
  EXPECT_EQ(Member(Json(first), "created"), "true");
  EXPECT_EQ(Member(Json(Post("/v1/kv/visits", R"({"op": "increment"})")), "value"), "8");
  EXPECT_EQ(Post("/v1/kv/visits", R"({"op": "append", "value": "x"})").status, 200);
  ExpectProblem(Post("/v1/kv/visits", R"({"op": "increment"})"), 409, "wrong-value");
  ExpectProblem(Post("/v1/kv/visits", R"({"op": "cas", "value": "1", "expected": "8"})"), 412, "condition-failed");
  EXPECT_EQ(Post("/v1/kv/visits", R"({"op": "cas", "value": "1", "expected": "8x"})").status, 200);
  EXPECT_EQ(Post("/v1/kv/visits", R"({"op": "delete"})").status, 200);
  ExpectProblem(Post("/v1/kv/visits", R"({"op": "get"})"), 404, "absent");
  ExpectProblem(Post("/v1/kv/visits", R"({"op": "persist"})"), 404, "absent");
  ExpectProblem(Post("/v1/kv/visits", R"({"op": "fly"})"), 400, "bad-body");
  ExpectProblem(Post("/v1/kv/visits", "{"), 400, "bad-body");
  ExpectProblem(Ask("POST", "/v1/kv/visits", R"({"op": "get"})"), 415, "unsupported-media-type");
  ExpectProblem(Ask("POST", "/v1/kv/visits", R"({"op": "get"})", "Content-Type: application/jsonx\r\n"), 415,
                "unsupported-media-type");
  EXPECT_EQ(Ask("POST", "/v1/kv/visits", R"({"op": "increment"})", "Content-Type: Application/JSON ; charset=utf-8\r\n")
                .status,
            200);
}

TEST_F(ApiTest, HeaderConditionsHoldForPostsToo) {
  EXPECT_EQ(Post("/v1/kv/a", R"({"op": "increment"})").status, 200);
  ExpectProblem(
      Ask("POST", "/v1/kv/a", R"({"op": "increment"})", "Content-Type: application/json\r\nIf-None-Match: *\r\n"), 412,
      "condition-failed");
}

TEST_F(ApiTest, BatchesApplyEachOperationForItself) {
  const TestResponse response = Post("/v1/batch", R"({"operations": [
      {"op": "put", "key": "a", "value": "1"}, {"op": "increment", "key": "a"}, {"op": "get", "key": "a"},
      {"op": "get", "key": "b"}, {"op": "put", "key": "", "value": ""}, {"op": "delete", "key_base64": "/w=="},
      {"op": "put", "key": "c", "value": ")" + std::string(101, 'x') +
                                                      "\"}]}");
  ASSERT_EQ(response.status, 200) << response.body;
  const auto object = Json(response);
  const auto& results = object.at("results").as_array();
  ASSERT_EQ(results.size(), 7u);
  const std::vector<std::pair<std::string, std::string>> expected = {
      {"200", "done"},        {"200", "done"},   {"200", "done"},        {"404", "absent"},
      {"400", "not-applied"}, {"404", "absent"}, {"413", "not-applied"},
  };
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_EQ(Member(results[i].as_object(), "status"), expected[i].first) << i;
    EXPECT_EQ(Member(results[i].as_object(), "outcome"), expected[i].second) << i;
    EXPECT_EQ(results[i].as_object().contains("problem"), expected[i].first != "200") << i;
  }
  EXPECT_EQ(Member(results[2].as_object(), "value"), "2");
  EXPECT_EQ(Member(results[5].as_object(), "key_base64"), "/w==");
  EXPECT_EQ(Json(Post("/v1/batch", R"({"operations": []})")).at("results").as_array().size(), 0u);
}

TEST_F(ApiTest, ABatchThatIsNotUnderstoodIsRefusedWhole) {
  ExpectProblem(Post("/v1/batch", R"({"operations": [{"op": "put", "key": "a", "value": "1"}, {"op": "fly"}]})"), 400,
                "bad-body");
  ExpectProblem(Post("/v1/batch?x=1", R"({"operations": []})"), 400, "bad-parameter");
  ExpectProblem(Ask("POST", "/v1/batch", "{}"), 415, "unsupported-media-type");
  EXPECT_EQ(keyspace.submitted, 0u);
}

TEST_F(ApiTest, ABatchOutOfTimeSaysWhatIsKnown) {
  keyspace.hold = true;
  Start();
  connection->Send(Request("POST", "/v1/batch",
                           R"({"operations": [{"op": "put", "key": "a", "value": "1"}, {"op": "put", "key": "b",
                           "value": "1"}, {"op": "get", "key": "a"}]})",
                           "Content-Type: application/json\r\n"));
  keyspace.ReleaseOne();
  connection->Advance(std::chrono::milliseconds(5'000));
  const auto responses = ParseResponses(connection->Take());
  ASSERT_TRUE(responses.has_value() && responses->size() == 1);
  ASSERT_EQ(responses->front().status, 200);
  const auto object = Json(responses->front());
  const auto& results = object.at("results").as_array();
  EXPECT_EQ(Member(results[0].as_object(), "outcome"), "done");
  EXPECT_EQ(Member(results[1].as_object(), "outcome"), "unknown");
  EXPECT_NE(Member(results[1].as_object().at("problem").as_object(), "operation_id"), "(none)");
  EXPECT_EQ(Member(results[2].as_object(), "outcome"), "not-applied");
  keyspace.ReleaseAll();
  EXPECT_FALSE(connection->session->has_output());
}

TEST_F(ApiTest, TheValuesInABatchsAnswerAreBounded) {
  EXPECT_EQ(Ask("PUT", "/v1/kv/a", std::string(100, 'x')).status, 201);
  std::string body = R"({"operations": [)";
  for (int i = 0; i < 15; ++i) body += R"({"op": "get", "key": "a"}, )";
  body += R"({"op": "put", "key": "b", "value": "1"}]})";
  const auto object = Json(Post("/v1/batch", body));
  const auto& results = object.at("results").as_array();
  for (int i = 0; i < 15; ++i) {
    EXPECT_EQ(Member(results[i].as_object(), "status"), i < 10 ? "200" : "413") << i;
  }
  EXPECT_EQ(Member(results[15].as_object(), "status"), "200");
}

TEST_F(ApiTest, ABatchAsksForNoMoreValuesThanItMayHold) {
  keyspace.hold = true;
  Start();
  std::string body = R"({"operations": [)";
  for (int i = 0; i < 30; ++i) body += std::string(i == 0 ? "" : ", ") + R"({"op": "get", "key": "a"})";
  connection->Send(Request("POST", "/v1/batch", body + "]}", "Content-Type: application/json\r\n"));
  EXPECT_EQ(keyspace.held_count(), 10u);
  keyspace.ReleaseOne();
  EXPECT_EQ(keyspace.held_count(), 10u);
  while (keyspace.held_count() > 0) keyspace.ReleaseOne();
  const auto responses = ParseResponses(connection->Take());
  ASSERT_TRUE(responses.has_value() && responses->size() == 1);
  EXPECT_EQ(Json(responses->front()).at("results").as_array().size(), 30u);
}

TEST_F(ApiTest, ListsWalkThroughTheWholeKeyspaceOnce) {
  std::vector<std::string> keys;
  for (int i = 0; i < 25; ++i) {
    keys.push_back("k" + std::to_string(100 + i));
    Ask("PUT", "/v1/kv/" + keys.back(), "v");
  }
  Ask("PUT", "/v1/kv/other", "v");
  std::vector<std::string> seen;
  std::string cursor;
  for (int page = 0; page < 10; ++page) {
    const auto object = Json(Ask("GET", "/v1/kv?prefix=k&limit=10" + cursor));
    for (const auto& entry : object.at("entries").as_array()) seen.push_back(Member(entry.as_object(), "key"));
    if (!object.contains("cursor")) break;
    cursor = "&cursor=" + Member(object, "cursor");
  }
  EXPECT_EQ(seen, keys);
}

TEST_F(ApiTest, ListsTellValuesUnlessAskedNotTo) {
  Ask("PUT", "/v1/kv/a", "v", "Content-Type: text/plain\r\n");
  Ask("PUT", "/v1/kv/%ff?ttl=1m", "\xfe");
  auto object = Json(Ask("GET", "/v1/kv"));
  const auto& entries = object.at("entries").as_array();
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(Member(entries[0].as_object(), "value"), "v");
  EXPECT_EQ(Member(entries[0].as_object(), "content_type"), "text/plain");
  EXPECT_EQ(Member(entries[1].as_object(), "key_base64"), "/w==");
  EXPECT_EQ(Member(entries[1].as_object(), "value_base64"), "/g==");
  EXPECT_EQ(Member(entries[1].as_object(), "expires"), "2026-01-02T03:05:05.678Z");
  object = Json(Ask("GET", "/v1/kv?keys_only=true"));
  EXPECT_FALSE(object.at("entries").as_array()[0].as_object().contains("value"));
}

TEST_F(ApiTest, WhatIsRefusedForItsHeadSendsNoBody) {
  Start();
  for (const std::string_view target : {"/v1/kv/a?x=1", "/v1/kv/%", "/v1/nothing"}) {
    TestConnection other(*handler, HttpLimits());
    const auto responses = ParseResponses(other.Ask(
        "PUT " + std::string(target) + " HTTP/1.1\r\nHost: n\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"));
    ASSERT_TRUE(responses.has_value() && responses->size() == 1) << target;
    EXPECT_GE(responses->front().status, 400);
    EXPECT_TRUE(other.session->finished());
  }
}

}  // namespace
}  // namespace quoin::net
