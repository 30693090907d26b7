#include "net/operation_meter.h"

#include <gtest/gtest.h>

#include <chrono>
#include <utility>

namespace quoin::net {
namespace {

using std::chrono::microseconds;
using Kind = OperationMeter::Kind;

TEST(OperationMeter, BucketsMeetWithoutGapsAndAreAtMostAnEighthWide) {
  for (std::size_t i = 0; i + 1 < OperationMeter::kBuckets; ++i) {
    const std::uint64_t begin = OperationMeter::BucketBegin(i), end = OperationMeter::BucketBegin(i + 1);
    ASSERT_LT(begin, end);
    EXPECT_LE(end - begin, begin / 8 + 1) << begin;
    EXPECT_EQ(OperationMeter::BucketOf(microseconds(begin)), i);
    EXPECT_EQ(OperationMeter::BucketOf(microseconds(end - 1)), i);
  }
  EXPECT_EQ(OperationMeter::BucketBegin(OperationMeter::kBuckets - 1), std::uint64_t{1} << 26);
}

TEST(OperationMeter, TakesEveryLatency) {
  EXPECT_EQ(OperationMeter::BucketOf(microseconds(-5)), 0u);
  EXPECT_EQ(OperationMeter::BucketOf(std::chrono::nanoseconds(999)), 0u);
  EXPECT_EQ(OperationMeter::BucketOf(std::chrono::hours(9)), OperationMeter::kBuckets - 1);
}

TEST(OperationMeter, CountsKindsApart) {
  OperationMeter meter;
  meter.Count(Kind::kRead, microseconds(100), false);
  meter.Count(Kind::kRead, microseconds(100), true);
  meter.Count(Kind::kWrite, microseconds(5), false);
  const auto reads = meter.Read(Kind::kRead);
  EXPECT_EQ(reads.count, 2u);
  EXPECT_EQ(reads.failed, 1u);
  EXPECT_EQ(reads.buckets[OperationMeter::BucketOf(microseconds(100))], 2u);
  EXPECT_EQ(meter.Read(Kind::kWrite).count, 1u);
  EXPECT_EQ(meter.Read(Kind::kScan).count, 0u);
}

// Holds what it was asked until the test says how that ended.
class HeldKeyspace : public quorum::Keyspace {
 public:
  void Submit(quorum::Request, const quorum::Sending&, quorum::ReplyCallback done) override { reply = std::move(done); }
  void Scan(quorum::ScanRequest, quorum::ScanCallback done) override { page = std::move(done); }
  quorum::ReplyCallback reply;
  quorum::ScanCallback page;
};

TEST(MeteredKeyspace, CountsAnOperationWhenItEnds) {
  HeldKeyspace held;
  OperationMeter meter;
  std::chrono::steady_clock::time_point now{};
  MeteredKeyspace metered(held, meter, [&] { return now; });
  quorum::Outcome told = quorum::Outcome::kDone;
  quorum::Request write;
  write.operation = quorum::Put();
  metered.Submit(write, {}, [&](quorum::Reply reply) { told = reply.outcome; });
  EXPECT_EQ(meter.Read(Kind::kWrite).count, 0u);
  now += microseconds(1000);
  quorum::Reply reply;
  reply.outcome = quorum::Outcome::kConditionFailed;
  held.reply(reply);
  EXPECT_EQ(told, quorum::Outcome::kConditionFailed);
  const auto writes = meter.Read(Kind::kWrite);
  EXPECT_EQ(writes.buckets[OperationMeter::BucketOf(microseconds(1000))], 1u);
  EXPECT_EQ(writes.failed, 0u) << "a condition that doesn't hold is an answer";

  const quorum::Request read;
  ASSERT_FALSE(quorum::IsWrite(read.operation));
  metered.Submit(read, {}, [](quorum::Reply) {});
  reply.outcome = quorum::Outcome::kError;
  held.reply(reply);
  EXPECT_EQ(meter.Read(Kind::kRead).failed, 1u);

  bool paged = false;
  metered.Scan({}, [&](Result<quorum::ScanPage> page) { paged = page.ok(); });
  held.page(quorum::ScanPage());
  EXPECT_TRUE(paged);
  EXPECT_EQ(meter.Read(Kind::kScan).count, 1u);
}

}  // namespace
}  // namespace quoin::net
