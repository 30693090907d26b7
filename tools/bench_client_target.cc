#include "tools/bench_client_target.h"

#include <time.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fstream>
#include <utility>

namespace quoin::bench {
namespace {

// Of all connections together: the client library remembers a ballot for each key that it has seen.
constexpr std::size_t kRememberedKeys = 256 << 10;
// A connection that is silent for so much of an operation's time is given up after twice that, so that the operation
// has time left for another server.
constexpr int kPingsPerTimeout = 4;
constexpr std::chrono::milliseconds kShortestPing{100};

class ClientTarget final : public Target {
 public:
  ClientTarget(boost::asio::io_context& io, const ConnectionOptions& options,
               std::vector<std::unique_ptr<client::Client>> clients)
      : timer_(io), clients_(std::move(clients)) {
    call_.consistency = options.consistency;
  }

  void Start(std::size_t slot, client::Operation operation, client::Handler<client::Answer> done) override {
    clients_[slot % clients_.size()]->Start(std::move(operation), call_, std::move(done));
  }

  void StartPage(std::size_t slot, std::string prefix, std::uint32_t entries,
                 client::Handler<PageOutcome> done) override {
    clients_[slot % clients_.size()]->StartPage({.prefix = std::move(prefix), .limit = entries}, call_,
                                                [done = std::move(done)](client::PageAnswer page) mutable {
                                                  PageOutcome outcome{.outcome = page.outcome,
                                                                      .entries = page.entries.size(),
                                                                      .bytes = 0,
                                                                      .problem = page.problem,
                                                                      .sendings = page.sendings,
                                                                      .responder = page.responder};
                                                  for (const client::Entry& entry : page.entries)
                                                    outcome.bytes += entry.key.size() + entry.state.value.size();
                                                  std::move(done)(std::move(outcome));
                                                });
  }

  Time Now() override { return std::chrono::steady_clock::now().time_since_epoch(); }

  void WakeAt(Time moment, std::function<void()> call) override {
    timer_.expires_at(std::chrono::steady_clock::time_point(moment));  // Cancels the wait before.
    timer_.async_wait([call = std::move(call)](boost::system::error_code error) {
      if (!error) call();
    });
  }

  Usage ThreadUsage() override {
    Usage usage;
    timespec cpu{};
    if (::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &cpu) == 0) {
      usage.cpu = std::chrono::seconds(cpu.tv_sec) + Time(cpu.tv_nsec);
    }
    // "<time on a core> <time ready, but without one> <turns>", in nanoseconds; not every kernel has it.
    std::ifstream file("/proc/thread-self/schedstat");
    std::int64_t ran = 0, waited = 0;
    if (file >> ran >> waited) usage.waited = Time(waited);
    return usage;
  }

 private:
  boost::asio::steady_timer timer_;
  client::CallOptions call_;
  std::vector<std::unique_ptr<client::Client>> clients_;
};

}  // namespace

std::vector<std::string> ServersFor(const std::vector<std::string>& servers, std::size_t connection) {
  std::vector<std::string> order = servers;
  const auto first = static_cast<std::ptrdiff_t>(connection % servers.size());
  std::rotate(order.begin(), order.begin() + first, order.end());
  if (order.size() < 3) return order;
  const auto second = static_cast<std::ptrdiff_t>(connection / servers.size() % (servers.size() - 1));
  std::rotate(order.begin() + 1, order.begin() + 1 + second, order.end());
  return order;
}

Result<std::unique_ptr<Target>> MakeClientTarget(boost::asio::io_context& io, const ConnectionOptions& options) {
  client::Options each;
  each.timeout = options.timeout;
  each.max_operations = std::max(each.max_operations, options.depth);
  each.max_remembered_keys = std::max<std::size_t>(kRememberedKeys / options.connections, 64);
  each.user_agent = "quoin-bench";
  each.routing = options.routing;
  each.ping_interval = std::min(each.ping_interval, std::max(options.timeout / kPingsPerTimeout, kShortestPing));
  std::vector<std::unique_ptr<client::Client>> clients;
  for (std::size_t i = 0; i < options.connections; ++i) {
    each.servers = ServersFor(options.servers, options.first_connection + i);
    auto made = client::Client::Create(io.get_executor(), each);
    if (!made.ok()) return made.status();
    clients.push_back(*std::move(made));
  }
  return std::unique_ptr<Target>(std::make_unique<ClientTarget>(io, options, std::move(clients)));
}

}  // namespace quoin::bench
