#include "kv/identity.h"

#include <bit>

#include "kv/coding.h"

namespace quoin::kv {
namespace {

// The last byte of an identity that was made to join; others have none.
constexpr char kJoins = 1;

}  // namespace

std::string EncodeIdentity(const Identity& identity) {
  CHECK_EQ(identity.format_version, kDataFormat);
  std::string bytes;
  BeginEnvelope(static_cast<std::uint8_t>(identity.format_version), &bytes);
  AppendFixed64(identity.node.value, &bytes);
  AppendFixed64(identity.cluster.value, &bytes);
  AppendVarint(identity.partition_count, &bytes);
  if (identity.joins) bytes.push_back(kJoins);
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
  const std::string_view rest = reader.rest();
  identity.joins = rest == std::string_view(&kJoins, 1);
  if (!reader.ok() || (!identity.joins && !rest.empty()) || partition_count > UINT32_MAX ||
      !std::has_single_bit(partition_count)) {
    return Status(Code::kDamaged, "the data directory's identity is not in canonical form");
  }
  identity.partition_count = static_cast<std::uint32_t>(partition_count);
  return identity;
}

}  // namespace quoin::kv
