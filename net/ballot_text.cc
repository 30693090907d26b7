#include "net/ballot_text.h"

#include "base/text.h"

namespace quoin::net {

std::string FormatBallot(const kv::Version& version) {
  std::string text = std::to_string(version.ballot.round) + "." + Hex64(version.ballot.node.value);
  if (version.sequence != 0) text.append(".").append(std::to_string(version.sequence));
  return text;
}

std::optional<kv::Version> ParseBallot(std::string_view text) {
  const std::size_t first = text.find('.');
  if (first == std::string_view::npos) return std::nullopt;
  const std::size_t second = text.find('.', first + 1);
  const bool has_sequence = second != std::string_view::npos;
  const auto round = ParseUint64(text.substr(0, first));
  const auto node = ParseHex64(text.substr(first + 1, has_sequence ? second - first - 1 : second));
  const auto sequence = has_sequence ? ParseUint64(text.substr(second + 1)) : std::optional<std::uint64_t>(0);
  if (!round.has_value() || !node.has_value() || !sequence.has_value()) return std::nullopt;
  const kv::Version version{{*round, NodeId{*node}}, *sequence};
  if (version.ballot == kv::Ballot{} || FormatBallot(version) != text) return std::nullopt;
  return version;
}

}  // namespace quoin::net
