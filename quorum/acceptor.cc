#include "quorum/acceptor.h"

#include <glog/logging.h>

#include <algorithm>
#include <type_traits>
#include <utility>
#include <variant>

#include "quorum/canary.h"

namespace quoin::quorum {

Acceptor::Acceptor(const kv::Storage& storage, PartitionId partition, const std::optional<kv::PartitionState>& durable)
    : partition_(partition), state_(storage, partition, durable), invariants_(state_.marks()) {}

void Acceptor::SendNow(NodeId to, Message message, Effects* effects) const {
  effects->now.push_back({to, partition_, std::move(message)});
}

void Acceptor::SendWhenDurable(NodeId to, Message message, Effects* effects, std::optional<Refused> if_refused) const {
  if (Broken(Canary::kAnswerBeforeDurable)) return SendNow(to, std::move(message), effects);
  effects->when_durable.push_back({{to, partition_, std::move(message)}, std::move(if_refused)});
}

void Acceptor::Receive(NodeId from, const Message& message, Effects* effects) {
  CHECK(IsRequest(message));
  const std::string* key = KeyNeeded(message);
  if (key == nullptr) return Admit(from, message, effects);
  const auto gate = gates_.find(*key);
  const bool closed = gate != gates_.end();
  std::optional<Content> content = closed ? std::nullopt : state_.Find(*key);
  if (content) {
    state_.Lend(*key, *std::move(content));
    Admit(from, message, effects);
    return state_.TakeBack();
  }
  if (waiting_ == kMaxWaiting) return TurnAway(from, message, effects);
  if (!closed) {
    effects->loads.push_back({partition_, *key});
    gates_[*key].erasures = state_.erasures();
  }
  gates_[*key].waiting.push_back({from, message});  // A5
  ++waiting_;
}

void Acceptor::TurnAway(NodeId from, const Message& message, Effects* effects) const {
  const auto* accept = std::get_if<Accept>(&message);
  if (accept == nullptr) return;
  SendNow(from, Refused{accept->key, accept->record->accepted, Code::kUnavailable}, effects);
}

const std::string* Acceptor::KeyNeeded(const Message& message) const {
  // What is above all that was ever stored needs no comparison, unless a gate is closed: what it loads must not be
  // overtaken.
  const auto unless_newest = [this](const std::string& key, const kv::RecordPtr& record) -> const std::string* {
    return record->accepted > state_.bound() && !gates_.contains(key) ? nullptr : &key;
  };
  if (const auto* prepare = std::get_if<Prepare>(&message)) return prepare->key ? &*prepare->key : nullptr;
  if (const auto* accept = std::get_if<Accept>(&message)) return unless_newest(accept->key, accept->record);
  if (const auto* install = std::get_if<Install>(&message)) return unless_newest(install->key, install->record);
  if (const auto* read = std::get_if<Read>(&message)) return &read->key;
  return nullptr;
}

void Acceptor::OnLoaded(const std::string& key, const Result<kv::RecordPtr>& loaded, Effects* effects) {
  const auto gate = gates_.find(key);
  CHECK(gate != gates_.end()) << "a load that nobody asked for";
  const std::deque<Waiting> waiting = std::move(gate->second.waiting);
  const bool erased = gate->second.erasures != state_.erasures();  // Since the load began: it read what is gone.
  gates_.erase(gate);
  waiting_ -= waiting.size();
  state_.Lend(key, erased ? kv::RecordPtr() : loaded);
  for (const Waiting& one : waiting) Admit(one.from, one.message, effects);
  state_.TakeBack();
}

void Acceptor::Learn(std::uint64_t configuration_version, bool erase, Effects* effects) {
  if (configuration_version <= state_.configuration_version()) return;
  state_.RaiseConfigurationVersion(configuration_version);
  compares_.clear();
  if (erase && !Broken(Canary::kReturningReplicaKeepsRecords)) state_.EraseAll(&effects->batch);
}

void Acceptor::OnRefused(Code code) {
  state_.OnRefused();
  if (code != Code::kDiskFull) stopped_ = Code::kReadOnly;
}

bool Acceptor::CheckConfiguration(NodeId from, const Message& message, Effects* effects) {
  const std::uint64_t yours = std::visit(
      [](const auto& request) -> std::uint64_t {
        if constexpr (requires { request.configuration; }) return request.configuration;
        LOG(FATAL) << "not a request";
      },
      message);
  if (yours == state_.configuration_version()) return true;
  if (Broken(Canary::kObeyOldConfiguration) && yours < state_.configuration_version()) return true;
  SendNow(from, OtherConfiguration{state_.configuration_version(), yours}, effects);
  return false;
}

void Acceptor::Admit(NodeId from, const Message& message, Effects* effects) {
  if (!CheckConfiguration(from, message, effects)) return;
  std::visit(
      [&](const auto& request) {
        if constexpr (requires { request.configuration; }) On(from, request, effects);
      },
      message);
  invariants_.OnStep(state_.marks());
}

Content Acceptor::FindLoaded(const std::string& key) const {
  std::optional<Content> content = state_.Find(key);
  CHECK(content) << "admitted without its record";
  return *std::move(content);
}

void Acceptor::On(NodeId from, const Prepare& prepare, Effects* effects) {
  if (prepare.ballot < promised() && !Broken(Canary::kLowerPromise)) {
    return SendNow(from, Nack{prepare.ballot, promised()}, effects);
  }
  if (stopped_) return;  // The promise couldn't be made durable.
  state_.RaisePromise(prepare.ballot);
  Promise promise{prepare.ballot, state_.previous(), std::nullopt};
  if (prepare.key) {
    promise.held = Held{prepare.ballot, *prepare.key, 0, FindLoaded(*prepare.key)};
    if (Broken(Canary::kReadWithoutAdmitted)) promise.held->content = state_.FindDurable(*prepare.key);
  }
  SendWhenDurable(from, std::move(promise), effects);
}

bool Acceptor::StoreIfNewer(const std::string& key, const kv::RecordPtr& record, Effects* effects) {
  kv::Version held = state_.bound();
  if (record->accepted <= held) {
    const Content content = FindLoaded(key);
    if (content.kind == Content::Kind::kDamaged) return false;  // A4
    held = content.version();
    if (held == record->accepted && content.record != nullptr) ReplicaInvariants::OnSame(*content.record, *record);
    if (held >= record->accepted) return true;
  }
  state_.Store(key, held, record, &effects->batch);
  if (purging_) stored_meanwhile_.insert(key);
  return true;
}

void Acceptor::On(NodeId from, const Accept& accept, Effects* effects) {
  const kv::Version& version = accept.record->accepted;
  if (version.ballot < promised()) {
    if (Broken(Canary::kCountAcceptBelowPromise)) {
      return SendWhenDurable(from, Accepted{accept.key, version}, effects);
    }
    return SendNow(from, Nack{version.ballot, promised()}, effects);
  }
  if (stopped_) return SendNow(from, Refused{accept.key, version, *stopped_}, effects);
  state_.RaisePromise(version.ballot);
  if (!StoreIfNewer(accept.key, accept.record, effects)) {
    return SendNow(from, Damaged{accept.key, version, state_.bound()}, effects);
  }
  SendWhenDurable(from, Accepted{accept.key, version}, effects, Refused{accept.key, version, Code::kDiskFull});
}

void Acceptor::On(NodeId from, const Install& install, Effects* effects) {
  const kv::Version& version = install.record->accepted;
  if (stopped_) return SendNow(from, Refused{install.key, version, *stopped_}, effects);
  // Otherwise the record would stand above the promise, and a lower ballot could still be accepted beside it.
  if (!Broken(Canary::kInstallKeepsPromise)) state_.RaisePromise(version.ballot);
  if (Broken(Canary::kInstallWithoutComparison)) {
    state_.Store(install.key, kv::Version(), install.record, &effects->batch);
    return SendWhenDurable(from, Installed{install.key, version, install.ballot}, effects);
  }
  if (!StoreIfNewer(install.key, install.record, effects)) {
    return SendNow(from, Damaged{install.key, version, state_.bound()}, effects);
  }
  SendWhenDurable(from, Installed{install.key, version, install.ballot}, effects,
                  Refused{install.key, version, Code::kDiskFull});
}

void Acceptor::On(NodeId from, const Barrier& barrier, Effects* effects) {
  if (promised() > barrier.ballot) return SendNow(from, Nack{barrier.ballot, promised()}, effects);
  SendNow(from, BarrierOk{barrier.ballot, barrier.nonce}, effects);
}

void Acceptor::On(NodeId from, const Read& read, Effects* effects) {
  if (read.ballot && *read.ballot != promised()) return SendNow(from, Nack{*read.ballot, promised()}, effects);
  Held held{read.ballot, read.key, read.nonce, FindLoaded(read.key)};
  if (Broken(Canary::kReadWithoutAdmitted)) {
    held.content = state_.FindDurable(read.key);
    return SendNow(from, std::move(held), effects);
  }
  SendWhenDurable(from, std::move(held), effects);
}

}  // namespace quoin::quorum
