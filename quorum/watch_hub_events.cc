// What watches are told: events as they come, and what became of them while a range was read.
#include <glog/logging.h>

#include <algorithm>
#include <utility>

#include "quorum/canary.h"
#include "quorum/watch_hub.h"

namespace quoin::quorum {

void WatchHub::OnWatched(NodeId from, const WatchedPacket& packet, Moment now, WatchEffects* effects) {
  const auto found = parts_.find(packet.partition);
  if (found == parts_.end()) {
    // It has not heard that nobody watches any more.
    if (packet.end != WatchedPacket::End::kNone || packet.subscription == 0) return;
    WatchPacket end;
    end.partition = packet.partition;
    end.subscription = packet.subscription;
    end.ends = true;
    effects->packets.push_back({from, std::move(end)});
    return;
  }
  Part& part = found->second;
  const bool broke = part.subscription.Receive(
      from, packet, now.now, [&](const WatchedPacket& next) { OnDelivered(packet.partition, &part, next, effects); });
  if (broke) OnBroken(packet.partition, &part);
  TendFilter(&part);
  part.subscription.Tend(now.now, &last_number_, &effects->packets);
  Read(packet.partition, &part, now, effects);
  Settle(now, effects);
}

void WatchHub::OnDelivered(PartitionId partition, Part* part, const WatchedPacket& packet, WatchEffects* effects) {
  // What happened before the subscription began is read.
  if (packet.number == 1) part->position = packet.position;
  for (const FedEvent& event : packet.events) OnEvent(partition, part, event, effects);
  part->position = std::max(part->position, packet.position);
  FinishReadings(partition, part, effects);
  // Interests that begin now have nothing to catch up with, once the filter lets their events through.
  for (auto beginning = part->beginning.begin(); beginning != part->beginning.end();) {
    const std::uint64_t id = *beginning;
    Interest& interest = interests_.at(id);
    WatchLine& line = interest.lines.at(partition);
    const std::uint64_t version = part->targets.at(interest.target).version;
    if (version == 0 || version > packet.filter) {
      ++beginning;
      continue;
    }
    beginning = part->beginning.erase(beginning);
    line.from_now = false;
    interest.begun = true;
    line.MakeLive(line.segments.begin(), std::nullopt);
    OnLineLive(id, &interest, partition, part, effects);
  }
}

void WatchHub::OnEvent(PartitionId partition, Part* part, const FedEvent& event, WatchEffects* effects) {
  part->interests.ForEachThatCovers(event.key, [&](const std::set<std::uint64_t>& interests) {
    for (const std::uint64_t id : interests) {
      Interest& interest = interests_.at(id);
      WatchLine& line = interest.lines.at(partition);
      if (line.from_now) continue;
      if (!line.SegmentOf(event.key)->second.live) {
        line.Keep(event.key, event.record);
        continue;
      }
      if (!event.again) Tell(&interest, partition, line, part->position, {{&event.key, event.record}}, effects);
      if (interest.target.kind == WatchTarget::Kind::kKey) line.told = {event.record->accepted, event.record->changed};
    }
  });
  part->told.Remember(event.key, *event.record);
}

WatchHub::Verdict WatchHub::Judge(const Part& part, const WatchLine& line, const std::string& key,
                                  const kv::Record& record, const kv::Version& above) const {
  if (record.accepted <= above) return Verdict::kNothing;
  if (above == kv::Version()) return record.tombstone ? Verdict::kNothing : Verdict::kTell;
  if (record.changed > above) return Verdict::kTell;
  // An old state under a new version. Whether it was told depends on whether it was chosen by then.
  if (line.told && line.told->changed == record.changed) return Verdict::kNothing;
  const ToldState* told = part.told.Find(key);
  if (told != nullptr && told->changed == record.changed && told->accepted <= above) return Verdict::kNothing;
  return Verdict::kTellAfterGap;
}

void WatchHub::Tell(Interest* interest, PartitionId partition, const WatchLine& line, const kv::Version& above,
                    const std::vector<Found>& found, WatchEffects* effects) {
  const Part& part = parts_.at(partition);
  for (const std::uint64_t token : interest->watches) {
    const Watcher& watcher = watches_.at(token);
    if (watcher.gap) continue;  // All of the state comes anyway.
    kv::Version told = above;
    if (interest->cursors > 0) {
      const auto from = watcher.from.find(partition);
      if (from != watcher.from.end()) told = std::max(told, from->second);
    }
    const std::string* last = nullptr;  // The key that was told last.
    for (const Found& state : found) {
      const kv::Record& record = *state.record;
      Verdict verdict = Judge(part, line, *state.key, record, told);
      // Of a key that was there a moment ago, that it is not any more is news.
      if (record.tombstone && last != nullptr && *last == *state.key) verdict = Verdict::kTell;
      if (verdict == Verdict::kNothing) continue;
      last = state.key;
      WatchEvent event;
      event.key = *state.key;
      if (verdict == Verdict::kTellAfterGap) {
        event.kind = WatchEvent::Kind::kGap;
        Put(token, event, effects);
      }
      event.kind = !record.tombstone ? WatchEvent::Kind::kPut
                   : record.expired  ? WatchEvent::Kind::kExpire
                                     : WatchEvent::Kind::kDelete;
      event.version = record.changed;
      if (!record.tombstone) event.record = state.record;
      Put(token, std::move(event), effects);
    }
  }
}

void WatchHub::Put(std::uint64_t token, WatchEvent event, WatchEffects* effects) {
  if (effects->news.empty() || effects->news.back().token != token) effects->news.push_back({token, {}, {}});
  effects->news.back().events.push_back(std::move(event));
}

void WatchHub::OnLineLive(std::uint64_t id, Interest* interest, PartitionId partition, Part* part,
                          WatchEffects* effects) {
  part->behind.erase(id);
  ++interest->live_lines;
  if (interest->cursors > 0) ForgetCursors(interest, partition, part->position);
  WatchLine& line = interest->lines.at(partition);
  if (!std::exchange(line.caught_up, true)) --interest->behind;
  if (!interest->live()) return;
  now_live_.insert(id);
  if (interest->behind > 0 || std::exchange(interest->synced, true)) return;
  for (const std::uint64_t token : interest->watches) {
    Watcher& watcher = watches_.at(token);
    if (watcher.gap || --watcher.behind > 0 || std::exchange(watcher.synced, true)) continue;
    WatchEvent synced;
    synced.kind = WatchEvent::Kind::kSynced;
    Put(token, std::move(synced), effects);
  }
}

void WatchHub::ForgetCursors(Interest* interest, PartitionId partition, const kv::Version& position) {
  for (const std::uint64_t token : interest->watches) {
    Watcher& watcher = watches_.at(token);
    // Another of its targets may not have come as far.
    const bool needed = std::any_of(watcher.interests.begin(), watcher.interests.end(), [&](std::uint64_t id) {
      const auto line = interests_.at(id).lines.find(partition);
      return line != interests_.at(id).lines.end() && !line->second.live();
    });
    const auto from = watcher.from.find(partition);
    if (needed || from == watcher.from.end() || from->second > position) continue;
    watcher.from.erase(from);
    if (!watcher.from.empty()) continue;
    for (const std::uint64_t id : watcher.interests) {
      Interest& other = interests_.at(id);
      if (other.cursors > 0) --other.cursors;
    }
  }
}

void WatchHub::OnBroken(PartitionId partition, Part* part) {
  part->answered.clear();
  for (const auto& [target, wanted] : part->targets) {
    for (const std::uint64_t id : *part->interests.Find(target)) {
      Interest& interest = interests_.at(id);
      WatchLine& line = interest.lines.at(partition);
      if (line.reading) DropReading(part, &line);
      if (line.from_now) continue;
      if (line.live() && Broken(Canary::kNoCatchUpAfterBreak)) continue;
      if (line.live()) --interest.live_lines;
      line.Break(part->position);
      part->behind.insert(id);
      if (line.segments.size() <= WatchLine::kMaxSegments) continue;
      for (const std::uint64_t token : interest.watches) WantGap(token);
    }
  }
}

}  // namespace quoin::quorum
