// What encoding and decoding a packet costs, by hand and as protoc's code would do it: the five kinds that a put and a
// get over three nodes are made of, and a large value.
//
//   bazel run --config=opt //net:peer_codec_bench
#include <benchmark/benchmark.h>
#include <google/protobuf/arena.h>

#include <cstdint>
#include <memory>
#include <string>

#include "net/peer_codec.h"
#include "net/proto/peer.pb.h"

namespace quoin::net {
namespace {

using quorum::PacketBody;
namespace v1 = quoin::peer::v1;

constexpr int kPacketsPerBatch = 32;  // A tick of a busy node.
constexpr kv::Ballot kBallot{12, NodeId{0xc0ffee00c0ffee}};

kv::RecordPtr RecordOf(std::int64_t value_bytes, std::size_t operations) {
  kv::Record record;
  record.accepted = record.changed = {kBallot, 1'234'567};
  record.content_type = "application/octet-stream";
  for (std::size_t i = 0; i < operations; ++i)
    record.operations.push_back({{0xfedcba9876543210, 1000 + i}, std::string(26, 'r')});
  record.value.assign(static_cast<std::size_t>(value_bytes), 'v');
  return std::make_shared<const kv::Record>(std::move(record));
}

enum Kind { kAccept, kAccepted, kForward, kForwarded, kBarrier };

PacketBody PacketOf(Kind kind, std::int64_t value_bytes) {
  const PartitionId partition{77};
  const std::string key = "user:1234567890";
  switch (kind) {
    case kAccept:
      return quorum::ReplicaPacket{partition, quorum::Accept{9, key, RecordOf(value_bytes, 1)}};
    case kAccepted:
      return quorum::ReplicaPacket{partition, quorum::Accepted{key, {kBallot, 1'234'567}}};
    case kForward: {
      quorum::ForwardPacket forward{.number = 0x123456789abcdef, .meant_for = kBallot, .finished_below = 1000};
      forward.request = {.id = {0xfedcba9876543210, 1012}, .key = key, .operation = {}, .conditions = {}};
      forward.request.operation =
          quorum::Put{std::string(static_cast<std::size_t>(value_bytes), 'v'), "application/octet-stream", {}};
      return forward;
    }
    case kForwarded: {
      quorum::ForwardedPacket forwarded{.number = 0x123456789abcdef, .newest = {kBallot, 7}};
      forwarded.reply.record = RecordOf(value_bytes, 1);
      forwarded.reply.changed = forwarded.reply.record->changed;
      return forwarded;
    }
    case kBarrier:
      return quorum::ReplicaPacket{partition, quorum::Barrier{9, kBallot, 123'456}};
  }
  LOG(FATAL) << "no such kind: " << static_cast<int>(kind);
}

std::string BatchOf(const PacketBody& packet) {
  std::string batch;
  for (int i = 0; i < kPacketsPerBatch; ++i) AppendPacket(packet, &batch);
  return batch;
}

void Finish(benchmark::State& state, std::size_t batch_bytes) {
  state.SetItemsProcessed(state.iterations() * kPacketsPerBatch);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(batch_bytes));
}

void Encode(benchmark::State& state, Kind kind) {
  const PacketBody packet = PacketOf(kind, state.range(0));
  std::string batch;
  for (auto _ : state) {
    batch.clear();
    for (int i = 0; i < kPacketsPerBatch; ++i) AppendPacket(packet, &batch);
    benchmark::DoNotOptimize(batch.data());
  }
  Finish(state, batch.size());
}

void Decode(benchmark::State& state, Kind kind) {
  const std::string batch = BatchOf(PacketOf(kind, state.range(0)));
  for (auto _ : state) {
    const Status status = DecodePackets(batch, [](PacketBody packet) { benchmark::DoNotOptimize(&packet); });
    CHECK(status.ok()) << status;
  }
  Finish(state, batch.size());
}

// What the least that there would be to do with protoc's code costs: to fill its messages from others of its own.
void EncodeByProtoc(benchmark::State& state, Kind kind) {
  v1::Packets source;
  CHECK(source.ParseFromString(BatchOf(PacketOf(kind, state.range(0)))));
  std::string batch;
  for (auto _ : state) {
    google::protobuf::Arena arena;
    auto* packets = google::protobuf::Arena::CreateMessage<v1::Packets>(&arena);
    packets->MergeFrom(source);
    batch.clear();
    packets->AppendToString(&batch);
    benchmark::DoNotOptimize(batch.data());
  }
  Finish(state, batch.size());
}

// Parsing alone: what is parsed would be checked, and moved into packets, after that.
void DecodeByProtoc(benchmark::State& state, Kind kind) {
  const std::string batch = BatchOf(PacketOf(kind, state.range(0)));
  for (auto _ : state) {
    google::protobuf::Arena arena;
    auto* packets = google::protobuf::Arena::CreateMessage<v1::Packets>(&arena);
    CHECK(packets->ParseFromString(batch));
    benchmark::DoNotOptimize(packets);
  }
  Finish(state, batch.size());
}

void Sizes(benchmark::internal::Benchmark* benchmark) { benchmark->ArgName("value_bytes")->Arg(100)->Arg(65536); }
void NoSizes(benchmark::internal::Benchmark* benchmark) { benchmark->Arg(0); }

#define QUOIN_CODEC_BENCHMARKS(kind, sizes)                    \
  BENCHMARK_CAPTURE(Encode, kind, kind)->Apply(sizes);         \
  BENCHMARK_CAPTURE(EncodeByProtoc, kind, kind)->Apply(sizes); \
  BENCHMARK_CAPTURE(Decode, kind, kind)->Apply(sizes);         \
  BENCHMARK_CAPTURE(DecodeByProtoc, kind, kind)->Apply(sizes)

QUOIN_CODEC_BENCHMARKS(kAccept, Sizes);
QUOIN_CODEC_BENCHMARKS(kAccepted, NoSizes);
QUOIN_CODEC_BENCHMARKS(kForward, Sizes);
QUOIN_CODEC_BENCHMARKS(kForwarded, Sizes);
QUOIN_CODEC_BENCHMARKS(kBarrier, NoSizes);

}  // namespace
}  // namespace quoin::net

BENCHMARK_MAIN();
