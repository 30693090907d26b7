// What a process does with its node's output: packets, rounds, reads, answers.
#include <glog/logging.h>

#include <algorithm>
#include <utility>

#include "quorum/read_page.h"
#include "quorum/read_range.h"
#include "tests/simulation/packet_text.h"
#include "tests/simulation/process.h"

namespace quoin::simulation {

void Process::Pump() {
  quorum::Node::Output output = node_->TakeOutput();
  // Before what it sends: whoever watches is to judge that by the ring that the node goes by.
  if (const auto ring = node_->topology(); ring != known_ring_) {
    with_.trace.Note({7, index_, ring->epoch});
    with_.trace.Line(with_.queue.now(), [&](std::ostream& out) { WriteRing(name(), known_ring_.get(), *ring, out); });
    with_.witness.OnRing(id_, known_ring_.get(), ring);
    known_ring_ = ring;
  }
  for (quorum::Packet& packet : output.packets) with_.send(index_, packet.to, std::move(packet.body));
  for (const quorum::LoadWanted& load : output.loads) Load(load);
  for (const quorum::RangeWanted& range : output.ranges) ReadRange(range);
  for (const quorum::DueWanted& due : output.dues) ReadDue(due);
  for (const quorum::PageWanted& page : output.pages) ReadPage(page);
  for (const quorum::Answer& answer : output.answers) Answer(answer);
  for (quorum::ScanAnswer& answer : output.scans) AnswerScan(std::move(answer));
  for (const quorum::WatchNews& news : output.news) Tell(news);
  if (!round_ && node_->WantsRound()) Seal();
}

void Process::Seal() {
  round_ = Round{node_->Seal(), with_.queue.now()};
  const ring::Duration latency = random_.Around(ring::Duration(with_.parameters.write_us));
  FromDisk(latency, [this] { OnWritten(); });
}

void Process::OnWritten() {
  const Status status = disk_.Write(round_->batch);
  round_->written = true;
  with_.trace.Note({8, index_, static_cast<std::uint64_t>(status.code()), round_->batch.count()});
  with_.trace.Line(with_.queue.now(), [&](std::ostream& out) {
    out << name() << " wrote " << round_->batch.count() << " changes: " << (status.ok() ? "OK" : status.ToString());
  });
  if (status.ok()) with_.witness.OnDurable(id_, round_->batch);
  // A driver may hand the next round over first, or last.
  const bool at_once = round_->batch.count() % 2 == 1;
  Do([this, status, at_once] {
    round_.reset();
    node_->OnRoundEnd(status, Now(), [&] {
      if (at_once && node_->WantsRound()) Seal();
    });
    Pump();
  });
}

ring::Duration Process::ReadLatency() { return random_.Around(ring::Duration(with_.parameters.read_us)); }

void Process::Load(const quorum::LoadWanted& load) {
  FromDisk(ReadLatency(), [this, load] {
    const Result<kv::RecordPtr> record = disk_.Get(load.partition, load.key);
    Do([this, load, record] {
      with_.trace.Note({9, index_, load.partition.value});
      node_->OnLoaded(load, record, Now());
      Pump();
    });
  });
}

void Process::ReadRange(const quorum::RangeWanted& range) {
  // Read now, which is what a snapshot of now would show later.
  const auto found = std::make_shared<const quorum::RangeFound>(quorum::ReadRange(*disk_.TakeSnapshot(), range));
  FromDisk(ReadLatency(), [this, range, found] {
    Do([this, range, found] {
      with_.trace.Note({10, index_, range.partition.value, found->entries.size()});
      if (node_->StillWants(range)) node_->OnRange(range, *found, Now());
      Pump();
    });
  });
}

void Process::ReadDue(const quorum::DueWanted& due) {
  FromDisk(ReadLatency(), [this, due] {
    const Result<std::vector<kv::DueKey>> found = disk_.ReadDue(due.now, due.after, due.limit);
    Do([this, due, found] {
      with_.trace.Note({11, index_, found.ok() ? found->size() : 0});
      node_->OnDue(due, found, Now());
      Pump();
    });
  });
}

void Process::ReadPage(const quorum::PageWanted& page) {
  // Its snapshot may be taken as late as the disk likes.
  auto found = std::make_shared<quorum::PageFound>();
  const bool at_once = random_.Percent(50);
  if (at_once) *found = quorum::ReadPage(*disk_.TakeSnapshot(), page);
  FromDisk(ReadLatency(), [this, page, found, at_once] {
    if (!at_once) *found = quorum::ReadPage(*disk_.TakeSnapshot(), page);
    Do([this, page, found] {
      with_.trace.Note({14, index_, page.token, found->keys.size()});
      node_->OnPage(page, std::move(*found), Now());
      Pump();
    });
  });
}

void Process::AnswerScan(quorum::ScanAnswer answer) {
  const auto waiting = scanning_.find(answer.token);
  CHECK(waiting != scanning_.end()) << "N2: scan " << answer.token << " was answered twice";
  const quorum::ScanCallback done = std::move(waiting->second);
  scanning_.erase(waiting);
  const std::size_t entries = answer.page.ok() ? answer.page->entries.size() : 0;
  with_.trace.Note({15, index_, answer.token, entries});
  with_.trace.Line(with_.queue.now(), [&](std::ostream& out) {
    out << name() << " -> client  scan #" << answer.token << " ";
    if (!answer.page.ok()) {
      out << answer.page.status();
      return;
    }
    for (const quorum::ScanEntry& entry : answer.page->entries)
      out << entry.key << " @" << entry.record->accepted << ", ";
    out << (answer.page->more ? "and more" : "no more");
  });
  if (answer.page.ok()) {
    for (const quorum::ScanEntry& entry : answer.page->entries) {
      quorum::Request get;
      get.key = entry.key;
      quorum::Reply reply;
      reply.record = entry.record;
      reply.changed = entry.record->changed;
      with_.witness.OnAnswer(id_, get, reply);
    }
  }
  done(std::move(answer.page));
}

void Process::Tell(const quorum::WatchNews& news) {
  const auto watching = watching_.find(news.token);
  if (watching == watching_.end()) return;
  with_.trace.Note({18, index_, news.token, news.events.size()});
  with_.trace.Line(with_.queue.now(), [&](std::ostream& out) {
    out << name() << " -> client  watch #" << news.token;
    WriteEvents(news.events, out);
  });
  for (const quorum::WatchEvent& event : news.events) {
    if (event.kind != quorum::WatchEvent::Kind::kPut) continue;
    quorum::Request get;
    get.key = event.key;
    quorum::Reply reply;
    reply.record = event.record;
    reply.changed = event.version;
    with_.witness.OnAnswer(id_, get, reply);
  }
  watching->second(news, node_->PositionsOf(news.token));
}

void Process::Answer(const quorum::Answer& answer) {
  const auto waiting = waiting_.find(answer.token);
  CHECK(waiting != waiting_.end()) << "N2: token " << answer.token << " was answered twice";
  const AnswerCallback done = std::move(waiting->second);
  waiting_.erase(waiting);
  with_.trace.Note({12, index_, answer.token, static_cast<std::uint64_t>(answer.reply.outcome)});
  with_.trace.Line(with_.queue.now(), [&](std::ostream& out) {
    out << name() << " -> client  ";
    WriteReply(answer.reply, out);
  });
  done(answer);
}

}  // namespace quoin::simulation
