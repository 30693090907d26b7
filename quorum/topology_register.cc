#include "quorum/topology_register.h"

#include <glog/logging.h>

#include <utility>

#include "quorum/canary.h"
#include "quorum/packet.h"
#include "ring/topology_codec.h"

namespace quoin::quorum {

void TopologyRegister::OnLeading(const kv::Ballot& ballot) {
  if (ballot == ballot_) return;
  // Whatever was asked of an earlier leadership was answered when that ended.
  ballot_ = ballot;
  asked_ = false;
  known_ = false;
  writing_.reset();
}

std::optional<Request> TopologyRegister::Read() {
  if (ballot_ == kv::Ballot() || known_ || asked_) return std::nullopt;
  asked_ = true;
  Request request;
  request.key = kTopologyKey;
  request.operation = Get{};
  return request;
}

Request TopologyRegister::Write(const ring::Topology& next) {
  CHECK(ready() || Broken(Canary::kPipelinedTopologyWrites));
  asked_ = true;
  writing_ = std::make_shared<const ring::Topology>(next);
  Request request;
  request.key = kTopologyKey;
  request.operation = Put{.value = ring::EncodeTopology(next), .content_type = {}, .ttl = {}};
  if (!Broken(Canary::kPipelinedTopologyWrites)) {
    Condition still{changed_ == kv::Version() ? Condition::Kind::kAbsent : Condition::Kind::kVersionIn, {}, {}};
    if (changed_ != kv::Version()) still.versions = {changed_};
    request.conditions = {std::move(still)};
  }
  return request;
}

std::shared_ptr<const ring::Topology> TopologyRegister::OnReply(const Reply& reply) {
  asked_ = false;
  const auto written = std::exchange(writing_, nullptr);
  known_ = reply.outcome == Outcome::kDone || reply.outcome == Outcome::kAbsent;
  if (!known_) return nullptr;  // Read it again.
  changed_ = reply.changed;
  if (written != nullptr) return written;
  if (reply.record == nullptr) return nullptr;
  Result<ring::Topology> decoded = ring::DecodeTopology(reply.record->value);
  CHECK(decoded.ok()) << "the register holds what no controller wrote: " << decoded.status();
  return std::make_shared<const ring::Topology>(*std::move(decoded));
}

}  // namespace quoin::quorum
