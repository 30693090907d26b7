// Watches, interests, and what is asked of leaders for them. What is told: watch_hub_events.cc.
#include "quorum/watch_hub.h"

#include <glog/logging.h>

#include <algorithm>
#include <memory>

#include "quorum/watch_targets.h"
#include "ring/partition.h"

namespace quoin::quorum {
namespace {

// In parts of Options::attempt: so much later the next interest of a target may begin, so that watches which come
// one after another are caught up together.
constexpr int kGather = 4;

}  // namespace

WatchHub::WatchHub(Options options, const Routes& routes)
    : options_(std::move(options)),
      subscription_options_{.attempt = options_.attempt, .believed = options_.believed},
      routes_(routes),
      last_number_((options_.boot >> 2) + 1) {  // 0 names nothing.
  CHECK(options_.attempt.count() > 0);
}

std::vector<PartitionId> WatchHub::PartitionsOf(const WatchTarget& target) const {
  const std::uint32_t count = routes_.topology()->partition_count();
  if (target.kind == WatchTarget::Kind::kKey) return {ring::PartitionOf(target.text, count)};
  std::vector<PartitionId> all;
  for (std::uint32_t p = 0; p < count; ++p) all.push_back(PartitionId{p});
  return all;
}

void WatchHub::Watch(WatchRequest request, std::uint64_t token, Moment now, WatchEffects* effects) {
  CHECK(!watches_.contains(token)) << "two watches with the token " << token;
  const auto refuse = [&](Status why) { effects->news.push_back({token, {}, std::move(why)}); };
  Result<std::vector<WatchTarget>> targets = Disjoint(std::move(request.targets));
  if (!targets.ok()) return refuse(targets.status());
  if (routes_.topology() == nullptr) {
    return refuse(Status(Code::kUnavailable, "this node has not joined a cluster yet"));
  }
  if (watches_.size() >= options_.max_watches) {
    return refuse(Status(Code::kUnavailable,
                         "there are " + std::to_string(watches_.size()) + " watches here already, and no more may be"));
  }
  std::size_t lines = 0;
  std::set<PartitionId> concerned;
  for (const WatchTarget& target : *targets) {
    const std::vector<PartitionId> partitions = PartitionsOf(target);
    lines += partitions.size();
    concerned.insert(partitions.begin(), partitions.end());
  }
  if (lines_ + lines > MaxLines()) {
    return refuse(Status(Code::kUnavailable, "a prefix counts once for each partition: watches here have " +
                                                 std::to_string(lines_) + " of these, this one would add " +
                                                 std::to_string(lines) + ", and at most " + std::to_string(MaxLines()) +
                                                 " are right; watch fewer prefixes"));
  }
  const Start start = request.from ? Start::kFrom : request.state ? Start::kState : Start::kNow;
  Watcher& watcher = watches_[token];
  watcher.targets = *std::move(targets);
  if (request.from) watcher.from = *std::move(request.from);
  std::erase_if(watcher.from,
                [&](const auto& from) { return from.second == kv::Version() || !concerned.contains(from.first); });
  for (const WatchTarget& target : watcher.targets) Join(token, target, start, now);
  if (watcher.behind == 0) {
    watcher.synced = true;
    WatchEvent synced;
    synced.kind = WatchEvent::Kind::kSynced;
    Put(token, std::move(synced), effects);
  }
  Settle(now, effects);
}

void WatchHub::Join(std::uint64_t token, const WatchTarget& target, Start start, Moment now) {
  Watcher& watcher = watches_.at(token);
  Interest* joined = nullptr;
  std::uint64_t id = 0;
  for (const std::uint64_t other : by_target_[target].interests) {
    Interest& interest = interests_.at(other);
    const bool fresh = !interest.begun && interest.start == start;
    if (!fresh && !(start == Start::kNow && interest.synced && interest.live())) continue;
    joined = &interest;
    id = other;
    break;
  }
  if (joined == nullptr) {
    joined = &Create(target, start, now);
    id = last_interest_;
  }
  joined->watches.insert(token);
  watcher.interests.insert(id);
  if (!joined->synced) ++watcher.behind;
  if (start != Start::kFrom) return;
  if (!watcher.from.empty()) ++joined->cursors;
  for (auto& [partition, line] : joined->lines) {
    const auto from = watcher.from.find(partition);
    const kv::Version position = from == watcher.from.end() ? kv::Version() : from->second;
    kv::Version& lowest = line.segments.begin()->second.position;
    lowest = joined->watches.size() == 1 ? position : std::min(lowest, position);
  }
}

WatchHub::Interest& WatchHub::Create(const WatchTarget& target, Start start, Moment now) {
  const std::uint64_t id = ++last_interest_;
  Interest& interest = interests_[id];
  interest.target = target;
  interest.start = start;
  ByTarget& same = by_target_[target];
  same.interests.insert(id);
  interest.not_before = std::max(now.now, same.not_before);
  same.not_before = interest.not_before + options_.attempt / kGather;
  for (const PartitionId partition : PartitionsOf(target)) {
    interest.lines[partition].from_now = start == Start::kNow;
    Part& part = parts_.try_emplace(partition, partition, subscription_options_, routes_).first->second;
    emptied_.erase(partition);
    Wanted& wanted = part.targets[target];
    if (++wanted.interests == 1) part.changed = true;
    part.interests[target].insert(id);
    part.behind.insert(id);
    if (start == Start::kNow) part.beginning.insert(id);
  }
  interest.behind = interest.lines.size();
  lines_ += interest.lines.size();
  return interest;
}

void WatchHub::Leave(std::uint64_t token, std::uint64_t id) {
  Interest& interest = interests_.at(id);
  interest.watches.erase(token);
  if (!watches_.at(token).from.empty() && interest.cursors > 0) --interest.cursors;
  if (interest.watches.empty()) Destroy(id);
}

void WatchHub::Destroy(std::uint64_t id) {
  Interest& interest = interests_.at(id);
  for (auto& [partition, line] : interest.lines) {
    Part& part = parts_.at(partition);
    if (line.reading) DropReading(&part, &line);
    part.behind.erase(id);
    part.answered.erase(id);
    part.beginning.erase(id);
    std::set<std::uint64_t>& same = *part.interests.Find(interest.target);
    same.erase(id);
    if (same.empty()) part.interests.Erase(interest.target);
    const auto wanted = part.targets.find(interest.target);
    if (--wanted->second.interests > 0) continue;
    part.targets.erase(wanted);
    part.changed = true;
    if (part.targets.empty()) emptied_.insert(partition);
  }
  const auto same = by_target_.find(interest.target);
  same->second.interests.erase(id);
  if (same->second.interests.empty()) by_target_.erase(same);
  now_live_.erase(id);
  lines_ -= interest.lines.size();
  interests_.erase(id);
}

void WatchHub::Unwatch(std::uint64_t token, WatchEffects* effects) {
  const auto found = watches_.find(token);
  if (found == watches_.end()) return;
  for (const std::uint64_t id : found->second.interests) Leave(token, id);
  watches_.erase(found);
  gaps_.erase(token);
  for (const PartitionId partition : std::exchange(emptied_, {})) {
    parts_.at(partition).subscription.End(&effects->packets);
    parts_.erase(partition);
  }
}

WatchPositions WatchHub::PositionsOf(std::uint64_t token) const {
  const auto found = watches_.find(token);
  if (found == watches_.end()) return {};
  const Watcher& watcher = found->second;
  WatchPositions positions;
  std::set<PartitionId> untold;
  for (const std::uint64_t id : watcher.interests) {
    for (const auto& [partition, line] : interests_.at(id).lines) {
      std::optional<kv::Version> position = line.Position(parts_.at(partition).position);
      if (const auto from = watcher.from.find(partition); from != watcher.from.end()) {
        position = std::max(position.value_or(kv::Version()), from->second);
      }
      if (!position) {
        untold.insert(partition);
        continue;
      }
      const auto [told, added] = positions.emplace(partition, *position);
      if (!added) told->second = std::min(told->second, *position);
    }
  }
  for (const PartitionId partition : untold) positions.erase(partition);
  return positions;
}

void WatchHub::WantGap(std::uint64_t token) {
  watches_.at(token).gap = true;
  gaps_.insert(token);
}

void WatchHub::BeginAnew(Moment now, WatchEffects* effects) {
  for (const std::uint64_t token : std::exchange(gaps_, {})) {
    Watcher& watcher = watches_.at(token);
    for (const std::uint64_t id : std::exchange(watcher.interests, {})) Leave(token, id);
    watcher.from.clear();
    watcher.behind = 0;
    watcher.gap = watcher.synced = false;
    WatchEvent gap;
    gap.kind = WatchEvent::Kind::kGap;
    Put(token, std::move(gap), effects);
    for (const WatchTarget& target : watcher.targets) Join(token, target, Start::kState, now);
  }
}

void WatchHub::MergeLive() {
  for (const std::uint64_t id : std::exchange(now_live_, {})) {
    const auto found = interests_.find(id);
    if (found == interests_.end() || !found->second.live()) continue;
    std::uint64_t into = 0;
    for (const std::uint64_t other : by_target_.at(found->second.target).interests) {
      if (other != id && interests_.at(other).synced && interests_.at(other).live()) into = other;
    }
    if (into == 0) continue;
    Interest& target = interests_.at(into);
    for (const std::uint64_t token : found->second.watches) {
      Watcher& watcher = watches_.at(token);
      watcher.interests.erase(id);
      watcher.interests.insert(into);
      target.watches.insert(token);
      if (!watcher.from.empty()) ++target.cursors;
    }
    for (auto& [partition, line] : target.lines) {
      // Of a single key either may have been told of it by its own reading.
      const std::optional<ToldState>& told = found->second.lines.at(partition).told;
      if (told && (!line.told || line.told->changed < told->changed)) line.told = told;
    }
    found->second.watches.clear();
    Destroy(id);
  }
}

void WatchHub::TendFilter(Part* part) {
  const bool settled =
      part->filter_version == 0 || (part->subscription.on() && part->subscription.confirmed() == part->filter_version);
  if (!part->changed || !settled || part->targets.empty()) return;
  part->changed = false;
  auto filter = std::make_shared<WatchFilter>();
  filter->version = ++part->filter_version;
  std::size_t bytes = 0;
  for (auto& [target, wanted] : part->targets) {
    if (wanted.version == 0) wanted.version = filter->version;
    bytes += target.text.size();
  }
  if (part->targets.size() > WatchFilter::kMaxTargets || bytes > WatchFilter::kMaxBytes) {
    filter->targets = {{WatchTarget::Kind::kPrefix, std::string()}};
  } else {
    for (const auto& [target, wanted] : part->targets) filter->targets.push_back(target);
  }
  part->subscription.SetFilter(std::move(filter));
}

void WatchHub::Settle(Moment now, WatchEffects* effects) {
  MergeLive();
  BeginAnew(now, effects);
  for (const PartitionId partition : std::exchange(emptied_, {})) {
    parts_.at(partition).subscription.End(&effects->packets);
    parts_.erase(partition);
  }
}

void WatchHub::OnUnreachable(NodeId node, Moment now, WatchEffects* effects) {
  for (auto& [partition, part] : parts_) {
    if (part.subscription.OnUnreachable(node, now.now)) OnBroken(partition, &part);
  }
  OnTick(now, effects);
}

void WatchHub::OnTick(Moment now, WatchEffects* effects) {
  for (auto& [partition, part] : parts_) {
    if (part.subscription.OnTick(now.now)) OnBroken(partition, &part);
    TendFilter(&part);
    part.subscription.Tend(now.now, &last_number_, &effects->packets);
    Read(partition, &part, now, effects);
  }
  // An answer may be lost, or late: the same is asked once more, and the first answer that comes is taken.
  for (const auto& [number, where] : questions_) {
    const auto& [id, partition] = where;
    const Interest& interest = interests_.at(id);
    WatchLine::Reading& reading = *interest.lines.at(partition).reading;
    if (now.now - reading.asked_at < 4 * options_.attempt) continue;
    Send(interest, partition, parts_.at(partition), &reading, now, effects);
  }
  Settle(now, effects);
}

}  // namespace quoin::quorum
