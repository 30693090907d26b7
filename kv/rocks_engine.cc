#include "kv/rocks_engine.h"

#include <glog/logging.h>
#include <rocksdb/slice.h>
#include <rocksdb/write_batch.h>

#include <utility>

#include "kv/engine_keys.h"
#include "kv/rocks_estimate.h"

namespace quoin::kv {
namespace {

// How long the engine is left alone after it could not be resumed: each try writes a table file.
constexpr std::chrono::milliseconds kRetryInterval{500};
// How long an error waits for a flush to begin that was asked for; it takes microseconds.
constexpr std::chrono::seconds kFlushBeginLimit{5};
// What an entry costs in a memtable besides its bytes.
constexpr std::uint64_t kMemtableOverheadBytes = 96;

rocksdb::Slice ToSlice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
std::string_view ToView(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

class RocksCursor final : public Cursor {
 public:
  RocksCursor(rocksdb::DB* db, const rocksdb::Snapshot* snapshot, PartitionId partition, std::string_view from)
      : partition_(partition), end_(EnginePrefix::OfRecords(partition).End()), upper_bound_(ToSlice(end_.view())) {
    rocksdb::ReadOptions options;
    options.snapshot = snapshot;
    options.iterate_upper_bound = &upper_bound_;
    iterator_.reset(db->NewIterator(options));
    iterator_->Seek(ToSlice(EngineRecordKey(partition, from).view()));
  }

  bool Valid() const override { return iterator_->Valid(); }
  std::string_view key() const override {
    CHECK(Valid());
    return ToView(iterator_->key()).substr(kEnginePrefixBytes);
  }
  Result<Record> record() const override {
    CHECK(Valid());
    return DecodeRecord(partition_, key(), ToView(iterator_->value()));
  }
  void Next() override {
    CHECK(Valid());
    iterator_->Next();
  }
  Status status() const override {
    const rocksdb::Status status = iterator_->status();
    return status.ok() ? Status::Ok() : FromRocks(status, "a scan failed");
  }

 private:
  const PartitionId partition_;
  const EnginePrefix end_;
  const rocksdb::Slice upper_bound_;
  std::unique_ptr<rocksdb::Iterator> iterator_;
};

class RocksSnapshot final : public Snapshot {
 public:
  explicit RocksSnapshot(rocksdb::DB* db) : db_(db), snapshot_(db->GetSnapshot()) {}
  ~RocksSnapshot() override { db_->ReleaseSnapshot(snapshot_); }

  std::unique_ptr<Cursor> Scan(PartitionId partition, std::string_view from) const override {
    return std::make_unique<RocksCursor>(db_, snapshot_, partition, from);
  }
  PartitionEstimate Estimate(PartitionId partition) const override { return EstimatePartition(*db_, partition); }

 private:
  rocksdb::DB* const db_;
  const rocksdb::Snapshot* const snapshot_;
};

void AddChange(const Batch::Change& change, rocksdb::WriteBatch* batch) {
  const EnginePrefix records = EnginePrefix::OfRecords(change.partition);
  const rocksdb::Slice key[2] = {ToSlice(records.view()), change.key};
  const rocksdb::Slice value = change.bytes;
  rocksdb::Status status;
  switch (change.kind) {
    case Batch::Change::Kind::kPutRecord:
      status = batch->Put(rocksdb::SliceParts(key, 2), rocksdb::SliceParts(&value, 1));
      break;
    case Batch::Change::Kind::kEraseRecord:
      status = batch->Delete(rocksdb::SliceParts(key, 2));
      break;
    case Batch::Change::Kind::kEraseRange: {
      const EnginePrefix end = change.to_end ? records.End() : records;
      const rocksdb::Slice to[2] = {ToSlice(end.view()), value};
      status = batch->DeleteRange(rocksdb::SliceParts(key, 2), rocksdb::SliceParts(to, 2));
      break;
    }
    case Batch::Change::Kind::kPutPartitionState:
      status = batch->Put(ToSlice(EnginePrefix::OfState(change.partition).view()), value);
      break;
    case Batch::Change::Kind::kPutDue:
      status = batch->Put(EngineDueKey({change.due, change.partition, change.key}), rocksdb::Slice());
      break;
    case Batch::Change::Kind::kEraseDue:
      status = batch->Delete(EngineDueKey({change.due, change.partition, change.key}));
      break;
  }
  CHECK(status.ok()) << status.ToString();
}

Result<RecordPtr> ToRecord(PartitionId partition, std::string_view key, const rocksdb::Status& status,
                           const rocksdb::PinnableSlice& value) {
  if (status.IsNotFound()) return RecordPtr();
  if (!status.ok()) return FromRocks(status, "a read failed");
  Result<Record> record = DecodeRecord(partition, key, ToView(value));
  if (!record.ok()) return record.status();
  return RecordPtr(std::make_shared<const Record>(*std::move(record)));
}

// A write that would wait for compactions which have run out of space is told that it is incomplete.
bool IsFull(const rocksdb::Status& status) { return status.IsNoSpace() || status.IsIncomplete(); }

}  // namespace

void EngineTroubles::Note(const rocksdb::Status& status) {
  if (!IsFull(status)) watch_->Stop("the engine gave up: " + status.ToString());
  const std::lock_guard lock(mutex_);
  if (IsFull(status)) out_of_space_ = true;
  changed_.notify_all();
}

void EngineTroubles::NoteFromBackground(rocksdb::Status* error) {
  const rocksdb::Status& status = *error;
  if (status.IsNoSpace()) {
    if (status.severity() < rocksdb::Status::Severity::kHardError) {
      LOG(WARNING) << "a compaction ran out of space, and will be tried again";
      // The engine would keep the error until it is resumed, and fail the first write that ever has to wait for
      // compactions. Writes that wait for this very one had better fail, for it may never have the space.
      if (!writes_wait_.load(std::memory_order_relaxed)) *error = rocksdb::Status::OK();
      return;
    }
    std::unique_lock lock(mutex_);
    // The thread that asks for the flush must not wait for itself. The limit is for what nobody thought of: then the
    // flush counts as forgotten.
    if (requester_ != std::this_thread::get_id()) {
      changed_.wait_for(lock, kFlushBeginLimit, [this] { return flush_ != Flush::kRequested || watch_->stopped(); });
    }
  }
  Note(status);
}

bool EngineTroubles::out_of_space() const {
  const std::lock_guard lock(mutex_);
  return out_of_space_;
}

void EngineTroubles::SetFlush(Flush flush) {
  const std::lock_guard lock(mutex_);
  flush_ = flush;
  changed_.notify_all();
}

bool EngineTroubles::PrepareFlush() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return flush_ == Flush::kNone || out_of_space_ || watch_->stopped(); });
  if (out_of_space_ || watch_->stopped()) return false;
  flush_ = Flush::kRequested;
  requester_ = std::this_thread::get_id();
  return true;
}

bool EngineTroubles::AwaitFlushBegun() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return flush_ != Flush::kRequested || out_of_space_ || watch_->stopped(); });
  return flush_ != Flush::kRequested;
}

bool EngineTroubles::flush_forgotten() const {
  const std::lock_guard lock(mutex_);
  return flush_ == Flush::kRequested;
}

void EngineTroubles::ClearOutOfSpace() {
  const std::lock_guard lock(mutex_);
  out_of_space_ = false;
  flush_ = Flush::kNone;
}

Status FromRocks(const rocksdb::Status& status, std::string_view what) {
  const std::string message = std::string(what) + ": " + status.ToString();
  if (status.IsCorruption()) return Status(Code::kDamaged, message);
  if (IsFull(status)) return Status(Code::kDiskFull, message);
  return Status(Code::kIo, message);
}

RocksEngine::RocksEngine(Identity identity, std::uint64_t memtable_bytes, GenerationChain generations, Parts parts)
    : identity_(identity),
      memtable_bytes_(memtable_bytes),
      parts_(std::move(parts)),
      db_(parts_.db.get()),
      generations_(generations) {}

RocksEngine::~RocksEngine() = default;

Status RocksEngine::Start() {
  QUOIN_RETURN_IF_ERROR(PutPulse());
  commit_number_.store(db_->GetLatestSequenceNumber(), std::memory_order_relaxed);
  return Status::Ok();
}

Result<RecordPtr> RocksEngine::Get(PartitionId partition, std::string_view key) const {
  rocksdb::PinnableSlice value;
  const EngineRecordKey engine_key(partition, key);
  const rocksdb::Status status =
      db_->Get(rocksdb::ReadOptions(), db_->DefaultColumnFamily(), ToSlice(engine_key.view()), &value);
  return ToRecord(partition, key, status, value);
}

std::optional<Result<RecordPtr>> RocksEngine::TryGet(PartitionId partition, std::string_view key) const {
  rocksdb::ReadOptions options;
  options.read_tier = rocksdb::kBlockCacheTier;
  rocksdb::PinnableSlice value;
  const EngineRecordKey engine_key(partition, key);
  const rocksdb::Status status = db_->Get(options, db_->DefaultColumnFamily(), ToSlice(engine_key.view()), &value);
  if (status.IsIncomplete()) return std::nullopt;
  return ToRecord(partition, key, status, value);
}

Result<std::optional<PartitionState>> RocksEngine::GetPartitionState(PartitionId partition) const {
  rocksdb::PinnableSlice value;
  const rocksdb::Status status = db_->Get(rocksdb::ReadOptions(), db_->DefaultColumnFamily(),
                                          ToSlice(EnginePrefix::OfState(partition).view()), &value);
  if (status.IsNotFound()) return std::optional<PartitionState>();
  if (!status.ok()) return FromRocks(status, "a read failed");
  Result<PartitionState> state = DecodePartitionState(partition, ToView(value));
  if (!state.ok()) return state.status();
  return std::optional<PartitionState>(*state);
}

std::unique_ptr<Snapshot> RocksEngine::TakeSnapshot() const { return std::make_unique<RocksSnapshot>(db_); }

Result<std::vector<DueKey>> RocksEngine::ReadDue(WallTime now, const std::optional<DueKey>& after,
                                                 std::size_t limit) const {
  // The first key above all notes.
  const rocksdb::Slice end = "e";
  rocksdb::ReadOptions options;
  options.iterate_upper_bound = &end;
  const std::unique_ptr<rocksdb::Iterator> at(db_->NewIterator(options));
  const std::string skipped = after ? EngineDueKey(*after) : std::string();
  std::vector<DueKey> due;
  for (at->Seek(after ? rocksdb::Slice(skipped) : rocksdb::Slice("d")); at->Valid() && due.size() < limit; at->Next()) {
    if (after && at->key() == skipped) continue;
    std::optional<DueKey> next = ParseEngineDueKey(ToView(at->key()));
    if (!next) return Status(Code::kDamaged, "a key among the notes of what is due is none");
    if (next->due > now) break;
    due.push_back(*std::move(next));
  }
  if (!at->status().ok()) return FromRocks(at->status(), "a read failed");
  return due;
}

Status RocksEngine::Write(const Batch& batch) {
  CHECK(!writing_.exchange(true, std::memory_order_acquire)) << "two threads write at once";
  const auto done = [this](Status status) {
    writing_.store(false, std::memory_order_release);
    return status;
  };
  if (Status status = Admit(batch); !status.ok()) return done(std::move(status));
  if (batch.empty()) return done(Status::Ok());

  rocksdb::WriteBatch engine_batch(batch.size_bytes() + 64);
  for (const Batch::Change& change : batch.changes()) AddChange(change, &engine_batch);
  const bool marks_generation = generations_.due();
  if (marks_generation) generations_.AddMarker(&engine_batch);
  rocksdb::WriteOptions options;
  options.sync = true;
  parts_.watch->BeginWrite();
  const rocksdb::Status status = db_->Write(options, &engine_batch);
  if (!status.ok()) return done(Explain(status));
  if (marks_generation) generations_.Confirm();
  // Only this thread writes, so this is the sequence of the batch's last change.
  commit_number_.store(db_->GetLatestSequenceNumber(), std::memory_order_relaxed);
  parts_.mark->Advance(commit_number_.load(std::memory_order_relaxed));

  unflushed_bytes_ += batch.size_bytes() + batch.count() * kMemtableOverheadBytes;
  if (unflushed_bytes_ >= memtable_bytes_) {
    // The batch is durable whatever comes of this; a failure shows in the next write and in health().
    if (const Status switched = SwitchMemtable(); !switched.ok()) LOG(WARNING) << switched;
  }
  return done(Status::Ok());
}

Status RocksEngine::Admit(const Batch& batch) {
  if (parts_.watch->stopped()) return ReadOnly();
  // The reserve is there for such as promises, or a node that restarts on a full disk could not even serve reads.
  if (std::optional<std::string> refusal = parts_.space->Refusal(batch.size_bytes());
      refusal && batch.stores_records()) {
    return Status(Code::kDiskFull, *std::move(refusal));
  }
  return parts_.troubles->out_of_space() ? Resume() : Status::Ok();
}

bool RocksEngine::MayRetry() const {
  const std::lock_guard lock(mutex_);
  return parts_.now() >= retry_at_;
}

void RocksEngine::RetryLater() {
  const std::lock_guard lock(mutex_);
  retry_at_ = parts_.now() + kRetryInterval;
}

bool RocksEngine::BackgroundBusy() const {
  std::uint64_t flushes = 0;
  std::uint64_t compactions = 0;
  db_->GetIntProperty(rocksdb::DB::Properties::kNumRunningFlushes, &flushes);
  db_->GetIntProperty(rocksdb::DB::Properties::kNumRunningCompactions, &compactions);
  return flushes + compactions > 0;
}

Status RocksEngine::Resume() {
  const Status still_full(Code::kDiskFull, "the disk ran full, and the engine has not recovered yet");
  if (!MayRetry()) return still_full;
  if (parts_.troubles->flush_forgotten()) {
    parts_.watch->Stop("the disk ran full at a moment from which only a restart leads back");
    return ReadOnly();
  }
  // The listener is told of an error before the engine stops for it; until then there would be nothing to resume from.
  if (BackgroundBusy()) return still_full;
  parts_.troubles->ClearOutOfSpace();
  const rocksdb::Status status = db_->Resume();
  if (parts_.watch->stopped()) return ReadOnly();
  if (status.ok() && !parts_.troubles->out_of_space()) {
    LOG(INFO) << "the disk has space again: storage takes writes";
    unflushed_bytes_ = 0;
    generations_.BeginGeneration();
    Status pulse = PutPulse();
    if (!pulse.ok()) RetryLater();
    return pulse;
  }
  if (!status.ok()) {
    if (!status.IsNoSpace() || status.severity() >= rocksdb::Status::Severity::kFatalError) {
      parts_.watch->Stop("the engine can't go on after a full disk: " + status.ToString());
      return ReadOnly();
    }
    parts_.troubles->Note(status);
  }
  RetryLater();
  return still_full;
}

Status RocksEngine::Explain(const rocksdb::Status& failure) {
  const DiskWatch::LogAttempt attempt = parts_.watch->log_attempt();
  const bool applied_for_certain_not = attempt != DiskWatch::LogAttempt::kAppended;
  if (IsFull(failure) && applied_for_certain_not && !parts_.watch->stopped()) {
    parts_.troubles->Note(failure);
    LOG(WARNING) << "the disk is full: storage refuses writes until there is space again";
    return Status(Code::kDiskFull, "the disk is full");
  }
  parts_.watch->Stop("a write failed: " + failure.ToString());
  if (attempt == DiskWatch::LogAttempt::kNone) return ReadOnly();
  return Status(Code::kUnknown, "the write may or may not be on the disk: " + parts_.watch->reason());
}

Status RocksEngine::SwitchMemtable() {
  // With trouble about, there is nothing to do: the next write resumes the engine, which switches memtables too.
  if (!parts_.troubles->PrepareFlush()) return Status::Ok();
  rocksdb::FlushOptions options;
  options.wait = false;
  options.allow_write_stall = true;
  const rocksdb::Status status = db_->Flush(options);
  if (!status.ok()) {
    parts_.troubles->NoteFlushCompleted();
    // Compactions are behind; the next write waits for them, and a later one gets here again.
    if (status.IsTryAgain()) return Status::Ok();
    parts_.troubles->Note(status);
    return FromRocks(status, "a new log can't be begun");
  }
  unflushed_bytes_ = 0;
  generations_.BeginGeneration();
  if (!parts_.troubles->AwaitFlushBegun()) return Status::Ok();
  return PutPulse();
}

Status RocksEngine::PutPulse() {
  rocksdb::WriteOptions options;
  options.disableWAL = true;
  const rocksdb::Status status = db_->Put(options, ToSlice(kPulseKey), rocksdb::Slice());
  if (status.ok()) return Status::Ok();
  parts_.troubles->Note(status);
  return FromRocks(status, "the engine takes no writes");
}

Health RocksEngine::health() const {
  if (parts_.watch->stopped()) return {Health::Mode::kReadOnly, parts_.watch->reason()};
  if (std::optional<std::string> refusal = parts_.space->Refusal(0)) {
    return {Health::Mode::kDiskFull, *std::move(refusal)};
  }
  // When it is time to try again the next write will, and only a write can tell.
  if (parts_.troubles->out_of_space() && (!MayRetry() || BackgroundBusy())) {
    return {Health::Mode::kDiskFull, "the disk ran full"};
  }
  return {};
}

std::uint64_t RocksEngine::size_bytes() const {
  std::uint64_t tables = 0;
  std::uint64_t memtables = 0;
  db_->GetIntProperty(rocksdb::DB::Properties::kTotalSstFilesSize, &tables);
  db_->GetIntProperty(rocksdb::DB::Properties::kSizeAllMemTables, &memtables);
  return tables + memtables;
}

}  // namespace quoin::kv
