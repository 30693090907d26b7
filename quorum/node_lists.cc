// Pages of keys: this node's clients', and what its replicas are asked for them.
#include <glog/logging.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "quorum/canary.h"
#include "quorum/node.h"
#include "quorum/node_impl.h"

namespace quoin::quorum {

void Node::Scan(ScanRequest scan, std::uint64_t token, Moment now) { impl_->Scan(std::move(scan), token, now); }
void Node::OnPage(const PageWanted& wanted, PageFound found, Moment now) {
  impl_->PageRead(wanted, std::move(found), now);
}

void Node::Impl::List(ListerEffects effects, Moment now) {
  for (Packet& packet : effects.packets) Post(packet.to, std::move(packet.body));
  for (ScanAnswer& answer : effects.answers) output_.scans.push_back(std::move(answer));
  for (ListerEffects::Settle& get : effects.settle) {
    CoordinatorEffects reads;
    coordinator_.Settle(std::move(get.key), get.token, now, &reads);
    Coordinate(&reads);
  }
}

void Node::Impl::Scan(ScanRequest scan, std::uint64_t token, Moment now) {
  ListerEffects effects;
  lister_.Scan(std::move(scan), token, now, &effects);
  List(std::move(effects), now);
  Settle(now);
}

void Node::Impl::On(NodeId from, const ListPacket& packet, Moment now) {
  if (packet.scan.limit == 0) return;
  PageWanted wanted{.scan = packet.scan};
  ListedPacket refusal{.number = packet.number};
  for (const ListPart& asked : packet.parts) {
    const Replica* replica = Find(asked.partition);
    const std::uint64_t known = replica == nullptr ? 0 : replica->acceptor().configuration_version();
    const bool listed =
        replica != nullptr && (replica->CanBeListed(asked.configuration) || Broken(Canary::kListOfAnyConfiguration));
    if (listed && page_reads_.size() < kMaxPages) {
      wanted.parts.push_back({asked.partition, replica->acceptor().floor()});
    } else {
      refusal.refused.push_back({asked.partition, known});
    }
    // Whoever knows less learns (docs/protocol.md, decision 11).
    if (asked.configuration > known) Fetch(from, now);
  }
  if (wanted.parts.empty()) return Post(from, std::move(refusal));
  wanted.token = ++last_token_;
  page_reads_.emplace(wanted.token, PageUnderWay{from, packet});
  output_.pages.push_back(std::move(wanted));
}

void Node::Impl::PageRead(const PageWanted& wanted, PageFound found, Moment now) {
  if (const auto read = catch_ups_.find(wanted.token); read != catch_ups_.end()) {
    CatchUpRead(catch_ups_.extract(read).mapped(), std::move(found), now);
    return Settle(now);
  }
  const auto under_way = page_reads_.find(wanted.token);
  CHECK(under_way != page_reads_.end()) << "a page that nobody asked for";
  const PageUnderWay read = std::move(under_way->second);
  page_reads_.erase(under_way);
  ListedPacket listed{.number = read.packet.number};
  for (const ListPart& asked : read.packet.parts) {
    const auto part = std::lower_bound(wanted.parts.begin(), wanted.parts.end(), asked.partition,
                                       [](const PagePart& one, PartitionId other) { return one.partition < other; });
    const Replica* replica = Find(asked.partition);
    // When the replica has learned another configuration meanwhile, the snapshot may be of after an erasure.
    const bool holds = part != wanted.parts.end() && part->partition == asked.partition &&
                       (replica->CanBeListed(asked.configuration) || Broken(Canary::kListOfAnyConfiguration));
    if (holds && found.status.ok()) {
      listed.parts.push_back(*part);
    } else {
      listed.refused.push_back({asked.partition, replica == nullptr ? 0 : replica->acceptor().configuration_version()});
    }
  }
  if (!listed.parts.empty()) listed.page = std::make_shared<const PageFound>(std::move(found));
  Post(read.from, std::move(listed));
  Settle(now);
}

void Node::Impl::On(NodeId from, const ListedPacket& packet, Moment now) {
  for (const ListPart& refused : packet.refused) {
    const bool behind = topology_ != nullptr && refused.partition.value < topology_->partition_count() &&
                        refused.configuration > topology_->ConfigurationOf(refused.partition).version;
    if (behind) Fetch(from, now);
  }
  ListerEffects effects;
  lister_.OnListed(from, packet, now, &effects);
  List(std::move(effects), now);
}

}  // namespace quoin::quorum
