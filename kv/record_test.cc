#include "kv/record.h"

#include <gtest/gtest.h>

#include <cstring>
#include <string>

#include "kv/coding.h"

namespace quoin::kv {
namespace {

constexpr PartitionId kPartition{77};
constexpr std::string_view kKey = "some key";

Version MakeVersion(std::uint64_t round, std::uint64_t sequence) {
  return Version{Ballot{round, NodeId{0xc0ffee}}, sequence};
}

Record Plain() {
  Record record;
  record.accepted = record.changed = MakeVersion(1, 2);
  record.value = "value";
  return record;
}

Record Full() {
  Record record;
  record.accepted = MakeVersion(9, 300);
  record.changed = MakeVersion(8, 200);
  record.forgot = MakeVersion(7, 100);
  record.deadline = WallTime(std::chrono::milliseconds(1'700'000'000'123));
  record.content_type = "text/plain; charset=utf-8";
  for (std::uint64_t i = 0; i < kMaxRememberedOperations; ++i) {
    record.operations.push_back({OperationId{~i, i}, std::string(i * 17, 'r')});
  }
  record.value = std::string("\0\xff binary", 9);
  return record;
}

std::string Encoded(const Record& record) {
  std::string bytes;
  EncodeRecord(kPartition, kKey, record, &bytes);
  return bytes;
}

Result<Record> Decoded(std::string_view bytes) { return DecodeRecord(kPartition, kKey, bytes); }

// A payload under a valid checksum, as if a broken program had written it.
Code CodeOfPayload(std::string_view payload) {
  std::string bytes;
  BeginEnvelope(1, &bytes);
  bytes += payload;
  SealEnvelope(StoredKind::kRecord, kPartition, kKey, 0, &bytes);
  return Decoded(bytes).code();
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

TEST(Record, RoundTripsWithAllItsParts) {
  EXPECT_EQ(*Decoded(Encoded(Plain())), Plain());
  EXPECT_EQ(*Decoded(Encoded(Full())), Full());
}

TEST(Record, RoundTripsWithEachPartAlone) {
  Record record = Plain();
  record.value.clear();
  EXPECT_EQ(*Decoded(Encoded(record)), record);
  record = Plain();
  record.changed.sequence = 1;
  EXPECT_EQ(*Decoded(Encoded(record)), record);
  record = Plain();
  record.changed = MakeVersion(0, 5);
  EXPECT_EQ(*Decoded(Encoded(record)), record);
  record = Plain();
  record.forgot = MakeVersion(0, 1);
  EXPECT_EQ(*Decoded(Encoded(record)), record);
  record = Plain();
  record.content_type = "a";
  EXPECT_EQ(*Decoded(Encoded(record)), record);
  record = Plain();
  record.operations = {{OperationId{1, 2}, ""}};
  EXPECT_EQ(*Decoded(Encoded(record)), record);
  for (const std::int64_t ms : {std::int64_t{0}, std::int64_t{-1}, INT64_MIN, INT64_MAX}) {
    record = Plain();
    record.deadline = WallTime(std::chrono::milliseconds(ms));
    EXPECT_EQ(*Decoded(Encoded(record)), record);
  }
}

TEST(Record, RoundTripsAsATombstone) {
  Record record = Plain();
  record.value.clear();
  record.tombstone = true;
  record.operations = {{OperationId{1, 2}, "gone"}};
  EXPECT_EQ(*Decoded(Encoded(record)), record);
}

TEST(Record, RoundTripsWithAValueOfTheLargestSize) {
  Record record = Plain();
  record.value.assign(kMaxValueBytes, 'v');
  EXPECT_TRUE(*Decoded(Encoded(record)) == record);
}

TEST(Record, IsCompact) {
  Record record = Plain();
  record.value.clear();
  // Envelope 9, flags 1, version 1 + 8 + 1.
  EXPECT_EQ(Encoded(record).size(), 20u);
}

// These bytes are on disks: a change that breaks this test loses them.
TEST(Record, KeepsItsFormat) {
  const std::string bytes = Encoded(Plain());
  EXPECT_EQ(bytes[0], 1);
  EXPECT_EQ(bytes.substr(kEnvelopeBytes), std::string("\x00\x01\xee\xff\xc0\0\0\0\0\0\x02value", 16));
  std::uint64_t checksum = 0;
  std::memcpy(&checksum, bytes.data() + 1, sizeof(checksum));
  EXPECT_EQ(checksum, 10007037921268399997u);
}

// Every optional part, so that their order, their flags and the forms of their numbers are held as well.
TEST(Record, KeepsTheFormatOfAllItsParts) {
  Record record;
  record.accepted = MakeVersion(9, 300);
  record.changed = MakeVersion(8, 200);
  record.forgot = MakeVersion(7, 100);
  record.deadline = WallTime(std::chrono::milliseconds(-3));
  record.content_type = "a/b";
  record.operations = {{OperationId{0x0102030405060708, 300}, "ok"}};
  record.value = "v";
  EXPECT_EQ(Hex(Encoded(record)),
            "01"
            "fe1cb4cc8b12e2fd"  // Format, checksum.
            "7e"                // Flags.
            "09"
            "eeffc00000000000"
            "ac02"  // accepted
            "08"
            "eeffc00000000000"
            "c801"  // changed
            "07"
            "eeffc00000000000"
            "64"  // forgot
            "05"  // The deadline, zigzag.
            "03"
            "612f62"  // Content type.
            "01"      // One operation:
            "0807060504030201"
            "ac02"  // client, number,
            "02"
            "6f6b"  // result.
            "76");
  record = Plain();
  record.changed.sequence = 1;
  EXPECT_EQ(Hex(Encoded(record).substr(kEnvelopeBytes)),
            "20"
            "01"
            "eeffc00000000000"
            "02"
            "01"
            "76616c7565");
  record = Plain();
  record.value.clear();
  record.tombstone = true;
  EXPECT_EQ(Hex(Encoded(record).substr(kEnvelopeBytes)),
            "01"
            "01"
            "eeffc00000000000"
            "02");
}

TEST(Record, IsFoundOutWhenAnyBitFlips) {
  const std::string good = Encoded(Full());
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    std::string bytes = good;
    bytes[bit / 8] = static_cast<char>(bytes[bit / 8] ^ (1 << (bit % 8)));
    ASSERT_EQ(Decoded(bytes).code(), Code::kDamaged) << "bit " << bit;
  }
}

TEST(Record, IsFoundOutWhenCutOrLengthened) {
  const std::string good = Encoded(Full());
  for (std::size_t size = 0; size < good.size(); ++size) {
    ASSERT_EQ(Decoded(std::string_view(good).substr(0, size)).code(), Code::kDamaged) << size;
  }
  EXPECT_EQ(Decoded(good + '\0').code(), Code::kDamaged);
}

TEST(Record, IsFoundOutUnderAnotherKeyOrPartition) {
  const std::string bytes = Encoded(Plain());
  EXPECT_EQ(DecodeRecord(kPartition, "another key", bytes).code(), Code::kDamaged);
  EXPECT_EQ(DecodeRecord(PartitionId{78}, kKey, bytes).code(), Code::kDamaged);
}

TEST(Record, OfANewerFormatIsIncompatible) {
  std::string bytes;
  BeginEnvelope(3, &bytes);
  bytes += "whatever comes";
  SealEnvelope(StoredKind::kRecord, kPartition, kKey, 0, &bytes);
  EXPECT_EQ(Decoded(bytes).code(), Code::kIncompatible);
}

// A second encoding of the same record would let two equal replicas differ in their bytes.
TEST(Record, HasOneEncodingOnly) {
  const std::string version("\x01\xee\xff\xc0\0\0\0\0\0\x02", 10);
  ASSERT_EQ(CodeOfPayload(std::string(1, '\0') + version + "value"), Code::kOk);
  EXPECT_EQ(CodeOfPayload('\x80' + version), Code::kDamaged) << "an unknown flag";
  EXPECT_EQ(CodeOfPayload('\x20' + version + '\x02'), Code::kDamaged) << "changed is accepted";
  EXPECT_EQ(CodeOfPayload('\x60' + version + version), Code::kDamaged) << "changed is accepted";
  EXPECT_EQ(CodeOfPayload('\x60' + version + version.substr(0, 9) + '\x01'), Code::kDamaged) << "the same ballot";
  EXPECT_EQ(CodeOfPayload('\x40' + version + std::string("\0\xee\xff\xc0\0\0\0\0\0\x02", 10)), Code::kDamaged)
      << "another ballot without its flag";
  EXPECT_EQ(CodeOfPayload('\x10' + version + std::string(10, '\0')), Code::kDamaged) << "forgot nothing";
  EXPECT_EQ(CodeOfPayload('\x04' + version + '\0'), Code::kDamaged) << "an empty content type";
  EXPECT_EQ(CodeOfPayload('\x08' + version + '\0'), Code::kDamaged) << "no operations";
  EXPECT_EQ(CodeOfPayload('\x08' + version + '\x11' + std::string(17 * 10, '\0')), Code::kDamaged) << "17 operations";
}

TEST(Record, BreakingItsInvariantsIsDamaged) {
  const std::string version("\x01\xee\xff\xc0\0\0\0\0\0\x02", 10);
  EXPECT_EQ(CodeOfPayload('\x20' + version + '\x03'), Code::kDamaged) << "R1: changed above accepted";
  EXPECT_EQ(CodeOfPayload('\0' + std::string(10, '\0')), Code::kDamaged) << "R1: the zero version";
  EXPECT_EQ(CodeOfPayload('\x01' + version), Code::kOk);
  EXPECT_EQ(CodeOfPayload('\x01' + version + "v"), Code::kDamaged) << "R2: a tombstone with a value";
  EXPECT_EQ(CodeOfPayload('\x03' + version + '\x02'), Code::kDamaged) << "R2: a tombstone with a deadline";
}

TEST(Record, BreakingItsInvariantsUnderARightChecksumIsDamagedToo) {
  const std::string version("\x01\xee\xff\xc0\0\0\0\0\0\x02", 10);
  EXPECT_EQ(CodeOfPayload('\x60' + version + std::string(10, '\0')), Code::kDamaged) << "R1: changed is zero";
  EXPECT_EQ(CodeOfPayload('\x05' + version +
                          "\x01"
                          "a"),
            Code::kDamaged)
      << "R2: a tombstone with a content type";
}

TEST(Record, WithAValueAboveTheLargestSizeIsDamaged) {
  const std::string version("\x01\xee\xff\xc0\0\0\0\0\0\x02", 10);
  EXPECT_EQ(CodeOfPayload(std::string(1, '\0') + version + std::string(kMaxValueBytes + 1, 'v')), Code::kDamaged);
}

TEST(RecordDeathTest, IsNotEncodedWhenItBreaksItsInvariants) {
  Record record = Plain();
  record.changed = MakeVersion(2, 1);
  EXPECT_DEATH(Encoded(record), "R1");
  record = Plain();
  record.tombstone = true;
  EXPECT_DEATH(Encoded(record), "R2");
  record = Plain();
  record.operations.resize(kMaxRememberedOperations + 1);
  EXPECT_DEATH(Encoded(record), "R3");
}

}  // namespace
}  // namespace quoin::kv
