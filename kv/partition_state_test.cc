#include "kv/partition_state.h"

#include <gtest/gtest.h>

#include <string>

#include "kv/coding.h"

namespace quoin::kv {
namespace {

constexpr PartitionId kPartition{5};

PartitionState Some() {
  PartitionState state;
  state.promised = Ballot{300, NodeId{1}};
  state.configuration_version = 4;
  state.purge_floor = Version{Ballot{2, NodeId{3}}, 5};
  state.highest = Version{Ballot{300, NodeId{1}}, ~std::uint64_t{0}};
  return state;
}

std::string Encoded(const PartitionState& state) {
  std::string bytes;
  EncodePartitionState(kPartition, state, &bytes);
  return bytes;
}

std::string Hex(std::string_view bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    hex += {kDigits[value >> 4], kDigits[value & 15]};
  }
  return hex;
}

TEST(PartitionState, RoundTrips) {
  EXPECT_EQ(*DecodePartitionState(kPartition, Encoded(Some())), Some());
  EXPECT_EQ(*DecodePartitionState(kPartition, Encoded(PartitionState{})), PartitionState{});
}

// These bytes are on disks: a change that breaks this test loses promises (I1).
TEST(PartitionState, KeepsItsFormat) {
  EXPECT_EQ(Hex(Encoded(Some())),
            "01"
            "95ff285c5dc1f6aa"  // Format, checksum.
            "ac02"
            "0100000000000000"  // promised
            "04"                // configuration_version
            "02"
            "0300000000000000"
            "05"  // purge_floor
            "ac02"
            "0100000000000000"
            "ffffffffffffffffff01");  // highest
}

TEST(PartitionState, InAnotherThanItsCanonicalFormIsDamaged) {
  // The zero state with a configuration version in one byte too many.
  std::string bytes = Encoded(PartitionState{});
  bytes.replace(kEnvelopeBytes + 9, 1, std::string("\x80\0", 2));
  SealEnvelope(StoredKind::kPartitionState, kPartition, {}, 0, &bytes);
  EXPECT_EQ(DecodePartitionState(kPartition, bytes).code(), Code::kDamaged);
}

TEST(PartitionState, IsFoundOutWhenAnyBitFlipsOrAnyByteIsMissing) {
  const std::string good = Encoded(Some());
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bytes = good;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    ASSERT_EQ(DecodePartitionState(kPartition, bytes).code(), Code::kDamaged) << "bit " << bit;
  }
  for (std::size_t size = 0; size < good.size(); ++size) {
    ASSERT_EQ(DecodePartitionState(kPartition, std::string_view(good).substr(0, size)).code(), Code::kDamaged);
  }
}

// A promise read from another partition's state would break I1.
TEST(PartitionState, IsFoundOutUnderAnotherPartition) {
  EXPECT_EQ(DecodePartitionState(PartitionId{6}, Encoded(Some())).code(), Code::kDamaged);
}

TEST(PartitionState, WithTrailingBytesIsDamaged) {
  std::string bytes = Encoded(Some()) + '\0';
  SealEnvelope(StoredKind::kPartitionState, kPartition, {}, 0, &bytes);
  EXPECT_EQ(DecodePartitionState(kPartition, bytes).code(), Code::kDamaged);
}

TEST(PartitionState, OfANewerFormatIsIncompatible) {
  std::string bytes = Encoded(Some());
  bytes[0] = 2;
  SealEnvelope(StoredKind::kPartitionState, kPartition, {}, 0, &bytes);
  EXPECT_EQ(DecodePartitionState(kPartition, bytes).code(), Code::kIncompatible);
}

}  // namespace
}  // namespace quoin::kv
