// OperationMeter: how many operations clients asked of this node, how they ended, and how long they took, since the
// node's start. MeteredKeyspace puts it before a keyspace, where operations of all protocols pass.
//
// Counts only grow, and latencies are kept as counts in buckets, so that whoever looks twice can take the difference,
// and can add nodes up: quantiles of sums of buckets are right, means of quantiles are not.
//
// Thread safety: everything may be called on any thread; counts that are read are each right, but not of one moment.
// Bounds: 3 x kBuckets counters, whatever is counted.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>

#include "quorum/keyspace.h"

namespace quoin::net {

class OperationMeter {
 public:
  // Each page of a scan counts as one.
  enum class Kind : std::uint8_t { kRead, kWrite, kScan };
  static constexpr std::size_t kKinds = 3;

  // Eight buckets for each power of two of microseconds, so a bucket is at most an eighth wider than where it begins;
  // below 8 us one for each. The last one takes all from 2^26 us (67 s) on.
  static constexpr std::size_t kBuckets = 8 + 23 * 8 + 1;
  static std::size_t BucketOf(std::chrono::nanoseconds latency);
  // Where the bucket begins. REQUIRES: bucket < kBuckets
  static std::uint64_t BucketBegin(std::size_t bucket);

  struct Totals {
    std::uint64_t count = 0;   // All that have ended: the sum of the buckets.
    std::uint64_t failed = 0;  // Of those: neither done nor told a certain "no" of the key's state (Outcome::kError).
    std::array<std::uint64_t, kBuckets> buckets{};
  };

  void Count(Kind kind, std::chrono::nanoseconds latency, bool failed);
  Totals Read(Kind kind) const;

 private:
  struct Counters {
    std::atomic<std::uint64_t> failed{0};
    std::array<std::atomic<std::uint64_t>, kBuckets> buckets{};
  };
  std::array<Counters, kKinds> counters_;
};

// Lifetime: `keyspace` must outlive it; it and the meter must outlive every answer.
class MeteredKeyspace : public quorum::Keyspace {
 public:
  using Clock = std::function<std::chrono::steady_clock::time_point()>;

  MeteredKeyspace(quorum::Keyspace& keyspace, OperationMeter& meter, Clock now)
      : keyspace_(keyspace), meter_(meter), now_(std::move(now)) {}

  void Submit(quorum::Request request, const quorum::Sending& sending, quorum::ReplyCallback done) override;
  void Scan(quorum::ScanRequest request, quorum::ScanCallback done) override;

 private:
  quorum::Keyspace& keyspace_;
  OperationMeter& meter_;
  const Clock now_;
};

}  // namespace quoin::net
