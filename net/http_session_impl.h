// The inside of HttpSession: one class, in three files. http_session_input.cc turns bytes into heads and bodies;
// http_session_head.cc turns heads into requests; http_session.cc turns answers into bytes, and keeps the time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "net/http_handler.h"
#include "net/http_parser.h"
#include "net/http_session.h"
#include "net/output_queue.h"

namespace quoin::net {

class HttpSession::Impl : public std::enable_shared_from_this<HttpSession::Impl> {
 public:
  Impl(HttpHandler& handler, const HttpLimits& limits, SteadyTime now, std::function<void()> wake)
      : handler_(handler),
        limits_(limits),
        wake_(std::move(wake)),
        parser_(limits.max_header_bytes),
        now_(now),
        last_activity_(now) {
    handler_.OnConnection(true);
  }
  ~Impl() {
    handler_.answer_room().Change(told_waiting_bytes_, 0);
    if (!handed_over_) handler_.OnConnection(false);
  }

  void OnTurn(SteadyTime now);
  bool wants_turn() const { return state_ == State::kBetween && rest_bytes_ > 0 && CanBegin() && TurnIsOver(); }
  void OnBytes(std::string_view bytes, SteadyTime now);
  void OnEndOfInput(SteadyTime now);
  void OnEndInSight(SteadyTime now);
  bool wants_bytes() const;
  const OutputQueue& output() const { return output_; }
  bool has_output() const { return !aborted_ && !output_.empty(); }
  void OnWritten(std::size_t count, SteadyTime now);
  SteadyTime deadline() const;
  void OnTime(SteadyTime now);
  std::unique_ptr<ByteSession> TakeSuccessor(SteadyTime now, Wake wake);
  bool finished() const { return aborted_ || (input_closed_ && slots_.empty()); }
  void Drain(SteadyTime now);

 private:
  // H4. No further request is begun while so much output waits, nor beyond so much in answers, in whatever state they
  // are, its own among them.
  static constexpr std::size_t kMaxWaitingOutputBytes = 256 << 10;
  static constexpr std::size_t kMaxAnswerBytes = 8 << 20;
  // H5. A small answer takes some microseconds, and a large one a millisecond for each MiB, although a HEAD sends
  // nothing of it. With fewer requests, a full pipeline of gets would take two rounds through the keyspace.
  static constexpr std::size_t kRequestsPerTurn = 64;
  static constexpr std::size_t kAnswerBytesPerTurn = 256 << 10;

  // What the input side is doing.
  enum class State { kBetween, kHead, kBody };

  // One request whose answer hasn't left yet. `receiving`: its body is still coming.
  struct Slot {
    Method method = Method::kOther;
    Route route = Route::kNone;
    bool http_1_0 = false;
    bool close = false;
    bool receiving = false;
    bool owes_continue = false;
    bool answered = false;
    std::size_t answer_bytes = 0;  // What its answer counts as; once that is there, what it weighs.
    std::string request_id;
    SteadyTime received;
    SteadyTime deadline;
    HttpHandler::OnTimeout on_timeout;
    bool patient = false;     // See HeadVerdict::patience.
    bool hands_over = false;  // The connection goes on in another session.
    std::string headers;      // Of every answer that it may get.
    HttpResponse response;
  };

  // Marks that a public call is under way, during which nobody needs to be woken; what waits is told at its end.
  class Call {
   public:
    explicit Call(Impl& impl) : impl_(impl) { impl_.in_call_ = true; }
    ~Call() {
      impl_.in_call_ = false;
      impl_.TellWaiting();
    }
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

   private:
    Impl& impl_;
  };

  bool CanBegin() const { return !input_closed_ && slots_.size() < limits_.max_pipelined && HasRoom(); }
  // Whether there is room for the next answer, as far as one knows of it.
  bool HasRoom() const;
  // Tells the node's other connections what waits here.
  void TellWaiting();
  bool TurnIsOver() const { return turn_requests_ >= kRequestsPerTurn || turn_answer_bytes_ >= kAnswerBytesPerTurn; }
  // Parses what was kept, and closes the input if nothing more can come of it.
  void Advance();
  // Parses as much of `bytes` as can be, and says how much that was. The rest must be given again, with more.
  std::size_t Consume(std::string_view bytes);
  // The three take what is theirs off the front of `rest`; false: more bytes are needed first.
  bool ReadHead(std::string_view* rest);
  bool ReadBody(std::string_view* rest);
  // What the handler and the session say about the head that has been read.
  void Judge();
  void BeginRequest(std::string_view rest);
  // The refusal that the session itself makes for a head, after the handler's own.
  std::optional<ProblemReport> CheckExpectations(const HttpHead& head) const;
  void Dispatch(std::string body);
  // Answers the last slot, and hands the connection over. What follows its head is no HTTP.
  void Upgrade(std::string_view rest);
  void CloseInputIfDone();
  void CloseInput();

  Slot& PushSlot(std::string request_id);
  // Answers the last slot, which is still receiving, or a new one, and closes the connection with it.
  // By value: the parser that made the report goes with the input.
  void Fail(ProblemReport report);
  Slot* FindSlot(std::uint64_t id);
  void OnAnswer(std::uint64_t id, HttpResponse response);
  void AnswerBy(std::uint64_t id, SteadyTime when);
  // Ends the time of all patient requests, those that begin later among them.
  void EndPatience();
  void Flush();
  void Write(Slot& slot, bool close);

  HttpHandler& handler_;
  const HttpLimits limits_;
  const std::function<void()> wake_;

  State state_ = State::kBetween;
  HttpHeadParser parser_;
  std::string input_;           // Bytes that couldn't be parsed yet.
  std::size_t rest_bytes_ = 0;  // Bytes that have come and aren't parsed, wherever they are.
  std::string head_bytes_;      // The head of a request whose body is still coming.
  std::string body_;
  std::size_t body_left_bytes_ = 0;
  std::optional<ChunkedDecoder> chunks_;
  bool discarding_ = false;  // The body is nobody's.
  HeadVerdict verdict_;      // Of the request being received.

  // Of the next request, where its head has been read already and there was no room. It keeps its id.
  std::string next_request_id_;
  std::size_t next_answer_bytes_ = 0;

  std::deque<Slot> slots_;
  std::uint64_t first_slot_id_ = 0;
  std::size_t expected_bytes_ = 0;  // In answers that aren't there yet, and
  std::size_t answered_bytes_ = 0;  // in those that wait behind them.
  OutputQueue output_;
  std::size_t told_waiting_bytes_ = 0;  // To the node's other connections.

  std::size_t turn_requests_ = 0;      // Begun in this turn.
  std::size_t turn_answer_bytes_ = 0;  // Of answers that came in it, whether they are sent or not.

  bool in_call_ = false;
  bool end_of_input_ = false;
  bool patience_ended_ = false;
  bool draining_ = false;
  bool input_closed_ = false;    // Nothing more is parsed.
  SessionMaker successor_;       // Given: after the last answer the connection goes on in another session.
  std::string successor_bytes_;  // That have come for it already.
  bool upgraded_ = false;        // That answer is in the output.
  bool handed_over_ = false;
  bool aborted_ = false;  // The peer doesn't take its answers: nothing more is written either.

  SteadyTime now_;            // Of the latest call.
  SteadyTime last_activity_;  // When the peer last sent or took something.
  SteadyTime receiving_since_;
  SteadyTime writing_since_;  // When output last began to wait, or moved.
};

}  // namespace quoin::net
