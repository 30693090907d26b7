#include "tools/client_execute.h"

#include <gtest/gtest.h>

#include <mutex>

#include "net/scripted_server.h"

namespace quoin::tools {
namespace {

using net::RefusingPort;
using net::ScriptedConnection;
using net::ScriptedRequest;
using net::ScriptedServer;

constexpr std::string_view kNode = "Quoin-Node: 00c0ffee00c0ffee\r\n";

net::HttpEndpoint At(std::uint16_t port) { return {"127.0.0.1", port}; }

// Answers every request with the next of `answers` and keeps what was asked.
class Recorder {
 public:
  struct Reply {
    int status;
    std::string fields;
    std::string body;
  };
  explicit Recorder(std::vector<Reply> replies)
      : replies_(std::move(replies)), server_([this](ScriptedConnection& connection) { Serve(connection); }) {}

  std::vector<ScriptedRequest> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }
  std::uint16_t port() const { return server_.port(); }

 private:
  void Serve(ScriptedConnection& connection) {
    while (auto request = connection.Receive()) {
      Reply reply{500, "", ""};
      {
        const std::lock_guard lock(mutex_);
        if (requests_.size() < replies_.size()) reply = replies_[requests_.size()];
        requests_.push_back(std::move(*request));
      }
      connection.Answer(reply.status, std::string(kNode) + reply.fields, reply.body);
    }
  }

  std::mutex mutex_;
  const std::vector<Reply> replies_;
  std::vector<ScriptedRequest> requests_;
  ScriptedServer server_;
};

struct Ran {
  Answer answer;
  std::vector<Entry> entries;
};

Ran RunLine(std::uint16_t port, std::string_view line, const Executor::Values& values = {},
            const std::string& consistency = "") {
  Link link({.servers = {At(port)}});
  Executor executor(link, consistency);
  Ran ran;
  ran.answer = executor.Execute(*ParseCommand(*SplitWords(line)), values, [&](const std::vector<Entry>& entries) {
    ran.entries.insert(ran.entries.end(), entries.begin(), entries.end());
  });
  return ran;
}

TEST(Executor, SetIsAPut) {
  Recorder node({{201, "ETag: \"1.a.1\"\r\n", ""}, {204, "ETag: \"1.a.2\"\r\n", ""}, {204, "", ""}});
  const Answer created = RunLine(node.port(), "SET 'a/b c' x", {.value = "caf\xc3\xa9"}).answer;
  EXPECT_EQ(created.exit_code, ExitCode::kDone);
  EXPECT_EQ(created.created, true);
  EXPECT_EQ(created.entry->version, "1.a.1");
  EXPECT_EQ(created.node, "00c0ffee00c0ffee");
  EXPECT_EQ(RunLine(node.port(), "SET k x TTL 1.5m IF-ABSENT", {.value = "\xff"}, "all").answer.created, false);
  RunLine(node.port(), "SET k x TTL 30 IF-VERSION 3.0a.1");

  const auto requests = node.requests();
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_EQ(requests[0].method, "PUT");
  EXPECT_EQ(requests[0].target, "/v1/kv/a%2Fb%20c");
  EXPECT_EQ(requests[0].body, "caf\xc3\xa9");
  EXPECT_EQ(requests[0].fields.at("content-type"), "text/plain; charset=utf-8");
  EXPECT_EQ(requests[1].target, "/v1/kv/k?consistency=all&ttl=1.5m");
  EXPECT_EQ(requests[1].fields.at("if-none-match"), "*");
  EXPECT_EQ(requests[1].fields.at("content-type"), "application/octet-stream");
  EXPECT_EQ(requests[2].target, "/v1/kv/k?ttl=30");
  EXPECT_EQ(requests[2].fields.at("if-match"), "\"3.0a.1\"");
}

TEST(Executor, GetTakesTheBodyAndMetaOnlyTheHead) {
  Recorder node({{200, "ETag: \"1.a.1\"\r\nContent-Type: text/plain\r\n", "value"},
                 {404, "Content-Type: application/problem+json\r\n",
                  R"({"type":"urn:quoin:problem:absent","title":"absent","outcome":"not-applied"})"}});
  EXPECT_EQ(RunLine(node.port(), "GET k").answer.entry->value, "value");
  EXPECT_EQ(RunLine(node.port(), "GET k").answer.exit_code, ExitCode::kAbsent);

  ScriptedServer head([](ScriptedConnection& connection) {
    const auto request = connection.Receive();
    if (request->method != "HEAD") return;
    connection.Send("HTTP/1.1 200 OK\r\n" + std::string(kNode) + "ETag: \"1.a.7\"\r\nContent-Length: 1234\r\n\r\n");
  });
  const Answer meta = RunLine(head.port(), "GET k META").answer;
  EXPECT_EQ(meta.exit_code, ExitCode::kDone);
  EXPECT_EQ(meta.size_bytes, 1234u);
  EXPECT_EQ(meta.entry->version, "1.a.7");
  EXPECT_EQ(meta.entry->value, std::nullopt);
}

TEST(Executor, OperationsArePostedAsJson) {
  const Recorder::Reply done{200, "", R"({"key":"k","status":200,"outcome":"done","version":"1.a.1","value":"8"})"};
  Recorder node({done, done, done, done, done, {200, "", "surprise"}});
  RunLine(node.port(), "CAS k x y", {.value = "new", .expected = "\xff"});
  EXPECT_EQ(RunLine(node.port(), "INCR k -5").answer.entry->value, "8");
  RunLine(node.port(), "APPEND k x", {.value = "tail"});
  RunLine(node.port(), "EXPIRE k 90");
  RunLine(node.port(), "PERSIST k");
  EXPECT_EQ(RunLine(node.port(), "INCR k").answer.exit_code, ExitCode::kUnknown) << "an answer that says nothing";

  const auto requests = node.requests();
  EXPECT_EQ(requests[0].body,
            R"({"op":"cas","expected_base64":"/w==","value":"new","content_type":"text/plain; charset=utf-8"})");
  EXPECT_EQ(requests[0].fields.at("content-type"), "application/json");
  EXPECT_EQ(requests[1].body, R"({"op":"increment","by":-5})");
  EXPECT_EQ(requests[2].body, R"({"op":"append","value":"tail"})");
  EXPECT_EQ(requests[3].body, R"({"op":"expire","ttl":"90"})");
  EXPECT_EQ(requests[4].body, R"({"op":"persist"})");
}

TEST(Executor, MultiGetAsksForABoundedNumberOfKeysAtATime) {
  std::string line = "MGET";
  const auto results = [](std::size_t begin, std::size_t end) {
    std::string json;
    for (std::size_t i = begin; i < end; ++i) {
      if (!json.empty()) json += ",";
      json +=
          R"({"key":"k)" + std::to_string(i) + R"(","outcome":")" + (i == 3 ? "absent" : "done") + R"(","value":"v"})";
    }
    return "{\"results\":[" + json + "]}";
  };
  for (std::size_t i = 0; i < kMultiGetKeys + 2; ++i) line += " k" + std::to_string(i);
  Recorder node({{200, "", results(0, kMultiGetKeys)}, {200, "", results(kMultiGetKeys, kMultiGetKeys + 2)}});
  const Ran ran = RunLine(node.port(), line);
  EXPECT_EQ(ran.answer.exit_code, ExitCode::kAbsent) << "k3 is not there";
  EXPECT_EQ(ran.answer.shown, kMultiGetKeys + 2);
  ASSERT_EQ(ran.entries.size(), kMultiGetKeys + 2);
  EXPECT_EQ(ran.entries.back().key, "k33");
  EXPECT_EQ(node.requests()[1].body, R"({"operations":[{"op":"get","key":"k32"},{"op":"get","key":"k33"}]})");
}

TEST(Executor, MultiGetRefusesAnAnswerThatLacksResults) {
  Recorder node({{200, "", R"({"results":[]})"}});
  EXPECT_EQ(RunLine(node.port(), "MGET a b").answer.exit_code, ExitCode::kRefused);
}

TEST(Executor, ScanWalksAllPages) {
  Recorder node({{200, "", R"({"entries":[{"key":"a","value":"1"},{"key":"b","value":"2"}],"cursor":"Yg=="})"},
                 {200, "", R"({"entries":[{"key":"c","value":"3"}]})"}});
  const Ran ran = RunLine(node.port(), "SCAN 'x y'");
  EXPECT_EQ(ran.answer.exit_code, ExitCode::kDone);
  EXPECT_EQ(ran.answer.shown, 3u);
  EXPECT_FALSE(ran.answer.more);
  ASSERT_EQ(ran.entries.size(), 3u);
  EXPECT_EQ(node.requests()[0].target, "/v1/kv?prefix=x%20y&limit=1000");
  EXPECT_EQ(node.requests()[1].target, "/v1/kv?prefix=x%20y&limit=1000&cursor=Yg%3D%3D");
}

TEST(Executor, ScanStopsAtItsLimitAndAtACursorThatStandsStill) {
  const Recorder::Reply page{200, "", R"({"entries":[{"key":"a"},{"key":"b"}],"cursor":"Yg=="})"};
  Recorder node({page, page, page});
  const Ran limited = RunLine(node.port(), "SCAN LIMIT 2 KEYS");
  EXPECT_EQ(limited.answer.shown, 2u);
  EXPECT_TRUE(limited.answer.more);
  EXPECT_EQ(node.requests()[0].target, "/v1/kv?prefix=&limit=2&keys_only=true");
  EXPECT_EQ(RunLine(node.port(), "SCAN").answer.shown, 4u);
}

TEST(Executor, AFailureInTheMiddleOfAScanSaysHowFarItCame) {
  Recorder node({{200, "", R"({"entries":[{"key":"a"}],"cursor":"YQ=="})"},
                 {503, "", R"({"type":"urn:quoin:problem:stopping","detail":"stopping","outcome":"not-applied"})"}});
  const Ran ran = RunLine(node.port(), "SCAN");
  EXPECT_EQ(ran.answer.exit_code, ExitCode::kRefused);
  EXPECT_EQ(ran.answer.shown, 1u);
  EXPECT_EQ(ran.answer.problem, "stopping");
}

TEST(Link, GoesOnToTheNextServerOnlyWhenOneCanNotBeReached) {
  RefusingPort refusing;
  Recorder node({{200, "", "one"}, {503, "", ""}});
  Link link({.servers = {At(refusing.port()), At(node.port())}});
  const auto first = link.Do({.target = "/"});
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->body, "one");
  EXPECT_EQ(link.server(), At(node.port())) << "it stays where it was served";
  EXPECT_EQ(link.Do({.target = "/"})->status, 503u) << "an answer is an answer";
}

TEST(Link, NeverSendsAWriteToASecondServerAfterTheFirstMayHaveTakenIt) {
  ScriptedServer silent([](ScriptedConnection& connection) { connection.Receive(); });
  Recorder node({{201, "", ""}});
  Link link({.servers = {At(silent.port()), At(node.port())}});
  EXPECT_EQ(link.Do({.method = "PUT", .body = "v"}).code(), Code::kUnknown);
  EXPECT_TRUE(node.requests().empty());
}

TEST(Link, NamesEveryServerThatCouldNotBeReached) {
  RefusingPort one, two;
  Link link({.servers = {At(one.port()), At(two.port())}});
  const auto failed = link.Do({});
  EXPECT_EQ(failed.code(), Code::kUnavailable);
  EXPECT_NE(failed.status().message().find(one.address()), std::string::npos);
  EXPECT_NE(failed.status().message().find(two.address()), std::string::npos);
}

}  // namespace
}  // namespace quoin::tools
