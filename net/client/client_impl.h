// Client::Impl: the operations that are under way, and what becomes of them. Links carry them, Sendings decides.
//
// An operation is, at any time, held back, waiting to cross, queued at a link, sent (and awaited), or waiting for its
// next try. A token stands for one of its sendings: where it is in the table, which operation was there then, and what
// the sending said.
//
// Held back: of the operations on a key of which no ballot is known, a write goes ahead alone. The node may ask for the
// ballot, and that one is sent again; what was sent behind it, and overtook it so, would break the order (L3).
// Waiting to cross: its lane leads to another server than before, and earlier ones are not answered yet (Lanes).
//
// One file per part: client_impl.cc (beginning and end), client_start.cc (how operations are sent), client_answers.cc
// (what becomes of them), client_ring.cc (which way they go). Watches go their own way (watch_impl.h).
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "net/client/ballots.h"
#include "net/client/client.h"
#include "net/client/due_heap.h"
#include "net/client/lanes.h"
#include "net/client/link.h"
#include "net/client/router.h"
#include "net/client/sendings.h"
#include "net/client/write_ids.h"

namespace quoin::client {

class Client::Impl : public std::enable_shared_from_this<Client::Impl>, private Link::Owner {
 public:
  Impl(boost::asio::any_io_executor executor, Options options, std::vector<net::HttpEndpoint> servers);
  // After it is owned by a shared_ptr.
  void Open();

  void Start(Operation operation, CallOptions options, Handler<Answer> handler);
  void StartPage(PageRequest request, CallOptions options, Handler<PageAnswer> handler);
  void StartBatch(std::vector<Operation> operations, const CallOptions& options, Handler<std::vector<Answer>> handler);
  Ticket NewTicket(const std::string& key);
  void Close();
  Counts counts() const;

  // ---- For watches, which keep this alive ----
  class Watcher {
   public:
    virtual ~Watcher() = default;
    virtual void OnClientClosed() = 0;
  };
  void AddWatcher(Watcher& watcher) { watchers_.insert(&watcher); }
  void RemoveWatcher(Watcher& watcher) { watchers_.erase(&watcher); }
  // Any server, preferably a connected one, that is not among those that were `tried`; once all are, these are
  // forgotten.
  net::HttpEndpoint ServerForWatch(std::vector<net::HttpEndpoint>* tried);
  Connection::Shared Share(std::weak_ptr<void> life);
  // A watch's connection was told this ring, or an error.
  void LearnRing(const v1::ServerFrame& frame);
  std::uint64_t ring_epoch() const { return router_.ring().epoch; }
  const boost::asio::any_io_executor& executor() const { return executor_; }
  const Options& options() const { return options_; }
  std::mt19937_64& random() { return random_; }
  bool closed() const { return closed_; }

 private:
  using Token = Link::Token;

  enum class Phase : std::uint8_t { kFree, kHeldBack, kCrossing, kQueued, kSent, kBackingOff };
  // Of the request for the ring, which is no operation.
  static constexpr Token kRingToken = UINT64_MAX;

  struct Pending {
    std::variant<Operation, PageRequest> what;
    std::variant<Handler<Answer>, Handler<PageAnswer>> handler;
    Consistency consistency = Consistency::kQuorum;
    Phase phase = Phase::kFree;
    bool leads = false;            // Others on its key may be held back until it is answered.
    bool in_lane = false;          // See Lanes; only operations are.
    std::uint32_t generation = 0;  // Of the slot; differs between the operations that used it.
    std::string operation_id;      // Of a write with a ticket of its own; empty: WriteIds has it.
    Sendings sendings{false, {}};
    Problem problem;  // Of the latest try that failed.
    std::shared_ptr<const Responder> responder;
    std::uint64_t hash = 0;         // Of its key.
    std::size_t avoid = 0;          // The server that failed it last; Router::kNone: none.
    Link* link = nullptr;           // Where it is queued, or the latest sending went, and
    Token sent = 0;                 // that one's token.
    std::uint32_t failures = 0;     // Tries in a row, for the backoff.
    std::uint32_t unreachable = 0;  // Servers in a row that could not be reached.
    Time deadline;
    std::chrono::milliseconds timeout{0};

    bool is_operation() const { return std::holds_alternative<Operation>(what); }
    bool is_write() const { return is_operation() && std::get<Operation>(what).is_write(); }
    const std::string& key() const;
  };

  static Token TokenOf(std::uint32_t slot, std::uint32_t generation, bool repeated);
  // nullptr: the operation is over.
  Pending* Find(Token token);
  static std::uint32_t SlotOf(Token token) { return static_cast<std::uint32_t>(token); }

  // Link::Owner
  void OnUp(Link& link) override;
  void OnAnswer(Link& link, Token token, v1::ServerFrame& frame) override;
  void Send(Link& link, Token token, Session& session) override;
  void OnDown(Link& link, bool was_open, std::vector<Token> unanswered, std::vector<Token> waiting) override;

  // What is wrong with the call, which then ends as not applied; nullopt: nothing.
  std::optional<Problem> FindFault(const Operation& operation, const CallOptions& options) const;
  std::optional<Problem> FindFault() const;
  // A slot for the operation.
  std::uint32_t Admit(const CallOptions& options);
  // Sends it on its way, or holds it back.
  void Begin(std::uint32_t slot);
  // Queues it at the link that is its way now, or lets it wait to cross.
  void Dispatch(std::uint32_t slot);
  // The operation is no longer under way in its lane; who waited for that goes on.
  void LeaveLane(Pending& pending);
  void DispatchAll(const std::vector<Token>& tokens);
  // The operation has waited long enough for earlier ones that went another way.
  void StopCrossing(std::uint32_t slot);
  // Sends those on their way that are held back behind this one.
  void LetFollow(Pending& pending);
  // The link is flushed once, at the end of this turn.
  void ScheduleFlush(Link& link);

  // ---- client_ring.cc ----
  Link& LinkOf(const Route& route) {
    return *links_[route.server * options_.connections_per_server + route.connection];
  }
  // Links for servers that have none yet, or had another.
  void OpenLinks();
  void LearnLeader(std::uint64_t hash, const kv::Ballot& ballot);
  // Asks for the ring on this session, which has room, if it is time to.
  void AskForRing(Session& session, Time now);
  void OnRing(const v1::ServerFrame& frame) {
    ring_asked_ = false;
    LearnRing(frame);
  }
  // Something went wrong, or is not as the ring says.
  void AskForRingSoon();
  void RenumberLanes();

  // Acts on what Sendings said of the answer.
  template <typename AnswerType>
  void Follow(std::uint32_t slot, std::size_t server, Sendings::Next next, AnswerType answer);
  // The same of a sending that was lost. `elsewhere`: there is another server to go on with at once.
  void FollowLost(std::uint32_t slot, Sendings::Next next, bool elsewhere);
  void Retry(std::uint32_t slot, bool at_once);
  void OnTimer();
  void OnDue(std::uint32_t slot);
  void ArmTimer();

  // Ends the operation with what is known of it: kNotApplied or kUnknown, and its latest problem.
  void EndWithProblem(std::uint32_t slot);
  // Calls the handler; the slot is free before, and may be in use again after.
  template <typename AnswerType>
  void Tell(std::uint32_t slot, AnswerType answer);
  // In a later turn of the executor.
  template <typename AnswerType>
  void Post(Handler<AnswerType> handler, AnswerType answer);
  std::string IdOf(std::uint32_t slot) const;
  std::string WhyUnreachable() const;

  const boost::asio::any_io_executor executor_;
  const Options options_;
  std::mt19937_64 random_;
  WriteIds write_ids_;
  Counts counts_;
  Ballots ballots_;
  Router router_;
  Lanes lanes_;
  std::vector<char> read_buffer_;
  std::vector<std::unique_ptr<Link>> links_;  // By server, then connection.
  std::vector<Link*> to_flush_;               // Once each.
  std::deque<Pending> table_;
  std::vector<std::uint32_t> free_;
  // By key (whose text is the leading write's): who is held back, in order.
  std::unordered_map<std::string_view, std::vector<Token>> held_back_;
  DueHeap due_;
  boost::asio::steady_timer timer_;
  Time timer_at_ = Time::max();
  Time ring_due_ = Time::max();  // When the ring is to be asked for.
  Time ring_asked_at_;
  bool ring_asked_ = false;  // And not answered yet.
  std::set<Watcher*> watchers_;
  bool flush_scheduled_ = false;
  bool closed_ = false;
};

}  // namespace quoin::client
