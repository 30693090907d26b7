// The fuzz target of the WebSocket: session, request stream, watches, and a keyspace in memory. What is still watched
// when an input ends is told a few events then. The first byte of an input says how to take the rest:
//   bit 0   quoin.v1.json, otherwise quoin.v1.protobuf
//   bit 1   the rest is messages, each with two bytes of length before it, which are put into frames here; otherwise it
//           is what the client sends, byte for byte (so that the fuzzer needn't find out about masks to reach the
//           schema)
// Each input is run three times: in one read, and cut into small ones, which must say the same; and with answers held
// back, where only what holds of any order is checked.
#include <glog/logging.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/api_handler.h"
#include "net/watch_testing.h"
#include "net/websocket_testing.h"

namespace quoin::net {
namespace {

ApiHandler::Options SmallOptions() {
  ApiHandler::Options options = TestOptions();
  options.max_value_bytes = 4096;
  options.max_batch_bytes = 8192;
  options.max_page_bytes = 4096;
  options.web_socket.max_message_bytes = 8192;
  options.web_socket.max_requests = 64;
  options.web_socket.max_request_bytes = 16384;
  options.web_socket.max_answer_bytes = 16384;
  return options;
}

std::string FramesOf(std::string_view messages, Opcode opcode) {
  std::string bytes;
  while (messages.size() >= 2) {
    const std::size_t size = std::min<std::size_t>(
        static_cast<unsigned char>(messages[0]) << 8 | static_cast<unsigned char>(messages[1]), messages.size() - 2);
    bytes += ClientBytes(opcode, messages.substr(2, size));
    messages.remove_prefix(2 + size);
  }
  return bytes;
}

// The same for all that are open, in the order in which they were begun.
void TellWatches(FakeWatchSource& source) {
  std::vector<WatchSource::Id> ids;
  for (const auto& [id, open] : source.open) ids.push_back(id);
  for (const WatchSource::Id id : ids) {
    // One may have ended by what another was told.
    if (!source.open.contains(id)) continue;
    source.Tell(id, {PutEvent("a", 41, "1"), PutEvent("\xff", 42, std::string(2000, 'v')), SyncedEvent()},
                PositionsAt(42));
    if (!source.open.contains(id)) continue;
    source.Tell(id, {GapEvent("a"), DeleteEvent("a", 43), GapEvent(), SyncedEvent()}, PositionsAt(43));
  }
}

enum class Cuts { kNone, kSmall, kHeld };

// The messages and the close frame that the node says. Pongs depend on the cuts, rightly.
std::vector<ServerBytes> Run(std::string_view bytes, Subprotocol subprotocol, Cuts cuts) {
  MemoryKeyspace keyspace;
  keyspace.max_value_bytes = 4096;
  keyspace.hold = cuts == Cuts::kHeld;
  FakeWatchSource source;
  ApiHandler::Options options = SmallOptions();
  options.watches = &source;
  ApiHandler handler(keyspace, std::move(options));
  TestWebSocket socket(handler, subprotocol);
  std::vector<ServerBytes> said;
  const auto take = [&] {
    for (ServerBytes& frame : socket.Take()) {
      if (frame.opcode != Opcode::kPong) said.push_back(std::move(frame));
    }
  };
  std::uint64_t seed = bytes.size() * 0x9e3779b97f4a7c15 + 1;
  while (!bytes.empty() && !socket.session->finished()) {
    if (!socket.session->wants_bytes()) {
      if (keyspace.held_count() > 0) keyspace.ReleaseOne();
      take();
      // With credit used up it waits for more, which will not come.
      if (!socket.session->wants_bytes() && keyspace.held_count() == 0) break;
      continue;
    }
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    const std::size_t count = cuts == Cuts::kNone ? bytes.size() : std::min<std::size_t>(1 + seed % 9, bytes.size());
    CHECK(socket.SendRaw(bytes.substr(0, count)));
    bytes.remove_prefix(count);
    if (cuts == Cuts::kHeld && seed % 7 == 0 && keyspace.held_count() > 0) keyspace.ReleaseOne();
  }
  take();
  while (keyspace.held_count() > 0) {
    keyspace.ReleaseOne();
    take();
  }
  TellWatches(source);
  take();
  socket.session->OnEndOfInput(socket.now);
  take();
  CHECK(socket.session->finished());
  CHECK(!socket.session->has_output());
  return said;
}

void CheckSaid(const std::vector<ServerBytes>& said, Subprotocol subprotocol) {
  for (std::size_t i = 0; i < said.size(); ++i) {
    if (said[i].opcode == Opcode::kClose) {
      CHECK_EQ(i + 1, said.size()) << "W1: nothing is said after a close";
      continue;
    }
    CHECK(said[i].opcode == (subprotocol == Subprotocol::kJson ? Opcode::kText : Opcode::kBinary));
  }
}

}  // namespace
}  // namespace quoin::net

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace quoin::net;
  FLAGS_minloglevel = google::GLOG_FATAL;
  if (size == 0) return 0;
  const auto subprotocol = (data[0] & 1) != 0 ? Subprotocol::kJson : Subprotocol::kProtobuf;
  std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  if ((data[0] & 2) != 0) {
    bytes = FramesOf(bytes, subprotocol == Subprotocol::kJson ? Opcode::kText : Opcode::kBinary);
  }
  const auto whole = Run(bytes, subprotocol, Cuts::kNone);
  const auto cut = Run(bytes, subprotocol, Cuts::kSmall);
  CHECK_EQ(whole.size(), cut.size());
  for (std::size_t i = 0; i < whole.size(); ++i) {
    CHECK(whole[i].opcode == cut[i].opcode);
    CHECK_EQ(whole[i].payload, cut[i].payload);
  }
  CheckSaid(whole, subprotocol);
  CheckSaid(Run(bytes, subprotocol, Cuts::kHeld), subprotocol);
  return 0;
}
