#include "net/client/link.h"

#include <glog/logging.h>

#include <algorithm>
#include <iterator>
#include <utility>

namespace quoin::client {
namespace {

using std::chrono::milliseconds;

// No more is added to what waits to be written beyond this: what is not encoded yet can still go another way.
constexpr std::size_t kMaxOutputBytes = 1 << 20;
Time Now() { return std::chrono::steady_clock::now(); }

}  // namespace

milliseconds DrawBackoff(const RetryPolicy& policy, std::uint32_t failures, std::mt19937_64& random) {
  const auto first = policy.first_backoff.count();
  const auto most = policy.max_backoff.count();
  const auto bound = failures >= 20 ? most : std::min(most, first << failures);
  return milliseconds(std::uniform_int_distribution<std::int64_t>(0, std::max<std::int64_t>(bound, 0))(random));
}

SessionOptions SessionOptionsOf(const Options& options, const net::HttpEndpoint& server) {
  SessionOptions session;
  session.host = server.ToString();
  session.user_agent = options.user_agent;
  session.max_answer_bytes = options.max_answer_bytes;
  session.ping_interval = options.ping_interval;
  return session;
}

Link::Link(Connection::Shared shared, const Options& options, net::HttpEndpoint server, Route route, Owner& owner)
    : shared_(std::move(shared)),
      options_(options),
      server_(std::move(server)),
      route_(route),
      owner_(owner),
      timer_(shared_.executor) {}

void Link::Probe(Time now) {
  if (connection_ == nullptr && waiting_.empty() && now >= next_probe_) Open();
}

void Link::Retarget(net::HttpEndpoint server) {
  CHECK(idle());
  server_ = std::move(server);
  responder_ = nullptr;
  reason_.clear();
  failures_ = 0;
  next_try_ = next_probe_ = Time();
}

void Link::Open() {
  const Time now = Now();
  if (now < next_try_) {
    if (timer_armed_) return;
    timer_armed_ = true;
    timer_.expires_at(next_try_);
    timer_.async_wait([this, weak = shared_.life](const boost::system::error_code& error) {
      const auto life = weak.lock();
      if (life == nullptr || error) return;
      timer_armed_ = false;
      Flush();
    });
    return;
  }
  answered_ = false;
  connection_ = std::make_shared<Connection>(shared_, server_, SessionOptionsOf(options_, server_),
                                             options_.connect_timeout, static_cast<Connection::Owner&>(*this));
  connection_->Start();
}

void Link::Flush() {
  if (connection_ == nullptr) {
    if (!waiting_.empty()) Open();
    return;
  }
  Pump();
  if (connection_ != nullptr) connection_->Flush();
}

void Link::GiveUpOn(Token token) {
  if (connection_ == nullptr || connection_->session() == nullptr) return;
  connection_->session()->GiveUpOn(token);
}

void Link::Pump() {
  // A handler may close the client, and with it this link.
  const std::shared_ptr<Connection> connection = connection_;
  if (connection == nullptr) return;
  Session* const session = connection->session();
  while (session != nullptr && !waiting_.empty() && session->room() > 0 && session->output_bytes() < kMaxOutputBytes) {
    const Token token = waiting_.front();
    waiting_.pop_front();
    owner_.Send(*this, token, *session);
  }
}

void Link::OnOpen() {
  const v1::Hello& hello = connection_->session()->hello();
  responder_ = std::make_shared<const Responder>(Responder{server_.ToString(), hello.node()});
  owner_.OnUp(*this);
}

void Link::OnAnswer(Token token, v1::ServerFrame& answer) {
  answered_ = true;
  owner_.OnAnswer(*this, token, answer);
}

void Link::OnOver(const std::string& reason) {
  Session* const session = connection_->session();
  const bool was_open = session != nullptr && session->opened();
  std::vector<Token> unanswered;
  if (session != nullptr) unanswered = session->TakeUnanswered();
  connection_.reset();
  reason_ = server_.ToString() + ": " + reason;
  VLOG(1) << reason_;
  ++shared_.counts.connections_lost;
  // A connection that has brought answers was a good one, and is opened anew at once.
  failures_ = answered_ ? 0 : failures_ + 1;
  next_try_ = Now();
  if (failures_ > 0) next_try_ += DrawBackoff(options_.retry, failures_ - 1, shared_.random);
  const milliseconds wait = std::min(kMaxProbeWait, kFirstProbeWait * (1 << std::min(failures_, 10u)));
  next_probe_ = Now() + wait / 2 + milliseconds(shared_.random() % static_cast<std::uint64_t>(wait.count() / 2));
  std::vector<Token> waiting(waiting_.begin(), waiting_.end());
  waiting_.clear();
  owner_.OnDown(*this, was_open, std::move(unanswered), std::move(waiting));
}

void Link::Close() {
  timer_.cancel();
  waiting_.clear();
  if (const auto connection = std::exchange(connection_, nullptr); connection != nullptr) connection->Abandon();
}

}  // namespace quoin::client
