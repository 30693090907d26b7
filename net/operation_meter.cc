#include "net/operation_meter.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace quoin::net {
namespace {

constexpr int kSubBits = 3;  // Eight buckets for each power of two.
constexpr std::uint64_t kSubs = std::uint64_t{1} << kSubBits;

}  // namespace

std::size_t OperationMeter::BucketOf(std::chrono::nanoseconds latency) {
  const auto us = std::chrono::duration_cast<std::chrono::microseconds>(latency).count();
  const std::uint64_t value = us < 0 ? 0 : static_cast<std::uint64_t>(us);
  if (value < kSubs) return value;
  const int power = std::bit_width(value) - 1;
  const std::uint64_t sub = (value >> (power - kSubBits)) - kSubs;
  const std::uint64_t bucket = kSubs + static_cast<std::uint64_t>(power - kSubBits) * kSubs + sub;
  return std::min<std::uint64_t>(bucket, kBuckets - 1);
}

std::uint64_t OperationMeter::BucketBegin(std::size_t bucket) {
  if (bucket < kSubs) return bucket;
  const std::uint64_t power = (bucket - kSubs) / kSubs;
  return (kSubs + (bucket - kSubs) % kSubs) << power;
}

void OperationMeter::Count(Kind kind, std::chrono::nanoseconds latency, bool failed) {
  Counters& counters = counters_[static_cast<std::size_t>(kind)];
  counters.buckets[BucketOf(latency)].fetch_add(1, std::memory_order_relaxed);
  if (failed) counters.failed.fetch_add(1, std::memory_order_relaxed);
}

OperationMeter::Totals OperationMeter::Read(Kind kind) const {
  const Counters& counters = counters_[static_cast<std::size_t>(kind)];
  Totals totals;
  totals.failed = counters.failed.load(std::memory_order_relaxed);
  for (std::size_t i = 0; i < kBuckets; ++i) {
    totals.buckets[i] = counters.buckets[i].load(std::memory_order_relaxed);
    totals.count += totals.buckets[i];
  }
  return totals;
}

void MeteredKeyspace::Submit(quorum::Request request, const quorum::Sending& sending, quorum::ReplyCallback done) {
  const auto kind = IsWrite(request.operation) ? OperationMeter::Kind::kWrite : OperationMeter::Kind::kRead;
  keyspace_.Submit(std::move(request), sending,
                   [this, kind, began = now_(), done = std::move(done)](quorum::Reply reply) {
                     meter_.Count(kind, now_() - began, reply.outcome == quorum::Outcome::kError);
                     done(std::move(reply));
                   });
}

void MeteredKeyspace::Scan(quorum::ScanRequest request, quorum::ScanCallback done) {
  keyspace_.Scan(std::move(request), [this, began = now_(), done = std::move(done)](Result<quorum::ScanPage> page) {
    meter_.Count(OperationMeter::Kind::kScan, now_() - began, !page.ok());
    done(std::move(page));
  });
}

}  // namespace quoin::net
