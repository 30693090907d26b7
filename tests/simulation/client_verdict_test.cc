#include "tests/simulation/client_verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>

#include "tests/simulation/client_history.h"

namespace quoin::simulation {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

ring::MonotonicTime At(int microseconds) { return ring::MonotonicTime(std::chrono::microseconds(microseconds)); }

quorum::Request Ask(std::string key, quorum::Operation operation) {
  quorum::Request request;
  request.id = {1, 1};
  request.key = std::move(key);
  request.operation = std::move(operation);
  return request;
}
quorum::Reply Done(std::string value, std::uint64_t sequence) {
  kv::Record record;
  record.value = std::move(value);
  record.changed = record.accepted = {{1, NodeId{1}}, sequence};
  quorum::Reply reply;
  reply.changed = record.changed;
  reply.record = std::make_shared<const kv::Record>(std::move(record));
  return reply;
}

class VerdictTest : public testing::Test {
 protected:
  void Did(const quorum::Request& request, const quorum::Reply& reply, int from, int to) {
    const std::size_t event = history_.Begin(1, request, At(from));
    history_.Answer(event, request, reply, At(to));
  }
  ClientHistory history_;
};

TEST_F(VerdictTest, FindsNothingWrongWithATrueHistory) {
  auto put = Done("a", 1);
  put.created = true;
  Did(Ask("k", quorum::Put{"a", "", {}}), put, 0, 1);
  Did(Ask("k", quorum::Get{}), Done("a", 1), 2, 3);
  history_.Begin(2, Ask("k", quorum::Delete{}), At(4));
  const ClientVerdict verdict = Judge(history_.events(), {});
  EXPECT_THAT(verdict.violations, IsEmpty());
  EXPECT_THAT(verdict.undecided_keys, IsEmpty());
  EXPECT_EQ(verdict.operations, 3u);
  EXPECT_THAT(history_.CountOutcomes(), ElementsAre(std::pair("done", 2), std::pair("unknown", 1)));
}

TEST_F(VerdictTest, TellsEachKeyWithAStaleReadI5) {
  for (const std::string key : {"k", "l"}) {
    auto put = Done("a", 1);
    put.created = true;
    Did(Ask(key, quorum::Put{"a", "", {}}), put, 0, 1);
    Did(Ask(key, quorum::Put{"b", "", {}}), Done("b", 2), 2, 3);
    Did(Ask(key, quorum::Get{}), Done("a", 1), 4, 5);
  }
  const ClientVerdict verdict = Judge(history_.events(), {});
  ASSERT_EQ(verdict.violations.size(), 2u);
  EXPECT_THAT(verdict.violations[0], HasSubstr("I5: key \"k\" is not linearizable"));
  EXPECT_THAT(verdict.violations[1], HasSubstr("I5: key \"l\" is not linearizable"));
}

TEST_F(VerdictTest, TakesNotAppliedAtItsWordI10) {
  quorum::Reply error;
  error.outcome = quorum::Outcome::kError;
  error.status = Status(Code::kUnavailable, "busy");
  Did(Ask("k", quorum::Put{"a", "", {}}), error, 0, 1);
  Did(Ask("k", quorum::Get{}), Done("a", 1), 2, 3);
  EXPECT_EQ(Judge(history_.events(), {}).violations.size(), 1u);
}

}  // namespace
}  // namespace quoin::simulation
