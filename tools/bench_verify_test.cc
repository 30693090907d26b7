// What verification makes of stores that are right, of those that lose writes, and of those that do them twice.
#include "tools/bench_verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tools/bench_fixture.h"

namespace quoin::bench {
namespace {

using testing::HasSubstr;
using Fault = FakeTarget::Fault;

TEST_F(Bench, VerifiesAStoreThatIsRight) {
  for (std::string_view name : {"mixed", "ycsb-a", "ycsb-f", "hot", "counters", "ycsb-d"}) {
    target_ = FakeTarget();
    Make(Some(name, name == "hot" ? 1 : 20), 8, /*verify=*/true);
    Run({.steps = 3000});
    const Verification verification = ReadBackAndVerify();
    EXPECT_EQ(verification.verdict, linearizability::Verdict::kLinearizable) << name;
    EXPECT_FALSE(verification.violated()) << name;
    EXPECT_FALSE(verification.undecided()) << name;
    EXPECT_GT(verification.operations, 3000u) << name;
  }
}

TEST_F(Bench, UnknownOutcomesAreNeitherLostNorTwice) {
  for (std::string_view name : {"mixed", "counters"}) {
    target_ = FakeTarget();
    Make(Some(name), 8, /*verify=*/true);
    target_.fault = [](std::uint64_t number, const client::Operation& operation) {
      if (!operation.is_write()) return Fault::kNone;
      return number % 20 == 0 ? Fault::kLostAnswer : number % 20 == 1 ? Fault::kNeverDone : Fault::kNone;
    };
    Run({.steps = 2000});
    const Verification verification = ReadBackAndVerify();
    EXPECT_FALSE(verification.violated()) << name << verification.findings.size();
    EXPECT_FALSE(verification.undecided()) << name;
  }
}

TEST_F(Bench, VerificationCatchesOneLostIncrement) {
  Make(Some("counters", 5), 8, /*verify=*/true);
  target_.fault = [](std::uint64_t number, const client::Operation&) {
    return number == 700 ? Fault::kLost : Fault::kNone;
  };
  Run({.steps = 2000});
  const Verification verification = ReadBackAndVerify();
  EXPECT_EQ(verification.lost, 1u);
  EXPECT_EQ(verification.duplicated, 0u);
  EXPECT_EQ(verification.violating_keys, 1u);
  ASSERT_EQ(verification.findings.size(), 1u);
  EXPECT_THAT(verification.findings[0], HasSubstr("increment"));
}

TEST_F(Bench, VerificationCatchesOneIncrementThatHappenedTwice) {
  Make(Some("counters", 5), 8, /*verify=*/true);
  target_.fault = [](std::uint64_t number, const client::Operation&) {
    return number == 700 ? Fault::kTwice : Fault::kNone;
  };
  Run({.steps = 2000});
  const Verification verification = ReadBackAndVerify();
  EXPECT_EQ(verification.lost, 0u);
  EXPECT_EQ(verification.duplicated, 1u);
  EXPECT_EQ(verification.violating_keys, 1u);
  EXPECT_TRUE(verification.violated());
}

TEST_F(Bench, VerificationCatchesTheLastPutOfAKeyBeingLost) {
  Make(Some("put", 1), 1, /*verify=*/true);
  target_.fault = [](std::uint64_t number, const client::Operation&) {
    return number == 99 ? Fault::kLost : Fault::kNone;
  };
  Run({.steps = 100});
  const Verification verification = ReadBackAndVerify();
  EXPECT_EQ(verification.lost, 1u);
  EXPECT_EQ(verification.violating_keys, 1u);
}

TEST_F(Bench, VerificationCatchesChangedBytes) {
  Make(Some("mixed", 5), 4, /*verify=*/true);
  target_.fault = [done = false](std::uint64_t number, const client::Operation& operation) mutable {
    if (done || number < 500 || operation.is_write()) return Fault::kNone;
    done = true;
    return Fault::kCorrupted;
  };
  Run({.steps = 1000});
  const Verification verification = ReadBackAndVerify();
  EXPECT_EQ(verification.corrupt, 1u);
  EXPECT_EQ(verification.violating_keys, 1u);
}

TEST_F(Bench, AKeyThatCantBeReadInTheEndIsNotCalledRight) {
  Make(Some("counters", 2), 2, /*verify=*/true);
  Run({.steps = 10});
  const Verification verification = Verify({recorder_.get()}, *names_, {});
  EXPECT_EQ(verification.unread_keys, 2u);
  EXPECT_TRUE(verification.undecided());
}

// Half of the keys cannot be read the first time: only they are read again, and all of them.
TEST_F(Bench, ReadsBackAgainWhatCouldNotBeRead) {
  Make(Some("put", 20), 4, /*verify=*/true);
  Run({.steps = 200});
  const std::vector<const Recorder*> recorders = {recorder_.get()};
  const std::vector<KeyNumber> keys = TouchedKeys(recorders);
  ASSERT_EQ(keys.size(), 20u);
  const std::vector<std::size_t> known = RecordCounts(recorders);
  EXPECT_EQ(UnreadSince(recorders, known, keys).size(), 20u) << "writes are no reads";
  target_.RunUntil(target_.Now() + std::chrono::microseconds(1));
  target_.fault = [](std::uint64_t number, const client::Operation&) {
    return number % 2 == 0 ? Fault::kRefused : Fault::kNone;
  };
  std::vector<KeyNumber> unread = keys;
  for (int attempt = 0; attempt < 2; ++attempt) {
    const std::size_t before = unread.size();
    ReadBackSource source(unread);
    Run({.start = target_.Now(), .read_back = true}, source);
    unread = UnreadSince(recorders, known, std::move(unread));
    EXPECT_EQ(unread.size(), before / 2);
  }
  EXPECT_EQ(Verify(recorders, *names_, {}).unread_keys, 5u);
  target_.fault = nullptr;
  ReadBackSource source(unread);
  Run({.start = target_.Now(), .read_back = true}, source);
  EXPECT_TRUE(UnreadSince(recorders, known, keys).empty());
  EXPECT_FALSE(Verify(recorders, *names_, {}).undecided());
}

TEST_F(Bench, GivingUpLeavesTheOtherKeysUndecided) {
  Make(Some("put", 10), 2, /*verify=*/true);
  Run({.steps = 100});
  VerifyOptions options;
  options.go_on = [](std::uint64_t done, std::uint64_t keys) { return done < keys - 6; };
  const Verification verification = Verify({recorder_.get()}, *names_, options);
  EXPECT_EQ(verification.undecided_keys, 6u);
  EXPECT_EQ(verification.verdict, linearizability::Verdict::kUndecided);
}

TEST_F(Bench, HistoriesOfOneKeyStayShort) {
  Make(Some("hot", 1), 4, /*verify=*/true);
  Run({.steps = 3 * kMaxRecordsPerKey});
  const std::vector<KeyNumber> keys = TouchedKeys({recorder_.get()});
  ASSERT_EQ(keys.size(), 3u);
  EXPECT_EQ(keys[2].generation, 2u);
  EXPECT_FALSE(ReadBackAndVerify().violated());
}

TEST_F(Bench, EndsWhenTheHistoryIsFull) {
  Make(Some("put"), 4, /*verify=*/true, /*max_records=*/1000);
  const Tally& tally = Run({.end = std::chrono::hours(1)});
  EXPECT_TRUE(tally.history_full);
  EXPECT_NEAR(static_cast<double>(recorder_->records().size()), 1000, 4);
  EXPECT_FALSE(ReadBackAndVerify().undecided()) << "reading back goes on";
}

}  // namespace
}  // namespace quoin::bench
