// Pages, their steps and their ends. What comes of a step's answers: lister_pages.cc.
#include "quorum/lister.h"

#include <glog/logging.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "base/text.h"

namespace quoin::quorum {
namespace {

// In parts of Options::attempt: how late replicas are when others are asked as well, and how long it rests after all
// that could be asked have refused.
constexpr int kHedgeAfter = 4;
constexpr int kRest = 8;
// Each round of questions is given twice the time of the one before, up to so many doublings: a node whose disk is slow
// isn't to read the same page many times over.
constexpr unsigned kMostDoublings = 3;

// Whether a page can be what was asked for: all of it is above the place where the step begins.
bool IsSound(const ListedPacket& listed, const std::optional<std::string>& position) {
  if (listed.page == nullptr) return false;
  const auto is_above = [&](const std::string& key) { return !position || key > *position; };
  return (!listed.page->examined_to || is_above(*listed.page->examined_to)) &&
         std::all_of(listed.page->keys.begin(), listed.page->keys.end(),
                     [&](const PagedKey& entry) { return is_above(entry.key); });
}

}  // namespace

Lister::Lister(Options options, const Routes& routes)
    : options_(options), routes_(routes), last_number_(options.boot >> 2) {
  CHECK(options_.attempt.count() > 0 && options_.request >= options_.attempt);
}

void Lister::Scan(ScanRequest scan, std::uint64_t token, Moment now, ListerEffects* effects) {
  CHECK_GE(scan.limit, 1u);
  Pending& pending = pages_[++last_serial_];
  pending.serial = last_serial_;
  pending.token = token;
  pending.deadline = now.now + options_.request;
  pending.position = scan.after;
  pending.scan = std::move(scan);
  if (routes_.topology() == nullptr) {
    return Finish(pending, Status(Code::kUnavailable, "this node has not joined a cluster yet"), effects);
  }
  if (pages_.size() > options_.max_under_way) {
    return Finish(pending, Status(Code::kUnavailable, "too many pages of keys are under way here"), effects);
  }
  BeginStep(pending, now, effects);
}

bool Lister::IsEnough(const Part& part, ring::ReplicaMask mask) {
  return part.view.quorums.IsReadQuorum(mask) && part.view.quorums.IsWriteQuorum(mask);
}

ring::ReplicaMask Lister::AnsweredOf(const Part& part) {
  ring::ReplicaMask answered = 0;
  for (const auto& [node, answer] : part.view.answers) answered |= part.view.quorums.MaskOf(node);
  return answered;
}

bool Lister::IsCovered(const Part& part) {
  // R + W > N and 2 W > N: either meets every write quorum.
  const ring::ReplicaMask answered = AnsweredOf(part);
  return part.view.quorums.IsReadQuorum(answered) || part.view.quorums.IsWriteQuorum(answered);
}

void Lister::SetDue(Pending& pending, ring::MonotonicTime due) {
  due_.erase({pending.due, pending.serial});
  pending.due = std::min(due, pending.deadline);
  due_.emplace(pending.due, pending.serial);
}

void Lister::Forget(Pending& pending) {
  for (const auto& [number, ask] : pending.asks) serials_.erase(number);
  for (const auto& [number, place] : pending.settling) serials_.erase(number);
  pending.asks.clear();
  pending.settling.clear();
  pending.settled.clear();
  pending.parts.clear();
  pending.merged = {};
  pending.next = 0;
}

void Lister::BeginStep(Pending& pending, Moment now, ListerEffects* effects) {
  Forget(pending);
  pending.step = Step::kAsking;
  pending.since = now.now;
  pending.tries = 0;
  const ring::Topology& topology = *routes_.topology();
  for (std::uint32_t p = 0; p < topology.partition_count(); ++p) {
    pending.parts.emplace(PartitionId{p}, Part(topology.ConfigurationOf(PartitionId{p})));
  }
  SetDue(pending, now.now + options_.attempt / kHedgeAfter);
  AskMissing(pending, false, effects);
}

std::optional<NodeId> Lister::Choose(const Part& part) const {
  const ring::Quorums& quorums = part.view.quorums;
  const ring::ReplicaMask free = quorums.counted() & ~(part.asked | part.refused);
  for (const ring::ReplicaMask among : {free & ~part.silent, free & part.silent}) {
    if ((quorums.MaskOf(routes_.self()) & among) != 0) return routes_.self();
    for (const NodeId node : quorums.nodes()) {
      if ((quorums.MaskOf(node) & among) != 0 && routes_.Hears(node)) return node;
    }
  }
  return std::nullopt;
}

void Lister::AskMissing(Pending& pending, bool more, ListerEffects* effects) {
  std::map<NodeId, std::vector<ListPart>> asks;
  for (auto& [partition, part] : pending.parts) {
    bool one_more = more && !IsEnough(part, AnsweredOf(part));
    while (!IsEnough(part, part.asked) || std::exchange(one_more, false)) {
      const std::optional<NodeId> node = Choose(part);
      if (!node) break;
      part.asked |= part.view.quorums.MaskOf(*node);
      asks[*node].push_back({partition, part.configuration});
    }
  }
  for (auto& [node, parts] : asks) {
    const std::uint64_t number = ++last_number_;
    ListPacket packet{.number = number, .parts = parts, .scan = pending.scan};
    packet.scan.after = pending.position;
    packet.scan.limit -= pending.page.entries.size();
    packet.scan.max_bytes -= std::min(packet.scan.max_bytes, pending.size_bytes);
    pending.asks.emplace(number, Ask{node, std::move(parts)});
    serials_.emplace(number, pending.serial);
    effects->packets.push_back({node, std::move(packet)});
  }
}

void Lister::OnListed(NodeId from, const ListedPacket& listed, Moment now, ListerEffects* effects) {
  const auto serial = serials_.find(listed.number);
  if (serial == serials_.end()) return;
  Pending& pending = pages_.at(serial->second);
  const auto found = pending.asks.find(listed.number);
  if (found == pending.asks.end() || found->second.node != from) return;
  serials_.erase(serial);
  const Ask ask = std::move(found->second);
  pending.asks.erase(found);
  const bool sound = IsSound(listed, pending.position);
  bool refused = false;
  for (const ListPart& asked : ask.parts) {
    Part& part = pending.parts.at(asked.partition);
    if (part.configuration != asked.configuration) continue;  // G3
    const auto told = std::lower_bound(listed.parts.begin(), listed.parts.end(), asked.partition,
                                       [](const PagePart& one, PartitionId other) { return one.partition < other; });
    const ring::ReplicaMask mask = part.view.quorums.MaskOf(from);
    if (sound && told != listed.parts.end() && told->partition == asked.partition) {
      part.asked |= mask;
      part.view.answers.try_emplace(from, PartAnswer{told->floor, listed.page});
    } else if (!part.view.answers.contains(from)) {
      part.asked &= ~mask;
      part.refused |= mask;
      refused = true;
    }
  }
  const bool enough = std::all_of(pending.parts.begin(), pending.parts.end(),
                                  [](const auto& one) { return IsEnough(one.second, AnsweredOf(one.second)); });
  if (enough) return Merge(pending, now, effects);
  if (!refused) return;
  AskMissing(pending, false, effects);
  const bool stuck = std::any_of(pending.parts.begin(), pending.parts.end(),
                                 [](const auto& one) { return !IsEnough(one.second, one.second.asked); });
  if (stuck) SetDue(pending, std::min(pending.due, now.now + options_.attempt / kRest));
}

void Lister::OnAskingDue(Pending& pending, Moment now, ListerEffects* effects) {
  const ring::Duration patience = options_.attempt * (1 << std::min(pending.tries, kMostDoublings));
  const bool late = now.now - pending.since >= patience;
  // Rather than to wait for more, the keys on which these don't agree are settled by gets.
  const bool covered =
      std::all_of(pending.parts.begin(), pending.parts.end(), [](const auto& one) { return IsCovered(one.second); });
  if (late && covered) return Merge(pending, now, effects);
  for (auto& [partition, part] : pending.parts) {
    part.refused = 0;
    if (!late) continue;
    // The packet, or its answer, may be lost; if not, it still counts.
    const ring::ReplicaMask answered = AnsweredOf(part);
    part.silent = part.asked & ~answered;
    part.asked = answered;
  }
  AskMissing(pending, true, effects);
  if (late) {
    ++pending.tries;
    pending.since = now.now;
  }
  SetDue(pending, pending.since + options_.attempt * (1 << std::min(pending.tries, kMostDoublings)));
}

void Lister::OnUnreachable(NodeId node, Moment, ListerEffects* effects) {
  for (auto& [serial, pending] : pages_) {
    if (pending.step != Step::kAsking) continue;
    bool lost = false;
    for (auto ask = pending.asks.begin(); ask != pending.asks.end();) {
      if (ask->second.node != node) {
        ++ask;
        continue;
      }
      for (const ListPart& asked : ask->second.parts) {
        Part& part = pending.parts.at(asked.partition);
        if (!part.view.answers.contains(node)) part.asked &= ~part.view.quorums.MaskOf(node);
      }
      serials_.erase(ask->first);
      ask = pending.asks.erase(ask);
      lost = true;
    }
    if (lost) AskMissing(pending, false, effects);
  }
}

void Lister::OnTopology(Moment, ListerEffects* effects) {
  for (auto& [serial, pending] : pages_) {
    if (pending.step != Step::kAsking) continue;
    bool changed = false;
    for (auto& [partition, part] : pending.parts) {
      const ring::Configuration& configuration = routes_.topology()->ConfigurationOf(partition);
      if (configuration.version == part.configuration) continue;
      part = Part(configuration);  // G3
      changed = true;
    }
    if (changed) AskMissing(pending, false, effects);
  }
}

void Lister::OnTick(Moment now, ListerEffects* effects) {
  while (!due_.empty() && due_.begin()->first <= now.now) {
    Pending& pending = pages_.at(due_.begin()->second);
    if (now.now >= pending.deadline) {
      GiveUp(pending, effects);
    } else if (pending.step == Step::kAsking) {
      OnAskingDue(pending, now, effects);
    } else {
      SetDue(pending, pending.deadline);
      Advance(pending, now, effects);
    }
  }
}

void Lister::GiveUp(Pending& pending, ListerEffects* effects) {
  if (!pending.page.entries.empty()) {
    pending.page.more = true;
    return Finish(pending, std::move(pending.page), effects);
  }
  std::string what;
  if (pending.step == Step::kSettling && pending.next < pending.merged.keys.size()) {
    what = "the key '" + Printable(pending.merged.keys[pending.next].key) + "' could not be read in time";
  } else {
    const auto lacking = std::find_if(pending.parts.begin(), pending.parts.end(),
                                      [](const auto& one) { return !IsCovered(one.second); });
    what = "not enough replicas answered in time";
    if (lacking != pending.parts.end()) what += ", of partition " + std::to_string(lacking->first.value) + " for one";
  }
  Finish(pending, Status(Code::kUnavailable, std::move(what)), effects);
}

void Lister::Finish(Pending& pending, Result<ScanPage> page, ListerEffects* effects) {
  Forget(pending);
  due_.erase({pending.due, pending.serial});
  effects->answers.push_back({pending.token, std::move(page)});
  pages_.erase(std::uint64_t{pending.serial});  // A copy: the argument would die with the page.
}

}  // namespace quoin::quorum
