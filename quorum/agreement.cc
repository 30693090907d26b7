#include "quorum/agreement.h"

namespace quoin::quorum {

Agreement Agree(const ring::Quorums& quorums, const std::map<NodeId, Content>& held) {
  Agreement agreement;
  ring::ReplicaMask holders = 0;
  kv::Version version;
  for (const auto& [node, content] : held) {
    const ring::ReplicaMask mask = quorums.MaskOf(node);
    // Replicas raise their floors one after another; what is missing is missing, wherever their floors are.
    const bool both_absent = agreement.answered != 0 && agreement.newest == nullptr && content.record == nullptr;
    if (agreement.answered == 0 || content.version() > version) {
      if (!both_absent) holders = 0;
      agreement.newest = content.record;
      version = content.version();
      holders |= mask;
    } else if (both_absent ||
               (content.version() == version && (content.record == nullptr) == (agreement.newest == nullptr))) {
      holders |= mask;
    }
    agreement.answered |= mask;
  }
  agreement.by_read_quorum = quorums.IsReadQuorum(agreement.answered);
  agreement.held_by_write_quorum = quorums.IsWriteQuorum(holders);
  return agreement;
}

}  // namespace quoin::quorum
