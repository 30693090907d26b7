#include "kv/version.h"

namespace quoin::kv {

std::ostream& operator<<(std::ostream& out, const Ballot& ballot) { return out << ballot.round << '.' << ballot.node; }

std::ostream& operator<<(std::ostream& out, const Version& version) {
  return out << version.ballot << '.' << version.sequence;
}

}  // namespace quoin::kv
