// What a client does beyond asking once: liveness, copies that nobody needs, the choice of nodes, weak reads.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/linearizability/history_text.h"
#include "tests/simulation/adapter.h"
#include "tests/simulation/client.h"

namespace quoin::simulation {

// The same wish under a new id: of the old one no more than "unknown" is to be had.
void Client::TryAnew(const AskedPtr& asked) {
  const std::uint64_t number = NextNumber();
  auto anew = std::make_shared<Asked>(number, with_.workload.DrawLike(asked->request, id_, number));
  anew->batch = asked->batch;
  anew->must_succeed_by = asked->must_succeed_by;
  anew->last_answer = asked->last_answer;
  ++under_way_;
  with_.port.After(plan().copy_timeout / 4, [this, anew] {
    if (anew->ended) return;
    --under_way_;
    Begin(anew);
  });
  with_.port.After(*anew->must_succeed_by - with_.port.now(), [this, anew] { OnBound(anew); });
}

void Client::OnBound(const AskedPtr& asked) {
  if (asked->ended) return;
  std::ostringstream text;
  text << "I9: it had not succeeded within " << liveness_bound_->count() / 1000 << " ms, its last answer was "
       << asked->last_answer << ": " << Name(*asked);
  with_.findings.complaints.push_back(text.str());
  End(asked, nullptr);
}

void Client::CheckWeakRead(const Asked& asked, const quorum::Reply& reply) {
  if (BelongsIntoHistory(asked.request) || quorum::IsWrite(asked.request.operation)) return;
  ++with_.findings.counts["weak reads"];
  if (reply.outcome != quorum::Outcome::kDone || reply.record == nullptr) return;
  if (with_.values.IsPossible(asked.request.key, reply.record->value)) return;
  with_.findings.complaints.push_back("I5: a read `one` told a value that nobody can have written, \"" +
                                      reply.record->value + "\": " + Name(asked));
}

bool Client::SendDuplicate(const AskedPtr& asked) {
  const bool write = quorum::IsWrite(asked->request.operation);
  if (!write || asked->request.id == kv::OperationId{} || !asked->copies.BindsLaterCopies()) return false;
  ++under_way_;
  with_.port.After(ring::Duration(with_.random.Below(1'000'000)), [this, asked] {
    --under_way_;
    const auto node = PickNode(asked->node);
    if (node) {
      ++with_.findings.counts["duplicates"];
      SendCopy(asked, *node, true);
    }
    open_.erase(asked->number);
  });
  return true;
}

std::optional<std::size_t> Client::PickNode(std::optional<std::size_t> but) {
  std::vector<std::size_t> up;
  for (std::size_t node = 0; node < with_.port.node_count(); ++node) {
    if (with_.port.IsUp(node)) up.push_back(node);
  }
  if (up.size() > 1) std::erase_if(up, [&](std::size_t node) { return but == node; });
  if (up.empty()) return std::nullopt;
  if (plan().sticky && home_ && std::find(up.begin(), up.end(), *home_) != up.end()) return home_;
  home_ = up[with_.random.Below(up.size())];
  return home_;
}

std::string Client::Name(const Asked& asked) const {
  std::ostringstream text;
  text << "request " << asked.request.id.client << "." << asked.request.id.number << " of client " << id_ << ", "
       << linearizability::OperationText(ToOperation(asked.request)) << " of key " << asked.request.key << ", "
       << asked.copies.sent() << " copies";
  return text.str();
}

}  // namespace quoin::simulation
