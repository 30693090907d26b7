#include "net/watch_request.h"

#include <utility>

#include "kv/record.h"
#include "net/operation_proto.h"
#include "net/watch_cursor.h"

namespace quoin::net {
namespace {

using Kind = quorum::WatchTarget::Kind;

Status Invalid(std::string why) { return Status(Code::kInvalid, std::move(why)); }

Result<quorum::WatchTarget> TakeTarget(v1::WatchTarget& message) {
  if (HasUnknown(message)) return Invalid("a target has a member that this node does not know");
  quorum::WatchTarget target;
  switch (message.form_case()) {
    case v1::WatchTarget::kKey:
      target = {Kind::kKey, std::move(*message.mutable_key())};
      break;
    case v1::WatchTarget::kKeyText:
      target = {Kind::kKey, std::move(*message.mutable_key_text())};
      break;
    case v1::WatchTarget::kPrefix:
      target = {Kind::kPrefix, std::move(*message.mutable_prefix())};
      break;
    case v1::WatchTarget::kPrefixText:
      target = {Kind::kPrefix, std::move(*message.mutable_prefix_text())};
      break;
    default:
      return Invalid("a target is one of key, key_text, prefix and prefix_text");
  }
  if (auto problem = CheckTarget(target); problem.has_value()) return Invalid(*std::move(problem));
  return target;
}

}  // namespace

std::optional<std::string> CheckTarget(const quorum::WatchTarget& target) {
  if (target.kind == Kind::kKey && target.text.empty()) return "a key that is watched has at least 1 byte";
  if (target.text.size() <= kv::kMaxKeyBytes) return std::nullopt;
  return std::string(target.kind == Kind::kKey ? "a key" : "a prefix") + " that is watched has at most " +
         std::to_string(kv::kMaxKeyBytes) + " bytes";
}

Result<WatchOrder> MakeOrder(std::vector<quorum::WatchTarget> targets, std::string_view cursor, bool state,
                             const WatchSource::Cluster& cluster) {
  WatchOrder order;
  order.scope = {cluster, DigestOfTargets(targets)};
  if (!cursor.empty()) {
    auto positions = DecodeCursor(order.scope, cursor);
    if (!positions.ok()) return positions.status();
    order.request.from = *std::move(positions);
  }
  order.request.targets = std::move(targets);
  order.request.state = state;
  return order;
}

Result<WatchOrder> TakeWatch(v1::Watch& message, const WatchSource::Cluster& cluster) {
  if (HasUnknown(message)) return Invalid("the watch has a member that this node does not know");
  if (message.targets_size() < 1 || message.targets_size() > static_cast<int>(quorum::WatchRequest::kMaxTargets)) {
    return Invalid("a watch has 1 to " + std::to_string(quorum::WatchRequest::kMaxTargets) +
                   " targets, and this one has " + std::to_string(message.targets_size()));
  }
  if (message.state() != v1::Watch::STATE && message.state() != v1::Watch::NONE) {
    return Invalid("the watch's state is STATE or NONE");
  }
  std::vector<quorum::WatchTarget> targets;
  for (v1::WatchTarget& each : *message.mutable_targets()) {
    auto target = TakeTarget(each);
    if (!target.ok()) return target.status();
    targets.push_back(*std::move(target));
  }
  return MakeOrder(std::move(targets), message.cursor(), message.state() == v1::Watch::STATE, cluster);
}

}  // namespace quoin::net
