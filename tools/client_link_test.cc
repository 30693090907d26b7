#include "tools/client_link.h"

#include <gtest/gtest.h>

#include <chrono>
#include <utility>

#include "net/scripted_server.h"

namespace quoin::tools {
namespace {

using net::RefusingPort;
using net::ScriptedConnection;
using net::ScriptedServer;

net::HttpEndpoint At(std::uint16_t port) { return {"127.0.0.1", port}; }

TEST(Link, GoesOnToTheNextServerOnlyWhenOneCanNotBeReached) {
  RefusingPort refusing;
  ScriptedServer node([](ScriptedConnection& connection) {
    if (connection.Receive()) connection.Answer(200, "", "one");
    if (connection.Receive()) connection.Answer(503, "", "");
  });
  Link link({.servers = {At(refusing.port()), At(node.port())}});
  const auto first = link.Do({.target = "/"});
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->body, "one");
  EXPECT_EQ(link.server(), At(node.port())) << "it stays where it was served";
  EXPECT_EQ(link.Do({.target = "/"})->status, 503u) << "an answer is an answer";
}

TEST(Link, NeverSendsAWishToASecondServerAfterTheFirstMayHaveTakenIt) {
  ScriptedServer silent([](ScriptedConnection& connection) { connection.Receive(); });
  ScriptedServer node([](ScriptedConnection& connection) { connection.Receive(); });
  Link link({.servers = {At(silent.port()), At(node.port())}});
  EXPECT_EQ(link.Do({.method = "POST", .body = "v"}).code(), Code::kUnknown);
  EXPECT_EQ(node.connections(), 0);
}

TEST(Link, ReadsFromTheNextServerWhenOneDoesNotAnswer) {
  ScriptedServer silent([](ScriptedConnection& connection) {
    connection.Receive();
    connection.WaitForEnd();
  });
  ScriptedServer node([](ScriptedConnection& connection) {
    while (connection.Receive()) connection.Answer(200, "", "one");
  });
  Link link({.servers = {At(silent.port()), At(node.port())}, .timeout = std::chrono::seconds(2)});
  const auto first = link.Do({.target = "/"});
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_EQ(first->body, "one");
  EXPECT_EQ(link.server(), At(node.port()));
  EXPECT_TRUE(link.Do({.target = "/"}).ok());
  EXPECT_EQ(silent.connections(), 1);
}

TEST(Link, AsksNoOtherServerOnceThePersonHasGivenUp) {
  bool given_up = false;
  ScriptedServer silent([&](ScriptedConnection& connection) {
    connection.Receive();
    connection.WaitForEnd();
  });
  ScriptedServer node([](ScriptedConnection& connection) { connection.Receive(); });
  Link link(
      {.servers = {At(silent.port()), At(node.port())}, .give_up = [&] { return std::exchange(given_up, true); }});
  EXPECT_FALSE(link.Do({.target = "/"}).ok());
  EXPECT_EQ(node.connections(), 0);
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
