#include "net/name_lookup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/name_lookup_testing.h"

namespace quoin::net {
namespace {

using boost::asio::ip::make_address;
using std::chrono::milliseconds;
using testing::Contains;
using testing::ElementsAre;

// The machine may be busy.
constexpr NameLookup::Patience kLong{milliseconds(60'000), milliseconds(60'000)};

class NameLookupTest : public testing::Test {
 protected:
  using Found = std::optional<Result<NameLookup::Found>>;

  // What comes of it goes to the place that is given, which lives as long as the test.
  NameLookup::Ticket Find(const std::string& name, Found* found, NameLookup::Patience patience = kLong) {
    return lookup->Find(name, patience, [found](Result<NameLookup::Found> given) { *found = std::move(given); });
  }
  void RunUntil(const Found& found) {
    while (!found) {
      context.restart();
      ASSERT_GT(context.run_one(), 0u);
    }
  }
  Result<NameLookup::Found> FindNow(const std::string& name, NameLookup::Patience patience = kLong) {
    Found found;
    Find(name, &found, patience);
    RunUntil(found);
    return found.value();
  }

  TestNames names;
  boost::asio::io_context context{1};
  std::unique_ptr<NameLookup> lookup = std::make_unique<NameLookup>(context, names.Resolver());
};

TEST_F(NameLookupTest, ANameThatHangsDelaysNoOther) {
  names.Hang("slow");
  Found slow;
  Find("slow", &slow);
  names.AwaitLookups("slow", 1);
  const auto fast = FindNow("fast");
  ASSERT_TRUE(fast.ok()) << fast.status();
  EXPECT_THAT(fast->addresses, ElementsAre(make_address("127.0.0.1")));
  EXPECT_EQ(fast->doubt, "");
  EXPECT_FALSE(slow);
  names.Release();
  RunUntil(slow);
  EXPECT_TRUE(slow->ok());
}

TEST_F(NameLookupTest, WhoAsksMeanwhileSharesTheLookup) {
  names.Hang("slow");
  Found first;
  Found second;
  Find("slow", &first);
  names.AwaitLookups("slow", 1);
  Find("slow", &second);
  names.Release();
  RunUntil(first);
  RunUntil(second);
  EXPECT_TRUE(first->ok());
  EXPECT_TRUE(second->ok());
  EXPECT_EQ(names.Lookups("slow"), 1);
  EXPECT_TRUE(FindNow("slow").ok());
  EXPECT_EQ(names.Lookups("slow"), 2) << "a lookup that has ended says nothing about now";
}

TEST_F(NameLookupTest, WhatWasFoundLastStandsInForALookupThatIsLate) {
  names.Mean("127.0.0.2");
  ASSERT_TRUE(FindNow("a").ok());
  names.Hang("a");
  const auto late = FindNow("a", {milliseconds(1), kLong.whole});
  ASSERT_TRUE(late.ok()) << late.status();
  EXPECT_THAT(late->addresses, ElementsAre(make_address("127.0.0.2")));
  EXPECT_EQ(late->doubt, "the name is still being looked up after 1 ms");
  names.Mean("127.0.0.3");
  names.Release();
  const auto fresh = FindNow("a");
  ASSERT_TRUE(fresh.ok()) << fresh.status();
  EXPECT_THAT(fresh->addresses, ElementsAre(make_address("127.0.0.3")));
  EXPECT_EQ(fresh->doubt, "");
}

TEST_F(NameLookupTest, WhatWasFoundLastStandsInForALookupThatFails) {
  ASSERT_TRUE(FindNow("a").ok());
  names.Fail("Temporary failure in name resolution");
  const auto found = FindNow("a");
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_THAT(found->addresses, ElementsAre(make_address("127.0.0.1")));
  EXPECT_EQ(found->doubt, "the name can't be resolved: Temporary failure in name resolution");
}

TEST_F(NameLookupTest, SaysWhyNothingWasFound) {
  names.Fail("Name or service not known");
  auto found = FindNow("nowhere");
  EXPECT_EQ(found.code(), Code::kUnavailable);
  EXPECT_EQ(found.status().message(), "the name can't be resolved: Name or service not known");
  names.Hang("slow");
  found = FindNow("slow", {milliseconds(1), milliseconds(2)});
  EXPECT_EQ(found.code(), Code::kUnavailable);
  EXPECT_EQ(found.status().message(), "the name is still being looked up after 2 ms");
}

TEST_F(NameLookupTest, WhoHasCancelledIsNotAnswered) {
  names.Hang("slow");
  Found cancelled;
  Found other;
  const auto ticket = Find("slow", &cancelled);
  Find("slow", &other);
  lookup->Cancel(ticket);
  names.Release();
  RunUntil(other);
  EXPECT_FALSE(cancelled);
}

TEST_F(NameLookupTest, AnAnswerMayAskAgainAndCancelOthers) {
  names.Hang("a");
  Found cancelled;
  Found again;
  NameLookup::Ticket second = 0;
  lookup->Find("a", kLong, [&](const Result<NameLookup::Found>&) {
    lookup->Cancel(second);
    Find("a", &again);
  });
  second = Find("a", &cancelled);
  names.Release();
  RunUntil(again);
  EXPECT_FALSE(cancelled);
  EXPECT_EQ(names.Lookups("a"), 2);
}

TEST_F(NameLookupTest, NamesBeyondTheBoundWaitForTheirTurn) {
  std::vector<Found> hanging(NameLookup::kMostAtOnce);
  for (std::size_t i = 0; i < hanging.size(); ++i) {
    const std::string name = "slow" + std::to_string(i);
    names.Hang(name);
    Find(name, &hanging[i]);
    names.AwaitLookups(name, 1);
  }
  EXPECT_EQ(FindNow("next", {milliseconds(1), milliseconds(2)}).code(), Code::kUnavailable);
  EXPECT_EQ(names.Lookups("next"), 0);
  Found next;
  Find("next", &next);
  names.Release();
  RunUntil(next);
  EXPECT_TRUE(next->ok());
}

TEST_F(NameLookupTest, ItsEndWaitsForNoLookup) {
  names.Hang("slow");
  Found slow;
  Find("slow", &slow);
  names.AwaitLookups("slow", 1);
  lookup.reset();  // Would never come back.
  names.Release();
  context.poll();
  EXPECT_FALSE(slow);
}

TEST_F(NameLookupTest, WhatALookupHasPostedIsDroppedAfterItsEnd) {
  Found found;
  Find("a", &found);
  names.AwaitLookups("a", 1);
  lookup.reset();  // Before or after the lookup has posted, as the threads happen to run.
  context.poll();
  EXPECT_FALSE(found);
}

TEST_F(NameLookupTest, AsksTheSystem) {
  const auto found = NameLookup::AskSystem("localhost");
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_THAT(*found, Contains(make_address("127.0.0.1")));
}

}  // namespace
}  // namespace quoin::net
