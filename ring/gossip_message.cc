#include "ring/gossip_message.h"

#include <glog/logging.h>

#include <tuple>
#include <utility>

#include "ring/coding.h"

namespace quoin::ring {
namespace {

constexpr std::uint8_t kFormat = 1;

void AppendUpdate(const MemberUpdate& update, std::string* out) {
  CHECK_LE(update.incarnation, kMaxIncarnation);
  CHECK_LE(update.address.size(), kMaxGossipAddressBytes);
  AppendFixed64(update.node.value, out);
  AppendVarint(update.incarnation, out);
  out->push_back(static_cast<char>(update.liveness));
  AppendSized(update.address, out);
}

void AppendHead(const GossipMessage& message, std::string* out) {
  CHECK_LE(message.values.size(), kMaxSharedValues);
  out->push_back(static_cast<char>(kFormat));
  out->push_back(static_cast<char>(message.kind));
  AppendVarint(message.probe, out);
  AppendFixed64(message.target.value, out);
  AppendVarint(message.values.size(), out);
  for (const auto& [key, value] : message.values) {
    CHECK_LE(value.bytes.size(), kMaxSharedValueBytes);
    AppendVarint(key, out);
    AppendVarint(value.version, out);
    AppendSized(value.bytes, out);
  }
}

void ReadValues(std::map<std::uint32_t, SharedValue>* values, WireReader* reader) {
  const std::uint64_t count = reader->Bounded(0, kMaxSharedValues);
  std::uint64_t least_key = 0;
  for (std::uint64_t i = 0; i < count && reader->ok(); ++i) {
    const std::uint64_t key = reader->Bounded(least_key, 0xffffffff);
    SharedValue value;
    value.version = reader->Varint();
    value.bytes = reader->Sized(kMaxSharedValueBytes);
    values->emplace(static_cast<std::uint32_t>(key), std::move(value));
    least_key = key + 1;
  }
}

MemberUpdate ReadUpdate(WireReader* reader) {
  MemberUpdate update;
  update.node = NodeId{reader->Fixed64()};
  update.incarnation = reader->Bounded(0, kMaxIncarnation);
  const std::uint8_t liveness = reader->Byte();
  if (liveness > static_cast<std::uint8_t>(Liveness::kLeft)) reader->Fail();
  update.liveness = static_cast<Liveness>(liveness);
  update.address = reader->Sized(kMaxGossipAddressBytes);
  return update;
}

std::size_t VarintBytes(std::uint64_t value) {
  std::size_t bytes = 1;
  for (; value >= 0x80; value >>= 7) ++bytes;
  return bytes;
}

}  // namespace

std::string_view LivenessName(Liveness liveness) {
  switch (liveness) {
    case Liveness::kAlive:
      return "alive";
    case Liveness::kSuspect:
      return "suspect";
    case Liveness::kDead:
      return "dead";
    case Liveness::kLeft:
      return "left";
  }
  LOG(FATAL) << "no such liveness: " << static_cast<int>(liveness);
}

bool Supersedes(const MemberUpdate& news, const MemberUpdate& known) {
  CHECK_EQ(news.node, known.node);
  // A node has one address in one incarnation; it raises its incarnation when it hears of another. Until then any fixed
  // order will do.
  return std::tie(news.incarnation, news.liveness, news.address) >
         std::tie(known.incarnation, known.liveness, known.address);
}

std::size_t EncodedBytes(const MemberUpdate& update) {
  return 8 + VarintBytes(update.incarnation) + 1 + VarintBytes(update.address.size()) + update.address.size();
}

std::size_t EncodedBytesWithoutUpdates(const GossipMessage& message) {
  std::string head;
  AppendHead(message, &head);
  return head.size() + VarintBytes(kMaxUpdatesPerMessage);
}

std::string EncodeGossip(const GossipMessage& message) {
  CHECK_LE(message.updates.size(), kMaxUpdatesPerMessage);
  std::string bytes;
  AppendHead(message, &bytes);
  AppendVarint(message.updates.size(), &bytes);
  for (const MemberUpdate& update : message.updates) AppendUpdate(update, &bytes);
  return bytes;
}

Result<GossipMessage> DecodeGossip(std::string_view bytes) {
  WireReader reader(bytes);
  const std::uint8_t format = reader.Byte();
  if (format > kFormat) {
    return Status(Code::kIncompatible, "gossip of format " + std::to_string(format) +
                                           ", and this program knows formats up to " + std::to_string(kFormat));
  }
  GossipMessage message;
  const std::uint8_t kind = reader.Byte();
  if (format == 0 || kind > static_cast<std::uint8_t>(GossipKind::kAck)) reader.Fail();
  message.kind = static_cast<GossipKind>(kind);
  message.probe = reader.Varint();
  message.target = NodeId{reader.Fixed64()};
  ReadValues(&message.values, &reader);
  const std::uint64_t count = reader.Bounded(0, kMaxUpdatesPerMessage);
  for (std::uint64_t i = 0; i < count && reader.ok(); ++i) message.updates.push_back(ReadUpdate(&reader));
  if (!reader.Done()) return Status(Code::kDamaged, "a gossip message is cut short or not in canonical form");
  return message;
}

}  // namespace quoin::ring
