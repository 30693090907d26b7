#include "net/http_testing.h"

#include <glog/logging.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <utility>

#include "quorum/apply.h"

namespace quoin::net {

void MemoryKeyspace::Answer(std::function<void()> answer) {
  if (hold) {
    held_.push_back(std::move(answer));
  } else {
    answer();
  }
}

void MemoryKeyspace::Submit(quorum::Request request, const quorum::Sending& sending, quorum::ReplyCallback done) {
  CHECK(!request.key.empty() && request.key.size() <= kv::kMaxKeyBytes);
  ++submitted;
  quorum::Reply reply = Execute(request, sending);
  reply.known = known;
  if (requests.size() == kMaxKept) {
    requests.erase(requests.begin());
    sendings.erase(sendings.begin());
  }
  requests.push_back(std::move(request));
  sendings.push_back(sending);
  Answer([done = std::move(done), reply = std::move(reply)] { done(reply); });
}

quorum::Reply MemoryKeyspace::Execute(const quorum::Request& request, const quorum::Sending& sending) {
  if (!failure.ok()) {
    quorum::Reply reply;
    reply.outcome = quorum::Outcome::kError;
    reply.status = failure;
    return reply;
  }
  if (forgetful && !sending.fresh && sending.known != known) {
    quorum::Reply reply;
    reply.outcome = quorum::Outcome::kError;
    reply.status = Status(sending.repeated ? Code::kUnknown : Code::kUnavailable, "the key has forgotten operations");
    reply.not_by_this_copy = true;
    return reply;
  }
  kv::RecordPtr& current = records_[request.key];
  if (current != nullptr && quorum::IsExpired(*current, now)) current = nullptr;
  quorum::Applied applied = quorum::Apply(request, current, now, max_value_bytes);
  if (applied.next.has_value()) {
    applied.next->accepted = applied.next->changed = {{3, kNode}, next_sequence_++};
    applied.reply.changed = applied.next->changed;
    const bool tombstone = applied.next->tombstone;
    current = std::make_shared<const kv::Record>(*std::move(applied.next));
    if (!tombstone) applied.reply.record = current;
  }
  return applied.reply;
}

void MemoryKeyspace::Scan(quorum::ScanRequest request, quorum::ScanCallback done) {
  if (!failure.ok()) return Answer([done = std::move(done), status = failure] { done(status); });
  quorum::ScanPage page;
  std::size_t size_bytes = 0;
  for (const auto& [key, record] : records_) {
    if (!key.starts_with(request.prefix) || (request.after.has_value() && key <= *request.after)) continue;
    if (record == nullptr || record->tombstone || quorum::IsExpired(*record, now)) continue;
    size_bytes += key.size() + (request.keys_only ? 0 : record->value.size());
    if (page.entries.size() == request.limit || (size_bytes > request.max_bytes && !page.entries.empty())) {
      page.more = true;
      break;
    }
    page.entries.push_back({key, record});
  }
  Answer([done = std::move(done), page = std::move(page)] { done(page); });
}

void MemoryKeyspace::ReleaseOne() {
  CHECK(!held_.empty());
  const auto answer = std::move(held_.front());
  held_.pop_front();
  answer();
}

void MemoryKeyspace::ReleaseAll() {
  while (!held_.empty()) ReleaseOne();
}

bool TestConnection::Send(std::string_view bytes, std::size_t read_bytes) {
  while (!bytes.empty()) {
    if (!session->wants_bytes()) taken_.append(Take());
    if (!session->wants_bytes()) return false;
    const std::size_t count = std::min(read_bytes, bytes.size());
    session->OnTurn(now);
    // A copy of exactly this size, so that a sanitizer sees whoever reads beyond it or keeps a view of it.
    const std::string read(bytes.substr(0, count));
    session->OnBytes(read, now);
    bytes.remove_prefix(count);
  }
  return true;
}

std::string TestConnection::Take() {
  std::string output = std::exchange(taken_, {});
  std::size_t write_bytes = 1;
  while (session->has_output() || session->wants_turn()) {
    session->OnTurn(now);
    if (!session->has_output()) continue;
    std::vector<std::string_view> views;
    session->CollectOutput(views, 3);
    CHECK(!views.empty());
    std::size_t left = write_bytes;
    std::size_t written = 0;
    for (const std::string_view view : views) {
      CHECK(!view.empty());
      const std::size_t count = std::min(left, view.size());
      output.append(view.substr(0, count));
      left -= count;
      written += count;
    }
    session->OnWritten(written, now);
    write_bytes = write_bytes * 3 + 1;
  }
  return output;
}

std::string TestConnection::Ask(std::string_view bytes) {
  Send(bytes);
  return Take();
}

void TestConnection::Advance(std::chrono::milliseconds time) {
  now += time;
  if (now >= session->deadline()) session->OnTime(now);
}

std::optional<std::vector<TestResponse>> ParseResponses(std::string_view bytes, bool to_head) {
  std::vector<TestResponse> responses;
  while (!bytes.empty()) {
    const std::size_t head_end = bytes.find("\r\n\r\n");
    if (head_end == std::string_view::npos || !bytes.starts_with("HTTP/1.1 ") || head_end < 12) return std::nullopt;
    std::string_view head = bytes.substr(0, head_end + 2);
    bytes.remove_prefix(head_end + 4);
    TestResponse response;
    std::from_chars(head.data() + 9, head.data() + 12, response.status);
    for (head.remove_prefix(head.find("\r\n") + 2); !head.empty(); head.remove_prefix(head.find("\r\n") + 2)) {
      const std::string_view line = head.substr(0, head.find("\r\n"));
      const std::size_t colon = line.find(": ");
      if (colon == std::string_view::npos) return std::nullopt;
      std::string name(line.substr(0, colon));
      for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      if (!response.fields.emplace(std::move(name), line.substr(colon + 2)).second) return std::nullopt;
    }
    const bool has_body = response.status >= 200 && response.status != 204 && response.status != 304;
    if (has_body != (response.fields.count("content-length") == 1)) return std::nullopt;
    if (has_body && !to_head) {
      const std::size_t length = std::stoul(response.Field("content-length"));
      if (length > bytes.size()) return std::nullopt;
      response.body = bytes.substr(0, length);
      bytes.remove_prefix(length);
    }
    responses.push_back(std::move(response));
  }
  return responses;
}

ApiHandler::Options TestOptions() {
  ApiHandler::Options options;
  options.node = MemoryKeyspace::kNode;
  options.start_nonce = 0x1122334455667788;
  options.status = [] {
    NodeStatus status;
    status.node = MemoryKeyspace::kNode;
    status.cluster = ClusterId{0xabc};
    status.engine = "memory";
    status.version = "0.1.0";
    status.started_at = kv::WallTime(std::chrono::milliseconds(1'767'323'000'000));
    return status;
  };
  options.steady_now = [] { return SteadyTime(std::chrono::hours(1)); };
  options.wall_now = [] { return kv::WallTime(std::chrono::milliseconds(1'767'323'045'678)); };
  return options;
}

}  // namespace quoin::net
