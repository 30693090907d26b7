#include "kv/partition_state.h"

#include "kv/coding.h"

namespace quoin::kv {
namespace {

constexpr std::uint8_t kPartitionStateFormat = 1;

}  // namespace

void EncodePartitionState(PartitionId partition, const PartitionState& state, std::string* out) {
  const std::size_t start = out->size();
  BeginEnvelope(kPartitionStateFormat, out);
  AppendVarint(state.promised.round, out);
  AppendFixed64(state.promised.node.value, out);
  AppendVarint(state.configuration_version, out);
  AppendVersion(state.purge_floor, out);
  AppendVersion(state.highest, out);
  SealEnvelope(StoredKind::kPartitionState, partition, {}, start, out);
}

Result<PartitionState> DecodePartitionState(PartitionId partition, std::string_view bytes) {
  std::string_view payload;
  QUOIN_RETURN_IF_ERROR(OpenEnvelope(StoredKind::kPartitionState, kPartitionStateFormat, partition, {},
                                     "a partition's state", bytes, &payload));
  ByteReader reader(payload);
  PartitionState state;
  state.promised = reader.ReadBallot();
  state.configuration_version = reader.Varint();
  state.purge_floor = reader.ReadVersion();
  state.highest = reader.ReadVersion();
  if (!reader.ok() || !reader.rest().empty()) {
    return Status(Code::kDamaged, "a partition's state is not in canonical form");
  }
  return state;
}

}  // namespace quoin::kv
