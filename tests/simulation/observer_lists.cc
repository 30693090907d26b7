#include "tests/simulation/observer_lists.h"

#include <variant>

namespace quoin::simulation {

void ListCheck::OnSent(NodeId from, NodeId to, const quorum::PacketBody& body) {
  if (const auto* list = std::get_if<quorum::ListPacket>(&body)) {
    auto& versions = asked_[std::pair(from, list->number)];
    for (const quorum::ListPart& part : list->parts) versions[part.partition] = part.configuration;
  }
  const auto* listed = std::get_if<quorum::ListedPacket>(&body);
  if (listed == nullptr) return;
  const auto ring = rings_.find(from);
  const auto asked = asked_.find(std::pair(to, listed->number));
  for (const quorum::PagePart& part : listed->parts) {
    const auto version = asked == asked_.end() ? 0 : asked->second[part.partition];
    const auto knows = ring == rings_.end() ? 0 : ring->second->ConfigurationOf(part.partition).version;
    if (version == knows && knows != 0) continue;
    complaints_.Add("I8: node ", from, " tells what it holds of partition ", part.partition, " under configuration ",
                    version, ", though it knows ", knows);
  }
}

}  // namespace quoin::simulation
