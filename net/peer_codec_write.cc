// A packet's place in the batch. What it holds: peer_codec_put_replica.h, peer_codec_put_node.h.
#include <type_traits>
#include <variant>

#include "net/peer_codec.h"
#include "net/peer_codec_kinds.h"
#include "net/peer_codec_put_node.h"
#include "net/peer_codec_put_replica.h"
#include "net/peer_codec_put_watch.h"
#include "net/peer_codec_wire.h"
#include "ring/gossip_message.h"
#include "ring/topology_codec.h"

namespace quoin::net {
namespace {

using peer_wire::kKindOf;
using peer_wire::Out;

// `put` puts the fields of a Packet, by way of Out<...>&.
template <typename F>
void Append(const F& put, std::string* batch) {
  peer_wire::SizeSink size;
  Out<peer_wire::SizeSink> sizer(&size);
  put(sizer);
  constexpr std::size_t kHeadBytes = 11;
  batch->reserve(batch->size() + kHeadBytes + size.size_bytes());
  peer_wire::StringSink sink(batch);
  Out<peer_wire::StringSink> out(&sink);
  out.Tag(1, peer_wire::kSized);
  sink.Varint(size.size_bytes());
  put(out);
}

void AppendBytes(std::uint32_t field, std::string_view bytes, std::string* batch) {
  Append([&](auto& out) { out.BytesAlways(field, bytes); }, batch);
}

}  // namespace

void AppendPacket(const quorum::PacketBody& packet, std::string* batch) {
  std::visit(
      [&](const auto& body) {
        using T = std::decay_t<decltype(body)>;
        if constexpr (std::is_same_v<T, ring::GossipMessage>) {
          AppendBytes(kKindOf<T>.field, ring::EncodeGossip(body), batch);
        } else if constexpr (std::is_same_v<T, quorum::TopologyPacket>) {
          AppendBytes(kKindOf<T>.field, ring::EncodeTopology(*body.topology), batch);
        } else if constexpr (std::is_same_v<T, quorum::ReplicaPacket>) {
          std::visit(
              [&](const auto& message) {
                const auto put = [&](auto& out) {
                  out.Uint(1, body.partition.value);
                  out.Message(kKindOf<std::decay_t<decltype(message)>>.field, message);
                };
                Append(put, batch);
              },
              body.message);
        } else {
          Append([&](auto& out) { out.Message(kKindOf<T>.field, body); }, batch);
        }
      },
      packet);
}

}  // namespace quoin::net
