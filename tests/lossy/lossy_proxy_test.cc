#include "tests/lossy/lossy_proxy.h"

#include <gtest/gtest.h>

#include <future>
#include <set>
#include <string>

#include "net/http_client.h"
#include "net/scripted_server.h"
#include "tests/process/child_process.h"

namespace quoin::tests {
namespace {

using net::HttpClient;
using net::ScriptedConnection;
using net::ScriptedServer;
using std::chrono::milliseconds;

constexpr std::size_t kWhole = std::size_t{1} << 30;  // More bytes of answers than any test has.

HttpClient::Time Soon() { return std::chrono::steady_clock::now() + kPatience; }
net::HttpClientRequest Post(std::string body) { return {"POST", "/v1/kv/k", {}, std::move(body)}; }
LossyProxy::Draw Always(Fate fate) {
  return [fate](std::uint64_t) { return fate; };
}

// Answers every request with its own body.
void Echo(ScriptedConnection& connection) {
  while (const auto request = connection.Receive()) connection.Answer(200, "", request->body);
}

TEST(LossyProxy, PassesEverythingOnBeforeItStrikes) {
  ScriptedServer server(Echo);
  LossyProxy proxy(server.port(), Always({.answer_bytes = kWhole, .hold = milliseconds(1)}));
  HttpClient client({"127.0.0.1", proxy.port()});
  for (const std::size_t size_bytes : {0, 1, 1000, 1'000'000}) {
    const std::string body(size_bytes, 'b');
    const auto answer = client.Do(Post(body), Soon());
    ASSERT_TRUE(answer.ok()) << answer.status();
    EXPECT_EQ(answer->body, body);
  }
  EXPECT_EQ(proxy.counts().connections, 1u);
  EXPECT_EQ(proxy.counts().cut, 0u);
  EXPECT_EQ(proxy.counts().swallowed_bytes, 0u);
}

TEST(LossyProxy, CutsInTheMiddleOfAnAnswer) {
  for (const bool reset : {false, true}) {
    ScriptedServer server(Echo);
    LossyProxy proxy(server.port(), Always({.kind = Fate::Kind::kCut, .answer_bytes = 20, .reset = reset}));
    HttpClient client({"127.0.0.1", proxy.port()});
    EXPECT_EQ(client.Do(Post("body"), Soon()).code(), Code::kUnknown);
    EXPECT_EQ(proxy.counts().cut, 1u);
    EXPECT_GT(proxy.counts().swallowed_bytes, 0u);
  }
}

TEST(LossyProxy, SwallowsTheAnswersToWhatHasReachedTheNode) {
  std::promise<std::string> received;
  ScriptedServer server([&](ScriptedConnection& connection) {
    received.set_value(connection.Receive()->body);
    connection.Answer(200, "", "never seen");
    connection.WaitForEnd();
  });
  LossyProxy proxy(server.port(), Always({.kind = Fate::Kind::kSwallow, .linger = milliseconds(5000)}));
  HttpClient client({"127.0.0.1", proxy.port()});
  EXPECT_EQ(client.Do(Post("body"), Soon()).code(), Code::kUnknown);
  EXPECT_EQ(received.get_future().get(), "body");
}

TEST(LossyProxy, BringsLateRequestsAfterTheirClientWasCutOff) {
  std::promise<std::string> received;
  ScriptedServer server([&](ScriptedConnection& connection) {
    received.set_value(connection.Receive()->body);
    connection.Answer(200, "", "never seen");
    connection.WaitForEnd();
  });
  std::future<std::string> body = received.get_future();
  LossyProxy proxy(server.port(), Always({.kind = Fate::Kind::kLate, .linger = milliseconds(5000)}));
  {
    HttpClient client({"127.0.0.1", proxy.port()});
    EXPECT_FALSE(client.Do(Post("body"), Soon()).ok());
  }
  EXPECT_EQ(body.get(), "body");
}

TEST(LossyProxy, LeadsToTheNodeThatWasNamedLast) {
  ScriptedServer first([](ScriptedConnection& connection) {
    connection.Receive();
    connection.Answer(200, "", "first");
  });
  ScriptedServer second([](ScriptedConnection& connection) {
    connection.Receive();
    connection.Answer(200, "", "second");
  });
  LossyProxy proxy(first.port(), Always({.answer_bytes = kWhole}));
  HttpClient client({"127.0.0.1", proxy.port()});
  EXPECT_EQ(client.Do(Post(""), Soon())->body, "first");
  proxy.SetNodePort(second.port());
  client.Close();
  EXPECT_EQ(client.Do(Post(""), Soon())->body, "second");
}

TEST(Fate, IsTheSeedsAndTheNumbersAlone) {
  constexpr std::size_t kMost = 1000;
  std::set<Fate::Kind> kinds;
  int at_once = 0;
  for (std::uint64_t number = 0; number < 400; ++number) {
    const Fate fate = DrawFate(7, number, kMost);
    const Fate again = DrawFate(7, number, kMost);
    EXPECT_TRUE(fate.kind == again.kind && fate.answer_bytes == again.answer_bytes && fate.linger == again.linger &&
                fate.reset == again.reset && fate.hold == again.hold);
    EXPECT_LE(fate.answer_bytes, kMost);
    kinds.insert(fate.kind);
    at_once += fate.answer_bytes == 0;
  }
  EXPECT_EQ(kinds.size(), 3u);
  EXPECT_GT(at_once, 50);
  EXPECT_LT(at_once, 200);
}

}  // namespace
}  // namespace quoin::tests
