// What encoding and decoding a record costs.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>

#include "kv/record.h"

namespace quoin::kv {
namespace {

constexpr PartitionId kPartition{7};
constexpr std::string_view kKey = "user:1234567890";

Record Make(std::int64_t value_bytes, std::int64_t operations) {
  Record record;
  record.accepted = record.changed = Version{Ballot{3, NodeId{0xc0ffee00c0ffee}}, 12345678};
  record.content_type = "application/octet-stream";
  record.value.assign(static_cast<std::size_t>(value_bytes), 'v');
  for (std::int64_t i = 0; i < operations; ++i) {
    record.operations.push_back({OperationId{~std::uint64_t{0}, static_cast<std::uint64_t>(i)}, "done"});
  }
  return record;
}

void BM_Encode(benchmark::State& state) {
  const Record record = Make(state.range(0), state.range(1));
  std::string bytes;
  for (auto _ : state) {
    bytes.clear();
    EncodeRecord(kPartition, kKey, record, &bytes);
    benchmark::DoNotOptimize(bytes.data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes.size()));
}

void BM_Decode(benchmark::State& state) {
  std::string bytes;
  EncodeRecord(kPartition, kKey, Make(state.range(0), state.range(1)), &bytes);
  for (auto _ : state) {
    const Result<Record> record = DecodeRecord(kPartition, kKey, bytes);
    benchmark::DoNotOptimize(record.value().value.data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes.size()));
}

BENCHMARK(BM_Encode)
    ->ArgNames({"value", "operations"})
    ->Args({100, 0})
    ->Args({100, 4})
    ->Args({4096, 4})
    ->Args({1 << 20, 0});
BENCHMARK(BM_Decode)
    ->ArgNames({"value", "operations"})
    ->Args({100, 0})
    ->Args({100, 4})
    ->Args({4096, 4})
    ->Args({1 << 20, 0});

}  // namespace
}  // namespace quoin::kv

BENCHMARK_MAIN();
