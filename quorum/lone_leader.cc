#include "quorum/lone_leader.h"

#include <glog/logging.h>

#include <algorithm>
#include <memory>

#include "quorum/apply.h"

namespace quoin::quorum {
namespace {

Reply ErrorReply(const Status& status) {
  Reply reply;
  reply.outcome = Outcome::kError;
  reply.status = status;
  return reply;
}

// What the proposers of a round are told that was never handed over because the one before it failed: whatever happened
// to that one, theirs has certainly not been applied.
Status NotHandedOver(const Status& status) {
  if (status.code() != Code::kUnknown) return status;
  return Status(Code::kReadOnly, status.message());
}

}  // namespace

LoneLeader::LoneLeader(const kv::Storage& storage, LoneEnvironment& environment, Options options)
    : storage_(storage),
      environment_(environment),
      ballot_(options.ballot),
      max_value_bytes_(options.max_value_bytes),
      next_sequence_(options.states.size(), 1),
      states_(std::move(options.states)),
      promised_(states_.size(), false) {
  for (const kv::PartitionState& state : states_) CHECK(state.promised == ballot_) << "L3";
}

void LoneLeader::Submit(PartitionId partition, Request request, ReplyCallback done) {
  CHECK_LT(partition.value, states_.size());
  CHECK(!request.key.empty() && request.key.size() <= kv::kMaxKeyBytes);
  if (const auto found = keys_.find(request.key); found != keys_.end()) {
    KeyState& state = found->second;
    if (state.loading) {
      state.waiting.push_back({std::move(request), std::move(done)});
      return;
    }
    if (state.has_proposals()) {
      Execute(partition, std::move(request), kv::RecordPtr(state.newest), std::move(done));
      return;
    }
  }
  std::optional<Result<kv::RecordPtr>> stored = storage_.TryGet(partition, request.key);
  if (!stored) {
    std::string key = request.key;
    KeyState& state = keys_[key];
    state.loading = true;
    state.waiting.push_back({std::move(request), std::move(done)});
    environment_.Load(partition, key, [this, partition, key](const Result<kv::RecordPtr>& loaded) {
      OnLoaded(partition, key, loaded);
    });
    return;
  }
  if (!stored->ok()) {
    done(ErrorReply(stored->status()));
    return;
  }
  Execute(partition, std::move(request), **stored, std::move(done));
}

void LoneLeader::OnLoaded(PartitionId partition, const std::string& key, const Result<kv::RecordPtr>& loaded) {
  const auto found = keys_.find(key);
  CHECK(found != keys_.end() && found->second.loading);
  // Whatever an answer brings in meanwhile queues up behind those that wait already, because `loading` still holds
  // (L2).
  KeyState& state = found->second;
  while (!state.waiting.empty()) {
    Waiting next = std::move(state.waiting.front());
    state.waiting.pop_front();
    if (loaded.ok()) {
      Execute(partition, std::move(next.request), state.has_proposals() ? kv::RecordPtr(state.newest) : *loaded,
              std::move(next.done));
    } else {
      next.done(ErrorReply(loaded.status()));
    }
  }
  state.loading = false;
  if (!state.has_proposals()) keys_.erase(key);
}

void LoneLeader::Execute(PartitionId partition, Request&& request, const kv::RecordPtr& newest, ReplyCallback&& done) {
  const kv::WallTime now = environment_.Now();
  kv::RecordPtr current = newest;
  if (current != nullptr && IsExpired(*current, now)) {
    current = Propose(partition, request.key, MakeTombstone(*current));  // L5
  }
  Applied applied = Apply(request, current, now, max_value_bytes_);
  if (!applied.next) {
    AnswerWhenDurable(partition, std::move(request), std::move(applied.reply), std::move(done));
    return;
  }
  const kv::RecordPtr proposed = Propose(partition, request.key, *std::move(applied.next));
  applied.reply.changed = proposed->changed;
  if (!proposed->tombstone) applied.reply.record = proposed;
  open_.waiters.push_back({partition, std::move(applied.reply), std::move(done), std::nullopt});
}

kv::RecordPtr LoneLeader::Propose(PartitionId partition, const std::string& key, kv::Record record) {
  record.accepted = kv::Version{ballot_, next_sequence_[partition.value]++};
  record.changed = record.accepted;
  auto proposed = std::make_shared<const kv::Record>(std::move(record));
  open_.batch.PutRecord(partition, key, *proposed);
  if (!promised_[partition.value]) open_.states.insert(partition);
  open_.keys.push_back(key);
  KeyState& state = keys_[key];
  state.newest = proposed;
  ++state.open_proposals;
  ScheduleFlush();
  return proposed;
}

void LoneLeader::AnswerWhenDurable(PartitionId partition, Request&& request, Reply reply, ReplyCallback&& done) {
  const auto found = keys_.find(request.key);
  if (found == keys_.end() || !found->second.has_proposals()) {
    done(std::move(reply));
    return;
  }
  Round& round = found->second.open_proposals > 0 ? open_ : persisting_;
  round.waiters.push_back({partition, std::move(reply), std::move(done), std::move(request)});
}

void LoneLeader::ScheduleFlush() {
  if (!persist_under_way_ && !open_.empty()) environment_.ScheduleFlush(open_writes());  // L4
}

void LoneLeader::Flush() {
  if (persist_under_way_ || open_.empty()) return;
  for (const PartitionId partition : open_.states) {
    open_.batch.PutPartitionState(partition, states_[partition.value]);
  }
  for (const std::string& key : open_.keys) {
    KeyState& state = keys_.at(key);
    --state.open_proposals;
    ++state.persisting_proposals;
  }
  persisting_ = std::exchange(open_, Round());
  persist_under_way_ = true;
  environment_.Persist(std::exchange(persisting_.batch, kv::Batch()),
                       [this](const Status& status) { OnPersisted(status); });
}

void LoneLeader::OnPersisted(const Status& status) {
  CHECK(persist_under_way_);
  persist_under_way_ = false;
  Round round = std::exchange(persisting_, Round());
  CountOff(round, &KeyState::persisting_proposals);
  if (!status.ok()) {
    Round unborn = std::exchange(open_, Round());
    CountOff(unborn, &KeyState::open_proposals);
    Refuse(std::move(round), status);
    Refuse(std::move(unborn), NotHandedOver(status));
    return;
  }
  for (const PartitionId partition : round.states) promised_[partition.value] = true;
  ScheduleFlush();
  for (Waiter& waiter : round.waiters) waiter.done(std::move(waiter.reply));
}

void LoneLeader::Refuse(Round round, const Status& proposers_status) {
  for (Waiter& waiter : round.waiters) {
    if (waiter.again) {
      Submit(waiter.partition, *std::move(waiter.again), std::move(waiter.done));
    } else {
      waiter.done(ErrorReply(proposers_status));
    }
  }
}

void LoneLeader::CountOff(const Round& round, std::size_t KeyState::*proposals) {
  for (const std::string& key : round.keys) {
    const auto found = keys_.find(key);
    CHECK(found != keys_.end() && found->second.*proposals > 0) << "a proposal counted off twice";
    --(found->second.*proposals);
    if (!found->second.has_proposals() && !found->second.loading) keys_.erase(found);
  }
}

void LoneLeader::Sweep(const kv::DueKey& due) {
  if (keys_.contains(due.key)) return;
  const auto stored = storage_.TryGet(due.partition, due.key);
  if (!stored || !stored->ok()) return;
  const kv::RecordPtr& record = **stored;
  if (record != nullptr && kv::DueOf(*record) == due.due) {
    if (record->tombstone) {
      open_.batch.EraseRecord(due.partition, due.key);
      kv::Version& floor = states_[due.partition.value].purge_floor;
      floor = std::max(floor, record->accepted);
      open_.states.insert(due.partition);
    } else if (IsExpired(*record, environment_.Now())) {
      Propose(due.partition, due.key, MakeTombstone(*record));
    } else {
      return;
    }
  }
  open_.batch.EraseDue(due);
  ScheduleFlush();
}

}  // namespace quoin::quorum
