// RequestStream: how requests reach the keyspace, and how its answers come back.
#include <glog/logging.h>

#include <utility>

#include "net/outcome.h"
#include "net/request_stream.h"
#include "net/ring_proto.h"

namespace quoin::net {
namespace {

bool TellsValue(const KeyOperation& operation) {
  // An increment tells a number, which weighs nothing.
  return operation.shape.previous || std::holds_alternative<quorum::Get>(operation.operation);
}

// What a result weighs besides values, in a batch.
constexpr std::size_t kResultBytes = 256;

int StatusOf(const std::optional<ProblemReport>& problem) {
  return problem.has_value() ? KindOf(problem->problem).status : 200;
}

}  // namespace

Result<RequestStream::Work> RequestStream::TakeWork(v1::ClientFrame& frame) const {
  if (HasUnknown(frame)) return Status(Code::kInvalid, "the frame has a member that this node does not know");
  const std::size_t max_value_bytes = gate_.options().max_value_bytes;
  switch (frame.body_case()) {
    case v1::ClientFrame::kOperation: {
      auto operation = TakeOperation(*frame.mutable_operation(), max_value_bytes);
      if (!operation.ok()) return operation.status();
      return Work(Single{*std::move(operation), ConsistencyOf(frame.operation().consistency())});
    }
    case v1::ClientFrame::kBatch: {
      auto operations = TakeBatch(*frame.mutable_batch(), max_value_bytes);
      if (!operations.ok()) return operations.status();
      return Work(Many{*std::move(operations), ConsistencyOf(frame.batch().consistency())});
    }
    case v1::ClientFrame::kScan: {
      auto scan = TakeScan(*frame.mutable_scan());
      if (!scan.ok()) return scan.status();
      scan->max_bytes = gate_.options().max_page_bytes;
      return Work(*std::move(scan));
    }
    case v1::ClientFrame::kRing: {
      if (HasUnknown(frame.ring())) return Status(Code::kInvalid, "the ring has a member that this node does not know");
      return Work(AskRing{frame.ring().known_epoch()});
    }
    default:
      return Status(Code::kInvalid, "one of operation, batch, scan, ring, watch, unwatch and credit must be given");
  }
}

std::size_t RequestStream::AnswerBytes(const Work& work) const {
  const KeyspaceGate::Options& options = gate_.options();
  if (const auto* single = std::get_if<Single>(&work)) {
    return TellsValue(single->operation) ? options.max_value_bytes : 0;
  }
  if (const auto* many = std::get_if<Many>(&work)) {
    std::size_t values = 0;
    for (const KeyOperation& operation : many->operations)
      values += TellsValue(operation) ? options.max_value_bytes : 0;
    return std::min(values, options.max_batch_bytes + options.max_value_bytes) + many->operations.size() * kResultBytes;
  }
  // A ring is encoded as soon as it is begun, so that Q3 holds without setting anything aside.
  if (std::holds_alternative<AskRing>(work)) return 0;
  return options.max_page_bytes + options.max_value_bytes;
}

ProblemReport RequestStream::OfThisSending(const Work& work, ProblemReport problem) {
  const auto* single = std::get_if<Single>(&work);
  if (single == nullptr || !single->operation.sending.repeated) return problem;
  return WithEarlierSendings(std::move(problem), *single->operation.id);
}

bool RequestStream::MayBegin(const Slot& slot) const {
  if (!ready_.empty() || !CanSend()) return false;
  return slot.answer_bytes == 0 || reserved_bytes_ == 0 ||
         reserved_bytes_ + slot.answer_bytes <= limits_.max_answer_bytes;
}

void RequestStream::BeginWaiting() {
  if (beginning_) return;
  beginning_ = true;
  while (!closed_ && !waiting_.empty() && MayBegin(*waiting_.front())) {
    Slot& slot = *waiting_.front();
    waiting_.pop_front();
    const std::unique_ptr<Work> work = std::move(slot.waiting);
    Begin(slot, std::move(*work));
  }
  beginning_ = false;
}

void RequestStream::BeginOrWait(Slot& slot, Work&& work) {
  if (!beginning_ && !closed_ && waiting_.empty() && MayBegin(slot)) {
    beginning_ = true;
    Begin(slot, std::move(work));
    beginning_ = false;
  } else {
    slot.waiting = std::make_unique<Work>(std::move(work));
    waiting_.push_back(&slot);
  }
  BeginWaiting();
}

void RequestStream::Begin(Slot& slot, Work&& work) {
  if (const auto* ring = std::get_if<AskRing>(&work)) return AnswerRing(slot, *ring);
  if (!gate_.Enter()) {
    v1::ServerFrame frame;
    const ProblemReport problem = OfThisSending(work, gate_.TooManyRequests());
    frame.mutable_result()->set_outcome(v1::ERROR);
    FillProblem(problem, frame.mutable_result()->mutable_problem());
    return Answer(slot, frame, KindOf(problem.problem).status);
  }
  reserved_bytes_ += slot.answer_bytes;
  if (auto* single = std::get_if<Single>(&work)) return BeginSingle(slot, std::move(*single));
  if (auto* many = std::get_if<Many>(&work)) return BeginMany(slot, std::move(*many));
  BeginScan(slot, std::get<quorum::ScanRequest>(std::move(work)));
}

RequestStream::Slot* RequestStream::Find(std::uint32_t id, std::uint64_t serial) {
  const auto found = by_id_.find(id);
  return found == by_id_.end() || found->second->serial != serial ? nullptr : &*found->second;
}

void RequestStream::BeginSingle(Slot& slot, Single&& work) {
  slot.is_write = quorum::IsWrite(work.operation.operation);
  slot.operation = work.operation.id.has_value() ? *work.operation.id : gate_.NewOperationId();
  quorum::Request request;
  request.id = slot.operation;
  request.key = std::move(work.operation.key);
  request.operation = std::move(work.operation.operation);
  request.conditions = std::move(work.operation.conditions);
  request.consistency = work.consistency;
  gate_.keyspace().Submit(std::move(request), work.operation.sending,
                          [weak = weak_from_this(), &gate = gate_, id = slot.id, serial = slot.serial,
                           shape = work.operation.shape, answer_bytes = slot.answer_bytes](const quorum::Reply& reply) {
                            gate.Leave();
                            const auto self = weak.lock();
                            if (self == nullptr) return;
                            self->Release(answer_bytes);
                            if (Slot* const answered = self->Find(id, serial); answered != nullptr) {
                              const auto problem = ProblemOfReply(reply, answered->is_write, answered->operation);
                              v1::ServerFrame frame;
                              FillResult(shape, reply, problem, self->subprotocol_, frame.mutable_result());
                              self->Answer(*answered, frame, StatusOf(problem));
                            }
                            self->AfterLateAnswer();
                          });
}

void RequestStream::BeginMany(Slot& slot, Many&& work) {
  const auto frame = std::make_shared<v1::ServerFrame>();
  v1::BatchResult& results = *frame->mutable_batch();
  for (std::size_t i = 0; i < work.operations.size(); ++i) results.add_results();
  const auto batch = std::make_shared<BatchRun>(
      gate_, std::move(work.operations), work.consistency,
      [frame, subprotocol = subprotocol_](std::size_t index, const KeyOperation& operation, const quorum::Reply& reply,
                                          const std::optional<ProblemReport>& problem) {
        FillResult(operation.shape, reply, problem, subprotocol,
                   frame->mutable_batch()->mutable_results(static_cast<int>(index)));
      },
      [weak = weak_from_this(), frame, id = slot.id, serial = slot.serial, answer_bytes = slot.answer_bytes] {
        const auto self = weak.lock();
        if (self == nullptr) return;
        self->Release(answer_bytes);
        if (Slot* const answered = self->Find(id, serial); answered != nullptr) {
          // The batch may be in the middle of this very call.
          const auto kept = std::move(answered->batch);
          self->Answer(*answered, *frame, 200);
        }
        self->AfterLateAnswer();
      });
  slot.batch = batch;
  slot.batch_frame = frame;
  batch->Start();
}

void RequestStream::BeginScan(Slot& slot, quorum::ScanRequest work) {
  const bool keys_only = work.keys_only;
  gate_.keyspace().Scan(std::move(work),
                        [weak = weak_from_this(), &gate = gate_, id = slot.id, serial = slot.serial, keys_only,
                         answer_bytes = slot.answer_bytes](const Result<quorum::ScanPage>& page) {
                          gate.Leave();
                          const auto self = weak.lock();
                          if (self == nullptr) return;
                          self->Release(answer_bytes);
                          if (Slot* const answered = self->Find(id, serial); answered != nullptr) {
                            v1::ServerFrame frame;
                            std::optional<ProblemReport> problem;
                            if (page.ok()) {
                              FillPage(*page, keys_only, self->subprotocol_, frame.mutable_page());
                            } else {
                              problem = ProblemOf(page.status(), /*is_write=*/false, {});
                              frame.mutable_result()->set_outcome(v1::ERROR);
                              FillProblem(*problem, frame.mutable_result()->mutable_problem());
                            }
                            self->Answer(*answered, frame, StatusOf(problem));
                          }
                          self->AfterLateAnswer();
                        });
}

void RequestStream::AnswerRing(Slot& slot, const AskRing& work) {
  v1::ServerFrame frame;
  v1::Ring& ring = *frame.mutable_ring();
  if (cluster_ != nullptr) FillRing(*cluster_->Snapshot(), work.known_epoch, &ring);
  Answer(slot, frame, 200);
}

void RequestStream::Expire(Slot& slot) {
  if (slot.batch != nullptr) {
    const auto batch = std::move(slot.batch);
    const auto frame = std::move(slot.batch_frame);
    batch->Expire();
    Release(slot.answer_bytes);
    return Answer(slot, *frame, 200);
  }
  ProblemReport problem = OutOfTime(slot.is_write, slot.operation);
  if (slot.waiting != nullptr) {
    CHECK(!waiting_.empty() && waiting_.front() == &slot) << "requests are begun in the order in which they came";
    waiting_.pop_front();
    problem = OfThisSending(*slot.waiting, OutOfTime(/*is_write=*/false, {}));
    slot.waiting.reset();
  }
  v1::ServerFrame frame;
  frame.mutable_result()->set_outcome(v1::ERROR);
  FillProblem(problem, frame.mutable_result()->mutable_problem());
  Answer(slot, frame, KindOf(problem.problem).status);
}

}  // namespace quoin::net
