// For tests and fuzzing of the request path: a keyspace in memory, and the far end of a session.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/api_handler.h"
#include "net/http_session.h"
#include "quorum/keyspace.h"

namespace quoin::net {

// All of the keyspace's meaning, without a disk. Answers at once, or, while `hold`, when the test releases them.
class MemoryKeyspace : public quorum::Keyspace {
 public:
  static constexpr NodeId kNode{0x00c0ffee00c0ffee};

  void Submit(quorum::Request request, const quorum::Sending& sending, quorum::ReplyCallback done) override;
  void Scan(quorum::ScanRequest request, quorum::ScanCallback done) override;

  // Answers everything held, in order.
  void ReleaseAll();
  // Answers the one that has been held for the longest.
  void ReleaseOne();
  std::size_t held_count() const { return held_.size(); }

  bool hold = false;
  Status failure;     // While not OK, every call fails with it and changes nothing.
  kv::Version known;  // What all replies show.
  // While true, keys have forgotten what came before `known`: writes under clients' ids that name another one are not
  // applied (quorum::Reply::not_by_this_copy).
  bool forgetful = false;
  kv::WallTime now{std::chrono::milliseconds(1'767'323'045'678)};  // 2026-01-02T03:04:05.678Z
  std::size_t max_value_bytes = 1 << 20;
  std::vector<quorum::Request> requests;  // As they came, values and all; the last kMaxKept.
  std::vector<quorum::Sending> sendings;  // With them.
  std::uint64_t submitted = 0;

 private:
  static constexpr std::size_t kMaxKept = 64;

  void Answer(std::function<void()> answer);
  quorum::Reply Execute(const quorum::Request& request, const quorum::Sending& sending);

  std::map<std::string, kv::RecordPtr> records_;
  std::uint64_t next_sequence_ = 1;
  std::deque<std::function<void()>> held_;
};

// The far end of a connection: sends bytes, takes answers, has its own clock.
class TestConnection {
 public:
  TestConnection(HttpHandler& handler, const HttpLimits& limits)
      : session(std::make_unique<HttpSession>(handler, limits, now, [this] { ++wakes; })) {}

  // Sends it all, in reads of at most `read_bytes`, taking output whenever the session asks for that. Says whether the
  // session took everything.
  bool Send(std::string_view bytes, std::size_t read_bytes = SIZE_MAX);
  // Takes all output there is, in small writes and in as many turns as the session wants, and returns it.
  std::string Take();
  // Send and Take.
  std::string Ask(std::string_view bytes);
  void Advance(std::chrono::milliseconds time);

  SteadyTime now{std::chrono::hours(1)};
  int wakes = 0;
  std::unique_ptr<HttpSession> session;

 private:
  std::string taken_;  // By Send, on the way.
};

struct TestResponse {
  int status = 0;
  std::map<std::string, std::string> fields;  // Names in lower case.
  std::string body;

  std::string Field(const std::string& name) const {
    const auto found = fields.find(name);
    return found == fields.end() ? std::string() : found->second;
  }
};
// Takes answers apart. `to_head`: they answer HEAD requests. nullopt when the bytes are no whole answers.
std::optional<std::vector<TestResponse>> ParseResponses(std::string_view bytes, bool to_head = false);

// Options for a handler whose node is always the same.
ApiHandler::Options TestOptions();

}  // namespace quoin::net
