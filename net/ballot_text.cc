#include "net/ballot_text.h"

#include "base/text.h"

namespace quoin::net {

std::string FormatBallot(const kv::Ballot& ballot) {
  return std::to_string(ballot.round) + "." + Hex64(ballot.node.value);
}

std::optional<kv::Ballot> ParseBallot(std::string_view text) {
  const std::size_t point = text.find('.');
  if (point == std::string_view::npos) return std::nullopt;
  const auto round = ParseUint64(text.substr(0, point));
  const auto node = ParseHex64(text.substr(point + 1));
  if (!round.has_value() || !node.has_value()) return std::nullopt;
  const kv::Ballot ballot{*round, NodeId{*node}};
  if (ballot == kv::Ballot{} || FormatBallot(ballot) != text) return std::nullopt;
  return ballot;
}

}  // namespace quoin::net
