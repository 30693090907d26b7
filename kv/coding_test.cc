#include "kv/coding.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace quoin::kv {
namespace {

std::string Sealed(StoredKind kind, std::uint8_t format, PartitionId partition, std::string_view key,
                   std::string_view payload) {
  std::string bytes;
  BeginEnvelope(format, &bytes);
  bytes += payload;
  SealEnvelope(kind, partition, key, 0, &bytes);
  return bytes;
}

Code Opened(StoredKind kind, PartitionId partition, std::string_view key, std::string_view bytes) {
  std::string_view payload;
  return OpenEnvelope(kind, 1, partition, key, "a thing", bytes, &payload).code();
}

TEST(Envelope, GivesBackItsPayload) {
  const std::string bytes = Sealed(StoredKind::kRecord, 1, PartitionId{3}, "key", "payload");
  std::string_view payload;
  EXPECT_TRUE(OpenEnvelope(StoredKind::kRecord, 1, PartitionId{3}, "key", "a thing", bytes, &payload).ok());
  EXPECT_EQ(payload, "payload");
}

TEST(Envelope, MayStandBehindOtherBytes) {
  std::string bytes = "before";
  BeginEnvelope(1, &bytes);
  bytes += "payload";
  SealEnvelope(StoredKind::kRecord, PartitionId{3}, "key", 6, &bytes);
  EXPECT_EQ(bytes.substr(0, 6), "before");
  EXPECT_EQ(Opened(StoredKind::kRecord, PartitionId{3}, "key", std::string_view(bytes).substr(6)), Code::kOk);
}

TEST(Envelope, BelongsToItsKindPartitionAndKey) {
  const std::string bytes = Sealed(StoredKind::kRecord, 1, PartitionId{3}, "key", "payload");
  EXPECT_EQ(Opened(StoredKind::kPartitionState, PartitionId{3}, "key", bytes), Code::kDamaged);
  EXPECT_EQ(Opened(StoredKind::kRecord, PartitionId{4}, "key", bytes), Code::kDamaged);
  EXPECT_EQ(Opened(StoredKind::kRecord, PartitionId{3}, "kez", bytes), Code::kDamaged);
}

TEST(Envelope, OfANewerFormatIsIncompatibleWhenItsChecksumHolds) {
  std::string bytes = Sealed(StoredKind::kRecord, 2, PartitionId{3}, "key", "from the future");
  EXPECT_EQ(Opened(StoredKind::kRecord, PartitionId{3}, "key", bytes), Code::kIncompatible);
  bytes.back() ^= 1;
  EXPECT_EQ(Opened(StoredKind::kRecord, PartitionId{3}, "key", bytes), Code::kDamaged);
}

TEST(Envelope, OfFormatZeroIsDamaged) {
  EXPECT_EQ(
      Opened(StoredKind::kRecord, PartitionId{3}, "key", Sealed(StoredKind::kRecord, 0, PartitionId{3}, "key", "")),
      Code::kDamaged);
}

TEST(Varint, RoundTripsAtEveryLength) {
  for (int shift = 0; shift < 64; ++shift) {
    for (const std::uint64_t value : {std::uint64_t{1} << shift, (std::uint64_t{1} << shift) - 1, ~std::uint64_t{0}}) {
      std::string bytes;
      AppendVarint(value, &bytes);
      ByteReader reader(bytes);
      EXPECT_EQ(reader.Varint(), value);
      EXPECT_TRUE(reader.ok() && reader.rest().empty());
    }
  }
}

TEST(Varint, HasOneFormOnly) {
  const std::string bad[] = {"",
                             "\x80",
                             std::string("\x80\x00", 2),
                             std::string("\x81\x80\x00", 3),
                             std::string(9, '\xff') + '\x02',
                             std::string(10, '\x80') + '\x01'};
  for (const std::string& bytes : bad) {
    ByteReader reader(bytes);
    reader.Varint();
    EXPECT_FALSE(reader.ok()) << testing::PrintToString(bytes);
  }
}

TEST(ByteReader, StaysBadAndGivesNothing) {
  ByteReader reader("abc");
  EXPECT_EQ(reader.Fixed64(), 0u);
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.Byte(), 0u);
  EXPECT_EQ(reader.Bytes(0), "");
  EXPECT_FALSE(reader.ok());
}

TEST(ByteReader, RefusesSizesOutOfBounds) {
  std::string bytes;
  AppendVarint(3, &bytes);
  bytes += "abc";
  EXPECT_EQ(ByteReader(bytes).Sized(1, 3), "abc");
  for (const auto& [least, most] : {std::pair<std::size_t, std::size_t>{4, 9}, {0, 2}}) {
    ByteReader reader(bytes);
    reader.Sized(least, most);
    EXPECT_FALSE(reader.ok());
  }
  std::string huge;
  AppendVarint(~std::uint64_t{0}, &huge);
  ByteReader reader(huge);
  reader.Sized(0, ~std::size_t{0});
  EXPECT_FALSE(reader.ok());
}

}  // namespace
}  // namespace quoin::kv
