// Client: the library with which programs use Quoin (docs/client-library.md). It speaks WebSocket (docs/websocket.md),
// with many operations under way on few connections, resends what got lost, and says of every write whether it is
// certain what happened.
//
// Invariants:
//   L1  Every operation ends exactly once, by its deadline: its handler is called on the executor, or its coroutine
//       goes on there.
//   L2  kNotApplied is told only when every sending was certainly not applied; kUnknown otherwise. No write is applied
//       twice: all sendings of an operation carry the same id.
//   L3  Operations on one key take effect in the order in which they were started, as long as none of them had to be
//       sent again, or went another way because a connection was lost, or was unanswered kMaxCrossingWait after the
//       way of its key had changed for another reason (its partition has another leader).
//
// Threads: one at a time. Everything (calls, handlers, the destructor) happens on the executor's one thread, or on a
// strand. Programs with more threads use a Client on each; they share nothing.
// Lifetime: the destructor does what Close does. Operations under way then end, as said there, in later turns of the
// executor; their handlers must still be callable.
// Bounds: Options; what waits for its answer is held in memory until then.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "net/client/handler.h"
#include "net/client/operation.h"
#include "net/client/routing.h"
#include "net/client/scan.h"
#include "net/client/watch.h"

namespace quoin::client {

// When an operation is sent again. Resending waits a random time between 0 and a bound that starts at `first_backoff`
// and doubles up to `max_backoff` ("full jitter"), or as long as the node asked for; never beyond the deadline.
struct RetryPolicy {
  std::chrono::milliseconds first_backoff{10};
  std::chrono::milliseconds max_backoff{1000};
  // How often an operation is sent at most; 0: as often as its deadline allows. 1: never again. (A sending that the
  // node refused because the key's history was not known well enough is repaired at once, and counts for nothing.)
  std::uint32_t max_sendings = 0;
  // Whether to wait, until the deadline, for a server to come up when none can be reached. Otherwise the operation ends
  // as soon as each has been tried.
  bool wait_for_servers = true;
};

// For so long operations wait behind earlier ones on the same keys that went another way (L3).
inline constexpr std::chrono::milliseconds kMaxCrossingWait{250};

struct Options {
  // At least one: host:port or [v6 address]:port.
  std::vector<std::string> servers;
  Routing routing = Routing::kLeaders;
  std::size_t connections_per_server = 1;  // 1 to 1024. Opened when they are first needed.
  // With kLeaders: so often the ring is asked for, on average, while there are operations; besides, soon after
  // something went wrong.
  std::chrono::milliseconds ring_interval{30'000};

  std::chrono::milliseconds timeout{5000};          // For an operation with all its sendings, unless a call says.
  std::chrono::milliseconds connect_timeout{2000};  // Until a server's hello, name resolution included.
  // After a sending has been unanswered for so long, the operation is sent again while the first one stays open. 0:
  // never; a connection doesn't lose answers unless something between client and node does.
  std::chrono::milliseconds answer_timeout{0};
  // A connection with unanswered requests that is silent for so long is pinged, and given up after that time again;
  // what was sent on it is sent on another one then. So this bounds how long a server that hangs holds anything up. A
  // server that still takes bytes from before the ping isn't silent.
  std::chrono::milliseconds ping_interval{500};
  RetryPolicy retry;

  std::size_t max_operations = 100'000;         // Under way at once; beyond: kNotApplied, too-many-operations.
  std::size_t max_answer_bytes = 64 << 20;      // Of one message of a node; beyond, the connection is given up.
  std::size_t max_remembered_keys = 128 << 10;  // For which the newest ballot is remembered; some 100 bytes each.

  std::uint64_t client_id = 0;  // What operation ids begin with. 0: drawn at random, as it should be outside of tests.
  std::string user_agent = "quoin-client";
};

// What may differ from call to call.
struct CallOptions {
  std::optional<std::chrono::milliseconds> timeout;  // Instead of Options::timeout.
  Consistency consistency = Consistency::kQuorum;
  // Writes: the ticket to use, from Client::NewTicket (not yet sent), or, with `resumed`, of an earlier try (sent, and
  // the outcome unknown). Without one, the client makes one.
  std::optional<Ticket> ticket;
  bool resumed = false;
};

class Client {
 public:
  // kInvalid: an option is wrong; the message says which and what is allowed. Opens no connection yet.
  static Result<std::unique_ptr<Client>> Create(boost::asio::any_io_executor executor, Options options);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  template <typename T>
  using Awaitable = boost::asio::awaitable<T>;

  // ---- Coroutines ----

  // Does the operation, and gives its answer. The shorter forms below are the same.
  [[nodiscard]] Awaitable<Answer> Do(Operation operation, CallOptions options = {});

  [[nodiscard]] Awaitable<Answer> Get(std::string key, CallOptions options = {});
  [[nodiscard]] Awaitable<Answer> Put(std::string key, std::string value, CallOptions options = {});
  [[nodiscard]] Awaitable<Answer> Delete(std::string key, CallOptions options = {});
  // Stores `value` if the condition holds: Condition::ValueIs, VersionIs, Absent, ...
  [[nodiscard]] Awaitable<Answer> CompareAndSet(std::string key, Condition condition, std::string value,
                                                CallOptions options = {});
  [[nodiscard]] Awaitable<Answer> Increment(std::string key, std::int64_t by = 1, CallOptions options = {});
  [[nodiscard]] Awaitable<Answer> Append(std::string key, std::string bytes, CallOptions options = {});
  [[nodiscard]] Awaitable<Answer> Expire(std::string key, std::chrono::milliseconds ttl, CallOptions options = {});
  [[nodiscard]] Awaitable<Answer> Persist(std::string key, CallOptions options = {});
  [[nodiscard]] Awaitable<Answer> GetAndSet(std::string key, std::string value, CallOptions options = {});

  // Independent operations, all under way at once; the answers are in their order, each on its own. The ticket of
  // `options` must not be given.
  [[nodiscard]] Awaitable<std::vector<Answer>> Batch(std::vector<Operation> operations, CallOptions options = {});

  // Goes on with a write whose outcome is unknown: sends the same operation again under the same id. The outcome is the
  // first one's if that took effect and the key still remembers it, kUnknown again if the key has forgotten.
  // REQUIRES: `operation` is the one that the ticket was for.
  [[nodiscard]] Awaitable<Answer> Resume(Operation operation, Ticket ticket, CallOptions options = {});

  // The keys that begin with a prefix, in the order of their bytes. The stream must not outlive the client's executor.
  [[nodiscard]] ScanStream Scan(ScanRequest request, CallOptions options = {});

  // Tells of changes to keys and prefixes as they happen: client.Watch({Key("title"), Prefix("room/")}). It goes on
  // over lost connections and servers until it is stopped. For callbacks: WatchStream::StartNext.
  [[nodiscard]] WatchStream Watch(std::vector<WatchTarget> targets, WatchOptions options = {});

  // ---- Callbacks: what the coroutines are made of. Cheap enough for thousands under way. ----

  // Starts the operation; `handler` gets its answer, never before Start has returned. What is started in one turn of
  // the executor leaves in one write per connection. A small handler (Handler::kInlineBytes) costs no allocation.
  void Start(Operation operation, CallOptions options, Handler<Answer> handler);
  // One page of a scan.
  void StartPage(PageRequest request, CallOptions options, Handler<PageAnswer> handler);

  // ---- The rest ----

  // A ticket for a write on this key that has not been sent yet, for programs that store it before they send. All
  // sendings name the ticket's ballot, which is the newest that this client knows of the key, or none. A key that has
  // forgotten old operations since may want a newer one: the write then ends as kNotApplied (ballot-required), and this
  // client knows a newer one for the next ticket. To be spared that, read the key first.
  // Nodes are never told that such a write is finished, since it may be resumed at any time.
  Ticket NewTicket(const std::string& key);

  // Ends all watches, and all operations: those certainly not applied as kNotApplied (closed), other writes as
  // kUnknown. What is started from now on ends likewise. Closes the connections.
  void Close();

  struct Counts {
    std::size_t under_way = 0;           // Operations and pages.
    std::size_t watches = 0;             // That exist.
    std::uint64_t sendings = 0;          // Of operations and pages since the start.
    std::uint64_t resendings = 0;        // Those of them that were not the first of their operation.
    std::uint64_t connections_lost = 0;  // Or not come about.
    std::uint64_t ring_requests = 0;
    std::uint64_t writes = 0;  // Calls to the kernel that wrote something.
    std::uint64_t reads = 0;
  };
  Counts counts() const;

  class Impl;  // Of use within the library only.

 private:
  explicit Client(std::shared_ptr<Impl> impl);
  std::shared_ptr<Impl> impl_;
};

}  // namespace quoin::client
