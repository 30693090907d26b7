// The fuzz target of what the client decodes: handshake, frames, answers, pages, rings, events. The first byte of an
// input says how to take the rest:
//   bit 0   the handshake has been answered well, with a hello behind it; otherwise the rest begins with that answer
//   bit 1   the rest is messages, each with two bytes of length before it, which are put into frames here; otherwise it
//           is what the server sends, byte for byte
// The client has a request of each kind under way: get, put, increment, scan, ring, watch (ids 1 to 6). Each input is
// run in one read, and cut into small ones, which must come to the same.
#include <glog/logging.h>
#include <google/protobuf/stubs/logging.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/text.h"
#include "net/client/ballots.h"
#include "net/client/codec.h"
#include "net/client/ring_view.h"
#include "net/client/router.h"
#include "net/client/session.h"
#include "net/client/watch_progress.h"
#include "net/sha1.h"

namespace quoin::client {
namespace {

constexpr std::size_t kMaxAnswerBytes = 64 << 10;
constexpr Session::Token kScan = 4, kRing = 5, kWatch = 6;

std::string FrameOf(std::string_view message) {
  std::string bytes;
  net::AppendFrameHead(net::Opcode::kBinary, message.size(), &bytes);
  return bytes.append(message);
}

std::string FramesOf(std::string_view messages) {
  std::string bytes;
  while (messages.size() >= 2) {
    const std::size_t size = std::min<std::size_t>(
        static_cast<unsigned char>(messages[0]) << 8 | static_cast<unsigned char>(messages[1]), messages.size() - 2);
    bytes += FrameOf(messages.substr(2, size));
    messages.remove_prefix(2 + size);
  }
  return bytes;
}

class Run final : public Session::Receiver {
 public:
  Run() : session_(Options(), random_, Time(), *this) {}

  // What a server would say before all else.
  std::string Opening() {
    std::string request;
    session_.TakeOutput(&request);
    const std::string key = request.substr(request.find("Sec-WebSocket-Key: ") + 19, 24);
    v1::ServerFrame hello;
    hello.mutable_hello()->set_node("00c0ffee00c0ffee");
    hello.mutable_hello()->set_max_requests(64);
    hello.mutable_hello()->set_max_message_bytes(1 << 20);
    return "HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: " +
           Base64Encode(net::Sha1(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")) +
           "\r\nSec-WebSocket-Protocol: quoin.v1.protobuf\r\n\r\n" + FrameOf(hello.SerializeAsString());
  }

  void Feed(std::string_view bytes, bool cut) {
    std::uint64_t seed = bytes.size() * 0x9e3779b97f4a7c15 + 1;
    while (!bytes.empty()) {
      seed ^= seed << 13;
      seed ^= seed >> 7;
      seed ^= seed << 17;
      const std::size_t count = cut ? std::min<std::size_t>(1 + seed % 9, bytes.size()) : bytes.size();
      session_.OnBytes(bytes.substr(0, count), Time());
      bytes.remove_prefix(count);
    }
  }

  // What came of it. S1: what was not answered is given back, once.
  const std::vector<std::string>& Finish() {
    session_.OnEnd("the end");
    CHECK(session_.over());
    for (const Session::Token token : session_.TakeUnanswered()) CHECK(open_.erase(token) == 1) << token;
    CHECK(open_.empty());
    said_.push_back(session_.reason());
    return said_;
  }

 private:
  static SessionOptions Options() {
    SessionOptions options;
    options.host = "127.0.0.1:8080";
    options.max_answer_bytes = kMaxAnswerBytes;
    return options;
  }

  void OnOpen(const v1::Hello&) override {
    for (Session::Token token = 1; token <= kWatch && session_.room() > 0; ++token) {
      v1::ClientFrame frame;
      if (token == kWatch) {
        progress_.Begin(frame.mutable_watch());
      } else if (token == kRing) {
        frame.mutable_ring();
      } else if (token == kScan) {
        FillScan({}, frame.mutable_scan());
      } else {
        FillOperation(Asked(token), Consistency::kQuorum, {}, frame.mutable_operation());
      }
      if (!session_.Fits(frame.ByteSizeLong() + 8)) return;
      session_.Send(frame, token, Time());
      CHECK(open_.insert(token).second);
    }
  }

  void OnAnswer(Session::Token token, v1::ServerFrame& frame) override {
    if (frame.has_events()) return OnEvents(token, *frame.mutable_events());
    CHECK(open_.erase(token) == 1) << "S1: an answer to nothing: " << token;
    if (token == kWatch) {
      said_.push_back(frame.result().problem().type());
    } else if (token == kRing) {
      OnRing(frame);
    } else if (token == kScan) {
      const PageAnswer page = TakePage(frame);
      said_.push_back(page.problem.type + std::to_string(page.entries.size()) + page.cursor);
    } else {
      const auto ballot = ParseBallot(frame.result().ballot());
      if (ballot) CHECK(ParseBallot(FormatBallot(*ballot)).value_or(kv::Version()) == *ballot);
      const Answer answer = TakeAnswer(Asked(token), frame);
      if (answer.done() && token != 2) CHECK(answer.state.has_value());
      if (answer.outcome == Outcome::kUnknown) CHECK(token != 1) << "a read leaves nothing unknown";
      said_.push_back(ToString(answer));
    }
  }

  void OnEvents(Session::Token token, v1::Events& events) {
    CHECK(token == kWatch && open_.contains(token)) << "events for what is no watch: " << token;
    const auto steps = progress_.Take(events);
    if (!steps.ok()) return said_.push_back(steps.status().message());
    for (const WatchProgress::Step& step : *steps) {
      CHECK(step.event || step.cursor);
      if (step.cursor) said_.push_back("cursor " + *step.cursor);
      if (!step.event) continue;
      CHECK(step.event->state.has_value() == (step.event->kind == WatchEvent::Kind::kPut));
      said_.push_back(std::string(WatchEventName(step.event->kind)) + step.event->key + step.event->version);
    }
  }

  void OnRing(const v1::ServerFrame& frame) {
    Result<RingView> view = TakeRing(frame, {});
    said_.push_back(view.ok() ? std::to_string(view->partition_count) : view.status().message());
    if (!view.ok()) return;
    Router router(Routing::kLeaders, {{"127.0.0.1", 8080}}, 1);
    router.OnUp(0, view->nodes.empty() ? NodeId{7} : view->nodes[0].id);
    router.OnRing(*std::move(view), [](std::size_t) { return true; });
    for (std::uint64_t hash : {std::uint64_t{0}, UINT64_MAX}) {
      const Router::Choice choice = router.For(hash);
      CHECK_LT(choice.route.server, router.server_count());
      if (choice.wish != Router::kNone) CHECK_LT(choice.wish, router.server_count());
      router.Learn(hash, {1, NodeId{7}});
    }
  }

  static Operation Asked(Session::Token token) {
    if (token == 1) return Operation::Get("k");
    if (token == 2) return Operation::Put("k", "v");
    return Operation::Increment("k");
  }

  std::mt19937_64 random_{1};
  std::set<Session::Token> open_;
  std::vector<std::string> said_;
  WatchProgress progress_{{Prefix("")}, "", true, 8};
  Session session_;
};

std::vector<std::string> Try(std::string_view bytes, bool opened, bool cut) {
  Run run;
  const std::string opening = run.Opening();
  if (opened) run.Feed(opening, false);
  run.Feed(bytes, cut);
  return run.Finish();
}

}  // namespace
}  // namespace quoin::client

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace quoin::client;
  FLAGS_minloglevel = google::GLOG_FATAL;
  [[maybe_unused]] static auto* const quiet = google::protobuf::SetLogHandler(nullptr);
  if (size == 0) return 0;
  const bool opened = (data[0] & 1) != 0;
  std::string bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  if ((data[0] & 2) != 0) bytes = FramesOf(bytes);
  CHECK(Try(bytes, opened, false) == Try(bytes, opened, true)) << "it depends on how the bytes were cut";
  return 0;
}
