// What the engines do in a second: durable commits by batch size, with and without the commit queue, and cached gets.
// The directory is made under $TEST_TMPDIR or the current folder; commits are worth as much as that disk.
#include <benchmark/benchmark.h>
#include <glog/logging.h>
#include <stdlib.h>

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "kv/commit_queue.h"
#include "kv/memory_storage.h"
#include "kv/rocks_storage.h"

namespace quoin::kv {
namespace {

constexpr PartitionId kPartition{7};
constexpr std::size_t kValueBytes = 100;
constexpr int kCachedRecords = 10'000;

class Opened {
 public:
  explicit Opened(bool rocks) {
    if (!rocks) {
      storage_ = std::make_unique<MemoryStorage>(MemoryStorage::Options{});
      return;
    }
    const char* parent = getenv("TEST_TMPDIR");
    std::string name = std::string(parent == nullptr ? "." : parent) + "/storage_bench.XXXXXX";
    CHECK(mkdtemp(name.data()) != nullptr) << name;
    directory_ = name;
    RocksOptions options;
    options.directory = name;
    storage_ = OpenRocksStorage(options).value();
  }
  ~Opened() {
    storage_.reset();
    std::error_code ignored;
    if (!directory_.empty()) std::filesystem::remove_all(directory_, ignored);
  }
  Storage& operator*() { return *storage_; }

 private:
  std::string directory_;
  std::unique_ptr<Storage> storage_;
};

Record MakeRecord(std::uint64_t sequence) {
  Record record;
  record.accepted = record.changed = Version{Ballot{1, NodeId{7}}, sequence};
  record.value.assign(kValueBytes, static_cast<char>('a' + sequence % 26));
  return record;
}

std::string KeyOf(std::uint64_t i) { return "key:" + std::to_string(i * 2654435761u % 1'000'003); }

Batch MakeBatch(std::int64_t count, std::uint64_t* next) {
  Batch batch;
  for (std::int64_t i = 0; i < count; ++i, ++*next) batch.PutRecord(kPartition, KeyOf(*next), MakeRecord(*next + 1));
  return batch;
}

// One durable write after the other, each of `batch` records. items_per_second counts records.
void BM_Write(benchmark::State& state) {
  Opened storage(true);
  std::uint64_t next = 0;
  for (auto _ : state) CHECK((*storage).Write(MakeBatch(state.range(0), &next)).ok());
  state.SetItemsProcessed(static_cast<std::int64_t>(next));
}

// `waiting` submitters of one record each, who submit again as soon as they are called back.
void BM_CommitQueue(benchmark::State& state) {
  Opened storage(true);
  std::uint64_t next = 0;
  std::int64_t records = 0;
  {
    CommitQueue queue(*storage, {});
    for (auto _ : state) {
      std::atomic<std::int64_t> waiting{state.range(0)};
      for (std::int64_t i = 0; i < state.range(0); ++i) {
        queue.Submit(MakeBatch(1, &next), [&](const Status& status) {
          CHECK(status.ok());
          if (--waiting == 0) waiting.notify_one();
        });
      }
      for (std::int64_t left = waiting; left != 0; left = waiting) waiting.wait(left);
      records += state.range(0);
    }
    state.counters["records/sync"] =
        static_cast<double>(queue.counters().submissions) / static_cast<double>(queue.counters().rounds);
  }
  state.SetItemsProcessed(records);
}

void BM_CachedGet(benchmark::State& state) {
  Opened storage(state.range(0) != 0);
  std::uint64_t next = 0;
  CHECK((*storage).Write(MakeBatch(kCachedRecords, &next)).ok());
  std::uint64_t i = 0;
  for (auto _ : state) {
    const auto record = (*storage).TryGet(kPartition, KeyOf(i++ % kCachedRecords));
    CHECK(record.has_value() && record->ok() && record->value() != nullptr);
  }
  state.SetItemsProcessed(state.iterations());
}

BENCHMARK(BM_Write)->ArgName("batch")->Arg(1)->Arg(16)->Arg(64)->Arg(256)->UseRealTime();
BENCHMARK(BM_CommitQueue)->ArgName("waiting")->Arg(1)->Arg(16)->Arg(64)->Arg(256)->UseRealTime();
BENCHMARK(BM_CachedGet)->ArgName("rocks")->Arg(0)->Arg(1);

}  // namespace
}  // namespace quoin::kv

int main(int argc, char** argv) {
  google::InitGoogleLogging(argv[0]);
  FLAGS_minloglevel = google::GLOG_WARNING;
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
