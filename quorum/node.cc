// Replicas, rounds and effects: what drives everything else of a node.
#include "quorum/node.h"

#include <glog/logging.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "quorum/canary.h"
#include "quorum/node_impl.h"
#include "ring/partition.h"
#include "ring/topology_codec.h"

namespace quoin::quorum {

Node::Node(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Node::~Node() = default;

Result<std::unique_ptr<Node>> Node::Start(const kv::Storage& storage, NodeOptions options, ring::Random& random,
                                          Moment now) {
  auto impl = std::make_unique<Impl>(storage, std::move(options), random, now);
  QUOIN_RETURN_IF_ERROR(impl->Load(now));
  return std::unique_ptr<Node>(new Node(std::move(impl)));
}

void Node::OnTick(Moment now) { impl_->Tick(now); }
void Node::Receive(NodeId from, PacketBody packet, Moment now) { impl_->Receive(from, std::move(packet), now); }
void Node::OnLinkReset(NodeId peer, Moment now) { impl_->LinkReset(peer, now); }
void Node::Submit(Request request, const Sending& sending, std::uint64_t token, Moment now) {
  impl_->Submit(std::move(request), sending, token, now);
}
void Node::Ask(const MembershipPacket& wish, Moment now) { impl_->Ask(wish, now); }
void Node::SetDiskAnswering(bool answering, Moment now) { impl_->SetDiskAnswering(answering, now); }
void Node::OnLoaded(const LoadWanted& load, const Result<kv::RecordPtr>& loaded, Moment now) {
  impl_->Loaded(load, loaded, now);
}
bool Node::StillWants(const RangeWanted& range) { return impl_->StillWants(range); }
void Node::OnRange(const RangeWanted& range, const RangeFound& found, Moment now) {
  impl_->RangeRead(range, found, now);
}
void Node::OnDue(const DueWanted& wanted, const Result<std::vector<kv::DueKey>>& due, Moment now) {
  impl_->DueRead(wanted, due, now);
}
bool Node::WantsRound() const { return impl_->WantsRound(); }
kv::Batch Node::Seal() { return impl_->Seal(); }
void Node::OnRoundEnd(const Status& status, Moment now, const std::function<void()>& hand_over) {
  impl_->RoundEnd(status, now, hand_over);
}
Node::Output Node::TakeOutput() { return impl_->Take(); }
std::shared_ptr<const ring::Topology> Node::topology() const { return impl_->ring(); }
bool Node::controls() const { return impl_->controls(); }
std::shared_ptr<const ClusterProgress> Node::progress() const { return impl_->progress(); }
LeadSummary Node::Leads() const { return impl_->Leads(); }
std::optional<ReplicaStatus> Node::StatusOf(PartitionId partition) const { return impl_->StatusOf(partition); }
std::optional<NodeId> Node::LeaderOf(PartitionId partition) const { return impl_->LeaderOf(partition); }
bool Node::Hears(NodeId node) const { return impl_->Hears(node); }
bool Node::WantsToJoin() const { return impl_->WantsToJoin(); }

Node::Impl::Impl(const kv::Storage& storage, NodeOptions options, ring::Random& random, Moment now)
    : storage_(storage),
      options_(std::move(options)),
      random_(random),
      detector_(options_.detector, now.now),
      gossip_(options_.gossip, options_.self, options_.member.peer_address, &random, now.now),
      copy_pace_(options_.copy_pace, now.now),
      heartbeat_at_(now.now),
      fetched_at_(now.now - options_.timing.resend),
      asked_at_(now.now - options_.timing.attempt),
      reported_at_(now.now),
      controller_(Controller::Options{.max_moves = options_.max_moves,
                                      .move_timeout = options_.timing.move_timeout,
                                      .dead_node_timeout = options_.timing.dead_node_timeout,
                                      .settle = 10 * options_.timing.attempt}),
      coordinator_(
          Coordinator::Options{.attempt = options_.timing.attempt,
                               .request = options_.timing.request,
                               .boot = options_.boot,
                               .max_under_way = options_.max_requests},
          *this),
      last_token_(options_.boot >> 3),
      swept_at_(now.now),
      lister_(
          Lister::Options{
              .attempt = options_.timing.attempt, .request = options_.timing.request, .boot = options_.boot},
          *this),
      watch_hub_(WatchHub::Options{.attempt = options_.timing.attempt,
                                   .boot = options_.boot,
                                   .max_watches = options_.max_watches,
                                   .believed = [this](PartitionId p) { return coordinator_.BelievedIn(p); }},
                 *this) {
  if (options_.join) Act(gossip_.Learn(*options_.join, {}, now.now), now);
}

Status Node::Impl::Load(Moment now) {
  Result<kv::RecordPtr> kept = storage_.Get(kLocalPartition, kTopologyKey);
  QUOIN_RETURN_IF_ERROR(kept.status());
  std::shared_ptr<const ring::Topology> topology;
  if (*kept != nullptr) {
    Result<ring::Topology> decoded = ring::DecodeTopology((*kept)->value);
    QUOIN_RETURN_IF_ERROR(decoded.status());
    topology = std::make_shared<const ring::Topology>(*std::move(decoded));
  } else if (!options_.join) {
    topology = std::make_shared<const ring::Topology>(
        ring::Bootstrap(options_.cluster, options_.self, options_.member, options_.partition_count, options_.goal));
  }
  if (topology == nullptr) return Status::Ok();
  QUOIN_RETURN_IF_ERROR(topology->Check());
  if (options_.cluster != ClusterId{} && topology->cluster != options_.cluster) {
    return Status(Code::kIncompatible, "the data belongs to the cluster " + topology->cluster.ToString() + ", not to " +
                                           options_.cluster.ToString());
  }
  // A replica that has left still keeps its promise, so whatever has a state is looked at.
  for (std::uint32_t p = 0; p < topology->partition_count(); ++p) {
    Result<std::optional<kv::PartitionState>> state = storage_.GetPartitionState(PartitionId{p});
    QUOIN_RETURN_IF_ERROR(state.status());
    if (*state) QUOIN_RETURN_IF_ERROR(Make(PartitionId{p}, now).status());
  }
  Result<std::optional<kv::PartitionState>> system = storage_.GetPartitionState(kSystemPartition);
  QUOIN_RETURN_IF_ERROR(system.status());
  if (*system) QUOIN_RETURN_IF_ERROR(Make(kSystemPartition, now).status());
  Adopt(std::move(topology), now);
  if (*kept != nullptr) topology_dirty_ = false;
  Settle(now);
  return Status::Ok();
}

Replica* Node::Impl::Find(PartitionId partition) {
  return const_cast<Replica*>(std::as_const(*this).Find(partition));
}
const Replica* Node::Impl::Find(PartitionId partition) const {
  if (partition.value < by_partition_.size()) return by_partition_[partition.value];
  return partition == kSystemPartition ? system_ : nullptr;
}

Result<Replica*> Node::Impl::Make(PartitionId partition, Moment now) {
  if (const auto known = replicas_.find(partition); known != replicas_.end()) return known->second.get();
  Result<std::optional<kv::PartitionState>> durable = storage_.GetPartitionState(partition);
  QUOIN_RETURN_IF_ERROR(durable.status());
  Leader::Options leader{
      .self = options_.self,
      .partition = partition,
      .max_value_bytes = partition == kSystemPartition ? kv::kMaxValueBytes : options_.max_value_bytes,
      .max_ids = options_.max_ids,
      .max_idle_keys = options_.max_idle_keys,
      .salt = random_.Next(),
      // Nothing is as urgent as the ring.
      .pace = partition == kSystemPartition ? nullptr : &copy_pace_,
      // After that no coordinator waits for any copy that it has sent.
      .patience = static_cast<std::uint64_t>(options_.timing.request / options_.timing.resend) + 1};
  Replica* const replica =
      replicas_
          .emplace(partition, std::make_unique<Replica>(storage_, *durable, leader, options_.timing, *this, now))
          .first->second.get();
  if (partition == kSystemPartition) {
    system_ = replica;
  } else {
    if (by_partition_.size() <= partition.value) by_partition_.resize(partition.value + 1);
    by_partition_[partition.value] = replica;
  }
  return replica;
}

void Node::Impl::Post(NodeId to, PacketBody&& body) {
  if (to == options_.self) {
    to_self_.push_back(std::move(body));
  } else {
    output_.packets.push_back({to, std::move(body)});
  }
}

void Node::Impl::Post(std::vector<Envelope>* envelopes) {
  for (Envelope& envelope : *envelopes) {
    ReplicaPacket packet{envelope.partition, std::move(envelope.message)};
    if (envelope.to == options_.self) {
      to_self_.emplace_back(std::move(packet));
    } else {
      output_.packets.push_back({envelope.to, std::move(packet)});
    }
  }
  envelopes->clear();
}

void Node::Impl::Settle(Moment now) {
  for (bool moved = true; moved;) {
    moved = false;
    Post(&open().now);
    for (LoadWanted& load : std::exchange(open().loads, {})) output_.loads.push_back(std::move(load));
    // More may be added meanwhile; they have their turn after what is said to oneself now.
    const std::size_t answers = open().answers.size();
    moved = answers != 0;
    for (std::size_t i = 0; i < answers; ++i) Answered(std::move(open().answers[i]), now);
    open().answers.erase(open().answers.begin(), open().answers.begin() + static_cast<std::ptrdiff_t>(answers));
    if (!open().fed.empty()) TellFed();
    if (!settled_.empty()) {
      moved = true;
      const Answer answer = std::move(settled_.front());
      settled_.pop_front();
      ListerEffects effects;
      lister_.OnSettled(answer, now, &effects);
      List(std::move(effects), now);
    }
    if (to_self_done_ < to_self_.size()) {
      moved = true;
      PacketBody packet = std::move(to_self_[to_self_done_]);
      if (++to_self_done_ == to_self_.size()) {
        to_self_.clear();
        to_self_done_ = 0;
      }
      Deliver(options_.self, std::move(packet), now);
    }
  }
}

void Node::Impl::Deliver(NodeId from, PacketBody&& packet, Moment now) {
  std::visit([&](auto&& body) { On(from, std::move(body), now); }, std::move(packet));
}

void Node::Impl::Receive(NodeId from, PacketBody packet, Moment now) {
  Deliver(from, std::move(packet), now);
  Settle(now);
}

void Node::Impl::On(NodeId from, const ReplicaPacket& packet, Moment now) {
  if (packet.partition == kLocalPartition) return;
  if (const auto* held = std::get_if<Held>(&packet.message); held != nullptr && !held->ballot) {
    coordinator_.OnHeld(from, packet.partition, *held, now, &coordinator_effects_);
    return Coordinate(&coordinator_effects_);
  }
  if (const auto* other = std::get_if<OtherConfiguration>(&packet.message)) {
    // Whoever knows less learns (docs/protocol.md, decision 11).
    if (other->mine > other->yours) return Fetch(from, now);
    Replica* asker = Find(packet.partition);
    if (asker == nullptr || asker->configuration().version != other->yours || !Push(from)) return;
    // It will have learned by the time that this arrives, if the link keeps the order.
    return asker->leader().Resend([&](NodeId node) { return node == from; }, &open());
  }
  Replica* replica = Find(packet.partition);
  if (replica == nullptr) {
    if (IsRequest(packet.message)) Fetch(from, now);  // It may be about to become one.
    return;
  }
  const std::size_t before = open().now.size();
  replica->Receive(from, packet.message, now, &open());
  for (std::size_t i = before; i < open().now.size(); ++i) {
    const auto* other = std::get_if<OtherConfiguration>(&open().now[i].message);
    if (other != nullptr && other->mine < other->yours) Fetch(from, now);
  }
  if (Broken(Canary::kAdoptRingFromAccept) && packet.partition == kSystemPartition && from != options_.self) {
    const auto* accept = std::get_if<Accept>(&packet.message);
    Result<ring::Topology> decoded = accept == nullptr ? Result<ring::Topology>(Status(Code::kInvalid, "no Accept"))
                                                       : ring::DecodeTopology(accept->record->value);
    if (decoded.ok()) Adopt(std::make_shared<const ring::Topology>(*std::move(decoded)), now);
  }
}

void Node::Impl::Tick(Moment now) {
  detector_.OnTick(now.now);
  Act(gossip_.OnTick(now.now), now);
  SendHeartbeats(now);
  LookAtHearing(now);
  copy_pace_.OnTick(now.now);
  for (const auto& [partition, replica] : replicas_) {
    replica->OnTick(now, &open());
    Settle(now);
  }
  coordinator_.OnTick(now, &coordinator_effects_);
  Coordinate(&coordinator_effects_);
  ListerEffects lists;
  lister_.OnTick(now, &lists);
  List(std::move(lists), now);
  if (watch_hub_.watches() > 0) {
    WatchEffects watches;
    watch_hub_.OnTick(now, &watches);
    Watched(std::move(watches));
  }
  // Nobody asks anything of a node that says that its disk is full, so it has to find out by itself that there is space
  // again.
  if (disk_full_ && now.now - probed_at_ >= options_.timing.resend) {
    probed_at_ = now.now;
    probe_ = topology_ != nullptr;
  }
  RetryUnserved(now);
  AskThoseReset(now);
  AskToJoin(now);
  Report(now);
  Control(now);
  WantDue(now);
  std::erase_if(relays_, [&](const auto& relay) { return now.now - relay.second.since > options_.timing.request; });
  Settle(now);
}

void Node::Impl::SetDiskAnswering(bool answering, Moment now) {
  if (disk_answering_ == answering) return;
  disk_answering_ = answering;
  heartbeat_at_ = now.now - 2 * options_.timing.heartbeat;  // The others should know at once.
  SendHeartbeats(now);
  Settle(now);
}

void Node::Impl::Loaded(const LoadWanted& load, const Result<kv::RecordPtr>& loaded, Moment now) {
  Replica* replica = Find(load.partition);
  CHECK(replica != nullptr);
  replica->acceptor().OnLoaded(load.key, loaded, &open());
  replica->OnPromised(&open());
  Settle(now);
}

bool Node::Impl::StillWants(const RangeWanted& range) {
  Replica* replica = Find(range.partition);
  CHECK(replica != nullptr);
  return replica->acceptor().StillWants(range);
}

void Node::Impl::RangeRead(const RangeWanted& range, const RangeFound& found, Moment now) {
  Replica* replica = Find(range.partition);
  CHECK(replica != nullptr);
  replica->OnRange(range, found, now, &open());
  Settle(now);
}

bool Node::Impl::WantsRound() const {
  const Effects& open = rounds_.open();
  return !rounds_.under_way() && (!open.batch.empty() || !open.when_durable.empty() ||
                                  !open.ranges_when_durable.empty() ||
                                  (((topology_dirty_ && !disk_full_) || probe_) && !disk_stopped_));
}

kv::Batch Node::Impl::Seal() {
  sealed_ranges_ = std::exchange(open().ranges_when_durable, {});
  // What is refused with a probe would be lost, so a probe goes alone.
  const bool somebody_waits = !open().when_durable.empty() || !sealed_ranges_.empty();
  kv::Batch batch = rounds_.Seal();
  sealed_topology_ = std::exchange(topology_dirty_, false);
  // In one batch with the versions that acceptors take from it: a restart finds both or neither.
  if (sealed_topology_) PutTopology(kv::Batch::Space::kReserve, &batch);
  sealed_replicas_.clear();
  for (const auto& [partition, replica] : replicas_) {
    if (replica->acceptor().Seal(&batch)) sealed_replicas_.push_back(replica.get());
  }
  if (probe_ && !somebody_waits && batch.empty()) {
    probe_ = false;
    // Any write that a full disk refuses will do.
    PutTopology(kv::Batch::Space::kPlenty, &batch);
  }
  sealed_records_ = batch.stores_records();
  return batch;
}

void Node::Impl::PutTopology(kv::Batch::Space space, kv::Batch* batch) const {
  kv::Record record;
  record.accepted = record.changed = kv::Version{{topology_->epoch, options_.self}, 1};
  record.value = ring::EncodeTopology(*topology_);
  batch->PutRecord(kLocalPartition, kTopologyKey, record, space);
}

void Node::Impl::RoundEnd(const Status& status, Moment now, const std::function<void()>& hand_over) {
  if (status.ok()) {
    if (sealed_records_) disk_full_ = probe_ = false;  // A disk takes other changes longer.
    for (Replica* const replica : sealed_replicas_) replica->acceptor().OnDurable();
    std::vector<Envelope> durable = rounds_.OnDurable();
    Post(&durable);
    for (RangeWanted& range : std::exchange(sealed_ranges_, {})) output_.ranges.push_back(std::move(range));
    if (hand_over) hand_over();
  } else {
    const bool took_writes = disk_takes_writes();
    topology_dirty_ = topology_dirty_ || sealed_topology_;
    probe_ = false;  // A disk that is full now will be full in the next round.
    disk_full_ = status.code() == Code::kDiskFull;
    disk_stopped_ = disk_stopped_ || !disk_full_;
    for (const auto& [partition, replica] : replicas_) replica->acceptor().OnRefused(status.code());
    std::vector<Envelope> refused = rounds_.OnRefused(status.code());
    Post(&refused);
    // Reading goes on; what was to be told with it waits for whoever asks again.
    for (RangeWanted& range : std::exchange(sealed_ranges_, {})) output_.ranges.push_back(std::move(range));
    if (took_writes) {
      heartbeat_at_ = now.now - 2 * options_.timing.heartbeat;  // The others should know at once.
      SendHeartbeats(now);
    }
  }
  Settle(now);
}

std::optional<ReplicaStatus> Node::Impl::StatusOf(PartitionId partition) const {
  const Replica* replica = Find(partition);
  if (replica == nullptr) return std::nullopt;
  ReplicaStatus status;
  status.configuration = replica->configuration();
  status.promised = replica->acceptor().promised();
  status.floor = replica->acceptor().floor();
  status.leading = replica->leading();
  if (status.leading) {
    status.complete = replica->leader().complete();
    status.all_equal = replica->leader().all_equal();
    status.lagging = replica->leader().lagging();
  }
  return status;
}

std::optional<NodeId> Node::Impl::LeaderOf(PartitionId partition) const {
  const Replica* replica = Find(partition);
  if (replica == nullptr || replica->believed() == kv::Ballot()) return std::nullopt;
  return replica->believed().node;
}

}  // namespace quoin::quorum
