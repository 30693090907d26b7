#include "net/core_watches.h"

#include <algorithm>
#include <iterator>

#include "quorum/watch.h"

namespace quoin::net {

CoreWatches::CoreWatches(Shards& shards, CoreDriver& driver) : shards_(shards), driver_(driver), open_(shards.count()) {
  driver_.TakeNews([this](std::vector<quorum::WatchNews> news) { OnNews(std::move(news)); });
}

std::optional<WatchSource::Cluster> CoreWatches::cluster() const {
  const auto snapshot = driver_.Snapshot();
  if (snapshot->topology == nullptr) return std::nullopt;
  return Cluster{snapshot->topology->cluster, snapshot->topology->partition_count()};
}

WatchSource::Id CoreWatches::Begin(quorum::WatchRequest request, Pace pace, OnNotice on_notice) {
  const std::size_t here = Shards::Current().value();
  Shard& shard = open_[here];
  const Id id = ++shard.begun * open_.size() + here;
  shard.open.emplace(id, std::make_shared<const OnNotice>(std::move(on_notice)));
  if (here == driver_.shard()) {
    BeginInCore(std::move(request), pace, id);
  } else {
    shards_.Post(driver_.shard(), [this, request = std::move(request), pace, id]() mutable {
      BeginInCore(std::move(request), pace, id);
    });
  }
  return id;
}

void CoreWatches::End(Id id) {
  const auto here = Shards::Current();
  if (!here.has_value()) {
    // The node is being taken apart: the shards have stopped, and the core with them.
    open_[ShardOf(id)].open.erase(id);
    return;
  }
  // Its end may have been told already; the core forgets watches that it doesn't know.
  open_[*here].open.erase(id);
  if (*here == driver_.shard()) return EndInCore(id);
  shards_.Post(driver_.shard(), [this, id] { EndInCore(id); });
}

void CoreWatches::BeginInCore(quorum::WatchRequest request, Pace pace, Id id) {
  watches_[id].pace = pace;
  driver_.Watch(std::move(request), id);
}

void CoreWatches::EndInCore(Id id) {
  watches_.erase(id);
  owed_.erase(id);
  driver_.Unwatch(id);
}

WatchPositionsPtr CoreWatches::Say(Id id, Watch& watch, Time now) {
  owed_.erase(id);
  auto positions = std::make_shared<const quorum::WatchPositions>(driver_.PositionsOf(id));
  watch.positions_count = positions->size();
  watch.said_at = now;
  return positions;
}

std::vector<CoreWatches::Notices> CoreWatches::Gather(std::vector<quorum::WatchNews> news) {
  ++last_batch_;
  std::vector<Notices> notices(open_.size());
  for (quorum::WatchNews& each : news) {
    const auto found = watches_.find(each.token);
    if (found == watches_.end()) continue;
    Watch& watch = found->second;
    Notices& of_shard = notices[ShardOf(each.token)];
    if (watch.batch != last_batch_) {
      watch.batch = last_batch_;
      watch.place = of_shard.size();
      of_shard.emplace_back(each.token, WatchNotice{std::move(each.events), nullptr, std::move(each.status)});
      continue;
    }
    // The core tells of each partition by itself.
    WatchNotice& notice = of_shard[watch.place].second;
    std::move(each.events.begin(), each.events.end(), std::back_inserter(notice.events));
    if (!each.status.ok()) notice.status = std::move(each.status);
  }
  return notices;
}

void CoreWatches::Complete(Id id, WatchNotice* notice, Time now) {
  if (!notice->status.ok()) {
    watches_.erase(id);
    owed_.erase(id);
    return;
  }
  Watch& watch = watches_.find(id)->second;
  const bool synced = std::any_of(notice->events.begin(), notice->events.end(), [](const quorum::WatchEvent& event) {
    return event.kind == quorum::WatchEvent::Kind::kSynced;
  });
  watch.synced = watch.synced || synced;
  if (synced || watch.pace == Pace::kAlways || watch.positions_count <= kFewPositions ||
      now - watch.said_at >= (watch.synced ? kInterval : kIntervalBeforeSynced)) {
    notice->positions = Say(id, watch, now);
  } else {
    owed_.insert(id);
  }
}

void CoreWatches::OnNews(std::vector<quorum::WatchNews> news) {
  if (news.empty() && owed_.empty()) return;
  const Time now = std::chrono::steady_clock::now();
  std::vector<Notices> notices = Gather(std::move(news));
  for (Notices& of_shard : notices) {
    for (auto& [id, notice] : of_shard) Complete(id, &notice, now);
  }
  if (now - looked_at_ >= kLookInterval) SayWhatIsOwed(now, &notices);
  for (std::size_t shard = 0; shard < notices.size(); ++shard) {
    if (notices[shard].empty()) continue;
    if (shard == driver_.shard()) {
      Deliver(shard, std::move(notices[shard]));
    } else {
      shards_.Post(shard, [this, shard, crossing = std::make_shared<Notices>(std::move(notices[shard]))] {
        Deliver(shard, std::move(*crossing));
      });
    }
  }
}

void CoreWatches::SayWhatIsOwed(Time now, std::vector<Notices>* notices) {
  looked_at_ = now;
  for (auto owed = owed_.begin(); owed != owed_.end();) {
    const Id id = *owed++;  // Saying it takes it out.
    Watch& watch = watches_.find(id)->second;
    if (now - watch.said_at < (watch.synced ? kInterval : kIntervalBeforeSynced)) continue;
    WatchNotice notice;
    notice.positions = Say(id, watch, now);
    (*notices)[ShardOf(id)].emplace_back(id, std::move(notice));
  }
}

void CoreWatches::Deliver(std::size_t shard, Notices notices) {
  auto& open = open_[shard].open;
  for (auto& [id, notice] : notices) {
    const auto found = open.find(id);
    if (found == open.end()) continue;
    // Kept, as the call may end the watch.
    const std::shared_ptr<const OnNotice> on_notice = found->second;
    if (!notice.status.ok()) open.erase(found);
    (*on_notice)(std::move(notice));
  }
}

}  // namespace quoin::net
