#include "tests/simulation/workload.h"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>
#include <variant>

namespace quoin::simulation {
namespace {

using quorum::Consistency;

constexpr unsigned kExpiringGetPercent = 70;

std::string Fragment(std::uint64_t client, std::uint64_t number, std::size_t padding_bytes) {
  return "<" + std::to_string(client) + "." + std::to_string(number) + std::string(padding_bytes, '_') + ">";
}

// Far apart, so that increments hardly ever lead from one to another (W1).
std::string Number(std::uint64_t client, std::uint64_t number) {
  return std::to_string(client * 1'000'000'000'000 + number * 1'000'000'000);
}

}  // namespace

Workload::Workload(const WorkloadPlan& plan, ring::Random& random) : plan_(plan), random_(random) {
  const auto add = [&](const char* prefix, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) keys_.push_back(prefix + std::to_string(i));
  };
  add("contended-", plan.contended_keys);
  add("expiring-", plan.expiring_keys);
  add("wide-", plan.wide_keys);
  std::sort(keys_.begin(), keys_.end());
}

quorum::ScanRequest Workload::DrawScan() {
  static constexpr const char* kPrefixes[] = {"", "contended-", "expiring-", "wide-", "wide-1", "o", "nothing"};
  quorum::ScanRequest scan;
  scan.prefix = kPrefixes[random_.Below(std::size(kPrefixes))];
  if (Chance(30)) scan.after = keys_[random_.Below(keys_.size())];
  scan.limit = Chance(50) ? 1 + random_.Below(5) : 1 + random_.Below(60);
  if (Chance(30)) scan.max_bytes = random_.Below(400);
  scan.keys_only = Chance(20);
  return scan;
}

quorum::Request Workload::Draw(std::uint64_t client, std::uint64_t number) {
  quorum::Request request;
  request.id = {client, number};
  if (Chance(plan_.write_one_percent)) {
    request.key = "one-" + std::to_string(random_.Below(3));
    request.consistency = Consistency::kOne;
    request.operation = quorum::Get{};
    if (!Chance(plan_.get_percent)) request.operation = DrawPut(client, number);
    return request;
  }
  const std::uint64_t group = random_.Below(100);
  Kind kind = Kind::kExpiring;
  std::size_t index = 0;
  if (group < plan_.expiring_percent && plan_.expiring_keys > 0) {
    index = random_.Below(plan_.expiring_keys);
    request.key = "expiring-" + std::to_string(index);
  } else if (group < plan_.expiring_percent + plan_.wide_percent && plan_.wide_keys > 0) {
    index = random_.Below(plan_.wide_keys);
    kind = index % 2 == 0 ? Kind::kCounter : Kind::kText;
    request.key = "wide-" + std::to_string(index);
  } else {
    index = random_.Below(plan_.contended_keys);
    kind = index % 2 == 0 ? Kind::kCounter : Kind::kText;
    request.key = "contended-" + std::to_string(index);
  }
  if (Chance(plan_.all_percent)) request.consistency = Consistency::kAll;
  // What expires is written once and looked at often, or nobody would see it come back.
  if (Chance(kind == Kind::kExpiring ? std::max(plan_.get_percent, kExpiringGetPercent) : plan_.get_percent)) {
    request.operation = quorum::Get{};
    if (Chance(plan_.read_one_percent)) {
      request.consistency = Consistency::kOne;
      return request;
    }
  } else {
    request.operation = DrawOperation(request.key, kind, client, number);
  }
  if (Chance(plan_.conditional_percent)) {
    request.conditions.push_back(DrawCondition(request.key));
    if (Chance(10)) request.conditions.push_back(DrawCondition(request.key));
  }
  return request;
}

quorum::Request Workload::DrawLike(const quorum::Request& request, std::uint64_t client, std::uint64_t number) {
  quorum::Request like = request;
  like.id = {client, number};
  const auto renew = [&](std::string* value) {
    const bool counts = !value->empty() && value->front() != '<';
    *value = counts ? Number(client, number) : Fragment(client, number, 0);
  };
  if (auto* put = std::get_if<quorum::Put>(&like.operation)) renew(&put->value);
  if (auto* swap = std::get_if<quorum::Swap>(&like.operation)) renew(&swap->put.value);
  if (auto* append = std::get_if<quorum::Append>(&like.operation)) renew(&append->bytes);
  return like;
}

quorum::Operation Workload::DrawOperation(const std::string& key, Kind kind, std::uint64_t client,
                                          std::uint64_t number) {
  if (Chance(plan_.delete_percent)) return quorum::Delete{};
  switch (kind) {
    case Kind::kCounter:
      return DrawCounting(key, client, number);
    case Kind::kText:
      return DrawWriting(key, client, number);
    case Kind::kExpiring:
      return DrawExpiring(key, client, number);
  }
  return quorum::Delete{};
}

quorum::Operation Workload::DrawCounting(const std::string& key, std::uint64_t client, std::uint64_t number) {
  std::uint64_t draw = random_.Below(100);
  if (!TakesAdditions(key)) draw = 75 + draw % 23;
  // Sums of different increments should differ, or nobody could tell which of the unknown ones took effect.
  if (draw < 75) return quorum::Increment{static_cast<std::int64_t>(random_.Below(2'000'001)) - 1'000'000};
  const quorum::Put put{Number(client, number), "text/plain", {}};
  if (draw < 90) return put;
  if (draw < 98) return quorum::Swap{put};
  return quorum::Append{Fragment(client, number, 0)};  // A number no more: increments are rejected from here on.
}

quorum::Operation Workload::DrawWriting(const std::string& key, std::uint64_t client, std::uint64_t number) {
  const std::uint64_t draw = random_.Below(100);
  if (draw < 40 && TakesAdditions(key)) return quorum::Append{Fragment(client, number, 0)};
  if (draw < 80) return DrawPut(client, number);
  if (draw < 95) return quorum::Swap{DrawPut(client, number)};
  if (draw < 98) return quorum::SetDeadline{};
  return quorum::Increment{1};  // Rejected, unless the key is absent.
}

quorum::Operation Workload::DrawExpiring(const std::string& key, std::uint64_t client, std::uint64_t number) {
  const std::uint64_t draw = random_.Below(100);
  quorum::Put put = DrawPut(client, number);
  if (!Chance(15)) put.ttl = DrawTtl();
  if (draw < 50) return put;
  if (draw < 65) return quorum::Swap{std::move(put)};
  if (draw < 80 && TakesAdditions(key)) return quorum::Append{Fragment(client, number, 0)};
  if (draw < 92) return quorum::SetDeadline{DrawTtl()};
  return quorum::SetDeadline{};
}

quorum::Condition Workload::DrawCondition(const std::string& key) {
  using Kind = quorum::Condition::Kind;
  const auto lately = lately_.find(key);
  if (lately == lately_.end()) return {random_.Below(3) == 0 ? Kind::kPresent : Kind::kAbsent, {}, {}};
  switch (random_.Below(8)) {
    case 0:
      return {Kind::kAbsent, {}, {}};
    case 1:
      return {Kind::kPresent, {}, {}};
    case 2:
      return {Kind::kVersionNotIn, {lately->second.version}, {}};
    case 3:
    case 4:
    case 5:
      return {Kind::kVersionIn, {lately->second.version}, {}};
    default:
      return {Kind::kValueIs, {}, lately->second.value};
  }
}

quorum::Put Workload::DrawPut(std::uint64_t client, std::uint64_t number) {
  return {Fragment(client, number, random_.Below(plan_.max_padding_bytes + 1)), "text/plain", {}};
}

quorum::TimeToLive Workload::DrawTtl() {
  const auto room = static_cast<std::uint64_t>((plan_.max_ttl - plan_.min_ttl).count());
  return plan_.min_ttl + quorum::TimeToLive(random_.Below(room + 1));
}

void Workload::NoteUnknown(const quorum::Request& request) {
  const bool adds = std::holds_alternative<quorum::Increment>(request.operation) ||
                    std::holds_alternative<quorum::Append>(request.operation);
  if (adds) ++unknown_additions_[request.key];
}

bool Workload::TakesAdditions(const std::string& key) const {
  const auto unknown = unknown_additions_.find(key);
  return unknown == unknown_additions_.end() || unknown->second < kMaxUnknownAdditions;
}

void Workload::Learn(const quorum::Request& request, const quorum::Reply& reply) {
  if (request.consistency == Consistency::kOne || reply.record == nullptr) return;
  Lately& lately = lately_[request.key];
  if (reply.record->changed < lately.version) return;
  lately = {reply.record->changed, reply.record->value};
}

}  // namespace quoin::simulation
