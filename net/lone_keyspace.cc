#include "net/lone_keyspace.h"

#include <glog/logging.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <iterator>
#include <string>
#include <utility>

#include "quorum/flush_pace.h"
#include "quorum/lone_leader.h"
#include "quorum/scan.h"
#include "ring/partition.h"

namespace quoin::net {
namespace {

// Notes of what is due that a sweep takes at once.
constexpr std::size_t kNotesAtOnce = 256;

}  // namespace

// One shard's leader and what it needs from outside.
class LoneKeyspace::OwnedPartitions : public quorum::LoneEnvironment {
 public:
  OwnedPartitions(std::size_t shard, const kv::Storage& storage, kv::CommitQueue& commits, Shards& shards,
                  const std::vector<kv::PartitionState>& states, std::size_t max_value_bytes)
      : shard_(shard),
        storage_(storage),
        commits_(commits),
        shards_(shards),
        leader_(storage, *this, {states.front().promised, states, max_value_bytes}),
        wait_(shards.context(shard)) {}

  quorum::LoneLeader& leader() { return leader_; }

  kv::WallTime Now() override { return LoneKeyspace::Now(); }

  void Persist(kv::Batch batch, std::function<void(const Status&)> done) override {
    pace_.OnHandedOver(std::chrono::steady_clock::now(), batch.count());
    commits_.Submit(std::move(batch), [this, done = std::move(done)](const Status& status) {
      shards_.Post(shard_, [this, done, status] {
        pace_.OnDurable(std::chrono::steady_clock::now(), leader_.open_writes());
        done(status);
      });
    });
  }

  void Load(PartitionId partition, std::string key, std::function<void(Result<kv::RecordPtr>)> done) override {
    shards_.PostToReader([this, partition, key = std::move(key), done = std::move(done)] {
      shards_.Post(shard_, [done, loaded = storage_.Get(partition, key)] { done(loaded); });
    });
  }

  void ScheduleFlush(std::size_t) override {
    if (flush_posted_) return;
    flush_posted_ = true;
    shards_.Post(shard_, [this] {
      flush_posted_ = false;
      FlushOrWait();
    });
  }

 private:
  const std::size_t shard_;
  const kv::Storage& storage_;
  kv::CommitQueue& commits_;
  Shards& shards_;
  quorum::LoneLeader leader_;
  quorum::FlushPace pace_;
  boost::asio::steady_timer wait_;
  bool flush_posted_ = false;
  bool waiting_ = false;  // wait_ is armed.

  void FlushOrWait() {
    const quorum::FlushPace::Time until = pace_.WaitUntil(leader_.open_writes());
    if (until <= std::chrono::steady_clock::now()) {
      leader_.Flush();
    } else if (!waiting_) {
      waiting_ = true;
      wait_.expires_at(until);
      wait_.async_wait([this](const boost::system::error_code&) {
        waiting_ = false;
        FlushOrWait();
      });
    }
  }
};

LoneKeyspace::LoneKeyspace(const kv::Storage& storage, kv::CommitQueue& commits, Shards& shards,
                           std::vector<kv::PartitionState> states, std::size_t max_value_bytes)
    : storage_(storage),
      shards_(shards),
      partition_count_(storage.identity().partition_count),
      sweep_timer_(shards.context(0)) {
  CHECK_EQ(states.size(), partition_count_);
  for (std::size_t shard = 0; shard < shards.count(); ++shard) {
    owned_.push_back(std::make_unique<OwnedPartitions>(shard, storage, commits, shards, states, max_value_bytes));
  }
}

LoneKeyspace::~LoneKeyspace() = default;

kv::WallTime LoneKeyspace::Now() {
  return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

void LoneKeyspace::Submit(quorum::Request request, const quorum::Sending& /*sending*/, quorum::ReplyCallback done) {
  const PartitionId partition = ring::PartitionOf(request.key, partition_count_);
  const std::size_t owner = OwnerOf(partition);
  const std::size_t here = Shards::Current().value();
  if (owner == here) {
    owned_[owner]->leader().Submit(partition, std::move(request), std::move(done));
    return;
  }
  shards_.Post(owner, [this, owner, here, partition, request = std::move(request), done = std::move(done)]() mutable {
    owned_[owner]->leader().Submit(
        partition, std::move(request), [this, here, done = std::move(done)](quorum::Reply reply) {
          shards_.Post(here, [done, reply = std::move(reply)]() mutable { done(std::move(reply)); });
        });
  });
}

void LoneKeyspace::StartSweeping(std::chrono::milliseconds interval) {
  CHECK_GT(interval.count(), 0);
  sweep_interval_ = interval;
  shards_.Post(0, [this] { ScheduleSweep(); });
}

void LoneKeyspace::ScheduleSweep() {
  sweep_timer_.expires_after(sweep_interval_);
  sweep_timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    shards_.PostToReader([this] { SweepFrom(std::nullopt, Now()); });
  });
}

void LoneKeyspace::SweepFrom(std::optional<kv::DueKey> after, kv::WallTime now) {
  auto due = storage_.ReadDue(now, after, kNotesAtOnce);
  if (!due.ok()) LOG(WARNING) << "a sweep can't read what is due: " << due.status();
  if (!due.ok() || due->empty()) {
    shards_.Post(0, [this] { ScheduleSweep(); });
    return;
  }
  // The next ones are read when all shards have taken these, so that a sweep never piles up work.
  struct Batch {
    std::vector<std::vector<kv::DueKey>> by_shard;
    std::atomic<std::size_t> shards_left;
    kv::DueKey last;
  };
  auto batch = std::make_shared<Batch>();
  batch->by_shard.resize(shards_.count());
  batch->shards_left = shards_.count();
  batch->last = due->back();
  for (kv::DueKey& each : *due) {
    // Brings the record into memory; a damaged one is somebody else's to report.
    (void)storage_.Get(each.partition, each.key).ok();
    batch->by_shard[OwnerOf(each.partition)].push_back(std::move(each));
  }
  for (std::size_t shard = 0; shard < shards_.count(); ++shard) {
    shards_.Post(shard, [this, shard, batch, now] {
      for (const kv::DueKey& each : batch->by_shard[shard]) owned_[shard]->leader().Sweep(each);
      if (--batch->shards_left == 0) shards_.PostToReader([this, batch, now] { SweepFrom(batch->last, now); });
    });
  }
}

// One Scan: pages are read on a reader, keys past their deadline are settled with their leaders, until there is
// something to show or nothing left.
struct LoneKeyspace::Walk {
  quorum::ScanRequest request;
  quorum::ScanCallback done;
  std::size_t shard;  // Where the caller lives.
  Result<quorum::RawPage> raw = quorum::RawPage();
  std::size_t unsettled = 0;
  Status trouble;  // The first key that could not be settled.
};

void LoneKeyspace::Scan(quorum::ScanRequest request, quorum::ScanCallback done) {
  auto walk = std::make_shared<Walk>();
  walk->request = std::move(request);
  walk->done = std::move(done);
  walk->shard = Shards::Current().value();
  ReadNextPage(std::move(walk));
}

void LoneKeyspace::ReadNextPage(std::shared_ptr<Walk> walk) {
  shards_.PostToReader([this, walk = std::move(walk)] {
    walk->raw = quorum::ReadPage(*storage_.TakeSnapshot(), partition_count_, walk->request, Now());
    shards_.Post(walk->shard, [this, walk] {
      if (!walk->raw.ok()) {
        walk->done(walk->raw.status());
      } else {
        Settle(walk);
      }
    });
  });
}

void LoneKeyspace::Settle(std::shared_ptr<Walk> walk) {
  const auto finish = [this, walk] {
    quorum::RawPage& raw = *walk->raw;
    if (!walk->trouble.ok()) {
      walk->done(walk->trouble);
    } else if (raw.page.entries.empty() && raw.page.more) {
      walk->request.after = raw.examined_to;
      ReadNextPage(walk);
    } else {
      walk->done(std::move(raw.page));
    }
  };
  if (walk->raw->to_settle.empty()) {
    finish();
    return;
  }
  // Taken out of the walk: the last answer may start the next page, which replaces what the walk holds.
  std::vector<std::string> keys = std::exchange(walk->raw->to_settle, {});
  walk->unsettled = keys.size();
  for (std::string& key : keys) {
    quorum::Request request;
    request.key = key;
    request.operation = quorum::Get{};
    Submit(std::move(request), {}, [walk, key = std::move(key), finish](quorum::Reply reply) {
      if (reply.outcome == quorum::Outcome::kError) {
        if (walk->trouble.ok()) walk->trouble = reply.status;
      } else if (reply.outcome == quorum::Outcome::kDone) {
        // It was written anew since the snapshot. Its place in the page is by its key.
        auto& entries = walk->raw->page.entries;
        const auto place = std::upper_bound(entries.begin(), entries.end(), key,
                                            [](const std::string& a, const auto& entry) { return a < entry.key; });
        entries.insert(place, {key, reply.record});
      }
      if (--walk->unsettled == 0) finish();
    });
  }
}

}  // namespace quoin::net
