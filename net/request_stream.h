// RequestStream: the requests of one WebSocket, from its messages to the messages that answer them.
//
// Many requests are under way at once and are answered in any order, but they are begun in the order in which they
// came, so that those on one key take effect in it. What can't be begun yet waits here. Watches are beside them
// (net/watch_stream.h): what they tell comes after answers, whenever there is room.
//
// Invariants:
//   Q1  every request is answered exactly once, unless the connection closes first;
//   Q2  at most limits.max_requests requests are unanswered, counting answers that wait for credit or room;
//   Q3  nothing is begun while answers wait, credit is used up, or kMaxWaitingOutputBytes of output wait; and the
//       values that answers under way may have stay within limits.max_answer_bytes, or belong to one request;
//   Q4  with limited credit, an answer is sent only while there is credit left.
//
// Threads: lives on one shard; the keyspace answers on the same one.
// Lifetime: in a shared_ptr; may go at any time, and answers that come later are dropped. `gate` and `handler` outlive
// it and them; `output`, `cluster` and `watching` outlive it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "net/batch_run.h"
#include "net/byte_session.h"
#include "net/cluster_view.h"
#include "net/http_handler.h"
#include "net/key_operation.h"
#include "net/keyspace_gate.h"
#include "net/operation_proto.h"
#include "net/output_queue.h"
#include "net/watch_gate.h"
#include "net/watch_source.h"
#include "net/watch_stream.h"
#include "net/websocket_frame.h"
#include "net/websocket_limits.h"

namespace quoin::net {

// Where watches come from, for all connections of a node.
struct Watching {
  WatchSource* source = nullptr;  // nullptr: this node serves no watches.
  WatchGate* gate = nullptr;      // Never nullptr in use.
};

class RequestStream : public std::enable_shared_from_this<RequestStream> {
 public:
  // `cluster` may be nullptr: then this node knows no ring. `on_answer` is called after each answer that did not come
  // during a call of one of the functions below.
  RequestStream(HttpHandler& handler, KeyspaceGate& gate, const ClusterView* cluster, const Watching& watching,
                const WebSocketLimits& limits, Subprotocol subprotocol, std::string request_id, OutputQueue& output,
                std::function<void()> on_answer);

  // Says hello. The first call.
  void Open(NodeId node);
  // Given: the connection must close, and why.
  std::optional<CloseReason> OnMessage(std::string_view message, SteadyTime now);
  bool wants_messages() const { return request_bytes_ < limits_.max_request_bytes; }
  // There is room in the output again, perhaps.
  void Pump(SteadyTime now);
  // Requests are refused from now on.
  void Drain() { draining_ = true; }
  // Nothing more is said: the connection has said that it closes.
  void Close();
  // Nothing is unanswered. (Watches that are open don't count.)
  bool idle() const { return slots_.empty() && ready_.empty(); }

  SteadyTime deadline() const;
  std::optional<CloseReason> OnTime(SteadyTime now);

 private:
  struct Single {
    KeyOperation operation;
    quorum::Consistency consistency = quorum::Consistency::kQuorum;
  };
  struct Many {
    std::vector<KeyOperation> operations;
    quorum::Consistency consistency = quorum::Consistency::kQuorum;
  };
  struct AskRing {
    std::uint64_t known_epoch = 0;
  };
  using Work = std::variant<Single, Many, quorum::ScanRequest, AskRing>;

  // One request that is unanswered.
  struct Slot {
    std::uint32_t id = 0;
    std::uint64_t serial = 0;  // Tells it from a later one with the same id.
    SteadyTime received;
    std::size_t request_bytes = 0;
    std::size_t answer_bytes = 0;   // What its answer may have in values; 0: none.
    std::unique_ptr<Work> waiting;  // Until it is begun, if that isn't at once.
    bool is_write = false;
    kv::OperationId operation;
    std::shared_ptr<BatchRun> batch;  // With the frame that it fills.
    std::shared_ptr<v1::ServerFrame> batch_frame;
  };
  using Slots = std::list<Slot>;
  struct ReadyAnswer {
    std::string message;
    std::size_t payload_bytes = 0;
  };

  std::optional<CloseReason> OnCredit(const v1::ClientFrame& frame);
  void OnWatch(v1::ClientFrame& frame);
  void OnUnwatch(const v1::ClientFrame& frame);
  // Something is to be told by a watch.
  void OnNews();
  // The work of a frame; kInvalid: what is wrong with it.
  Result<Work> TakeWork(v1::ClientFrame& frame) const;
  std::size_t AnswerBytes(const Work& work) const;
  // Why the work was not begun; of an operation that the client has sent before, that is not all there is to say. (A
  // batch that is refused as a whole says nothing of earlier sendings: docs/websocket.md.)
  static ProblemReport OfThisSending(const Work& work, ProblemReport problem);
  // Refuses a request that has no slot.
  void Refuse(std::uint32_t id, const ProblemReport& problem);

  bool CanSend() const {
    return output_.size_bytes() < kMaxWaitingOutputBytes && (!credit_limited_ || credit_bytes_ > 0);
  }
  bool MayBegin(const Slot& slot) const;
  void BeginWaiting();
  // At once, or once those before it have begun and there is room. `slot` may be gone afterwards.
  void BeginOrWait(Slot& slot, Work&& work);
  void Begin(Slot& slot, Work&& work);
  void BeginSingle(Slot& slot, Single&& work);
  void BeginMany(Slot& slot, Many&& work);
  void BeginScan(Slot& slot, quorum::ScanRequest work);
  // Answers at once: no keyspace is asked, and an overloaded node tells who else there is, too.
  void AnswerRing(Slot& slot, const AskRing& work);
  // The keyspace has answered what `answer_bytes` were set aside for.
  void Release(std::size_t answer_bytes) { reserved_bytes_ -= answer_bytes; }
  // nullptr when the request was answered otherwise.
  Slot* Find(std::uint32_t id, std::uint64_t serial);
  // Answers and forgets the slot.
  void Answer(Slot& slot, v1::ServerFrame& frame, int status);
  void Send(const v1::ServerFrame& frame);
  void Expire(Slot& slot);
  // After an answer that came by itself.
  void AfterLateAnswer();
  void NoteStarving();

  HttpHandler& handler_;
  KeyspaceGate& gate_;
  const ClusterView* const cluster_;
  const Watching watching_;
  const WebSocketLimits limits_;
  const Subprotocol subprotocol_;
  const std::string request_id_;
  OutputQueue& output_;
  const std::function<void()> on_answer_;

  Slots slots_;  // In the order of arrival, and so of their deadlines.
  std::unordered_map<std::uint32_t, Slots::iterator> by_id_;
  std::deque<Slot*> waiting_;
  std::deque<ReadyAnswer> ready_;
  std::uint64_t next_serial_ = 1;
  std::size_t request_bytes_ = 0;
  std::size_t reserved_bytes_ = 0;  // For answers under way.
  std::size_t ready_bytes_ = 0;
  bool credit_limited_ = false;
  std::int64_t credit_bytes_ = 0;  // Below zero after an answer larger than what was left.
  bool starving_ = false;          // Answers or events wait, and for nothing but credit.
  SteadyTime starving_since_;
  bool starving_is_news_ = false;  // It began at a moment that isn't known: OnTime says which.
  bool draining_ = false;
  bool closed_ = false;
  bool beginning_ = false;
  SteadyTime now_;
  std::optional<WatchStream> watches_;  // From Open to Close.
};

}  // namespace quoin::net
