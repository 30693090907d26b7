#include "tests/lossy/counter_ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace quoin::tests {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(CounterLedger, FindsNothingWrongWhereAllAgrees) {
  CounterLedger ledger;
  for (const std::int64_t sum : {2, 1, 3}) ledger.Acknowledge("a", sum);
  EXPECT_THAT(ledger.Complaints({{"a", 3}}), IsEmpty());
  EXPECT_EQ(ledger.acknowledged(), 3u);
}

TEST(CounterLedger, FindsALostIncrement) {  // C1
  CounterLedger ledger;
  for (const std::int64_t sum : {1, 2}) ledger.Acknowledge("a", sum);
  EXPECT_THAT(ledger.Complaints({{"a", 1}}), ElementsAre(HasSubstr("ends at 1"), HasSubstr("the sum 2 was told")));
  EXPECT_THAT(ledger.Complaints({}), ElementsAre(HasSubstr("not given")));
}

TEST(CounterLedger, FindsAnIncrementThatAppliedTwice) {  // C1
  CounterLedger ledger;
  for (const std::int64_t sum : {1, 3}) ledger.Acknowledge("a", sum);
  EXPECT_THAT(ledger.Complaints({{"a", 3}}), ElementsAre(HasSubstr("ends at 3, with 2 increments acknowledged")));
}

TEST(CounterLedger, FindsASumThatWasToldTwice) {  // C2
  CounterLedger ledger;
  for (const std::int64_t sum : {1, 1, 2}) ledger.Acknowledge("a", sum);
  EXPECT_THAT(ledger.Complaints({{"a", 3}}), ElementsAre(HasSubstr("the sum 1 was told to 2")));
}

TEST(CounterLedger, LetsAnUnresolvedIncrementBeAppliedOrNot) {
  CounterLedger ledger;
  ledger.Acknowledge("a", 1);
  ledger.LeaveUnresolved("a");
  EXPECT_THAT(ledger.Complaints({{"a", 1}}), IsEmpty());
  EXPECT_THAT(ledger.Complaints({{"a", 2}}), IsEmpty());
  EXPECT_THAT(ledger.Complaints({{"a", 3}}), ElementsAre(HasSubstr("ends at 3")));
  EXPECT_EQ(ledger.unresolved(), 1u);
}

TEST(CounterLedger, KeepsCountersApart) {
  CounterLedger ledger;
  ledger.Acknowledge("a", 1);
  ledger.Acknowledge("b", 1);
  EXPECT_THAT(ledger.Complaints({{"a", 1}, {"b", 1}}), IsEmpty());
  EXPECT_THAT(ledger.Complaints({{"a", 2}, {"b", 1}}), ElementsAre(HasSubstr("a ends at 2")));
}

}  // namespace
}  // namespace quoin::tests
