#include "net/peer_codec.h"

#include <array>
#include <memory>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "net/peer_codec_kinds.h"
#include "net/peer_codec_read.h"
#include "net/peer_codec_wire.h"
#include "ring/partition.h"
#include "ring/topology_codec.h"

namespace quoin::net {
namespace {

using peer_wire::In;
using peer_wire::kKindOf;
using peer_wire::Verdict;
using quorum::PacketBody;

void CheckPartition(PartitionId partition, In& in) {
  // A node's own partition is nobody else's business.
  if (partition.value < ring::kMaxPartitionCount || partition == quorum::kSystemPartition) return;
  in.Fail("there is no partition " + std::to_string(partition.value));
}

// What another codec says of its bytes.
template <typename T>
void Adopt(const Result<T>& decoded, In& in, Code* code) {
  if (decoded.ok()) return;
  if (decoded.code() == Code::kIncompatible) *code = Code::kIncompatible;
  in.Fail(decoded.status().message());
}

// Nobody shares more values than there may be, so that a node has room for its own whatever others tell it.
void CheckGossip(const ring::GossipMessage& gossip, In& in) {
  for (const auto& [key, value] : gossip.values) {
    if (key >= 1 && key <= ring::kMaxSharedValues) continue;
    in.Fail("a shared value has key " + std::to_string(key) + "; 1 to " + std::to_string(ring::kMaxSharedValues) +
            " are right");
  }
}

// Reads the body of a Packet. `code` is what a failure is called, unless it is the usual kInvalid.
template <typename T>
void TakeBody(In in, PartitionId partition, PacketBody* out, Code* code) {
  if constexpr (std::is_same_v<T, ring::GossipMessage>) {
    Result<ring::GossipMessage> gossip = ring::DecodeGossip(in.rest());
    Adopt(gossip, in, code);
    if (!gossip.ok()) return;
    CheckGossip(*gossip, in);
    *out = *std::move(gossip);
  } else if constexpr (std::is_same_v<T, quorum::TopologyPacket>) {
    Result<ring::Topology> topology = ring::DecodeTopology(in.rest());
    Adopt(topology, in, code);
    if (!topology.ok()) return;
    *out = quorum::TopologyPacket{std::make_shared<const ring::Topology>(*std::move(topology))};
  } else if constexpr (std::is_constructible_v<quorum::Message, T>) {
    auto& packet = std::get<quorum::ReplicaPacket>(*out);  // As a new body is.
    packet.partition = partition;
    CheckPartition(partition, in);
    Take(in, &packet.message.emplace<T>());
  } else {
    Take(in, &out->emplace<T>());
  }
}

struct Reader {
  const char* name = nullptr;
  void (*take)(In, PartitionId, PacketBody*, Code*) = nullptr;
};
using Readers = std::array<Reader, peer_wire::kLastKind + 1>;

template <typename... Ts>
void AddReaders(std::type_identity<std::variant<Ts...>>, Readers* readers) {
  const auto add = [readers]<typename T>(std::type_identity<T>) {
    if constexpr (std::is_same_v<T, quorum::ReplicaPacket>) {
      AddReaders(std::type_identity<quorum::Message>(), readers);
    } else {
      (*readers)[kKindOf<T>.field] = {kKindOf<T>.name, &TakeBody<T>};
    }
  };
  (add(std::type_identity<Ts>()), ...);
}

// By field.
const Readers& AllReaders() {
  static const Readers all = [] {
    Readers readers;
    AddReaders(std::type_identity<PacketBody>(), &readers);
    return readers;
  }();
  return all;
}

// Reads one packet into `out`, which is a new one. What is wrong stands in the verdict; the status says it.
Status TakePacket(std::string_view bytes, const Readers& readers, Verdict* verdict, PacketBody* out) {
  const Reader* reader = nullptr;
  std::string_view body;
  PartitionId partition;
  bool saw_unknown = false;
  In in(bytes, verdict);
  while (in.Next()) {
    if (in.Is(1)) {
      partition.value = in.Uint32();
    } else if (in.field() > peer_wire::kLastKind || readers[in.field()].take == nullptr) {
      saw_unknown = true;
    } else {
      const Reader* const another = &readers[in.field()];
      if (reader != nullptr) in.Fail(std::string("it is two in one, ") + reader->name + " and " + another->name);
      reader = another;
      body = in.Bytes();
    }
  }
  Code code = Code::kInvalid;
  if (reader == nullptr) {
    in.SaysNothing(saw_unknown, "there is nothing in it");
  } else if (verdict->good()) {
    reader->take(In(body, verdict), partition, out, &code);
  }
  if (verdict->good() || verdict->newer()) return Status::Ok();
  return Status(code, (reader == nullptr ? "" : std::string(reader->name) + ": ") + verdict->why());
}

// The packets' bytes go to `take`, which may end it by an error.
template <typename F>
Status ForEachPacket(std::string_view batch, const F& take) {
  Verdict verdict;
  In in(batch, &verdict);
  while (in.Next()) {
    if (!in.Is(1)) continue;
    const std::string_view bytes = in.Bytes();
    if (verdict.good()) QUOIN_RETURN_IF_ERROR(take(bytes));
  }
  return verdict.good() ? Status::Ok() : Status(Code::kInvalid, "the batch is no list of packets: " + verdict.why());
}

}  // namespace

Status DecodePackets(std::string_view batch, const std::function<void(PacketBody)>& packet) {
  std::size_t count = 0;
  QUOIN_RETURN_IF_ERROR(ForEachPacket(batch, [&](std::string_view) {
    if (++count <= kMaxBatchPackets) return Status::Ok();
    return Status(Code::kInvalid, "the batch has more than " + std::to_string(kMaxBatchPackets) + " packets");
  }));
  std::vector<PacketBody> packets;
  packets.reserve(count);
  const Readers& readers = AllReaders();
  Verdict verdict;
  std::size_t number = 0;
  QUOIN_RETURN_IF_ERROR(ForEachPacket(batch, [&](std::string_view bytes) {
    ++number;
    verdict.Renew();
    Status status = TakePacket(bytes, readers, &verdict, &packets.emplace_back());
    if (verdict.good()) return status;
    if (verdict.newer()) {
      packets.pop_back();
      return status;
    }
    return Status(status.code(),
                  "packet " + std::to_string(number) + " of " + std::to_string(count) + ", " + status.message());
  }));
  for (PacketBody& body : packets) packet(std::move(body));
  return Status::Ok();
}

}  // namespace quoin::net
