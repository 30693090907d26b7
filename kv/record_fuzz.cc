// The record decoder under any bytes. Two readings of the input: as a whole stored record, and as a payload that is
// given a checksum here, since no mutation finds a valid one by itself.
//
// What must hold: nothing crashes, and whatever is accepted is encoded to exactly the same bytes again.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"
#include "kv/coding.h"
#include "kv/record.h"

namespace quoin::kv {
namespace {

constexpr PartitionId kPartition{7};
constexpr std::string_view kKey = "fuzz";

void Check(std::string_view bytes) {
  const Result<Record> record = DecodeRecord(kPartition, kKey, bytes);
  if (!record.ok()) {
    CHECK(record.code() == Code::kDamaged || record.code() == Code::kIncompatible) << record.status();
    return;
  }
  std::string again;
  EncodeRecord(kPartition, kKey, *record, &again);
  CHECK(again == bytes) << "a second encoding of the same record was accepted";
}

}  // namespace
}  // namespace quoin::kv

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace quoin::kv;  // NOLINT(google-build-using-namespace): the entry point is not in the namespace.
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  Check(input);
  std::string sealed;
  BeginEnvelope(1, &sealed);
  sealed += input;
  SealEnvelope(StoredKind::kRecord, kPartition, kKey, 0, &sealed);
  Check(sealed);
  return 0;
}
