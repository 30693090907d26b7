// The fuzz target of the peer codec. The first byte of an input says how to take the rest:
//   bit 0   the rest is packets, each with two bytes of length before it, which are put into a batch here; otherwise it
//           is the batch, byte for byte (so that the fuzzer needn't find out about lengths to reach the packets)
//
// What must hold: nothing crashes and nothing is read beyond the batch; what is refused is refused whole and with a
// reason; what is taken, protoc's reader takes too (but for packets that are left out), and writing and reading it
// again changes nothing (but for the remembered operations that AppendPacket leaves out).
#include <glog/logging.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "net/peer_codec.h"
#include "net/peer_codec_testing.h"
#include "net/proto/peer.pb.h"

namespace quoin::net {
namespace {

using quorum::PacketBody;

std::string BatchOf(std::string_view packets) {
  std::string batch;
  while (packets.size() >= 2) {
    const std::size_t size = std::min<std::size_t>(
        static_cast<unsigned char>(packets[0]) << 8 | static_cast<unsigned char>(packets[1]), packets.size() - 2);
    // One element of the list, whatever its bytes are.
    batch.push_back('\x0a');
    std::size_t left = size;
    for (; left >= 0x80; left >>= 7) batch.push_back(static_cast<char>(left | 0x80));
    batch.push_back(static_cast<char>(left));
    batch += packets.substr(2, size);
    packets.remove_prefix(2 + size);
  }
  return batch;
}

// As protoc's code counts them when it looks no further.
std::size_t CountPackets(std::string_view batch) {
  peer::v1::Empty shell;
  CHECK(shell.ParseFromArray(batch.data(), static_cast<int>(batch.size())));
  const auto& fields = shell.GetReflection()->GetUnknownFields(shell);
  std::size_t count = 0;
  for (int i = 0; i < fields.field_count(); ++i) count += fields.field(i).number() == 1;
  return count;
}

Status Decode(std::string_view batch, std::vector<PacketBody>* out) {
  return DecodePackets(batch, [&](PacketBody packet) { out->push_back(std::move(packet)); });
}

void CheckTaken(const std::vector<PacketBody>& packets) {
  std::string again;
  for (const PacketBody& packet : packets) AppendPacket(packet, &again);
  std::vector<PacketBody> twice;
  const Status status = Decode(again, &twice);
  CHECK(status.ok()) << status;
  CHECK_EQ(packets.size(), twice.size());
  for (std::size_t i = 0; i < packets.size(); ++i) {
    CHECK(FieldsOf(packets[i]) == FieldsOf(twice[i])) << "packet " << i;
  }
  std::string third;
  for (const PacketBody& packet : twice) AppendPacket(packet, &third);
  CHECK(again == third) << "there are two ways to write what was read";
  peer::v1::Packets parsed;
  CHECK(parsed.ParseFromString(again));
  CHECK(parsed.SerializeAsString() == again) << "protoc's code would write it in another way";
}

}  // namespace
}  // namespace quoin::net

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace quoin::net;  // NOLINT(google-build-using-namespace): the entry point is in no namespace.
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string made = (data[0] & 1) != 0 ? BatchOf(rest) : std::string(rest);
  // Exactly so many bytes, so that a sanitizer sees reads beyond them.
  const std::vector<char> batch(made.begin(), made.end());
  std::vector<quoin::quorum::PacketBody> packets;
  const quoin::Status status = Decode({batch.data(), batch.size()}, &packets);
  if (!status.ok()) {
    CHECK(packets.empty()) << "a batch with an error was handed on";
    CHECK(status.code() == quoin::Code::kInvalid || status.code() == quoin::Code::kIncompatible) << status;
    CHECK(!status.message().empty());
    return 0;
  }
  // What was left out, since only newer programs understand it, was not read to its end.
  if (packets.size() == CountPackets({batch.data(), batch.size()})) {
    quoin::peer::v1::Packets parsed;
    CHECK(parsed.ParseFromArray(batch.data(), static_cast<int>(batch.size()))) << "protoc's code would not take it";
  }
  CheckTaken(packets);
  return 0;
}
