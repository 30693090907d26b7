// What encoding and decoding a record costs.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "kv/record.h"

namespace quoin::kv {
namespace {

constexpr PartitionId kPartition{7};
constexpr std::string_view kKey = "user:1234567890";

Record Plain(std::int64_t value_bytes) {
  Record record;
  record.accepted = record.changed = Version{Ballot{3, NodeId{0xc0ffee00c0ffee}}, 12345678};
  record.content_type = "application/octet-stream";
  record.value.assign(static_cast<std::size_t>(value_bytes), 'v');
  return record;
}

Record AllParts(std::int64_t value_bytes) {
  Record record = Plain(value_bytes);
  record.changed = record.forgot = Version{Ballot{2, NodeId{1}}, 7};
  record.deadline = WallTime(std::chrono::milliseconds(1'700'000'000'123));
  for (std::uint64_t i = 0; i < kMaxRememberedOperations; ++i) {
    record.operations.push_back({OperationId{~std::uint64_t{0}, i}, "done"});
  }
  return record;
}

void Encode(benchmark::State& state, const Record& record) {
  std::string bytes;
  for (auto _ : state) {
    bytes.clear();
    EncodeRecord(kPartition, kKey, record, &bytes);
    benchmark::DoNotOptimize(bytes.data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes.size()));
}

void Decode(benchmark::State& state, const Record& record) {
  std::string bytes;
  EncodeRecord(kPartition, kKey, record, &bytes);
  for (auto _ : state) {
    const Result<Record> decoded = DecodeRecord(kPartition, kKey, bytes);
    benchmark::DoNotOptimize(decoded.value().value.data());
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes.size()));
}

void BM_Encode(benchmark::State& state) { Encode(state, Plain(state.range(0))); }
void BM_Decode(benchmark::State& state) { Decode(state, Plain(state.range(0))); }
void BM_EncodeAllParts(benchmark::State& state) { Encode(state, AllParts(state.range(0))); }
void BM_DecodeAllParts(benchmark::State& state) { Decode(state, AllParts(state.range(0))); }

void Sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgName("value_bytes")->Arg(0)->Arg(100)->Arg(1024)->Arg(65536)->Arg(1 << 20);
}

BENCHMARK(BM_Encode)->Apply(Sizes);
BENCHMARK(BM_Decode)->Apply(Sizes);
BENCHMARK(BM_EncodeAllParts)->ArgName("value_bytes")->Arg(100);
BENCHMARK(BM_DecodeAllParts)->ArgName("value_bytes")->Arg(100);

}  // namespace
}  // namespace quoin::kv

BENCHMARK_MAIN();
