// How operations are started and sent.
#include <google/protobuf/arena.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "base/text.h"
#include "net/client/client_impl.h"
#include "net/client/codec.h"
#include "ring/partition.h"

namespace quoin::client {
namespace {

namespace asio = boost::asio;

// What a request's id adds to its message.
constexpr std::size_t kIdBytes = 8;

Time Now() { return std::chrono::steady_clock::now(); }

Problem ProblemOf(std::string type, std::string detail) {
  return {std::move(type), std::move(detail), {}, 0, std::chrono::milliseconds(0)};
}

std::optional<Problem> BadOperation(std::optional<std::string> fault) {
  if (!fault) return std::nullopt;
  return ProblemOf("bad-operation", std::move(*fault));
}

}  // namespace

std::optional<Problem> Client::Impl::FindFault() const {
  if (closed_) return ProblemOf("closed", "the client was closed");
  if (table_.size() - free_.size() >= options_.max_operations) {
    return ProblemOf("too-many-operations",
                     std::to_string(options_.max_operations) + " operations are under way; that is max_operations");
  }
  return std::nullopt;
}

std::optional<Problem> Client::Impl::FindFault(const Operation& operation, const CallOptions& options) const {
  if (auto fault = FindFault()) return fault;
  if (auto fault = FindUnsendable(operation)) return BadOperation(std::move(fault));
  if (!options.ticket) {
    if (options.resumed) return BadOperation("what is resumed needs the ticket of the earlier try");
    return std::nullopt;
  }
  if (!operation.is_write()) return BadOperation("tickets are for writes, and this is a get");
  const Ticket& ticket = *options.ticket;
  if (ticket.operation_id.empty() || !IsUtf8(ticket.operation_id)) {
    return BadOperation("a ticket's operation id is a text like 00c0ffee00c0ffee-17");
  }
  if (!ticket.ballot.empty() && !ParseBallot(ticket.ballot)) {
    return BadOperation("a ticket's ballot is empty, or a text like 3.00c0ffee00c0ffee.41");
  }
  return std::nullopt;
}

std::uint32_t Client::Impl::Admit(const CallOptions& options) {
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(table_.size()));
    table_.emplace_back();
  }
  const std::uint32_t slot = free_.back();
  free_.pop_back();
  Pending& pending = table_[slot];
  pending.consistency = options.consistency;
  // Far more would overflow the clock.
  constexpr std::chrono::milliseconds kLongest = std::chrono::hours(24 * 36500);
  pending.timeout = std::clamp(options.timeout.value_or(options_.timeout), std::chrono::milliseconds(0), kLongest);
  pending.deadline = Now() + pending.timeout;
  pending.failures = 0;
  pending.unreachable = 0;
  pending.avoid = Router::kNone;
  return slot;
}

void Client::Impl::Start(Operation operation, CallOptions options, Handler<Answer> handler) {
  if (auto fault = FindFault(operation, options)) {
    Answer answer;
    answer.problem = std::move(*fault);
    // What was sent before, by whomever, is not made undone by our refusal.
    if (options.resumed && options.ticket && operation.is_write()) {
      answer.outcome = Outcome::kUnknown;
      answer.ticket = std::move(*options.ticket);
    }
    return Post(std::move(handler), std::move(answer));
  }
  const std::uint32_t slot = Admit(options);
  Pending& pending = table_[slot];
  pending.hash = ring::TokenOf(operation.key);
  if (!operation.is_write()) {
    pending.sendings = Sendings(false, {});
  } else if (options.ticket) {
    pending.operation_id = std::move(options.ticket->operation_id);
    const auto known = ParseBallot(options.ticket->ballot);
    pending.sendings = Sendings(Sendings::Ticketed{options.resumed}, known.value_or(kv::Version{}));
  } else {
    write_ids_.Begin(slot);
    pending.sendings = Sendings(true, ballots_.Find(operation.key));
  }
  pending.what = std::move(operation);
  pending.handler = std::move(handler);
  Begin(slot);
}

void Client::Impl::StartPage(PageRequest request, CallOptions options, Handler<PageAnswer> handler) {
  auto fault = FindFault();
  if (!fault) fault = BadOperation(FindUnsendable(request));
  if (fault) {
    PageAnswer answer;
    answer.problem = std::move(*fault);
    return Post(std::move(handler), std::move(answer));
  }
  const std::uint32_t slot = Admit(options);
  Pending& pending = table_[slot];
  pending.hash = ring::TokenOf(request.prefix);
  pending.sendings = Sendings(false, {});
  pending.what = std::move(request);
  pending.handler = std::move(handler);
  Dispatch(slot);
}

void Client::Impl::StartBatch(std::vector<Operation> operations, const CallOptions& options,
                              Handler<std::vector<Answer>> handler) {
  struct Gathering {
    std::vector<Answer> answers;
    std::size_t left = 0;
    Handler<std::vector<Answer>> handler;
  };
  const auto gathering = std::make_shared<Gathering>();
  gathering->answers.resize(operations.size());
  gathering->left = operations.size();
  // One ticket can't stand for several operations.
  const bool has_ticket = options.ticket.has_value() || options.resumed;
  if (has_ticket) {
    for (Answer& answer : gathering->answers) answer.problem = *BadOperation("a batch takes no ticket");
  }
  if (has_ticket || operations.empty()) return Post(std::move(handler), std::move(gathering->answers));
  gathering->handler = std::move(handler);
  for (std::size_t i = 0; i < operations.size(); ++i) {
    Start(std::move(operations[i]), options, [gathering, i](Answer answer) {
      gathering->answers[i] = std::move(answer);
      if (--gathering->left == 0) std::move(gathering->handler)(std::move(gathering->answers));
    });
  }
}

void Client::Impl::Begin(std::uint32_t slot) {
  Pending& pending = table_[slot];
  if (const auto found = held_back_.find(pending.key()); found != held_back_.end()) {
    pending.phase = Phase::kHeldBack;
    due_.Set(slot, pending.deadline);
    ArmTimer();
    found->second.push_back(TokenOf(slot, pending.generation, false));
    return;
  }
  if (pending.is_write() && pending.sendings.known() == kv::Version{}) {
    pending.leads = true;
    held_back_.emplace(pending.key(), std::vector<Token>());
  }
  Dispatch(slot);
}

void Client::Impl::LetFollow(Pending& pending) {
  if (!std::exchange(pending.leads, false)) return;
  auto node = held_back_.extract(pending.key());
  for (const Token token : node.mapped()) {
    const Pending* const held = Find(token);
    if (held != nullptr && held->phase == Phase::kHeldBack) Dispatch(SlotOf(token));
  }
}

void Client::Impl::Dispatch(std::uint32_t slot) {
  Pending& pending = table_[slot];
  const Router::Choice choice = router_.For(pending.hash, pending.avoid);
  if (choice.wish != Router::kNone) LinkOf({choice.wish, choice.route.connection}).Probe(Now());
  const Token token = TokenOf(slot, pending.generation, false);
  if (pending.is_operation()) {
    const std::size_t lane = router_.LaneOf(pending.hash);
    // One that was in the lane keeps its place before those who wait.
    const bool moves = std::exchange(pending.in_lane, false);
    const bool again = moves || pending.sendings.count() > 0;
    const auto server = static_cast<std::uint32_t>(choice.route.server);
    pending.in_lane = lanes_.Enter(lane, server, router_.is_down(lanes_.server(lane)), again);
    if (moves) DispatchAll(lanes_.Leave(lane));
    if (!pending.in_lane) {
      lanes_.Wait(lane, token);
      pending.phase = Phase::kCrossing;
      due_.Set(slot, std::min(pending.deadline, Now() + kMaxCrossingWait));
      return ArmTimer();
    }
  }
  pending.phase = Phase::kQueued;
  due_.Set(slot, pending.deadline);
  ArmTimer();
  pending.link = &LinkOf(choice.route);
  pending.link->Enqueue(token);
  ScheduleFlush(*pending.link);
}

void Client::Impl::LeaveLane(Pending& pending) {
  if (!std::exchange(pending.in_lane, false)) return;
  DispatchAll(lanes_.Leave(router_.LaneOf(pending.hash)));
}

void Client::Impl::DispatchAll(const std::vector<Token>& tokens) {
  for (const Token token : tokens) {
    const Pending* const waiting = Find(token);
    if (waiting != nullptr && waiting->phase == Phase::kCrossing) Dispatch(SlotOf(token));
  }
}

void Client::Impl::StopCrossing(std::uint32_t slot) {
  const Pending& pending = table_[slot];
  const auto server = static_cast<std::uint32_t>(router_.For(pending.hash).route.server);
  DispatchAll(lanes_.StopWaiting(router_.LaneOf(pending.hash), server));
}

void Client::Impl::ScheduleFlush(Link& link) {
  if (!std::exchange(link.flush_scheduled, true)) to_flush_.push_back(&link);
  if (std::exchange(flush_scheduled_, true)) return;
  // Posted, so that what is started in one turn leaves in one write.
  asio::post(executor_, [self = shared_from_this()] {
    self->flush_scheduled_ = false;
    for (Link* const link : std::exchange(self->to_flush_, {})) {
      link->flush_scheduled = false;
      if (!self->closed_) link->Flush();
    }
  });
}

void Client::Impl::Send(Link& link, Token token, Session& session) {
  Pending* const pending = Find(token);
  if (pending == nullptr || pending->phase != Phase::kQueued) return;
  const std::uint32_t slot = SlotOf(token);
  // Stays on the stack for all but large operations.
  alignas(8) char first_block[2048];
  google::protobuf::ArenaOptions arena_options;
  arena_options.initial_block = first_block;
  arena_options.initial_block_size = sizeof(first_block);
  google::protobuf::Arena arena(arena_options);
  auto* const frame = google::protobuf::Arena::CreateMessage<v1::ClientFrame>(&arena);
  Sendings& sendings = pending->sendings;
  if (const auto* const operation = std::get_if<Operation>(&pending->what)) {
    SendingFields fields;
    std::string id, ballot;
    if (pending->is_write()) {
      sendings.Refresh(ballots_.Find(operation->key));
      id = IdOf(slot);
      ballot = FormatBallot(sendings.known());
      fields = {id, ballot, sendings.repeated(), pending->operation_id.empty() ? write_ids_.FinishedBelow(slot) : 0};
    }
    FillOperation(*operation, pending->consistency, fields, frame->mutable_operation());
  } else {
    FillScan(std::get<PageRequest>(pending->what), frame->mutable_scan());
  }
  if (const std::size_t size_bytes = frame->ByteSizeLong() + kIdBytes; !session.Fits(size_bytes)) {
    pending->problem =
        ProblemOf("body-too-large", "the message has " + std::to_string(size_bytes) + " bytes; the node takes " +
                                        std::to_string(session.hello().max_message_bytes()));
    return EndWithProblem(slot);
  }
  ++counts_.sendings;
  if (sendings.count() > 0) ++counts_.resendings;
  const Token sent = TokenOf(slot, pending->generation, sendings.repeated());
  sendings.OnSent();
  pending->phase = Phase::kSent;
  pending->link = &link;
  pending->sent = sent;
  pending->unreachable = 0;
  const Time now = Now();
  if (options_.answer_timeout.count() > 0) {
    due_.Set(slot, std::min(pending->deadline, now + options_.answer_timeout));
    ArmTimer();
  }
  session.Send(*frame, sent, now);
  if (now >= ring_due_) AskForRing(session, now);
}

}  // namespace quoin::client
