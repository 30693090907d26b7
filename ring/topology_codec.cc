#include "ring/topology_codec.h"

#include <glog/logging.h>
#include <xxhash.h>

#include <bit>
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "ring/coding.h"
#include "ring/partition.h"

namespace quoin::ring {
namespace {

constexpr std::uint8_t kFormat = 1;
constexpr std::size_t kHeaderBytes = 9;
constexpr int kMaxPartitionBits = std::countr_zero(kMaxPartitionCount);

std::uint64_t ChecksumOf(std::uint8_t format, std::string_view payload) {
  return XXH3_64bits_withSeed(payload.data(), payload.size(), format);
}

using Places = std::map<NodeId, std::uint64_t>;

void AppendSet(const ReplicaSet& set, const Places& places, std::string* out) {
  AppendVarint(set.nodes.size(), out);
  AppendVarint(set.read_quorum, out);
  AppendVarint(set.write_quorum, out);
  for (const NodeId node : set.nodes) AppendVarint(places.at(node), out);
}

void AppendConfiguration(const Configuration& configuration, const Places& places, std::string* out) {
  AppendVarint(configuration.version, out);
  out->push_back(static_cast<char>(configuration.phase));
  AppendSet(configuration.replicas, places, out);
  if (configuration.phase != Phase::kStable) AppendSet(configuration.incoming, places, out);
}

ReplicaSet ReadSet(const std::vector<NodeId>& ids, WireReader* reader) {
  ReplicaSet set;
  const std::uint64_t count = reader->Bounded(1, kMaxReplicas);
  set.read_quorum = static_cast<std::uint32_t>(reader->Bounded(1, kMaxReplicas));
  set.write_quorum = static_cast<std::uint32_t>(reader->Bounded(1, kMaxReplicas));
  for (std::uint64_t i = 0; i < count && reader->ok(); ++i) {
    const std::uint64_t place = reader->Bounded(0, ids.size() - 1);
    if (reader->ok()) set.nodes.push_back(ids[place]);
  }
  return set;
}

Configuration ReadConfiguration(const std::vector<NodeId>& ids, WireReader* reader) {
  Configuration configuration;
  configuration.version = reader->Varint();
  configuration.phase = static_cast<Phase>(reader->Byte());
  configuration.replicas = ReadSet(ids, reader);
  if (configuration.phase != Phase::kStable) configuration.incoming = ReadSet(ids, reader);
  return configuration;
}

// The members' ids in the order of the bytes, which is theirs.
std::vector<NodeId> ReadMembers(std::map<NodeId, Member>* members, WireReader* reader) {
  std::vector<NodeId> ids;
  const std::uint64_t count = reader->Bounded(1, kMaxMembers);
  for (std::uint64_t i = 0; i < count && reader->ok(); ++i) {
    const NodeId id{reader->Fixed64()};
    if (!ids.empty() && id <= ids.back()) reader->Fail();
    Member member;
    member.state = static_cast<MemberState>(reader->Byte());
    member.weight = static_cast<std::uint32_t>(reader->Bounded(0, kMaxWeight));
    member.peer_address = reader->Sized(kMaxAddressBytes);
    member.client_address = reader->Sized(kMaxAddressBytes);
    member.zone = reader->Sized(kMaxZoneBytes);
    if (!reader->ok()) break;
    ids.push_back(id);
    members->emplace(id, std::move(member));
  }
  return ids;
}

Status Damaged(std::string why) { return Status(Code::kDamaged, "a topology " + std::move(why)); }

Result<std::string_view> OpenPayload(std::string_view bytes) {
  if (bytes.size() < kHeaderBytes) return Damaged("has only " + std::to_string(bytes.size()) + " bytes");
  WireReader header(bytes.substr(0, kHeaderBytes));
  const std::uint8_t format = header.Byte();
  const std::uint64_t checksum = header.Fixed64();
  const std::string_view payload = bytes.substr(kHeaderBytes);
  if (ChecksumOf(format, payload) != checksum) return Damaged("fails its checksum");
  if (format > kFormat) {
    return Status(Code::kIncompatible, "a topology has format " + std::to_string(format) +
                                           ", and this program knows formats up to " + std::to_string(kFormat));
  }
  if (format == 0) return Damaged("has no format");
  return payload;
}

}  // namespace

std::string EncodeTopology(const Topology& topology) {
  const Status valid = topology.Check();
  CHECK(valid.ok()) << valid;

  std::string payload;
  payload.reserve(64 + 64 * topology.members.size() + 24 * topology.partitions.size());
  AppendFixed64(topology.cluster.value, &payload);
  AppendVarint(topology.epoch, &payload);
  AppendVarint(topology.goal.replication_factor, &payload);
  AppendVarint(topology.goal.read_quorum, &payload);
  AppendVarint(topology.goal.write_quorum, &payload);
  AppendVarint(topology.members.size(), &payload);
  Places places;
  for (const auto& [id, member] : topology.members) {
    places.emplace(id, places.size());
    AppendFixed64(id.value, &payload);
    payload.push_back(static_cast<char>(member.state));
    AppendVarint(member.weight, &payload);
    AppendSized(member.peer_address, &payload);
    AppendSized(member.client_address, &payload);
    AppendSized(member.zone, &payload);
  }
  AppendConfiguration(topology.system, places, &payload);
  payload.push_back(static_cast<char>(std::countr_zero(topology.partition_count())));
  for (const Configuration& configuration : topology.partitions) AppendConfiguration(configuration, places, &payload);

  std::string bytes(1, static_cast<char>(kFormat));
  AppendFixed64(ChecksumOf(kFormat, payload), &bytes);
  return bytes + payload;
}

Result<Topology> DecodeTopology(std::string_view bytes) {
  Result<std::string_view> payload = OpenPayload(bytes);
  if (!payload.ok()) return payload.status();

  WireReader reader(*payload);
  Topology topology;
  topology.cluster = ClusterId{reader.Fixed64()};
  topology.epoch = reader.Varint();
  topology.goal.replication_factor = static_cast<std::uint32_t>(reader.Bounded(1, kMaxReplicas));
  topology.goal.read_quorum = static_cast<std::uint32_t>(reader.Bounded(0, kMaxReplicas));
  topology.goal.write_quorum = static_cast<std::uint32_t>(reader.Bounded(0, kMaxReplicas));
  const std::vector<NodeId> ids = ReadMembers(&topology.members, &reader);
  if (!reader.ok()) return Damaged("is cut short or not in canonical form");
  topology.system = ReadConfiguration(ids, &reader);
  const int bits = reader.Byte();
  if (bits > kMaxPartitionBits) return Damaged("has too many partitions");
  // Grown as the bytes are read, not reserved by what they announce.
  for (std::uint32_t i = 0; i < std::uint32_t{1} << bits && reader.ok(); ++i) {
    topology.partitions.push_back(ReadConfiguration(ids, &reader));
  }
  if (!reader.Done()) return Damaged("is cut short or not in canonical form");
  const Status valid = topology.Check();
  if (!valid.ok()) return Damaged("is not valid: " + valid.message());
  return topology;
}

}  // namespace quoin::ring
