#include "net/client/ballots.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace quoin::client {

std::string FormatBallot(const kv::Ballot& ballot) {
  if (ballot == kv::Ballot{}) return {};
  return std::to_string(ballot.round) + "." + ballot.node.ToString();
}

std::optional<kv::Ballot> ParseBallot(std::string_view text) {
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto round = ParseUint64(text.substr(0, dot));
  const std::string_view digits = text.substr(dot + 1);
  const auto node = digits.size() == 16 ? ParseHex64(digits) : std::nullopt;
  if (!round || !node) return std::nullopt;
  return kv::Ballot{*round, NodeId{*node}};
}

void Ballots::Learn(const std::string& key, const kv::Ballot& ballot) {
  if (half_ == 0) return;
  if (const auto found = young_.find(key); found != young_.end()) {
    found->second = std::max(found->second, ballot);
    return;
  }
  if (young_.size() == half_) {
    old_ = std::move(young_);
    young_.clear();
  }
  young_.emplace(key, std::max(ballot, Find(key)));
}

kv::Ballot Ballots::Find(const std::string& key) const {
  if (const auto found = young_.find(key); found != young_.end()) return found->second;
  const auto found = old_.find(key);
  return found == old_.end() ? kv::Ballot{} : found->second;
}

}  // namespace quoin::client
