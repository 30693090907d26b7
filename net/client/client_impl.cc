#include "net/client/client_impl.h"

#include <glog/logging.h>

#include <boost/asio/post.hpp>
#include <utility>

#include "base/random.h"

namespace quoin::client {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kReadBufferBytes = 256 << 10;

}  // namespace

Client::Impl::Impl(asio::any_io_executor executor, Options options, std::vector<net::HttpEndpoint> servers)
    : executor_(std::move(executor)),
      options_(std::move(options)),
      random_(RandomNonZero()),
      write_ids_(options_.client_id != 0 ? options_.client_id : RandomNonZero(), random_),
      ballots_(options_.max_remembered_keys),
      router_(options_.routing, std::move(servers), options_.connections_per_server),
      lanes_(router_.lane_count()),
      read_buffer_(kReadBufferBytes),
      timer_(executor_) {}

void Client::Impl::Open() {
  if (options_.routing == Routing::kLeaders) ring_due_ = Time();
  OpenLinks();
}

const std::string& Client::Impl::Pending::key() const {
  if (const auto* const operation = std::get_if<Operation>(&what)) return operation->key;
  return std::get<PageRequest>(what).prefix;
}

Client::Impl::Token Client::Impl::TokenOf(std::uint32_t slot, std::uint32_t generation, bool repeated) {
  return slot | Token{generation & 0x7fffffffu} << 32 | Token{repeated} << 63;
}

Client::Impl::Pending* Client::Impl::Find(Token token) {
  Pending& pending = table_[SlotOf(token)];
  const bool current =
      pending.phase != Phase::kFree && (pending.generation & 0x7fffffffu) == (token >> 32 & 0x7fffffffu);
  return current ? &pending : nullptr;
}

Client::Counts Client::Impl::counts() const {
  Counts counts = counts_;
  counts.under_way = table_.size() - free_.size();
  counts.watches = watchers_.size();
  return counts;
}

std::string Client::Impl::IdOf(std::uint32_t slot) const {
  const Pending& pending = table_[slot];
  if (!pending.is_write()) return {};
  return pending.operation_id.empty() ? write_ids_.Text(slot) : pending.operation_id;
}

Ticket Client::Impl::NewTicket(const std::string& key) {
  return {write_ids_.NewTicketId(), FormatBallot(ballots_.Find(key))};
}

template <typename AnswerType>
void Client::Impl::Post(Handler<AnswerType> handler, AnswerType answer) {
  asio::post(executor_, [handler = std::move(handler), answer = std::move(answer)]() mutable {
    std::move(handler)(std::move(answer));
  });
}

template <typename AnswerType>
void Client::Impl::Tell(std::uint32_t slot, AnswerType answer) {
  Pending& pending = table_[slot];
  LetFollow(pending);
  LeaveLane(pending);
  if (pending.is_write() && pending.operation_id.empty()) {
    write_ids_.End(slot, answer.outcome == Outcome::kUnknown);
  }
  auto handler = std::move(std::get<Handler<AnswerType>>(pending.handler));
  answer.sendings = pending.sendings.count();
  answer.responder = std::move(pending.responder);
  pending.what = Operation();
  pending.operation_id.clear();
  pending.problem = Problem();
  pending.responder = nullptr;
  pending.phase = Phase::kFree;
  ++pending.generation;
  due_.Remove(slot);
  free_.push_back(slot);
  if (closed_) return Post(std::move(handler), std::move(answer));
  std::move(handler)(std::move(answer));
}
template void Client::Impl::Post(Handler<Answer> handler, Answer answer);
template void Client::Impl::Post(Handler<PageAnswer> handler, PageAnswer answer);
template void Client::Impl::Post(Handler<std::vector<Answer>> handler, std::vector<Answer> answer);
template void Client::Impl::Tell(std::uint32_t slot, Answer answer);
template void Client::Impl::Tell(std::uint32_t slot, PageAnswer answer);

void Client::Impl::EndWithProblem(std::uint32_t slot) {
  Pending& pending = table_[slot];
  if (std::holds_alternative<PageRequest>(pending.what)) {
    PageAnswer answer;
    answer.problem = std::move(pending.problem);
    return Tell(slot, std::move(answer));
  }
  Answer answer;
  answer.problem = std::move(pending.problem);
  if (!pending.sendings.certain()) {
    answer.outcome = Outcome::kUnknown;
    answer.ticket = {IdOf(slot), FormatBallot(pending.sendings.known())};
  }
  Tell(slot, std::move(answer));
}

void Client::Impl::Close() {
  if (std::exchange(closed_, true)) return;
  timer_.cancel();
  for (const auto& link : links_) link->Close();
  for (Pending& pending : table_) pending.leads = false;  // Nobody follows any more.
  held_back_.clear();
  lanes_.StopAllWaiting();
  for (std::uint32_t slot = 0; slot < table_.size(); ++slot) {
    if (table_[slot].phase == Phase::kFree) continue;
    table_[slot].problem = {
        "closed", "the client was closed before the answer came", {}, 0, std::chrono::milliseconds(0)};
    EndWithProblem(slot);
  }
  for (Watcher* const watcher : watchers_) watcher->OnClientClosed();
}

}  // namespace quoin::client
