#include "quorum/story_text_testing.h"

#include <glog/logging.h>

#include <cstddef>
#include <sstream>
#include <utility>
#include <variant>
#include <vector>

#include "quorum/digest.h"
#include "quorum/replica_testing.h"

namespace quoin::quorum {

std::string Short(const kv::Ballot& ballot) {
  return std::to_string(ballot.round) + "." + std::to_string(ballot.node.value);
}
std::string Short(const kv::Version& version) { return Short(version.ballot) + "." + std::to_string(version.sequence); }
kv::Ballot ParseBallot(const std::string& text) {
  const std::size_t dot = text.find('.');
  CHECK_NE(dot, std::string::npos) << "not a ballot: " << text;
  return BallotOf(std::stoull(text.substr(0, dot)), std::stoull(text.substr(dot + 1)));
}

std::string Show(const kv::RecordPtr& record) {
  if (record == nullptr) return "absent";
  return (record->tombstone ? "tombstone" : record->value) + " @" + Short(record->accepted);
}
namespace {

std::string ShowHeld(const Held& held) {
  return held.key + " " + (held.content.kind == Content::Kind::kDamaged ? "damaged" : Show(held.content.record));
}

struct Describe {
  std::string operator()(const Prepare& m) const { return Short(m.ballot) + (m.key ? " " + *m.key : ""); }
  std::string operator()(const Accept& m) const { return m.key + " " + Show(m.record); }
  std::string operator()(const Install& m) const { return m.key + " " + Show(m.record); }
  std::string operator()(const Barrier& m) const { return Short(m.ballot) + " #" + std::to_string(m.nonce); }
  std::string operator()(const Read& m) const { return (m.ballot ? Short(*m.ballot) + " " : "") + m.key; }
  std::string operator()(const Held& m) const { return ShowHeld(m); }
  std::string operator()(const Promise& m) const {
    return Short(m.ballot) + ", before " + (m.previous ? Short(*m.previous) : "unknown") +
           (m.held ? ", " + ShowHeld(*m.held) : "");
  }
  std::string operator()(const Accepted& m) const { return m.key + " @" + Short(m.version); }
  std::string operator()(const Installed& m) const { return m.key + " @" + Short(m.version); }
  std::string operator()(const BarrierOk& m) const { return Short(m.ballot) + " #" + std::to_string(m.nonce); }
  std::string operator()(const Nack& m) const { return Short(m.ballot) + ", promised " + Short(m.promised); }
  std::string operator()(const Damaged& m) const { return m.key + " @" + Short(m.version); }
  std::string operator()(const Refused& m) const { return m.key + " @" + Short(m.version); }
  std::string operator()(const OtherConfiguration& m) const { return std::to_string(m.mine); }
  std::string operator()(const Compare& m) const {
    return "from \"" + m.from + "\"" + (m.to ? " to \"" + *m.to + "\"" : "") + (m.digest ? ", digest" : "");
  }
  std::string operator()(const Compared& m) const {
    const bool nothing = m.digest == DigestOf({}, 0);  // In stories there is no salt.
    std::string text = m.equal ? "equal" : nothing ? "nothing" : m.entries.empty() ? "not equal" : "";
    for (const Compared::Entry& entry : m.entries) {
      text += (text.empty() ? "" : ", ") + entry.key + (entry.damaged ? " damaged" : " @" + Short(entry.version));
    }
    return text;
  }
  std::string operator()(const Purge& m) const { return "up to " + Short(m.floor); }
  std::string operator()(const Purged& m) const { return "up to " + Short(m.floor); }
  std::string operator()(const HandOver& m) const { return Short(m.ballot); }
};

}  // namespace

std::string Show(const Reply& reply) {
  switch (reply.outcome) {
    case Outcome::kDone:
      return "done" + (reply.record != nullptr ? ", " + reply.record->value : "") + ", version " + Short(reply.changed);
    case Outcome::kAbsent:
      return "absent";
    case Outcome::kConditionFailed:
      return "condition failed";
    case Outcome::kRejected:
      return "rejected";
    case Outcome::kError:
      return reply.status.ToString();
  }
  return "?";
}

std::string Show(const Message& message) { return std::visit(Describe(), message); }

ring::ReplicaSet ParseSet(const std::string& text) {
  std::vector<NodeId> nodes;
  std::istringstream in(text);
  for (std::string node; std::getline(in, node, ',');) nodes.push_back(NodeId{std::stoull(node)});
  return ring::MajoritySet(std::move(nodes));
}

}  // namespace quoin::quorum
