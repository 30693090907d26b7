// Catching up: ranges are read at the leader, and told once the subscription has passed whatever was left out of them.
#include <glog/logging.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "quorum/watch_hub.h"

namespace quoin::quorum {

void WatchHub::Read(PartitionId partition, Part* part, Moment now, WatchEffects* effects) {
  if (!part->subscription.on() || part->behind.empty()) return;
  for (const std::uint64_t id : part->behind) {
    if (readings_ >= kMaxReadings || part->readings >= kMaxReadingsOfAPartition) return;
    Interest& interest = interests_.at(id);
    WatchLine& line = interest.lines.at(partition);
    const std::uint64_t version = part->targets.at(interest.target).version;
    // Before the leader goes by a filter with the target, what happens after the reading could be missed.
    if (version == 0 || version > part->subscription.confirmed()) continue;
    if (line.reading || line.from_now || now.now < line.not_before || now.now < interest.not_before) continue;
    interest.begun = true;
    Ask(id, interest, partition, part, &line, now, effects);
  }
}

void WatchHub::Ask(std::uint64_t id, const Interest& interest, PartitionId partition, Part* part, WatchLine* line,
                   Moment now, WatchEffects* effects) {
  const auto segment = line->NextToRead();
  line->reading = std::make_unique<WatchLine::Reading>();
  WatchLine::Reading& reading = *line->reading;
  reading.number = ++last_number_;
  reading.place = segment->first;
  reading.up_to = line->EndOf(segment);
  reading.above = segment->second.position;
  ++readings_;
  ++part->readings;
  questions_.emplace(reading.number, std::pair(id, partition));
  Send(interest, partition, *part, &reading, now, effects);
}

void WatchHub::Send(const Interest& interest, PartitionId partition, const Part& part, WatchLine::Reading* reading,
                    Moment now, WatchEffects* effects) {
  reading->asked_at = now.now;
  CatchUpPacket question;
  question.partition = partition;
  question.subscription = part.subscription.name();
  question.number = reading->number;
  question.target = interest.target;
  if (!reading->place.empty()) question.after = reading->place;
  question.above = reading->above;
  // What is read is told to each of its watches.
  constexpr std::size_t kMostTold = 64 * kReadRecords;
  question.limit =
      static_cast<std::uint32_t>(std::clamp<std::size_t>(kMostTold / interest.watches.size(), 16, kReadRecords));
  question.max_bytes = kReadBytes;
  effects->packets.push_back({part.subscription.leader(), std::move(question)});
}

void WatchHub::DropReading(Part* part, WatchLine* line) {
  questions_.erase(line->reading->number);
  line->reading.reset();
  --readings_;
  --part->readings;
}

void WatchHub::OnCaughtUp(NodeId, const CaughtUpPacket& packet, Moment now, WatchEffects* effects) {
  using Refusal = CaughtUpPacket::Refusal;
  const auto question = questions_.find(packet.number);
  if (question == questions_.end()) return;
  const auto [id, partition] = question->second;
  Interest& interest = interests_.at(id);
  WatchLine& line = interest.lines.at(partition);
  Part& part = parts_.at(partition);
  if (partition != packet.partition || packet.subscription != part.subscription.name()) return;
  WatchLine::Reading& reading = *line.reading;
  // A leader that has looked at nothing: what it says of the range would be taken for all of the rest.
  const bool stood_still = packet.examined_to && *packet.examined_to <= reading.place;
  if (packet.refusal != Refusal::kNone || reading.overrun || stood_still) {
    DropReading(&part, &line);
    if (stood_still) line.not_before = now.now + options_.attempt;
    if (packet.refusal == Refusal::kBusy) line.not_before = now.now + options_.attempt / 4;
    if (packet.refusal == Refusal::kUnreadable) line.not_before = now.now + options_.attempt;
    if (packet.refusal == Refusal::kNotSubscribed) {
      part.subscription.Break(now.now, ring::Duration(0));
      OnBroken(partition, &part);
    }
    return OnTick(now, effects);
  }
  questions_.erase(question);
  reading.answered = true;
  reading.position = packet.position;
  reading.until = packet.until;
  reading.entries = packet.entries;
  if (packet.examined_to && (!reading.up_to || *packet.examined_to < *reading.up_to)) {
    reading.up_to = packet.examined_to;
  }
  const auto beyond = [&](const std::string& key) {
    return !Covers(interest.target, key) || key <= reading.place || (reading.up_to && key > *reading.up_to);
  };
  std::erase_if(reading.entries, [&](const CaughtUpPacket::Entry& entry) { return beyond(entry.key); });
  std::erase_if(reading.meanwhile, [&](const auto& event) { return beyond(event.first); });
  // Tombstones below the floor are not to be seen any more.
  for (const std::uint64_t token : interest.watches) {
    const WatchPositions& from = watches_.at(token).from;
    const auto cursor = from.find(partition);
    const kv::Version told = std::max(reading.above, cursor == from.end() ? kv::Version() : cursor->second);
    if (told != kv::Version() && told < packet.floor) WantGap(token);
  }
  part.answered.insert(id);
  FinishReadings(partition, &part, effects);
  Read(partition, &part, now, effects);
  Settle(now, effects);
}

void WatchHub::FinishReadings(PartitionId partition, Part* part, WatchEffects* effects) {
  const std::set<std::uint64_t> answered = part->answered;
  for (const std::uint64_t id : answered) {
    Interest& interest = interests_.at(id);
    const WatchLine::Reading& reading = *interest.lines.at(partition).reading;
    if (part->position < std::max(reading.position, reading.until)) continue;
    part->answered.erase(id);
    FinishReading(id, &interest, partition, part, effects);
  }
}

void WatchHub::FinishReading(std::uint64_t id, Interest* interest, PartitionId partition, Part* part,
                             WatchEffects* effects) {
  WatchLine& line = interest->lines.at(partition);
  WatchLine::Reading reading = std::move(*line.reading);
  DropReading(part, &line);
  if (reading.overrun) return;  // Once more.
  std::vector<Found> found;
  std::map<std::string, kv::RecordPtr> later;
  for (auto& [key, record] : reading.meanwhile) {
    if (record->accepted > reading.position) later.emplace(key, record);  // The others were read.
  }
  for (const CaughtUpPacket::Entry& entry : reading.entries) {
    found.push_back({&entry.key, entry.record});
    const auto next = later.find(entry.key);
    if (next == later.end()) continue;
    // The same state under a later version is no news, and anything else is what came after it.
    if (next->second->changed != entry.record->changed) found.push_back({&next->first, next->second});
    next->second = nullptr;
  }
  for (const auto& [key, record] : later) {
    if (record != nullptr) found.push_back({&key, record});
  }
  Tell(interest, partition, line, reading.above, found, effects);
  for (const Found& state : found) {
    part->told.Remember(*state.key, *state.record);
    if (interest->target.kind == WatchTarget::Kind::kKey) line.told = {state.record->accepted, state.record->changed};
  }
  line.MakeLive(line.segments.find(reading.place), reading.up_to);
  if (line.live()) OnLineLive(id, interest, partition, part, effects);
}

}  // namespace quoin::quorum
