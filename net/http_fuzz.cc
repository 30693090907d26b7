// The fuzz target of the request path: session, handler and a keyspace in memory. Each input is the byte stream of one
// connection. It is fed twice: whole, with answers at once; and cut into reads, with answers held back. Where the cuts
// fall is drawn from the bytes themselves, so the fuzzer chooses them without a format of its own. Both runs must say
// the same, byte for byte: a parser that sees different requests in differently cut streams is how requests get
// smuggled.
#include <glog/logging.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "net/api_handler.h"
#include "net/http_session.h"
#include "net/http_testing.h"

namespace quoin::net {
namespace {

HttpLimits SmallLimits() {
  HttpLimits limits;
  limits.max_header_bytes = 2048;
  limits.max_value_bytes = 4096;
  limits.max_batch_bytes = 8192;
  limits.max_page_bytes = 4096;
  limits.max_pipelined = 4;
  return limits;
}

ApiHandler::Options SmallOptions() {
  ApiHandler::Options options = TestOptions();
  options.max_value_bytes = 4096;
  options.max_batch_bytes = 8192;
  options.max_page_bytes = 4096;
  return options;
}

// Everything that one connection answers to the bytes. `seed` 0: one read, no waiting.
std::string Run(std::string_view bytes, std::uint64_t seed) {
  MemoryKeyspace keyspace;
  keyspace.max_value_bytes = 4096;
  keyspace.hold = seed != 0;
  ApiHandler handler(keyspace, SmallOptions());
  TestConnection connection(handler, SmallLimits());
  std::string output;
  while (!bytes.empty()) {
    std::size_t count = bytes.size();
    if (seed != 0) {
      seed ^= seed << 13;
      seed ^= seed >> 7;
      seed ^= seed << 17;
      count = std::min<std::size_t>(count, 1 + seed % (seed & 256 ? 200 : 5));
    }
    if (!connection.session->wants_bytes()) {
      keyspace.ReleaseAll();
      output += connection.Take();
    }
    if (!connection.session->wants_bytes()) break;
    CHECK(connection.Send(bytes.substr(0, count)));
    bytes.remove_prefix(count);
    if ((seed & 512) != 0) {
      keyspace.ReleaseAll();
      output += connection.Take();
    }
  }
  // What waits for its turn is begun as answers leave. (The end of the input comes after that in both runs: answers
  // that follow it say that the connection closes.)
  for (int i = 0; i < 1000 && (keyspace.held_count() > 0 || connection.session->has_output()); ++i) {
    keyspace.ReleaseAll();
    output += connection.Take();
  }
  connection.session->OnEndOfInput(connection.now);
  output += connection.Take();
  CHECK(connection.session->finished()) << "the input has ended and all was answered, but the session goes on";
  CHECK(!connection.session->has_output());
  return output;
}

// Whether an interim answer is sent depends on what has arrived by then, rightly.
std::string WithoutContinues(std::string text) {
  constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  for (std::size_t at = 0; (at = text.find(kContinue, at)) != std::string::npos;) text.erase(at, kContinue.size());
  return text;
}

}  // namespace
}  // namespace quoin::net

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace quoin::net;
  FLAGS_minloglevel = google::GLOG_FATAL;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  std::uint64_t seed = 0xcbf29ce484222325;
  for (const char c : bytes) seed = (seed ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  const std::string whole = WithoutContinues(Run(bytes, 0));
  const std::string cut = WithoutContinues(Run(bytes, seed | 1));
  CHECK(whole.empty() || whole.starts_with("HTTP/1.1 ")) << whole;
  // The metrics count the bytes received so far, which the cuts decide.
  if (whole.find("quoin_http_received_bytes_total") == std::string::npos) CHECK_EQ(whole, cut);
  return 0;
}
