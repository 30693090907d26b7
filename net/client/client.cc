#include "net/client/client.h"

#include <algorithm>
#include <utility>

#include "net/client/await.h"
#include "net/client/client_impl.h"
#include "net/client/scan_impl.h"
#include "net/client/watch_impl.h"
#include "net/http_client.h"

namespace quoin::client {
namespace {

namespace asio = boost::asio;

Status Invalid(std::string message) { return Status(Code::kInvalid, std::move(message)); }

Status Check(const Options& options) {
  if (options.servers.empty()) return Invalid("servers must name at least one host:port");
  if (options.connections_per_server < 1 || options.connections_per_server > 1024) {
    return Invalid("connections_per_server is 1 to 1024");
  }
  if (options.timeout.count() < 1) return Invalid("timeout is at least 1 ms");
  if (options.connect_timeout.count() < 1) return Invalid("connect_timeout is at least 1 ms");
  if (options.ping_interval.count() < 1) return Invalid("ping_interval is at least 1 ms");
  if (options.ring_interval.count() < 1) return Invalid("ring_interval is at least 1 ms");
  if (options.answer_timeout.count() < 0) return Invalid("answer_timeout is 0 (never) or more");
  if (options.max_operations < 1) return Invalid("max_operations is at least 1");
  const RetryPolicy& retry = options.retry;
  if (retry.first_backoff.count() < 1 || retry.max_backoff < retry.first_backoff ||
      retry.max_backoff > std::chrono::hours(1)) {
    return Invalid("backoffs are at least 1 ms and at most an hour, and first_backoff is the smaller one");
  }
  if (!std::ranges::all_of(options.user_agent, [](char c) { return c >= ' ' && c < 0x7f; })) {
    return Invalid("user_agent is printable ASCII");
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Client>> Client::Create(asio::any_io_executor executor, Options options) {
  QUOIN_RETURN_IF_ERROR(Check(options));
  std::vector<net::HttpEndpoint> servers;
  for (const std::string& text : options.servers) {
    Result<net::HttpEndpoint> server = net::ParseHttpEndpoint(text);
    if (!server.ok()) return Invalid("servers: " + server.status().message());
    servers.push_back(*std::move(server));
  }
  auto impl = std::make_shared<Impl>(std::move(executor), std::move(options), std::move(servers));
  impl->Open();
  return std::unique_ptr<Client>(new Client(std::move(impl)));
}

Client::Client(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

Client::~Client() { impl_->Close(); }

void Client::Close() { impl_->Close(); }

Client::Counts Client::counts() const { return impl_->counts(); }

Ticket Client::NewTicket(const std::string& key) { return impl_->NewTicket(key); }

void Client::Start(Operation operation, CallOptions options, Handler<Answer> handler) {
  impl_->Start(std::move(operation), std::move(options), std::move(handler));
}

void Client::StartPage(PageRequest request, CallOptions options, Handler<PageAnswer> handler) {
  impl_->StartPage(std::move(request), std::move(options), std::move(handler));
}

Client::Awaitable<Answer> Client::Do(Operation operation, CallOptions options) {
  return Await<Answer>(
      [impl = impl_, operation = std::move(operation), options = std::move(options)](Handler<Answer> handler) mutable {
        impl->Start(std::move(operation), std::move(options), std::move(handler));
      });
}

Client::Awaitable<Answer> Client::Get(std::string key, CallOptions options) {
  return Do(Operation::Get(std::move(key)), std::move(options));
}

Client::Awaitable<Answer> Client::Put(std::string key, std::string value, CallOptions options) {
  return Do(Operation::Put(std::move(key), std::move(value)), std::move(options));
}

Client::Awaitable<Answer> Client::Delete(std::string key, CallOptions options) {
  return Do(Operation::Delete(std::move(key)), std::move(options));
}

Client::Awaitable<Answer> Client::CompareAndSet(std::string key, Condition condition, std::string value,
                                                CallOptions options) {
  return Do(Operation::Put(std::move(key), std::move(value)).If(std::move(condition)), std::move(options));
}

Client::Awaitable<Answer> Client::Increment(std::string key, std::int64_t by, CallOptions options) {
  return Do(Operation::Increment(std::move(key), by), std::move(options));
}

Client::Awaitable<Answer> Client::Append(std::string key, std::string bytes, CallOptions options) {
  return Do(Operation::Append(std::move(key), std::move(bytes)), std::move(options));
}

Client::Awaitable<Answer> Client::Expire(std::string key, std::chrono::milliseconds ttl, CallOptions options) {
  return Do(Operation::Expire(std::move(key), ttl), std::move(options));
}

Client::Awaitable<Answer> Client::Persist(std::string key, CallOptions options) {
  return Do(Operation::Persist(std::move(key)), std::move(options));
}

Client::Awaitable<Answer> Client::GetAndSet(std::string key, std::string value, CallOptions options) {
  return Do(Operation::GetAndSet(std::move(key), std::move(value)), std::move(options));
}

Client::Awaitable<Answer> Client::Resume(Operation operation, Ticket ticket, CallOptions options) {
  options.ticket = std::move(ticket);
  options.resumed = true;
  return Do(std::move(operation), std::move(options));
}

Client::Awaitable<std::vector<Answer>> Client::Batch(std::vector<Operation> operations, CallOptions options) {
  return Await<std::vector<Answer>>([impl = impl_, operations = std::move(operations),
                                     options = std::move(options)](Handler<std::vector<Answer>> handler) mutable {
    impl->StartBatch(std::move(operations), options, std::move(handler));
  });
}

ScanStream Client::Scan(ScanRequest request, CallOptions options) {
  return ScanStream(std::make_shared<ScanStream::Impl>(impl_, std::move(request), std::move(options)));
}

WatchStream Client::Watch(std::vector<WatchTarget> targets, WatchOptions options) {
  auto watch = std::make_shared<WatchStream::Impl>(impl_, std::move(targets), std::move(options));
  watch->Begin();
  return WatchStream(std::move(watch));
}

}  // namespace quoin::client
