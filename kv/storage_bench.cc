// What the engines do in a second: durable commits by batch size, straight and through the commit queue, and gets that
// find their record in memory. The data directory is made in $TMPDIR (default /tmp); commits are worth as much as a
// sync of that disk. items_per_second counts records.
#include <benchmark/benchmark.h>
#include <glog/logging.h>
#include <stdlib.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <system_error>

#include "base/text.h"
#include "kv/commit_queue.h"
#include "kv/memory_storage.h"
#include "kv/rocks_storage.h"

namespace quoin::kv {
namespace {

constexpr PartitionId kPartition{7};
constexpr std::size_t kValueBytes = 100;
constexpr std::uint64_t kCachedRecords = 10'000;

class DiskStorage {
 public:
  DiskStorage() {
    const char* parent = getenv("TMPDIR");
    directory_ = std::string(parent == nullptr ? "/tmp" : parent) + "/storage_bench.XXXXXX";
    CHECK(mkdtemp(directory_.data()) != nullptr) << directory_;
    Open();
  }
  ~DiskStorage() {
    storage_.reset();
    std::error_code ignored;
    std::filesystem::remove_all(directory_, ignored);
  }
  DiskStorage(const DiskStorage&) = delete;
  DiskStorage& operator=(const DiskStorage&) = delete;

  // Closes what is open; what was in memtables is in table files afterwards.
  void Reopen() {
    storage_.reset();
    Open();
  }
  Storage& operator*() { return *storage_; }

 private:
  void Open() {
    RocksOptions options;
    options.directory = directory_;
    storage_ = OpenRocksStorage(options).value();
  }

  std::string directory_;
  std::unique_ptr<Storage> storage_;
};

Record MakeRecord(std::uint64_t sequence) {
  Record record;
  record.accepted = record.changed = Version{Ballot{1, NodeId{7}}, sequence};
  record.value.assign(kValueBytes, static_cast<char>('a' + sequence % 26));
  return record;
}

// Spread over the keyspace, as keys of users are.
std::string KeyOf(std::uint64_t i) { return "key:" + Hex64(i * 0x9e3779b97f4a7c15); }

Batch MakeBatch(std::int64_t records, std::uint64_t* next) {
  Batch batch;
  for (std::int64_t i = 0; i < records; ++i, ++*next) {
    batch.PutRecord(kPartition, KeyOf(*next), MakeRecord(*next + 1));
  }
  return batch;
}

void BM_Commit(benchmark::State& state) {
  DiskStorage storage;
  std::uint64_t next = 0;
  for (auto _ : state) CHECK((*storage).Write(MakeBatch(state.range(0), &next)).ok());
  state.SetItemsProcessed(static_cast<std::int64_t>(next));
}

// Each client submits one record, and the next one as soon as it is called back.
void BM_CommitThroughQueue(benchmark::State& state) {
  DiskStorage storage;
  std::atomic<std::int64_t> done{0};
  std::uint64_t next = 0;
  {
    CommitQueue queue(*storage, {});
    std::int64_t submitted = 0;
    for (auto _ : state) {
      queue.Submit(MakeBatch(1, &next), [&done](const Status& status) {
        CHECK(status.ok()) << status;
        ++done;
        done.notify_one();
      });
      ++submitted;
      for (std::int64_t now = done; submitted - now >= state.range(0); now = done) done.wait(now);
    }
    for (std::int64_t now = done; now != submitted; now = done) done.wait(now);
    state.counters["per_sync"] =
        static_cast<double>(queue.counters().submissions) / static_cast<double>(queue.counters().rounds);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(next));
}

void Fill(Storage& storage) {
  std::uint64_t next = 0;
  CHECK(storage.Write(MakeBatch(kCachedRecords, &next)).ok());
}

void Get(benchmark::State& state, Storage& storage) {
  std::uint64_t i = 0;
  for (auto _ : state) {
    const Result<RecordPtr> record = storage.Get(kPartition, KeyOf(i++ % kCachedRecords));
    CHECK(record.ok() && *record != nullptr);
  }
  state.SetItemsProcessed(state.iterations());
}

void BM_CachedGetFromMemtable(benchmark::State& state) {
  DiskStorage storage;
  Fill(*storage);
  Get(state, *storage);
}

// Reads every record once, so that their blocks are in the cache.
void FillTables(DiskStorage& storage) {
  Fill(*storage);
  storage.Reopen();
  for (std::uint64_t i = 0; i < kCachedRecords; ++i) CHECK(*(*storage).Get(kPartition, KeyOf(i)) != nullptr);
}

void BM_CachedGetFromTables(benchmark::State& state) {
  DiskStorage storage;
  FillTables(storage);
  Get(state, *storage);
}

void BM_CachedTryGetFromTables(benchmark::State& state) {
  DiskStorage storage;
  FillTables(storage);
  std::uint64_t i = 0;
  for (auto _ : state) {
    const std::optional<Result<RecordPtr>> record = (*storage).TryGet(kPartition, KeyOf(i++ % kCachedRecords));
    CHECK(record.has_value() && record->ok() && record->value() != nullptr);
  }
  state.SetItemsProcessed(state.iterations());
}

void BM_GetFromMemoryStorage(benchmark::State& state) {
  MemoryStorage storage(MemoryStorage::Options{});
  Fill(storage);
  Get(state, storage);
}

BENCHMARK(BM_Commit)->ArgName("records")->Arg(1)->Arg(16)->Arg(64)->Arg(256)->UseRealTime();
BENCHMARK(BM_CommitThroughQueue)->ArgName("clients")->Arg(1)->Arg(16)->Arg(64)->Arg(256)->UseRealTime();
BENCHMARK(BM_CachedGetFromMemtable);
BENCHMARK(BM_CachedGetFromTables);
BENCHMARK(BM_CachedTryGetFromTables);
BENCHMARK(BM_GetFromMemoryStorage);

}  // namespace
}  // namespace quoin::kv

int main(int argc, char** argv) {
  FLAGS_logtostderr = true;
  FLAGS_minloglevel = google::GLOG_WARNING;
  google::InitGoogleLogging(argv[0]);
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
