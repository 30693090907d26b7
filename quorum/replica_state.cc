#include "quorum/replica_state.h"

#include <glog/logging.h>

#include <algorithm>
#include <limits>

#include "quorum/canary.h"

namespace quoin::quorum {

ReplicaState::ReplicaState(const kv::Storage& storage, PartitionId partition,
                           const std::optional<kv::PartitionState>& durable)
    : storage_(storage), partition_(partition), state_(durable.value_or(kv::PartitionState())) {
  if (durable) {
    bound_ = kv::Version{state_.promised, std::numeric_limits<std::uint64_t>::max()};  // P3
    if (Broken(Canary::kBlindWriteAfterRestart)) bound_ = state_.highest, blind_ = true;
    if (Broken(Canary::kForgetPromiseAtRestart)) {
      state_.promised = kv::Ballot();
      bound_ = kv::Version();
    }
  } else {
    previous_ = kv::Ballot();
  }
}

Content ReplicaState::ContentOf(const Result<kv::RecordPtr>& stored) const {
  Content content;
  if (!Broken(Canary::kTombstoneFloorForgotten)) content.floor = state_.purge_floor;
  if (!stored.ok()) {
    if (Broken(Canary::kDamagedAsMissing)) return content;
    content.kind = Content::Kind::kDamaged;
  } else if (*stored != nullptr) {
    content.kind = Content::Kind::kRecord;
    content.record = *stored;
  }
  return content;
}

std::optional<Content> ReplicaState::Find(std::string_view key) const {
  if (const auto found = admitted_.find(key); found != admitted_.end()) return ContentOf(found->second.record);
  if (erasure_ != Erasure::kNone) return ContentOf(kv::RecordPtr());
  if (lent_ && lent_->first == key) return lent_->second;
  const std::optional<Result<kv::RecordPtr>> stored = storage_.TryGet(partition_, key);
  if (!stored) return std::nullopt;
  return ContentOf(*stored);
}

void ReplicaState::Lend(std::string key, const Result<kv::RecordPtr>& loaded) {
  CHECK(!admitted_.contains(key)) << "the gate let something pass";
  lent_.emplace(std::move(key), ContentOf(loaded));
}

void ReplicaState::Lend(std::string key, Content found) { lent_.emplace(std::move(key), std::move(found)); }

void ReplicaState::RaisePromise(const kv::Ballot& ballot) {
  if (ballot == state_.promised) return;
  if (ballot < state_.promised && !Broken(Canary::kLowerPromise)) return;
  previous_ = state_.promised;
  state_.promised = ballot;
  dirty_ = true;
}

void ReplicaState::RaiseConfigurationVersion(std::uint64_t version) {
  CHECK_GT(version, state_.configuration_version);
  state_.configuration_version = version;
  dirty_ = true;
}

void ReplicaState::Store(const std::string& key, const kv::Version& held, const kv::RecordPtr& record,
                         kv::Batch* batch) {
  ReplicaInvariants::OnStore(held, *record, state_.promised);
  EnsureErased(batch);
  batch->PutRecord(partition_, key, *record);
  admitted_[key] = Admitted{record, false};
  if (!blind_) bound_ = std::max(bound_, record->accepted);
}

void ReplicaState::RaiseFloor(const kv::Version& floor) {
  CHECK(state_.purge_floor < floor);
  state_.purge_floor = floor;
  dirty_ = true;
}

void ReplicaState::EraseTombstone(const std::string& key, kv::Batch* batch) {
  batch->EraseRecord(partition_, key);
  batch->EraseDue({kv::kDueAtOnce, partition_, key});
  admitted_[key] = Admitted{nullptr, false};
}

void ReplicaState::EraseAll(kv::Batch* batch) {
  ++erasures_;
  admitted_.clear();
  state_.purge_floor = kv::Version();
  dirty_ = true;
  erasure_ = Erasure::kWanted;
  EnsureErased(batch);
}

void ReplicaState::EnsureErased(kv::Batch* batch) {
  if (erasure_ != Erasure::kWanted) return;
  batch->EraseRange(partition_, {}, std::nullopt);
  erasure_ = Erasure::kOpen;
}

bool ReplicaState::Seal(kv::Batch* batch) {
  EnsureErased(batch);  // Nothing was stored since it was refused, so its place in the batch is right.
  if (dirty_) {
    state_.highest =
        std::max(state_.highest, bound_.sequence == std::numeric_limits<std::uint64_t>::max() ? kv::Version() : bound_);
    batch->PutPartitionState(partition_, state_);
  }
  sealed_dirty_ = dirty_;
  dirty_ = false;
  if (erasure_ == Erasure::kOpen) erasure_ = Erasure::kSealed;
  for (auto& [key, admitted] : admitted_) admitted.sealed = true;
  return sealed_dirty_ || erasure_ == Erasure::kSealed || !admitted_.empty();
}

void ReplicaState::OnDurable() {
  sealed_dirty_ = false;
  if (erasure_ == Erasure::kSealed) erasure_ = Erasure::kNone;
  std::erase_if(admitted_, [](const auto& entry) { return entry.second.sealed; });
}

void ReplicaState::OnRefused() {
  dirty_ = dirty_ || sealed_dirty_;  // P4
  sealed_dirty_ = false;
  if (erasure_ != Erasure::kNone) erasure_ = Erasure::kWanted;  // P5
  admitted_.clear();
}

}  // namespace quoin::quorum
