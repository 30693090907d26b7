#include "tools/client_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "net/scripted_server.h"
#include "tools/client_testing.h"

namespace quoin::tools {
namespace {

using client::Operation;
using client::Outcome;
using testing::HasSubstr;

net::HttpEndpoint At(std::uint16_t port) { return {"127.0.0.1", port}; }
ScriptedNode::Script ScriptOf(ScriptedKeys& keys, std::string id = ScriptedNode::kId) {
  return {.frame = [&keys](const v1::ClientFrame& frame) { return keys.React(frame); }, .id = std::move(id)};
}
constexpr std::chrono::seconds kLong{20};

TEST(Store, GoesOnToTheNextServerWhenOneCanNotBeReached) {
  net::RefusingPort refusing;
  ScriptedKeys keys;
  ScriptedNode node(ScriptOf(keys));
  Store store({.servers = {At(refusing.port()), At(node.port())}, .timeout = kLong});
  const client::Answer answer = store.Do(Operation::Put("k", "v"), {});
  EXPECT_TRUE(answer.done()) << ToString(answer);
  EXPECT_EQ(answer.responder->server, node.address());
}

TEST(Store, AWriteWhoseServerDiesIsFinishedAtTheNextOneUnderTheSameId) {
  ScriptedKeys keys;  // Both nodes', as it is in a cluster.
  ScriptedNode first(ScriptOf(keys, "00c0ffee00c0ff01")), second(ScriptOf(keys, "00c0ffee00c0ff02"));
  Store store({.servers = {At(first.port()), At(second.port())}, .timeout = kLong});
  const client::Answer answer = store.Do(Operation::Increment("lost"), {});
  ASSERT_TRUE(answer.done()) << ToString(answer);
  EXPECT_EQ(answer.value(), "1") << "and not 2";
  EXPECT_EQ(answer.responder->node, "00c0ffee00c0ff02");
}

TEST(Store, NamesEveryServerThatCouldNotBeReachedAtOnce) {
  net::RefusingPort one, two;
  Store store({.servers = {At(one.port()), At(two.port())}, .timeout = std::chrono::hours(1)});
  const client::Answer answer = store.Do(Operation::Put("k", "v"), {});
  EXPECT_EQ(answer.outcome, Outcome::kNotApplied);
  EXPECT_EQ(answer.problem.type, "unreachable");
  EXPECT_THAT(answer.problem.detail, HasSubstr(one.address()));
  EXPECT_THAT(answer.problem.detail, HasSubstr(two.address()));
}

// A write that left on a connection which the server had closed long ago would be told as unknown, although nothing had
// happened.
TEST(Store, AConnectionThatEndedBetweenCallsCostsNothing) {
  ScriptedKeys keys;
  ScriptedNode node(ScriptOf(keys));
  Store store({.servers = {At(node.port())}, .timeout = kLong});
  for (int i = 0; i < 20; ++i) {
    const client::Answer answer = store.Do(Operation::Increment("k"), {});
    ASSERT_TRUE(answer.done()) << ToString(answer);
    EXPECT_EQ(answer.sendings, 1u) << "it left on a connection that was open";
    node.CutAll();
  }
  EXPECT_EQ(keys.Value("k"), "20");
}

TEST(Store, WhoGivesUpIsToldWhatIsCertain) {
  std::atomic<bool> given_up = false;
  ScriptedKeys keys([&] { given_up = true; });
  ScriptedNode node(ScriptOf(keys));
  Store store(
      {.servers = {At(node.port())}, .timeout = std::chrono::hours(1), .give_up = [&] { return given_up.load(); }});
  const client::Answer written = store.Do(Operation::Put("silent", "v"), {});
  EXPECT_EQ(written.outcome, Outcome::kUnknown);
  EXPECT_EQ(written.ticket.operation_id, keys.frames()[0].operation().operation_id());
  given_up = false;
  EXPECT_EQ(store.Do(Operation::Get("silent"), {}).outcome, Outcome::kNotApplied);
  given_up = false;
  EXPECT_TRUE(store.Do(Operation::Put("k", "v"), {}).done()) << "and it goes on";
}

TEST(Store, BatchesAnswerInOrder) {
  ScriptedKeys keys;
  keys.Put("a", "1");
  keys.Put("c", "3");
  ScriptedNode node(ScriptOf(keys));
  Store store({.servers = {At(node.port())}, .timeout = kLong});
  const auto answers = store.Batch({Operation::Get("a"), Operation::Get("b"), Operation::Get("c")}, {});
  ASSERT_EQ(answers.size(), 3u);
  EXPECT_EQ(answers[0].value(), "1");
  EXPECT_EQ(answers[1].outcome, Outcome::kAbsent);
  EXPECT_EQ(answers[2].value(), "3");
  EXPECT_TRUE(store.Batch({}, {}).empty());
}

}  // namespace
}  // namespace quoin::tools
