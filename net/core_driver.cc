#include "net/core_driver.h"

#include <glog/logging.h>

#include <utility>
#include <vector>

#include "base/random.h"
#include "quorum/read_page.h"
#include "quorum/read_range.h"

namespace quoin::net {

CoreDriver::CoreDriver(const kv::Storage& storage, kv::CommitQueue& commits, Shards& shards, std::size_t shard)
    : storage_(storage),
      commits_(commits),
      shards_(shards),
      shard_(shard),
      self_(storage.identity().node),
      random_(RandomNonZero()),
      background_(shards, shard),
      pace_timer_(shards.context(shard)),
      tick_timer_(shards.context(shard)) {
  auto empty = std::make_shared<ClusterSnapshot>();
  empty->self = self_;
  snapshot_ = std::move(empty);
}

Status CoreDriver::Start(quorum::NodeOptions options, Links links) {
  CHECK_EQ(options.self, self_) << "a node is what its storage says";
  tick_ = options.timing.tick;
  links_ = std::move(links);
  auto node = quorum::Node::Start(storage_, std::move(options), random_, Now());
  if (!node.ok()) return node.status();
  node_ = *std::move(node);
  Publish();
  return Status::Ok();
}

quorum::Moment CoreDriver::ReadClocks() {
  const auto since_boot = std::chrono::steady_clock::now().time_since_epoch();
  return {ring::MonotonicTime(std::chrono::duration_cast<ring::Duration>(since_boot)),
          std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now())};
}

quorum::Moment CoreDriver::Now() {
  if (!act_scheduled_) return ReadClocks();
  if (!turn_) turn_ = ReadClocks();
  return *turn_;
}

void CoreDriver::Run() {
  shards_.Post(shard_, [this] { Tick(); });
}

void CoreDriver::Tick() {
  node_->SetDiskAnswering(!DiskHangs(), Now());
  node_->OnTick(Now());
  RepeatWishes();
  // Positions that are owed are asked for while there are no news: they would be said before what they stand for. A
  // round that begins in Act may end at once, and bring some.
  while (ActOnce()) {
  }
  if (news_taker_) news_taker_({});
  Act();
  if (std::chrono::steady_clock::now() - published_at_ >= kSnapshotInterval) Publish();
  tick_timer_.expires_after(tick_);
  tick_timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) Tick();
  });
}

void CoreDriver::Submit(quorum::Request request, const quorum::Sending& sending, quorum::ReplyCallback done) {
  if (open_writes_ >= kMaxWritesBehindAHungDisk && quorum::IsWrite(request.operation) && DiskHangs()) {
    return Refuse(sending, std::move(done));
  }
  const std::uint64_t token = ++last_token_;
  waiting_.emplace(token, std::move(done));
  if (quorum::IsWrite(request.operation)) ++open_writes_;
  node_->Submit(std::move(request), sending, token, Now());
  ScheduleAct();
}

void CoreDriver::Scan(quorum::ScanRequest request, quorum::ScanCallback done) {
  const std::uint64_t token = ++last_token_;
  waiting_scans_.emplace(token, std::move(done));
  node_->Scan(std::move(request), token, Now());
  ScheduleAct();
}

void CoreDriver::Watch(quorum::WatchRequest request, std::uint64_t token) {
  node_->Watch(std::move(request), token, Now());
  ScheduleAct();
}

void CoreDriver::Unwatch(std::uint64_t token) {
  node_->Unwatch(token);
  ScheduleAct();
}

void CoreDriver::Receive(NodeId from, quorum::PacketBody packet) {
  // What others want written counts for the pace of rounds as what this node's clients want.
  if (const auto* replica = std::get_if<quorum::ReplicaPacket>(&packet)) {
    if (std::holds_alternative<quorum::Accept>(replica->message)) ++open_writes_;
  }
  node_->Receive(from, std::move(packet), Now());
  ScheduleAct();
}

void CoreDriver::OnLinkReset(NodeId peer) {
  node_->OnLinkReset(peer, Now());
  ScheduleAct();
}

bool CoreDriver::DiskHangs() const {
  return round_under_way_ && std::chrono::steady_clock::now() - round_began_ > kDiskPatience;
}

void CoreDriver::Refuse(const quorum::Sending& sending, quorum::ReplyCallback done) {
  quorum::Reply reply;
  reply.outcome = quorum::Outcome::kError;
  // Of earlier copies nothing is known.
  reply.status = Status(sending.repeated ? Code::kUnknown : Code::kUnavailable, "the disk does not answer");
  shards_.Post(shard_, [done = std::move(done), reply = std::move(reply)] { done(reply); });
}

void CoreDriver::ScheduleAct() {
  if (act_scheduled_) return;
  act_scheduled_ = true;
  shards_.Post(shard_, [this] {
    act_scheduled_ = false;
    turn_.reset();
    Act();
  });
}

void CoreDriver::Act() {
  while (ActOnce()) {
  }
  if (node_->topology() != published_) Publish();
  ConsiderRound();
}

bool CoreDriver::ActOnce() {
  quorum::Node::Output output = node_->TakeOutput();
  if (output.packets.empty() && output.answers.empty() && output.scans.empty() && output.loads.empty() &&
      output.ranges.empty() && output.dues.empty() && output.pages.empty() && output.news.empty()) {
    return false;
  }
  // Before anything else, which may lead to further news.
  if (news_taker_ && !output.news.empty()) news_taker_(std::move(output.news));
  if (links_.send) {
    for (const quorum::Packet& packet : output.packets) links_.send(packet.to, packet.body);
  }
  for (quorum::LoadWanted& wanted : output.loads) Load(std::move(wanted));
  for (quorum::RangeWanted& wanted : output.ranges) ReadRange(std::move(wanted));
  for (quorum::DueWanted& wanted : output.dues) ReadDue(std::move(wanted));
  for (quorum::PageWanted& wanted : output.pages) ReadPage(std::move(wanted));
  for (quorum::Answer& answer : output.answers) {
    const auto waiting = waiting_.find(answer.token);
    CHECK(waiting != waiting_.end()) << "N2: a token was answered twice";
    // The protocol tells codes; what this node's disk said is worth more to people.
    const Code code = answer.reply.status.code();
    if ((code == Code::kDiskFull || code == Code::kReadOnly) && disk_status_.code() == code) {
      answer.reply.status = disk_status_;
    }
    const quorum::ReplyCallback done = std::move(waiting->second);
    waiting_.erase(waiting);
    done(std::move(answer.reply));
  }
  for (quorum::ScanAnswer& answer : output.scans) {
    const auto waiting = waiting_scans_.find(answer.token);
    CHECK(waiting != waiting_scans_.end()) << "G1: a scan was answered twice";
    const quorum::ScanCallback done = std::move(waiting->second);
    waiting_scans_.erase(waiting);
    done(std::move(answer.page));
  }
  return true;
}

void CoreDriver::Load(quorum::LoadWanted wanted) {
  shards_.PostToReader([this, wanted = std::move(wanted)] {
    shards_.Post(shard_, [this, wanted, loaded = storage_.Get(wanted.partition, wanted.key)] {
      node_->OnLoaded(wanted, loaded, Now());
      ScheduleAct();
    });
  });
}

void CoreDriver::ReadRange(quorum::RangeWanted wanted) {
  const auto read = [this, wanted]() -> BackgroundReads::Work {
    quorum::RangeFound found = quorum::ReadRange(*storage_.TakeSnapshot(), wanted);
    if (!found.status.ok()) {
      LOG_EVERY_N(ERROR, 100)
          << "the keys of partition " << wanted.partition << " can't be read: " << found.status
          << ". As long as that lasts, this node can't lead it for long, and nobody can find it equal: deleted keys keep "
             "taking space. If it lasts, put another node in this one's place (docs/cluster.md)";
    }
    return [this, wanted, found = std::move(found)] {
      node_->OnRange(wanted, found, Now());
      ScheduleAct();
    };
  };
  background_.Add({[this, wanted = std::move(wanted)] { return node_->StillWants(wanted); }, read});
}

void CoreDriver::ReadDue(quorum::DueWanted wanted) {
  shards_.PostToReader([this, wanted = std::move(wanted)] {
    auto due = storage_.ReadDue(wanted.now, wanted.after, wanted.limit);
    if (due.ok()) {
      // Brings the records into memory; a damaged one is somebody else's to report.
      for (const kv::DueKey& each : *due) (void)storage_.Get(each.partition, each.key).ok();
    } else {
      LOG(WARNING) << "a sweep can't read what is due: " << due.status();
    }
    shards_.Post(shard_, [this, wanted, due = std::move(due)] {
      node_->OnDue(wanted, due, Now());
      ScheduleAct();
    });
  });
}

void CoreDriver::ReadPage(quorum::PageWanted wanted) {
  shards_.PostToReader([this, wanted = std::move(wanted)] {
    shards_.Post(shard_, [this, wanted, found = quorum::ReadPage(*storage_.TakeSnapshot(), wanted)]() mutable {
      node_->OnPage(wanted, std::move(found), Now());
      ScheduleAct();
    });
  });
}

void CoreDriver::ConsiderRound() {
  if (round_under_way_ || !node_->WantsRound()) return;
  const quorum::FlushPace::Time until = pace_.WaitUntil(open_writes_);
  if (until <= std::chrono::steady_clock::now()) {
    if (std::exchange(pacing_, false)) pace_timer_.cancel();
    return BeginRound();
  }
  if (std::exchange(pacing_, true)) return;
  pace_timer_.expires_at(until);
  pace_timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;  // There were enough before its time.
    pacing_ = false;
    ConsiderRound();
  });
}

void CoreDriver::BeginRound() {
  kv::Batch batch = node_->Seal();
  if (batch.empty()) {
    node_->OnRoundEnd(Status::Ok(), Now());
    return ScheduleAct();
  }
  round_under_way_ = true;
  round_began_ = std::chrono::steady_clock::now();
  pace_.OnHandedOver(std::chrono::steady_clock::now(), std::exchange(open_writes_, 0));
  commits_.Submit(std::move(batch),
                  [this](const Status& status) { shards_.Post(shard_, [this, status] { OnRoundEnd(status); }); });
}

void CoreDriver::OnRoundEnd(const Status& status) {
  round_under_way_ = false;
  disk_status_ = status;
  pace_.OnDurable(std::chrono::steady_clock::now(), open_writes_);
  // What came meanwhile goes to the disk first, which need not wait for this round's answers.
  node_->OnRoundEnd(status, Now(), [this] { ConsiderRound(); });
  Act();
}

}  // namespace quoin::net
