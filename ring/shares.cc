#include "ring/shares.h"

#include <glog/logging.h>

#include <algorithm>
#include <functional>
#include <map>

namespace quoin::ring {
namespace {

// A value of lambda. At most nine whole replicas over a sum of weights, so that products of two fit into 64 bits.
struct Fraction {
  std::uint64_t numerator = 0;
  std::uint64_t denominator = 1;

  friend bool operator<(const Fraction& a, const Fraction& b) {
    return a.numerator * b.denominator < b.numerator * a.denominator;
  }
};

struct Zone {
  std::vector<std::uint32_t> weights;  // Highest first.
  ZoneBounds bounds;
};

bool IsCapped(std::uint32_t weight, const Fraction& lambda) { return weight * lambda.numerator >= lambda.denominator; }

// What a zone holds of a partition at some lambda: `capped` whole replicas and lambda * `weight`.
struct Level {
  std::uint64_t capped = 0;
  std::uint64_t weight = 0;

  // Times the denominator of lambda.
  std::uint64_t At(const Fraction& lambda) const { return capped * lambda.denominator + weight * lambda.numerator; }
};
Level LevelOf(const Zone& zone, const Fraction& lambda) {
  Level level;
  for (const std::uint32_t weight : zone.weights) {
    if (IsCapped(weight, lambda)) {
      ++level.capped;
    } else {
      level.weight += weight;
    }
  }
  return level;
}

// The lambda at which the zone holds exactly `replicas` of a partition. REQUIRES: replicas <= its nodes.
Fraction LambdaFor(const Zone& zone, std::uint32_t replicas) {
  if (replicas == 0) return {0, 1};
  if (replicas == zone.weights.size()) return {1, zone.weights.back()};
  std::uint64_t rest = 0;
  for (const std::uint32_t weight : zone.weights) rest += weight;
  // With the k heaviest nodes capped, the others hold what is left in proportion; right is the k at which none of them
  // is above one.
  for (std::uint32_t k = 0; k < replicas; ++k) {
    const Fraction lambda{replicas - k, rest};
    if (zone.weights[k] * lambda.numerator <= lambda.denominator) return lambda;
    rest -= zone.weights[k];
  }
  LOG(FATAL) << "no lambda gives a zone of " << zone.weights.size() << " nodes " << replicas << " replicas";
}

// The most even spread: every zone up to `most` - 1 or all its nodes, and what is left over one more for some.
void SetBounds(std::uint32_t replicas, std::vector<Zone>* zones) {
  const auto held = [&](std::uint32_t per_zone) {
    std::size_t sum = 0;
    for (const Zone& zone : *zones) sum += std::min<std::size_t>(per_zone, zone.weights.size());
    return sum;
  };
  std::uint32_t most = 1;
  while (held(most) < replicas) ++most;
  for (Zone& zone : *zones) {
    const auto nodes = static_cast<std::uint32_t>(zone.weights.size());
    zone.bounds = {.nodes = nodes, .least = std::min(most - 1, nodes), .most = std::min(most, nodes)};
  }
}

// The lambda that all zones have in common which are within their bounds there.
//
// What all zones hold together grows with lambda, linearly between the points where a node reaches one replica or a
// zone one of its bounds. So: find the last such point that doesn't give too much, and go on from there along the line.
Fraction CommonLambda(std::uint32_t replicas, const std::vector<Zone>& zones) {
  std::vector<Fraction> points = {{0, 1}};
  for (const Zone& zone : zones) {
    for (const std::uint32_t weight : zone.weights) points.push_back({1, weight});
    points.push_back(LambdaFor(zone, zone.bounds.least));
    points.push_back(LambdaFor(zone, zone.bounds.most));
  }
  std::sort(points.begin(), points.end());
  const auto gives_too_much = [&](const Fraction& lambda) {
    std::uint64_t held = 0;
    for (const Zone& zone : zones) {
      held += std::clamp(LevelOf(zone, lambda).At(lambda), zone.bounds.least * lambda.denominator,
                         zone.bounds.most * lambda.denominator);
    }
    return held > replicas * lambda.denominator;
  };
  const auto past = std::partition_point(points.begin(), points.end(),
                                         [&](const Fraction& lambda) { return !gives_too_much(lambda); });
  CHECK(past != points.begin());
  const Fraction point = *(past - 1);

  std::uint64_t left = replicas;
  std::uint64_t weight = 0;
  for (const Zone& zone : zones) {
    const Level level = LevelOf(zone, point);
    if (level.At(point) < zone.bounds.least * point.denominator) {
      left -= zone.bounds.least;
    } else if (level.At(point) >= zone.bounds.most * point.denominator) {
      left -= zone.bounds.most;
    } else {
      left -= level.capped;
      weight += level.weight;
    }
  }
  return weight == 0 ? point : Fraction{left, weight};
}

}  // namespace

Shares SharesOf(const std::vector<ShareOwner>& owners, std::uint32_t replication_factor) {
  CHECK_GE(replication_factor, 1u);
  Shares shares;
  shares.replicas = std::min(replication_factor, static_cast<std::uint32_t>(owners.size()));
  if (owners.empty()) return shares;

  std::map<std::string, std::uint32_t> index_of;
  for (const ShareOwner& owner : owners) index_of.emplace(owner.zone, 0);
  std::uint32_t next_index = 0;
  for (auto& [name, index] : index_of) index = next_index++;
  std::vector<Zone> zones(index_of.size());
  for (const ShareOwner& owner : owners) {
    CHECK_GT(owner.weight, 0u);
    shares.zone_of.push_back(index_of.at(owner.zone));
    zones[shares.zone_of.back()].weights.push_back(owner.weight);
  }
  for (Zone& zone : zones) std::sort(zone.weights.begin(), zone.weights.end(), std::greater<>());
  SetBounds(shares.replicas, &zones);

  const Fraction common = CommonLambda(shares.replicas, zones);
  std::vector<Fraction> lambda_of;
  for (const Zone& zone : zones) {
    const std::uint64_t held = LevelOf(zone, common).At(common);
    if (held < zone.bounds.least * common.denominator) {
      lambda_of.push_back(LambdaFor(zone, zone.bounds.least));
    } else if (held > zone.bounds.most * common.denominator) {
      lambda_of.push_back(LambdaFor(zone, zone.bounds.most));
    } else {
      lambda_of.push_back(common);
    }
    shares.zones.push_back(zone.bounds);
  }
  for (std::size_t i = 0; i < owners.size(); ++i) {
    const Fraction& lambda = lambda_of[shares.zone_of[i]];
    if (IsCapped(owners[i].weight, lambda)) {
      shares.owners.push_back({1, 1});
    } else {
      shares.owners.push_back({owners[i].weight * lambda.numerator, lambda.denominator});
    }
  }
  return shares;
}

}  // namespace quoin::ring
