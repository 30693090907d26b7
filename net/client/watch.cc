#include "net/client/watch.h"

#include <glog/logging.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "net/client/await.h"
#include "net/client/codec.h"
#include "net/client/watch_impl.h"

namespace quoin::client {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using std::chrono::milliseconds;

constexpr Session::Token kWatchToken = 0;
constexpr Session::Token kRingToken = 1;
// When a node is lost, all of its watches look for another one; so they spread at least over this.
constexpr milliseconds kFirstBackoff{50};

std::string Describe(const Problem& problem) {
  return problem.type + (problem.detail.empty() ? "" : ": " + problem.detail);
}

}  // namespace

WatchStream::Impl::Impl(std::shared_ptr<Client::Impl> client, std::vector<WatchTarget> targets, WatchOptions options)
    : client_(std::move(client)),
      options_(std::move(options)),
      progress_(std::move(targets), options_.cursor, options_.state, options_.max_remembered_keys),
      retry_timer_(client_->executor()),
      deadline_timer_(client_->executor()),
      cursor_(options_.cursor) {
  client_->AddWatcher(*this);
}

WatchStream::Impl::~Impl() {
  if (connection_ != nullptr) connection_->Abandon();
  client_->RemoveWatcher(*this);
}

std::optional<Status> WatchStream::Impl::FindFault() const {
  const auto invalid = [](std::string message) { return Status(Code::kInvalid, "bad-watch: " + std::move(message)); };
  if (auto fault = progress_.FindFault()) return invalid(*std::move(fault));
  if (options_.window_bytes < 1) return invalid("window_bytes is at least 1");
  if (options_.ping_interval.count() < 1) return invalid("ping_interval is at least 1 ms");
  for (const auto& within : {options_.begin_within, options_.resume_within}) {
    if (within && within->count() < 1) return invalid("begin_within and resume_within are at least 1 ms");
  }
  if (client_->closed()) return Status(Code::kUnavailable, "closed: the client was closed");
  return std::nullopt;
}

void WatchStream::Impl::Begin() {
  if (auto fault = FindFault()) return End(*std::move(fault));
  SetDeadline(options_.begin_within);
  Connect();
}

void WatchStream::Impl::Connect() {
  server_ = client_->ServerForWatch(&tried_);
  SessionOptions session = SessionOptionsOf(client_->options(), server_);
  session.ping_interval = options_.ping_interval;
  connection_ =
      std::make_shared<Connection>(client_->Share(weak_from_this()), server_, std::move(session),
                                   client_->options().connect_timeout, static_cast<Connection::Owner&>(*this));
  connection_->Start();
}

void WatchStream::Impl::OnOpen() {
  Session& session = *connection_->session();
  v1::ClientFrame frame;
  std::optional<Step> step = progress_.Begin(frame.mutable_watch());
  constexpr std::size_t kIdBytes = 8;
  if (!session.Fits(frame.ByteSizeLong() + kIdBytes)) {
    return End(Status(Code::kInvalid, "body-too-large: the watch's keys, prefixes and cursor have " +
                                          std::to_string(frame.ByteSizeLong()) + " bytes; the node takes " +
                                          std::to_string(session.hello().max_message_bytes())));
  }
  // Before there is anything that it could be spent on.
  session.Grant(options_.window_bytes - std::min(waiting_bytes_, options_.window_bytes - 1));
  freed_bytes_ = 0;
  seen_bytes_ = 0;
  const Time now = std::chrono::steady_clock::now();
  session.Send(frame, kWatchToken, now);
  // A client that does nothing but watch learns in this way of servers that it was not told of.
  if (client_->options().routing == Routing::kLeaders && session.room() > 0) {
    frame.Clear();
    frame.mutable_ring()->set_known_epoch(client_->ring_epoch());
    session.Send(frame, kRingToken, now);
  }
  if (!step) return;
  waiting_.push_back({*std::move(step)});
  Wake();
}

void WatchStream::Impl::OnAnswer(Session::Token token, v1::ServerFrame& answer) {
  const std::uint64_t so_far = connection_->session()->answer_bytes();
  const auto bytes = static_cast<std::size_t>(so_far - std::exchange(seen_bytes_, so_far));
  if (token == kRingToken) {
    client_->LearnRing(answer);
    waiting_bytes_ += bytes;
    return GiveBack(bytes);
  }
  if (answer.has_events()) return OnEvents(*answer.mutable_events(), bytes);
  if (answer.has_result() && answer.result().has_problem()) {
    return OnRefused(TakeProblem(*answer.mutable_result()->mutable_problem()));
  }
  GoOn(server_.ToString() + ": the node answered the watch with neither events nor a problem", milliseconds(0));
}

void WatchStream::Impl::OnEvents(v1::Events& events, std::size_t bytes) {
  Result<std::vector<Step>> steps = progress_.Take(events);
  if (!steps.ok()) return GoOn(server_.ToString() + ": " + steps.status().message(), milliseconds(0));
  failures_ = 0;
  tried_.clear();
  deadline_timer_.cancel();
  if (!std::exchange(connected_, true)) TellConnection(true, server_.ToString());
  waiting_bytes_ += bytes;
  if (steps->empty()) return GiveBack(bytes);
  for (Step& step : *steps) waiting_.push_back({std::move(step)});
  waiting_.back().bytes = bytes;
  TakeCursors();
  Wake();
}

void WatchStream::Impl::OnRefused(Problem problem) {
  const std::string text = Describe(problem);
  if (!IsRetryable(problem)) {
    return End(Status(problem.status == 0 || problem.status >= 500 ? Code::kUnavailable : Code::kInvalid, text));
  }
  GoOn(server_.ToString() + ": " + text, problem.retry_after);
}

void WatchStream::Impl::OnOver(const std::string& reason) { GoOn(server_.ToString() + ": " + reason, milliseconds(0)); }

void WatchStream::Impl::OnClientClosed() { End(Status(Code::kUnavailable, "closed: the client was closed")); }

void WatchStream::Impl::GoOn(const std::string& reason, milliseconds least) {
  if (const auto connection = std::exchange(connection_, nullptr)) connection->Abandon();
  reason_ = reason;
  VLOG(1) << "watch: " << reason_;
  if (std::ranges::find(tried_, server_) == tried_.end()) tried_.push_back(server_);
  const bool lost = std::exchange(connected_, false);
  if (lost) TellConnection(false, reason_);
  held_back_ = IsFull();
  if (held_back_) return;  // It is the program that is awaited, not a server.
  if (lost) SetDeadline(options_.resume_within);
  ConnectLater(least);
}

void WatchStream::Impl::ConnectLater(milliseconds least) {
  RetryPolicy policy = client_->options().retry;
  policy.first_backoff = std::max(policy.first_backoff, kFirstBackoff);
  policy.max_backoff = std::max(policy.max_backoff, policy.first_backoff);
  retry_timer_.expires_after(least + DrawBackoff(policy, failures_++, client_->random()));
  retry_timer_.async_wait([weak = weak_from_this()](const error_code& failed) {
    const auto self = weak.lock();
    if (self != nullptr && !failed && !self->over_) self->Connect();
  });
}

void WatchStream::Impl::SetDeadline(std::optional<milliseconds> within) {
  if (!within) return;
  deadline_timer_.expires_after(*within);
  deadline_timer_.async_wait([weak = weak_from_this(), within = *within](const error_code& failed) {
    const auto self = weak.lock();
    if (self == nullptr || failed || self->over_ || self->connected_) return;
    self->End(Status(Code::kUnavailable, "unreachable: no server took the watch within " +
                                             std::to_string(within.count()) + " ms" +
                                             (self->reason_.empty() ? "" : ": " + self->reason_)));
  });
}

void WatchStream::Impl::GiveBack(std::size_t bytes) {
  waiting_bytes_ -= bytes;
  freed_bytes_ += bytes;
  if (held_back_ && !IsFull()) {
    held_back_ = false;
    SetDeadline(options_.resume_within);
    return ConnectLater(milliseconds(0));
  }
  Session* const session = connection_ == nullptr ? nullptr : connection_->session();
  if (session == nullptr || !session->opened() || session->over()) return;
  if (2 * freed_bytes_ < options_.window_bytes) return;
  session->Grant(std::exchange(freed_bytes_, 0));
  const std::shared_ptr<Connection> connection = connection_;  // This may be its end.
  connection->Flush();
}

void WatchStream::Impl::TakeCursors() {
  while (!waiting_.empty() && !waiting_.front().step.event) {
    const Waiting taken = std::move(waiting_.front());
    waiting_.pop_front();
    if (taken.step.cursor) cursor_ = *taken.step.cursor;
    GiveBack(taken.bytes);
  }
}

std::optional<WatchEvent> WatchStream::Impl::TryNext() {
  if (waiting_.empty()) return std::nullopt;
  Waiting taken = std::move(waiting_.front());
  waiting_.pop_front();
  if (taken.step.cursor) cursor_ = *std::move(taken.step.cursor);
  GiveBack(taken.bytes);
  TakeCursors();
  return std::move(taken.step.event);
}

void WatchStream::Impl::StartNext(Handler<std::optional<WatchEvent>> handler) {
  CHECK(!waiter_) << "one Next at a time";
  waiter_ = std::move(handler);
  Wake();
}

// Not written where it is awaited: gcc 12 destroys the captures of a lambda twice that is made within a co_await.
asio::awaitable<std::optional<WatchEvent>> WatchStream::Impl::Came() {
  return Await<std::optional<WatchEvent>>(
      [self = shared_from_this()](Handler<std::optional<WatchEvent>> handler) { self->StartNext(std::move(handler)); });
}

void WatchStream::Impl::Wake() {
  if (!waiter_ || waking_ || (waiting_.empty() && !over_)) return;
  waking_ = true;
  asio::post(client_->executor(), [self = shared_from_this()] {
    self->waking_ = false;
    if (!self->waiter_ || (self->waiting_.empty() && !self->over_)) return;
    std::optional<WatchEvent> event = self->TryNext();
    std::exchange(self->waiter_, {})(std::move(event));
  });
}

void WatchStream::Impl::TellConnection(bool connected, const std::string& text) {
  if (!options_.on_connection) return;
  asio::post(client_->executor(), [weak = weak_from_this(), connected, text] {
    const auto self = weak.lock();
    if (self != nullptr && !self->over_) self->options_.on_connection(connected, text);
  });
}

void WatchStream::Impl::Stop() {
  waiting_.clear();
  End({});
}

void WatchStream::Impl::End(Status status) {
  if (!std::exchange(over_, true)) status_ = std::move(status);
  retry_timer_.cancel();
  deadline_timer_.cancel();
  if (const auto connection = std::exchange(connection_, nullptr)) connection->Abandon();
  Wake();
}

WatchStream::WatchStream(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
WatchStream::WatchStream(WatchStream&&) noexcept = default;
WatchStream& WatchStream::operator=(WatchStream&& other) noexcept {
  if (this != &other) {
    if (impl_ != nullptr) impl_->Stop();
    impl_ = std::move(other.impl_);
  }
  return *this;
}
WatchStream::~WatchStream() {
  if (impl_ != nullptr) impl_->Stop();
}

asio::awaitable<std::optional<WatchEvent>> WatchStream::Next() {
  const std::shared_ptr<Impl> impl = impl_;
  if (auto event = impl->TryNext()) co_return event;
  co_return co_await impl->Came();
}
void WatchStream::StartNext(Handler<std::optional<WatchEvent>> handler) { impl_->StartNext(std::move(handler)); }
std::optional<WatchEvent> WatchStream::TryNext() { return impl_->TryNext(); }
const std::string& WatchStream::cursor() const { return impl_->cursor(); }
void WatchStream::Stop() { impl_->Stop(); }
const Status& WatchStream::status() const { return impl_->status(); }

}  // namespace quoin::client
