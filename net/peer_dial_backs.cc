#include "net/peer_dial_backs.h"

#include <glog/logging.h>

#include <utility>

#include "net/address.h"
#include "net/peer_ledger.h"

namespace quoin::net {

PeerDialBacks::PeerDialBacks(boost::asio::io_context& context, NameLookup::Resolve resolve,
                             std::chrono::milliseconds timeout, std::function<PeerIdentity()> self)
    : context_(context), timeout_(timeout), self_(std::move(self)), names_(context, std::move(resolve)) {}

void PeerDialBacks::Answer(const PeerVisitPtr& visit, const PeerHello& probe) {
  PeerAnswer answer;
  answer.who = self_();
  const std::string& address = probe.who.advertised;
  if (auto objection = CompareIdentities(answer.who, probe.who)) {
    answer.objection = *std::move(objection);
  } else if (!address.empty() && questions_.size() >= kMostAtOnce) {
    answer.objection = {PeerRefusal::kTooManyPeers, "it is dialling back as many others as it can; ask again"};
  } else if (!address.empty()) {
    if (const auto parsed = ParseHostPort(address); !parsed.ok()) {
      answer.unreachable = parsed.status().message();
    } else {
      const std::uint64_t number = ++last_number_;
      questions_[number] = std::make_unique<PeerQuestion>(
          context_, names_, address, PeerHello{PeerHello::Kind::kDialBack, answer.who, probe.nonce}, timeout_,
          [this, number, visit, answer, address](const Result<PeerAnswer>& given) mutable {
            if (!given.ok()) {
              answer.unreachable = given.status().message();
            } else if (given->objection.refusal != PeerRefusal::kNone) {
              answer.unreachable = "another node answers at " + address + ": " + given->objection.text;
            }
            visit->Answer(answer);
            questions_.erase(number);
          });
      return;
    }
  }
  LOG_IF(INFO, answer.objection.refusal != PeerRefusal::kNone)
      << "refused a probe from " << visit->remote() << " (" << RefusalName(answer.objection.refusal)
      << "): " << answer.objection.text;
  visit->Answer(answer);
}

}  // namespace quoin::net
