#include "kv/identity.h"

#include <bit>

#include "kv/coding.h"

namespace quoin::kv {

std::string EncodeIdentity(const Identity& identity) {
  CHECK_EQ(identity.format_version, kDataFormat);
  std::string bytes;
  BeginEnvelope(static_cast<std::uint8_t>(identity.format_version), &bytes);
  AppendFixed64(identity.node.value, &bytes);
  AppendFixed64(identity.cluster.value, &bytes);
  AppendVarint(identity.partition_count, &bytes);
  SealEnvelope(StoredKind::kIdentity, PartitionId{}, {}, 0, &bytes);
  return bytes;
}

Result<Identity> DecodeIdentity(std::string_view bytes) {
  std::string_view payload;
  QUOIN_RETURN_IF_ERROR(OpenEnvelope(StoredKind::kIdentity, static_cast<std::uint8_t>(kDataFormat), PartitionId{}, {},
                                     "the data directory's identity", bytes, &payload));
  ByteReader reader(payload);
  Identity identity;
  identity.format_version = static_cast<std::uint8_t>(bytes[0]);
  identity.node = NodeId{reader.Fixed64()};
  identity.cluster = ClusterId{reader.Fixed64()};
  const std::uint64_t partition_count = reader.Varint();
  if (!reader.ok() || !reader.rest().empty() || partition_count > UINT32_MAX || !std::has_single_bit(partition_count)) {
    return Status(Code::kDamaged, "the data directory's identity is not in canonical form");
  }
  identity.partition_count = static_cast<std::uint32_t>(partition_count);
  return identity;
}

}  // namespace quoin::kv
