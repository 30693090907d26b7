// The record decoder under any bytes, twice: as they are, and with a checksum made to match, since no mutation finds a
// valid one by itself.
//
// What must hold: nothing crashes, and whatever is accepted is encoded to exactly the same bytes again.
#include <glog/logging.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/status.h"
#include "kv/coding.h"
#include "kv/record.h"

namespace quoin::kv {
namespace {

void CheckDecode(std::string_view bytes) {
  const Result<Record> record = DecodeRecord(PartitionId{0}, {}, bytes);
  if (!record.ok()) {
    CHECK(record.code() == Code::kDamaged || record.code() == Code::kIncompatible) << record.status();
    return;
  }
  std::string again;
  EncodeRecord(PartitionId{0}, {}, *record, &again);
  CHECK(again == bytes) << "a record has a second encoding";
}

}  // namespace
}  // namespace quoin::kv

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace quoin;  // NOLINT(google-build-using-namespace): the entry point is in no namespace.
  std::string bytes(reinterpret_cast<const char*>(data), size);
  kv::CheckDecode(bytes);
  if (size < kv::kEnvelopeBytes) return 0;
  kv::SealEnvelope(kv::StoredKind::kRecord, PartitionId{0}, {}, 0, &bytes);
  kv::CheckDecode(bytes);
  return 0;
}
