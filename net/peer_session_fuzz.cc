// The fuzz target of the links: what whoever dials a node may send it. The first byte of an input says how to take the
// rest:
//   bit 0   it stands behind a greeting that is well; otherwise it is the greeting too
//   bit 1   it is pieces with a kind and two bytes of length before each, which are put into frames here; otherwise it
//   is
//           the stream itself (so that the fuzzer needn't find out about checksums to get further)
//   bit 2   the answer to the greeting is a refusal
// Each input is run twice: in one read, and cut into small ones, which must come to the same.
#include <glog/logging.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "net/peer_session.h"

namespace quoin::net {
namespace {

constexpr std::size_t kMaxBatchBytes = 4096;

std::string FramesOf(std::string_view pieces) {
  std::string bytes;
  while (pieces.size() >= 3) {
    const auto kind = static_cast<FrameKind>(pieces[0]);
    const std::size_t size = std::min<std::size_t>(
        static_cast<unsigned char>(pieces[1]) << 8 | static_cast<unsigned char>(pieces[2]), pieces.size() - 3);
    AppendFrame(kind, size, pieces.substr(3, size), &bytes);
    pieces.remove_prefix(3 + size);
  }
  return bytes;
}

struct Outcome {
  std::vector<std::string> batches;
  std::vector<std::uint64_t> commit_numbers;
  int hellos = 0;
  std::string error;
  std::string output;
};

Outcome Run(std::string_view bytes, bool refuses, bool cut) {
  Outcome outcome;
  PeerInbound* session_pointer = nullptr;
  PeerInbound::Handlers handlers;
  handlers.hello = [&](const PeerHello& hello) {
    ++outcome.hellos;
    CHECK(hello.kind != PeerHello::Kind::kLink || hello.who.node.value != 0);
    PeerAnswer answer;
    if (refuses) answer.objection = {PeerRefusal::kAnotherCluster, "no"};
    session_pointer->Answer(answer);
  };
  handlers.batch = [&](std::string_view batch) {
    CHECK(!batch.empty());
    CHECK_LE(batch.size(), std::max(kMaxBatchBytes, kMaxFrameBytes));
    CHECK_EQ(outcome.hellos, 1) << "E1";
    CHECK(!refuses) << "E1";
    CHECK(session_pointer->error().empty()) << "E2";
    outcome.batches.emplace_back(batch);
    return batch.front() == '!' ? Status(Code::kInvalid, "refused") : Status::Ok();
  };
  handlers.commit_number = [&](std::uint64_t number) { outcome.commit_numbers.push_back(number); };
  PeerInbound session(PeerInbound::Limits{std::chrono::milliseconds(1000), kMaxBatchBytes}, handlers, SteadyTime{});
  session_pointer = &session;
  std::uint64_t seed = bytes.size() * 0x9e3779b97f4a7c15 + 1;
  while (!bytes.empty() && session.wants_bytes()) {
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    const std::size_t count = cut ? std::min<std::size_t>(1 + seed % 23, bytes.size()) : bytes.size();
    session.OnBytes(bytes.substr(0, count), SteadyTime{});
    bytes.remove_prefix(count);
  }
  session.OnEndOfInput(SteadyTime{});
  CHECK(session.finished());
  outcome.error = session.error();
  while (session.has_output()) {
    std::vector<std::string_view> views;
    session.CollectOutput(views, 1);
    outcome.output += views.at(0);
    session.OnWritten(views.at(0).size(), SteadyTime{});
  }
  return outcome;
}

}  // namespace
}  // namespace quoin::net

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace quoin::net;
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  std::string bytes;
  if ((data[0] & 1) != 0) {
    PeerHello hello;
    hello.who.node.value = 1;
    hello.who.boot = 2;
    bytes += kPeerMagic;
    AppendFrame(FrameKind::kHello, 0, EncodeHello(hello), &bytes);
  } else if ((data[0] & 2) != 0) {
    bytes += kPeerMagic;
  }
  bytes += (data[0] & 2) != 0 ? FramesOf(rest) : std::string(rest);
  const bool refuses = (data[0] & 4) != 0;
  const Outcome whole = Run(bytes, refuses, false);
  const Outcome cut = Run(bytes, refuses, true);
  // What a stranger says first is quoted as far as it has come.
  const bool quotes = whole.error.find('\'') != std::string::npos;
  CHECK(whole.batches == cut.batches && whole.commit_numbers == cut.commit_numbers && whole.output == cut.output);
  CHECK(quotes || whole.error == cut.error) << whole.error << " / " << cut.error;
  return 0;
}
