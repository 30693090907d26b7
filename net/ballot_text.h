// Ballots as clients see them: opaque texts that an answer gives and a later request names (docs/api.md, "Sending
// again").
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "kv/version.h"

namespace quoin::net {

// "3.00c0ffee00c0ffee": round, node.
std::string FormatBallot(const kv::Ballot& ballot);
// Exactly what FormatBallot writes of a ballot above zero: no other spelling of the same ballot.
std::optional<kv::Ballot> ParseBallot(std::string_view text);

}  // namespace quoin::net
