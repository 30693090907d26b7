#include "kv/memory_storage.h"

#include <mutex>
#include <optional>

#include "base/text.h"

namespace quoin::kv {
namespace {

// What a revision costs besides its key and its encoded record: tree node, vector, shared record. Measured once with
// small records, rounded up.
constexpr std::uint64_t kRevisionOverheadBytes = 320;

std::uint64_t CostOf(const Batch::Change& change) {
  return change.key.size() + change.bytes.size() + kRevisionOverheadBytes;
}

// A tombstone's note counts nothing: where memory is full, deleting must still be possible, and the next sweep takes
// the note along.
std::uint64_t CostOf(const DueKey& due) { return due.due == kDueAtOnce ? 0 : due.key.size() + kRevisionOverheadBytes; }

DueKey DueOf(const Batch::Change& change) { return {change.due, change.partition, change.key}; }

}  // namespace

class MemoryStorage::MemoryCursor final : public Cursor {
 public:
  MemoryCursor(const MemoryStorage& storage, std::uint64_t sequence, PartitionId partition, std::string_view from)
      : storage_(storage), sequence_(sequence), partition_(partition) {
    const std::shared_lock lock(storage_.mutex_);
    SettleFrom(storage_.records_.lower_bound(KeyView(partition, from)));
  }

  bool Valid() const override { return record_ != nullptr; }
  std::string_view key() const override {
    CHECK(Valid());
    return key_;
  }
  Result<Record> record() const override {
    CHECK(Valid());
    return *record_;
  }
  void Next() override {
    CHECK(Valid());
    const std::shared_lock lock(storage_.mutex_);
    // The entry that the cursor stood on may be gone, and others may stand before and after it by now.
    SettleFrom(storage_.records_.upper_bound(KeyView(partition_, key_)));
  }
  Status status() const override { return Status::Ok(); }

 private:
  void SettleFrom(Records::const_iterator it) {
    record_ = nullptr;
    for (; it != storage_.records_.end() && it->first.first == partition_; ++it) {
      const Revision* visible = nullptr;
      for (const Revision& revision : it->second) {
        if (revision.sequence <= sequence_) visible = &revision;
      }
      if (visible == nullptr || visible->record == nullptr) continue;
      key_ = it->first.second;
      record_ = visible->record;
      return;
    }
  }

  const MemoryStorage& storage_;
  const std::uint64_t sequence_;
  const PartitionId partition_;
  std::string key_;
  RecordPtr record_;  // nullptr: past the end.
};

class MemoryStorage::MemorySnapshot final : public Snapshot {
 public:
  MemorySnapshot(const MemoryStorage& storage, std::uint64_t sequence) : storage_(storage), sequence_(sequence) {}
  ~MemorySnapshot() override { storage_.ReleaseSnapshot(sequence_); }

  std::unique_ptr<Cursor> Scan(PartitionId partition, std::string_view from) const override {
    return std::make_unique<MemoryCursor>(storage_, sequence_, partition, from);
  }
  // Exact, but for snapshots: the newest revisions count.
  PartitionEstimate Estimate(PartitionId partition) const override {
    const std::shared_lock lock(storage_.mutex_);
    PartitionEstimate estimate;
    auto at = storage_.records_.lower_bound(KeyView(partition, std::string_view()));
    for (; at != storage_.records_.end() && at->first.first == partition; ++at) {
      const RecordPtr& record = at->second.back().record;
      if (record == nullptr || record->tombstone) continue;
      ++estimate.keys;
      estimate.bytes += at->first.second.size() + record->value.size();
    }
    return estimate;
  }

 private:
  const MemoryStorage& storage_;
  const std::uint64_t sequence_;
};

MemoryStorage::MemoryStorage(Options options) : options_(std::move(options)) {}

MemoryStorage::~MemoryStorage() { CHECK(snapshots_.empty()) << "a snapshot outlived its storage"; }

Result<RecordPtr> MemoryStorage::Get(PartitionId partition, std::string_view key) const {
  const std::shared_lock lock(mutex_);
  const auto it = records_.find(KeyView(partition, key));
  return it == records_.end() ? nullptr : it->second.back().record;
}

std::optional<Result<RecordPtr>> MemoryStorage::TryGet(PartitionId partition, std::string_view key) const {
  return Get(partition, key);
}

Result<std::optional<PartitionState>> MemoryStorage::GetPartitionState(PartitionId partition) const {
  const std::shared_lock lock(mutex_);
  const auto it = states_.find(partition);
  if (it == states_.end()) return std::optional<PartitionState>();
  return std::optional<PartitionState>(it->second);
}

std::unique_ptr<Snapshot> MemoryStorage::TakeSnapshot() const {
  const std::lock_guard lock(mutex_);
  ++snapshots_[sequence_];
  return std::make_unique<MemorySnapshot>(*this, sequence_);
}

void MemoryStorage::ReleaseSnapshot(std::uint64_t sequence) const {
  const std::lock_guard lock(mutex_);
  const auto it = snapshots_.find(sequence);
  CHECK(it != snapshots_.end());
  if (--it->second == 0) snapshots_.erase(it);
  CollectGarbage();
}

std::uint64_t MemoryStorage::size_bytes() const {
  const std::shared_lock lock(mutex_);
  return size_bytes_;
}

Status MemoryStorage::Write(const Batch& batch) {
  const std::lock_guard lock(mutex_);
  // The cheap bound first: a batch that fits even if it replaces nothing needs no closer look.
  const std::uint64_t at_most = size_bytes_ + batch.size_bytes() + batch.count() * kRevisionOverheadBytes;
  if (options_.max_bytes != 0 && at_most > options_.max_bytes) {
    const std::uint64_t after = SizeAfter(batch);
    if (after > options_.max_bytes && after > size_bytes_) {
      return Status(Code::kDiskFull, "the memory engine holds " + HumanSize(size_bytes_) + " and may hold " +
                                         HumanSize(options_.max_bytes));
    }
  }
  ++sequence_;
  for (const Batch::Change& change : batch.changes()) Apply(change);
  CollectGarbage();
  return Status::Ok();
}

void MemoryStorage::Apply(const Batch::Change& change) {
  switch (change.kind) {
    case Batch::Change::Kind::kPutRecord: {
      // The batch encoded these bytes itself, so they can't be damaged.
      Result<Record> record = DecodeRecord(change.partition, change.key, change.bytes);
      const auto at = records_.try_emplace(Key(change.partition, change.key)).first;
      AddRevision(at, std::make_shared<const Record>(*std::move(record)), CostOf(change));
      return;
    }
    case Batch::Change::Kind::kEraseRecord: {
      const auto at = records_.find(KeyView(change.partition, change.key));
      if (at != records_.end()) AddRevision(at, nullptr, 0);
      return;
    }
    case Batch::Change::Kind::kEraseRange: {
      auto at = records_.lower_bound(KeyView(change.partition, change.key));
      for (; at != records_.end() && at->first.first == change.partition; ++at) {
        if (!change.to_end && at->first.second >= change.bytes) break;
        AddRevision(at, nullptr, 0);
      }
      return;
    }
    case Batch::Change::Kind::kPutPartitionState:
      states_[change.partition] = DecodePartitionState(change.partition, change.bytes).value();
      return;
    case Batch::Change::Kind::kPutDue:
      if (due_.insert(DueOf(change)).second) size_bytes_ += CostOf(DueOf(change));
      return;
    case Batch::Change::Kind::kEraseDue:
      if (due_.erase(DueOf(change)) > 0) size_bytes_ -= CostOf(DueOf(change));
      return;
  }
  LOG(FATAL) << "no such change";
}

Result<std::vector<DueKey>> MemoryStorage::ReadDue(WallTime now, const std::optional<DueKey>& after,
                                                   std::size_t limit) const {
  const std::shared_lock lock(mutex_);
  std::vector<DueKey> due;
  for (auto at = after ? due_.upper_bound(*after) : due_.begin();
       at != due_.end() && at->due <= now && due.size() < limit; ++at) {
    due.push_back(*at);
  }
  return due;
}

void MemoryStorage::AddRevision(Records::iterator at, RecordPtr record, std::uint64_t size_bytes) {
  std::vector<Revision>& revisions = at->second;
  if (record == nullptr && (revisions.empty() || revisions.back().record == nullptr)) return;
  size_bytes_ += size_bytes;
  if (!revisions.empty() && revisions.back().sequence == sequence_) {
    // A later change of the same batch wins; nobody can have seen the earlier one.
    size_bytes_ -= revisions.back().size_bytes;
    revisions.back() = Revision{sequence_, std::move(record), size_bytes};
    if (revisions.back().record == nullptr) garbage_.emplace_back(sequence_, at->first);
    return;
  }
  revisions.push_back(Revision{sequence_, std::move(record), size_bytes});
  if (revisions.size() > 1 || revisions.back().record == nullptr) garbage_.emplace_back(sequence_, at->first);
}

void MemoryStorage::CollectGarbage() const {
  const std::uint64_t oldest_needed = snapshots_.empty() ? sequence_ : snapshots_.begin()->first;
  for (; !garbage_.empty() && garbage_.front().first <= oldest_needed; garbage_.pop_front()) {
    const auto at = records_.find(garbage_.front().second);
    if (at == records_.end()) continue;  // An earlier entry of the same key has settled it.
    std::vector<Revision>& revisions = at->second;
    // All but the newest revision at or below `oldest_needed`, which is the one that the oldest reader sees.
    std::size_t unneeded = 0;
    while (unneeded + 1 < revisions.size() && revisions[unneeded + 1].sequence <= oldest_needed) {
      size_bytes_ -= revisions[unneeded].size_bytes;
      ++unneeded;
    }
    revisions.erase(revisions.begin(), revisions.begin() + static_cast<std::ptrdiff_t>(unneeded));
    if (revisions.size() == 1 && revisions.front().record == nullptr) records_.erase(at);
  }
}

std::uint64_t MemoryStorage::SizeAfter(const Batch& batch) const {
  // What the batch's keys and notes count for before and after it. What a snapshot still holds stays, and what a range
  // erases is not counted: the answer is never too small.
  std::map<Key, std::uint64_t, KeyOrder> after;
  std::map<DueKey, std::uint64_t> due_after;
  for (const Batch::Change& change : batch.changes()) {
    if (change.kind == Batch::Change::Kind::kPutRecord) {
      after.insert_or_assign(Key(change.partition, change.key), CostOf(change));
    } else if (change.kind == Batch::Change::Kind::kEraseRecord) {
      after.insert_or_assign(Key(change.partition, change.key), 0);
    } else if (change.kind == Batch::Change::Kind::kPutDue || change.kind == Batch::Change::Kind::kEraseDue) {
      const DueKey due = DueOf(change);
      due_after.insert_or_assign(due, change.kind == Batch::Change::Kind::kPutDue ? CostOf(due) : 0);
    }
  }
  std::uint64_t size_bytes = size_bytes_;
  for (const auto& [key, cost] : after) {
    const auto at = records_.find(key);
    const bool kept =
        at != records_.end() && !snapshots_.empty() && at->second.back().sequence <= snapshots_.rbegin()->first;
    if (at != records_.end() && !kept) size_bytes -= at->second.back().size_bytes;
    size_bytes += cost;
  }
  for (const auto& [due, cost] : due_after) {
    if (due_.contains(due)) size_bytes -= CostOf(due);
    size_bytes += cost;
  }
  return size_bytes;
}

}  // namespace quoin::kv
