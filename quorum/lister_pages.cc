// From what a step's replicas answered to the page.
#include <glog/logging.h>

#include <memory>
#include <utility>

#include "base/text.h"
#include "quorum/lister.h"

namespace quoin::quorum {
namespace {

// How long it rests, in parts of Options::attempt, when a get has failed.
constexpr int kRestOfGets = 2;

}  // namespace

void Lister::Merge(Pending& pending, Moment now, ListerEffects* effects) {
  std::map<PartitionId, PartView> views;
  for (auto& [partition, part] : pending.parts) views.emplace(partition, std::move(part.view));
  MergedPages merged = MergePages(views, now.wall);
  Forget(pending);
  pending.merged = std::move(merged);
  pending.step = Step::kSettling;
  SetDue(pending, pending.deadline);
  Advance(pending, now, effects);
}

bool Lister::Add(Pending& pending, const std::string& key, kv::RecordPtr record) {
  ScanPage& page = pending.page;
  if (page.entries.size() == pending.scan.limit) return false;
  if (pending.scan.keys_only && !record->value.empty()) {
    kv::Record bare = *record;
    bare.value.clear();
    record = std::make_shared<const kv::Record>(std::move(bare));
  }
  const std::size_t entry_bytes = key.size() + record->value.size();
  if (!page.entries.empty() && pending.size_bytes + entry_bytes > pending.scan.max_bytes) return false;
  CHECK(page.entries.empty() || page.entries.back().key < key) << "G2: out of order";
  pending.size_bytes += entry_bytes;
  page.entries.push_back({key, std::move(record)});
  return true;
}

void Lister::Advance(Pending& pending, Moment now, ListerEffects* effects) {
  const auto finish = [&](bool more) {
    pending.page.more = more;
    Finish(pending, std::move(pending.page), effects);
  };
  for (; pending.next < pending.merged.keys.size(); ++pending.next) {
    if (pending.page.entries.size() == pending.scan.limit) return finish(true);
    const MergedPages::Key& found = pending.merged.keys[pending.next];
    kv::RecordPtr record = found.record;
    if (record == nullptr) {
      const auto settled = pending.settled.find(pending.next);
      if (settled == pending.settled.end()) return SettleNext(pending, effects);
      record = settled->second;
    }
    if (record != nullptr && !Add(pending, found.key, std::move(record))) return finish(true);
  }
  if (!pending.merged.examined_to) return finish(false);
  const bool full = pending.page.entries.size() == pending.scan.limit ||
                    (!pending.page.entries.empty() && pending.size_bytes >= pending.scan.max_bytes);
  if (full) return finish(true);
  CHECK(!pending.position || *pending.position < *pending.merged.examined_to) << "a step that leads nowhere";
  pending.position = std::move(pending.merged.examined_to);
  BeginStep(pending, now, effects);
}

void Lister::SettleNext(Pending& pending, ListerEffects* effects) {
  std::set<std::size_t> under_way;
  for (const auto& [number, place] : pending.settling) under_way.insert(place);
  // More than the page may still take are of no use.
  std::size_t room = pending.scan.limit - pending.page.entries.size();
  for (std::size_t place = pending.next; place < pending.merged.keys.size() && room > 0; ++place, --room) {
    if (pending.settling.size() >= kMaxSettling) return;
    const MergedPages::Key& found = pending.merged.keys[place];
    if (found.record != nullptr || pending.settled.contains(place) || under_way.contains(place)) continue;
    const std::uint64_t number = ++last_number_;
    pending.settling.emplace(number, place);
    serials_.emplace(number, pending.serial);
    effects->settle.push_back({number, found.key});
  }
}

void Lister::OnSettled(const Answer& answer, Moment now, ListerEffects* effects) {
  const auto serial = serials_.find(answer.token);
  if (serial == serials_.end()) return;
  Pending& pending = pages_.at(serial->second);
  const auto settling = pending.settling.find(answer.token);
  CHECK(settling != pending.settling.end()) << "a get was answered in a packet's place";
  const std::size_t place = settling->second;
  pending.settling.erase(settling);
  serials_.erase(serial);
  if (answer.reply.outcome == Outcome::kError) {
    const Status& status = answer.reply.status;
    const bool may_pass = status.code() == Code::kUnavailable || status.code() == Code::kUnknown;
    if (!may_pass) {
      const std::string& key = pending.merged.keys[place].key;
      return Finish(pending, Status(status.code(), "the key '" + Printable(key) + "': " + status.message()), effects);
    }
    // It is asked for again then.
    return SetDue(pending, std::min(pending.due, now.now + options_.attempt / kRestOfGets));
  }
  pending.settled.emplace(place, answer.reply.outcome == Outcome::kDone ? answer.reply.record : nullptr);
  Advance(pending, now, effects);
}

}  // namespace quoin::quorum
