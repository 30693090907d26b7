// FakeStore: one store in place of a cluster, for the tests of the clients. Correct, unless it is told otherwise.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>

#include "quorum/apply.h"
#include "ring/random.h"
#include "tests/simulation/client_port.h"

namespace quoin::simulation {

// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014).
class TestRandom final : public ring::Random {
 public:
  explicit TestRandom(std::uint64_t seed) : state_(seed) {}
  std::uint64_t Next() override {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

 private:
  std::uint64_t state_;
};

class FakeStore final : public ClientPort {
 public:
  explicit FakeStore(std::uint64_t seed) : random_(seed) {}

  // In percent of copies.
  unsigned lost_requests = 0;
  unsigned lost_answers = 0;
  unsigned refused = 0;              // Truly not applied.
  bool applies_twice = false;        // A copy of what has been applied is applied again.
  bool lies_about_refusing = false;  // What is told as refused was applied.
  bool invents_weak_values = false;
  bool forgets_in_pages = false;  // Keys that are there.
  std::set<std::size_t> down;

  ring::MonotonicTime now() const override { return now_; }
  std::size_t node_count() const override { return 3; }
  bool IsUp(std::size_t node) const override { return !down.contains(node); }
  void After(ring::Duration delay, std::function<void()> then) override {
    events_.emplace(std::pair(now_ + delay, ++sequence_), std::move(then));
  }
  void Submit(std::size_t, const quorum::Request& request, const quorum::Sending& sending,
              quorum::ReplyCallback done) override {
    ++submitted[request.id];
    const bool repeated = sending.repeated;
    if (request.id != kv::OperationId{}) {
      std::uint64_t& finished = finished_below_[request.id.client];
      finished_sent_again += request.id.number < finished;
      finished = std::max(finished, sending.finished_below);
      told_finished = std::max(told_finished, finished);
    }
    if (!repeated && request.id != kv::OperationId{} && !first_copies_.insert(request.id).second) ++repeats_not_told;
    if (Chance(lost_requests)) return;
    After(Delay(), [this, request, repeated, done] {
      const bool known = request.id != kv::OperationId{} && results_.contains(request.id);
      // Once another copy may exist, nothing that it did may be denied.
      const bool refuse = !repeated && !known && Chance(refused);
      quorum::Reply reply;
      if (refuse) {
        reply.outcome = quorum::Outcome::kError;
        reply.status = Status(Code::kUnavailable, "refused");
        if (lies_about_refusing) Do(request);
      } else {
        reply = Do(request);
      }
      if (!Chance(lost_answers)) After(Delay(), [done, reply] { done(reply); });
    });
  }

  void Scan(std::size_t, const quorum::ScanRequest& scan, quorum::ScanCallback done) override {
    if (Chance(lost_requests)) return;
    After(Delay(), [this, scan, done] {
      if (Chance(refused)) {
        return After(Delay(), [done] { done(Status(Code::kUnavailable, "refused")); });
      }
      quorum::ScanPage page = Read(scan);
      if (!Chance(lost_answers)) After(Delay(), [done, page] { done(page); });
    });
  }

  // Until nothing is left to do, or `idle` says so.
  void Run(const std::function<bool()>& idle) {
    while (!events_.empty() && !idle()) Step();
  }
  void RunOut() {
    while (!events_.empty()) Step();
  }

  std::map<kv::OperationId, int> submitted;  // Copies.
  int finished_sent_again = 0;               // Copies of ids that their client had called finished.
  std::uint64_t told_finished = 0;           // The highest number below which a client called its ids so.
  int repeats_not_told = 0;                  // Later copies that claimed to be first ones.

 private:
  bool Chance(unsigned percent) { return random_.Below(100) < percent; }
  ring::Duration Delay() { return ring::Duration(random_.Below(20'000)); }
  void Step() {
    auto node = events_.extract(events_.begin());
    now_ = node.key().first;
    node.mapped()();
  }
  quorum::ScanPage Read(const quorum::ScanRequest& scan) {
    const kv::WallTime wall{std::chrono::duration_cast<std::chrono::milliseconds>(now_.time_since_epoch())};
    quorum::ScanPage page;
    std::size_t size_bytes = 0;
    for (const auto& [key, record] : records_) {
      if (!key.starts_with(scan.prefix) || (scan.after && key <= *scan.after)) continue;
      if (record == nullptr || record->tombstone || quorum::IsExpired(*record, wall)) continue;
      size_bytes += key.size() + record->value.size();
      const bool too_large = !page.entries.empty() && size_bytes > scan.max_bytes;
      if (page.entries.size() == scan.limit || too_large) {
        page.more = true;
        break;
      }
      if (forgets_in_pages && Chance(10)) continue;
      kv::Record told = *record;
      if (scan.keys_only) told.value.clear();
      page.entries.push_back({key, std::make_shared<const kv::Record>(std::move(told))});
    }
    return page;
  }
  quorum::Reply Do(const quorum::Request& request) {
    const bool named = request.id != kv::OperationId{} && quorum::IsWrite(request.operation);
    if (named && !applies_twice) {
      if (const auto found = results_.find(request.id); found != results_.end()) return found->second;
    }
    const kv::WallTime wall{std::chrono::duration_cast<std::chrono::milliseconds>(now_.time_since_epoch())};
    kv::RecordPtr& stored = records_[request.key];
    if (stored != nullptr && quorum::IsExpired(*stored, wall)) {
      ++version_;  // Of the tombstone.
      stored = nullptr;
    }
    quorum::Applied applied = quorum::Apply(request, stored, wall, max_value_bytes);
    if (applied.next) {
      applied.next->accepted = applied.next->changed = {{1, NodeId{1}}, ++version_};
      stored = std::make_shared<const kv::Record>(*applied.next);
      applied.reply.changed = stored->changed;
      if (!stored->tombstone) applied.reply.record = stored;
    }
    if (invents_weak_values && request.consistency == quorum::Consistency::kOne && applied.reply.record) {
      kv::Record invented = *applied.reply.record;
      invented.value = "<invented>";
      applied.reply.record = std::make_shared<const kv::Record>(invented);
    }
    if (named) results_.insert_or_assign(request.id, applied.reply);
    return applied.reply;
  }

 public:
  std::size_t max_value_bytes = 4096;

 private:
  TestRandom random_;
  ring::MonotonicTime now_{std::chrono::seconds(1)};
  std::uint64_t sequence_ = 0;
  std::uint64_t version_ = 0;
  std::map<std::pair<ring::MonotonicTime, std::uint64_t>, std::function<void()>> events_;
  std::map<std::string, kv::RecordPtr> records_;
  std::map<kv::OperationId, quorum::Reply> results_;
  std::set<kv::OperationId> first_copies_;
  std::map<std::uint64_t, std::uint64_t> finished_below_;  // By client.
};

}  // namespace quoin::simulation
