#include "tools/client_execute.h"

#include <gtest/gtest.h>

#include "tools/client_testing.h"

namespace quoin::tools {
namespace {

using Action = client::Operation::Action;

struct Ran {
  Answer answer;
  std::vector<Entry> entries;
};

class ExecutorTest : public testing::Test {
 protected:
  Ran Run(std::string_view line, const Executor::Values& values = {}) {
    Ran ran;
    ran.answer = executor_.Execute(*ParseCommand(*SplitWords(line)), values, [&](const std::vector<Entry>& entries) {
      ran.entries.insert(ran.entries.end(), entries.begin(), entries.end());
    });
    return ran;
  }

  ScriptedKeys keys_;
  ScriptedNode node_{{.frame = [this](const v1::ClientFrame& frame) { return keys_.React(frame); }}};
  Store store_{{.servers = {{"127.0.0.1", node_.port()}}, .timeout = std::chrono::seconds(20)}};
  Executor executor_{store_, client::Consistency::kAll};
};

client::Operation OperationFor(std::string_view line, const Executor::Values& values = {}) {
  return OperationOf(*ParseCommand(*SplitWords(line)), values).value();
}

TEST(OperationOf, SetTakesEverythingAlong) {
  const client::Operation plain = OperationFor("SET 'a/b c' x", {.value = "caf\xc3\xa9"});
  EXPECT_EQ(plain.action, Action::kPut);
  EXPECT_EQ(plain.key, "a/b c");
  EXPECT_EQ(plain.value, "caf\xc3\xa9");
  EXPECT_EQ(plain.content_type, "text/plain; charset=utf-8");
  EXPECT_EQ(plain.ttl, std::nullopt);
  EXPECT_TRUE(plain.conditions.empty());

  const client::Operation absent = OperationFor("SET k x TTL 1.5m IF-ABSENT", {.value = "\xff"});
  EXPECT_EQ(absent.content_type, "application/octet-stream");
  EXPECT_EQ(absent.ttl, std::chrono::seconds(90));
  ASSERT_EQ(absent.conditions.size(), 1u);
  EXPECT_EQ(absent.conditions[0].kind, client::Condition::Kind::kAbsent);

  const client::Operation version = OperationFor("SET k x TTL 30 IF-VERSION 3.0a.1");
  EXPECT_EQ(version.ttl, std::chrono::seconds(30));
  ASSERT_EQ(version.conditions.size(), 1u);
  EXPECT_EQ(version.conditions[0].versions, std::vector<std::string>{"3.0a.1"});
}

TEST(OperationOf, EveryCommandOnAKeyIsAnOperation) {
  const client::Operation cas = OperationFor("CAS k x y", {.value = "new", .expected = "\xff"});
  EXPECT_EQ(cas.value, "new");
  ASSERT_EQ(cas.conditions.size(), 1u);
  EXPECT_EQ(cas.conditions[0].kind, client::Condition::Kind::kValueIs);
  EXPECT_EQ(cas.conditions[0].value, "\xff");
  EXPECT_EQ(OperationFor("INCR k -5").by, -5);
  EXPECT_EQ(OperationFor("APPEND k x", {.value = "tail"}).value, "tail");
  EXPECT_EQ(OperationFor("EXPIRE k 90").ttl, std::chrono::seconds(90));
  EXPECT_EQ(OperationFor("PERSIST k").ttl, std::nullopt);
  EXPECT_EQ(OperationFor("DELETE k").action, Action::kDelete);
  EXPECT_EQ(OperationFor("GET k").action, Action::kGet);
}

TEST(OperationOf, ALifeThatIsTooLongIsRefusedBeforeAnythingIsSent) {
  const auto operation = OperationOf(*ParseCommand(*SplitWords("EXPIRE k 40000d")), {});
  EXPECT_EQ(operation.code(), Code::kInvalid);
}

TEST_F(ExecutorTest, SetsAndGetsUnderTheConsistencyThatWasAskedFor) {
  const Answer set = Run("SET k x", {.value = "v"}).answer;
  EXPECT_EQ(set.exit_code, ExitCode::kDone);
  EXPECT_EQ(set.created, true);
  EXPECT_EQ(set.entry->version, "1.00c0ffee00c0ffee.1");
  EXPECT_EQ(set.node, ScriptedNode::kId);
  EXPECT_EQ(Run("GET k").answer.entry->value, "v");
  EXPECT_EQ(Run("GET nothing").answer.exit_code, ExitCode::kAbsent);
  EXPECT_EQ(Run("SET k y IF-ABSENT", {.value = "y"}).answer.exit_code, ExitCode::kConditionFailed);
  for (const v1::ClientFrame& frame : keys_.frames()) EXPECT_EQ(frame.operation().consistency(), v1::ALL);
}

TEST_F(ExecutorTest, MetaTellsTheSizeAndNotTheValue) {
  keys_.Put("k", std::string(1234, 'x'));
  const Answer meta = Run("GET k META").answer;
  EXPECT_EQ(meta.size_bytes, 1234u);
  EXPECT_EQ(meta.entry->version, "1.00c0ffee00c0ffee.1");
  EXPECT_EQ(meta.entry->value, std::nullopt);
}

TEST_F(ExecutorTest, ALostAnswerIsResumedAndNothingHappensTwice) {
  const Answer sum = Run("INCR lost 5").answer;
  EXPECT_EQ(sum.exit_code, ExitCode::kDone);
  EXPECT_EQ(sum.entry->value, "5");
  ASSERT_EQ(keys_.frames().size(), 2u);
  EXPECT_EQ(keys_.frames()[0].operation().operation_id(), keys_.frames()[1].operation().operation_id());
  EXPECT_TRUE(keys_.frames()[1].operation().repeated());
}

TEST_F(ExecutorTest, AResumedWriteKeepsTheIdOfItsTicket) {
  const Answer sum = Run("RESUME 00c0ffee00c0ffee-17@3.00c0ffee00c0ffee.41 INCR k").answer;
  EXPECT_EQ(sum.exit_code, ExitCode::kDone);
  EXPECT_EQ(keys_.frames()[0].operation().operation_id(), "00c0ffee00c0ffee-17");
  EXPECT_EQ(keys_.frames()[0].operation().ballot(), "3.00c0ffee00c0ffee.41");
  EXPECT_TRUE(keys_.frames()[0].operation().repeated());
  EXPECT_EQ(Run("RESUME 00c0ffee00c0ffee-17@9 INCR k").answer.exit_code, ExitCode::kUnknown)
      << "that it can't be resumed so does not say that it did not happen";
}

TEST_F(ExecutorTest, MultiGetAsksForABoundedNumberOfKeysAtATime) {
  std::string line = "MGET";
  for (std::size_t i = 0; i < kMultiGetKeys + 2; ++i) {
    line += " k" + std::to_string(i);
    if (i != 3) keys_.Put("k" + std::to_string(i), "v");
  }
  const Ran ran = Run(line);
  EXPECT_EQ(ran.answer.exit_code, ExitCode::kAbsent) << "k3 is not there";
  EXPECT_EQ(ran.answer.shown, kMultiGetKeys + 2);
  ASSERT_EQ(ran.entries.size(), kMultiGetKeys + 2);
  EXPECT_EQ(ran.entries[3].exit_code, ExitCode::kAbsent);
  EXPECT_EQ(ran.entries.back().key, "k33");
  EXPECT_EQ(ran.entries.back().value, "v");
}

TEST_F(ExecutorTest, ScanWalksAllPages) {
  for (int i = 0; i < 2500; ++i) keys_.Put("x" + std::to_string(10000 + i), "1");
  keys_.Put("y", "2");
  const Ran ran = Run("SCAN x");
  EXPECT_EQ(ran.answer.exit_code, ExitCode::kDone);
  EXPECT_EQ(ran.answer.shown, 2500u);
  EXPECT_FALSE(ran.answer.more);
  ASSERT_EQ(ran.entries.size(), 2500u);
  EXPECT_EQ(ran.entries.back().key, "x12499");
  EXPECT_EQ(ran.entries.back().value, "1");
  EXPECT_EQ(keys_.frames().size(), 3u);
}

TEST_F(ExecutorTest, ScanStopsAtItsLimit) {
  for (const char* key : {"a", "b", "c"}) keys_.Put(key, "1");
  const Ran limited = Run("SCAN LIMIT 2 KEYS");
  EXPECT_EQ(limited.answer.shown, 2u);
  EXPECT_TRUE(limited.answer.more);
  EXPECT_EQ(limited.entries[0].value, std::nullopt);
}

TEST(Executor, ScanStopsAtACursorThatStandsStillAndSaysHowFarItCame) {
  int asked = 0;
  ScriptedNode node({.frame = [&](const v1::ClientFrame& frame) -> ScriptedNode::Reaction {
    v1::ServerFrame answer;
    if (++asked == 3) {
      answer.mutable_result()->set_outcome(v1::ERROR);
      answer.mutable_result()->mutable_problem()->set_type("damaged");
      answer.mutable_result()->mutable_problem()->set_status(500);
      answer.mutable_result()->mutable_problem()->set_detail("damaged");
      return answer;
    }
    answer.mutable_page()->add_entries()->set_key("a");
    answer.mutable_page()->set_cursor(frame.scan().prefix() == "stuck" || asked == 1 ? "a" : "b");
    return answer;
  }});
  Store store({.servers = {{"127.0.0.1", node.port()}}, .timeout = std::chrono::seconds(20)});
  Executor executor(store, client::Consistency::kQuorum);
  const auto scan = [&](const char* line) {
    return executor.Execute(*ParseCommand(*SplitWords(line)), {}, [](const auto&) {});
  };
  const Answer broken = scan("SCAN x");
  EXPECT_EQ(broken.exit_code, ExitCode::kRefused);
  EXPECT_EQ(broken.shown, 2u);
  EXPECT_EQ(broken.problem, "damaged");
  EXPECT_EQ(scan("SCAN stuck").shown, 2u);
}

TEST(Executor, ANodeThatDoesNotAnswerIsUnreachableForReadsAndUnknownForWrites) {
  ScriptedKeys keys;
  ScriptedNode node({.frame = [&](const v1::ClientFrame& frame) { return keys.React(frame); }});
  Store store({.servers = {{"127.0.0.1", node.port()}}, .timeout = std::chrono::seconds(1)});
  Executor executor(store, client::Consistency::kQuorum);
  const auto run = [&](const char* line) {
    return executor.Execute(*ParseCommand(*SplitWords(line)), {}, [](const auto&) {});
  };
  EXPECT_EQ(run("GET silent").exit_code, ExitCode::kUnreachable);
  EXPECT_EQ(run("MGET silent silent").exit_code, ExitCode::kUnreachable);
  EXPECT_EQ(run("MGET silent silent").shown, 0u);
  const Answer unknown = run("SET silent v");
  EXPECT_EQ(unknown.exit_code, ExitCode::kUnknown);
  EXPECT_FALSE(unknown.ticket.operation_id.empty());
}

}  // namespace
}  // namespace quoin::tools
