// Ballots as clients see them: opaque texts that an answer gives and a later request names (docs/api.md, "Sending
// again"). They stand for a version of the key's partition, whose ballot shows who leads it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "kv/version.h"

namespace quoin::net {

// "3.00c0ffee00c0ffee.41": round, node, sequence; sequence 0 is left out.
std::string FormatBallot(const kv::Version& version);
// Exactly what FormatBallot writes of a version with a ballot above zero: no other spelling of the same version.
std::optional<kv::Version> ParseBallot(std::string_view text);

}  // namespace quoin::net
