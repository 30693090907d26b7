#include "net/client/ballots.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace quoin::client {

std::string FormatBallot(const kv::Version& version) {
  if (version == kv::Version{}) return {};
  std::string text = std::to_string(version.ballot.round) + "." + version.ballot.node.ToString();
  if (version.sequence != 0) text += "." + std::to_string(version.sequence);
  return text;
}

std::optional<kv::Version> ParseBallot(std::string_view text) {
  constexpr std::size_t kNodeDigits = 16;
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto round = ParseUint64(text.substr(0, dot));
  text.remove_prefix(dot + 1);
  const std::string_view digits = text.substr(0, kNodeDigits);
  const auto node = digits.size() == kNodeDigits ? ParseHex64(digits) : std::nullopt;
  text.remove_prefix(digits.size());
  if (!round || !node || (!text.empty() && text.front() != '.')) return std::nullopt;
  const auto sequence = text.empty() ? std::optional<std::uint64_t>(0) : ParseUint64(text.substr(1));
  if (!sequence) return std::nullopt;
  return kv::Version{{*round, NodeId{*node}}, *sequence};
}

void Ballots::Learn(const std::string& key, const kv::Version& version) {
  if (half_ == 0) return;
  if (const auto found = young_.find(key); found != young_.end()) {
    found->second = std::max(found->second, version);
    return;
  }
  if (young_.size() == half_) {
    old_ = std::move(young_);
    young_.clear();
  }
  young_.emplace(key, std::max(version, Find(key)));
}

kv::Version Ballots::Find(const std::string& key) const {
  if (const auto found = young_.find(key); found != young_.end()) return found->second;
  const auto found = old_.find(key);
  return found == old_.end() ? kv::Version{} : found->second;
}

}  // namespace quoin::client
