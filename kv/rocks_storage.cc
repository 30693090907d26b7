#include "kv/rocks_storage.h"

#include <rocksdb/cache.h>
#include <rocksdb/file_system.h>
#include <rocksdb/filter_policy.h>
#include <rocksdb/listener.h>
#include <rocksdb/system_clock.h>
#include <rocksdb/table.h>

#include <algorithm>
#include <bit>
#include <filesystem>
#include <utility>

#include "base/random.h"
#include "base/text.h"
#include "kv/engine_keys.h"
#include "kv/generation_chain.h"
#include "kv/identity.h"
#include "kv/rocks_engine.h"
#include "kv/tag_blocks.h"

namespace quoin::kv {
namespace {

constexpr std::size_t kMaxInfoLogBytes = std::size_t{8} << 20;
constexpr std::size_t kInfoLogs = 4;
constexpr int kFilterBitsPerKey = 10;
// The engine has a minimum of its own, and must not come near the end of a buffer of that size.
constexpr std::size_t kLeastWriteBufferBytes = std::size_t{4} << 20;
// Tables that memtables became, before they are merged into the first level, which is twice as big as they together.
constexpr int kFreshTables = 8;

class Listener final : public rocksdb::EventListener {
 public:
  explicit Listener(std::shared_ptr<EngineTroubles> troubles) : troubles_(std::move(troubles)) {}

  void OnBackgroundError(rocksdb::BackgroundErrorReason, rocksdb::Status* error) override {
    troubles_->NoteFromBackground(error);
  }
  void OnStallConditionsChanged(const rocksdb::WriteStallInfo& info) override {
    troubles_->NoteWritesWait(info.condition.cur == rocksdb::WriteStallCondition::kStopped);
  }
  void OnFlushBegin(rocksdb::DB*, const rocksdb::FlushJobInfo&) override { troubles_->NoteFlushBegan(); }
  void OnFlushCompleted(rocksdb::DB*, const rocksdb::FlushJobInfo&) override { troubles_->NoteFlushCompleted(); }
  // RocksEngine resumes the engine itself, when it knows that there is space and that no sync has failed.
  void OnErrorRecoveryBegin(rocksdb::BackgroundErrorReason, rocksdb::Status, bool* auto_recovery) override {
    *auto_recovery = false;
  }

 private:
  const std::shared_ptr<EngineTroubles> troubles_;
};

// The engine's surroundings, with a clock of the caller's choice: after a failure of its background work the engine
// sleeps, and tests meet many such failures.
class EngineEnv final : public rocksdb::EnvWrapper {
 public:
  EngineEnv(std::unique_ptr<rocksdb::Env> env, std::shared_ptr<rocksdb::SystemClock> clock)
      : EnvWrapper(std::move(env)) {
    system_clock_ = std::move(clock);
  }

  const char* Name() const override { return "quoin"; }
};

rocksdb::Options EngineOptions(const RocksOptions& options, rocksdb::Env* env,
                               std::shared_ptr<EngineTroubles> troubles) {
  rocksdb::Options engine;
  engine.env = env;
  engine.create_if_missing = false;
  engine.paranoid_checks = true;
  // Log damage other than a torn tail is fatal (design section 5.6); the default mode would drop what follows it.
  engine.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  engine.max_bgerror_resume_count = 0;
  engine.listeners.push_back(std::make_shared<Listener>(std::move(troubles)));
  // Out of reach on purpose, see RocksEngine's E1.
  engine.write_buffer_size = std::max(static_cast<std::size_t>(options.memtable_bytes) * 4, kLeastWriteBufferBytes);
  engine.max_write_buffer_number = 4;
  // Memtables are small for the sake of the processor's caches; tables and levels need not be.
  engine.target_file_size_base = options.memtable_bytes * 4;
  engine.max_bytes_for_level_base = options.memtable_bytes * 16;
  engine.level0_file_num_compaction_trigger = kFreshTables;
  // Only the pulses are without a log entry, and they need not last.
  engine.avoid_flush_during_shutdown = true;
  engine.max_background_jobs = 2;
  engine.max_open_files = options.max_open_files;
  engine.keep_log_file_num = kInfoLogs;
  engine.max_log_file_size = kMaxInfoLogBytes;
  engine.stats_dump_period_sec = 0;
  engine.stats_persist_period_sec = 0;
  engine.compression = rocksdb::kLZ4Compression;

  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(options.cache_bytes);
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(kFilterBitsPerKey));
  table.format_version = 5;
  table.flush_block_policy_factory = BlocksOfOneTag();
  engine.table_factory.reset(rocksdb::NewBlockBasedTableFactory(table));
  return engine;
}

// Makes a complete engine beside its later place, then moves it there (D1).
Status Create(const RocksOptions& options, rocksdb::Options engine, DataDirectory& directory) {
  Identity identity;
  identity.format_version = kDataFormat;
  identity.node = NodeId{RandomNonZero()};
  identity.cluster = options.cluster.value_or(ClusterId{RandomNonZero()});
  identity.partition_count = options.partition_count;
  identity.joins = options.joins;

  engine.create_if_missing = true;
  engine.error_if_exists = true;
  rocksdb::DB* opened = nullptr;
  rocksdb::Status status = rocksdb::DB::Open(engine, directory.unfinished_engine_path(), &opened);
  const std::unique_ptr<rocksdb::DB> db(opened);
  if (status.ok()) {
    rocksdb::WriteOptions write;
    write.sync = true;
    const std::string bytes = EncodeIdentity(identity);
    status = db->Put(write, rocksdb::Slice(kIdentityKey.data(), kIdentityKey.size()), bytes);
  }
  if (status.ok()) status = db->Close();
  if (!status.ok()) return FromRocks(status, "a new engine can't be made in " + directory.path());
  QUOIN_RETURN_IF_ERROR(directory.Promote());
  LOG(INFO) << "made data directory " << directory.path() << ": node " << identity.node << ", cluster "
            << identity.cluster << ", " << identity.partition_count << " partitions";
  return Status::Ok();
}

Result<Identity> ReadIdentity(rocksdb::DB& db, const RocksOptions& options) {
  std::string bytes;
  const rocksdb::Status status =
      db.Get(rocksdb::ReadOptions(), rocksdb::Slice(kIdentityKey.data(), kIdentityKey.size()), &bytes);
  if (status.IsNotFound()) {
    return Status(Code::kIncompatible, "the data directory " + options.directory +
                                           " is half-made: its engine does not say which node it is");
  }
  if (!status.ok()) return FromRocks(status, "the data directory's identity can't be read");
  Result<Identity> identity = DecodeIdentity(bytes);
  if (!identity.ok()) {
    return Status(identity.code(),
                  "the data directory " + options.directory + " can't be used: " + identity.status().message());
  }
  if (options.cluster && *options.cluster != identity->cluster) {
    return Status(Code::kIncompatible, "the data directory " + options.directory + " belongs to cluster " +
                                           identity->cluster.ToString() + ", not to cluster " +
                                           options.cluster->ToString());
  }
  return identity;
}

// Whether the engine reaches as far as it once had acknowledged.
Status CheckReach(const RocksOptions& options, const std::string& mark_path, const Identity& identity,
                  std::uint64_t sequence) {
  const std::optional<AcknowledgedMark::Content> mark = AcknowledgedMark::Read(mark_path);
  if (!mark) return Status::Ok();
  if (mark->node != identity.node) {
    return Status(Code::kIncompatible, "the data directory " + options.directory +
                                           " was put together from two: its "
                                           "engine is of node " +
                                           identity.node.ToString() + ", " + mark_path + " of node " +
                                           mark->node.ToString());
  }
  if (sequence < mark->sequence) {
    return Status(Code::kDamaged, "the data directory " + options.directory +
                                      " has lost acknowledged writes: its log ends at " + std::to_string(sequence) +
                                      ", before " + std::to_string(mark->sequence) +
                                      ". It was damaged, or restored from a backup");
  }
  return Status::Ok();
}

Status FromOpening(const rocksdb::Status& status, const std::string& path) {
  if (status.IsInvalidArgument() && status.ToString().find("does not exist") != std::string::npos) {
    return Status(Code::kIncompatible, "the data directory is half-made: there is no engine in " + path);
  }
  return FromRocks(status, "the engine in " + path + " can't be opened");
}

}  // namespace

Result<std::unique_ptr<Storage>> OpenRocksStorage(RocksOptions options) {
  if (!std::has_single_bit(options.partition_count)) {
    return Status(Code::kInvalid, "the number of partitions must be a power of two, and " +
                                      std::to_string(options.partition_count) + " is not");
  }
  if (options.file_system == nullptr) options.file_system = rocksdb::FileSystem::Default();
  if (options.now == nullptr) options.now = [] { return std::chrono::steady_clock::now(); };

  RocksEngine::Parts parts;
  Result<std::unique_ptr<DataDirectory>> directory = DataDirectory::Open(options.directory);
  if (!directory.ok()) return directory.status();
  parts.directory = *std::move(directory);
  if (options.free_bytes == nullptr) {
    options.free_bytes = [path = parts.directory->path()] { return FreeBytesUnder(path); };
  }
  parts.watch = std::make_shared<DiskWatch>();
  parts.troubles = std::make_shared<EngineTroubles>(parts.watch);
  parts.space = std::make_unique<SpaceGuard>(options.reserve_bytes, options.free_bytes, options.now);
  parts.now = options.now;
  parts.env = rocksdb::NewCompositeEnv(WatchedFileSystem(options.file_system, parts.watch));
  if (options.engine_clock != nullptr) {
    parts.env = std::make_unique<EngineEnv>(std::move(parts.env), options.engine_clock);
  }

  const rocksdb::Options engine = EngineOptions(options, parts.env.get(), parts.troubles);
  const bool is_new = parts.directory->is_new();
  if (is_new) QUOIN_RETURN_IF_ERROR(Create(options, engine, *parts.directory));
  rocksdb::DB* opened = nullptr;
  const rocksdb::Status status = rocksdb::DB::Open(engine, parts.directory->engine_path(), &opened);
  parts.db.reset(opened);
  if (!status.ok()) return FromOpening(status, parts.directory->engine_path());

  Result<Identity> identity = ReadIdentity(*parts.db, options);
  if (!identity.ok()) return identity.status();
  const std::uint64_t sequence = parts.db->GetLatestSequenceNumber();
  const std::string mark_path = parts.directory->acknowledged_path();
  if (!is_new) QUOIN_RETURN_IF_ERROR(CheckReach(options, mark_path, *identity, sequence));
  const Result<GenerationChain> generations = GenerationChain::Load(*parts.db);
  if (!generations.ok()) {
    return Status(generations.code(),
                  "the data directory " + options.directory + " can't be used: " + generations.status().message());
  }
  Result<std::unique_ptr<AcknowledgedMark>> mark = AcknowledgedMark::Open(mark_path, identity->node, sequence);
  if (!mark.ok()) return mark.status();
  parts.mark = *std::move(mark);

  auto storage = std::make_unique<RocksEngine>(*identity, options.memtable_bytes, *generations, std::move(parts));
  QUOIN_RETURN_IF_ERROR(storage->Start());
  return std::unique_ptr<Storage>(std::move(storage));
}

bool HasEngine(const std::string& directory) {
  std::error_code ignored;
  return std::filesystem::exists(directory + "/engine", ignored);
}

}  // namespace quoin::kv
