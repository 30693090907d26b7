#include "ring/shares.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>

namespace quoin::ring {
namespace {

double Value(const Share& share) {
  return static_cast<double>(share.numerator) / static_cast<double>(share.denominator);
}
std::vector<double> Values(const Shares& shares) {
  std::vector<double> values;
  for (const Share& share : shares.owners) values.push_back(Value(share));
  return values;
}
void ExpectNear(const std::vector<double>& actual, const std::vector<double>& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i) EXPECT_NEAR(actual[i], expected[i], 1e-12) << "owner " << i;
}

TEST(Shares, AreProportionalToWeights) {
  ExpectNear(Values(SharesOf({{"", 1}, {"", 2}, {"", 3}, {"", 4}}, 2)), {0.2, 0.4, 0.6, 0.8});
}

TEST(Shares, AreNeverAboveOneReplica) {
  // 100 of 103 times three replicas would be nearly three at one node.
  ExpectNear(Values(SharesOf({{"", 100}, {"", 1}, {"", 1}, {"", 1}}, 3)), {1, 2.0 / 3, 2.0 / 3, 2.0 / 3});
}

TEST(Shares, OfFewerNodesThanReplicasAreWhole) {
  const Shares shares = SharesOf({{"", 5}, {"", 1}}, 3);
  EXPECT_EQ(shares.replicas, 2u);
  ExpectNear(Values(shares), {1, 1});
  EXPECT_EQ(SharesOf({}, 3).replicas, 0u);
}

TEST(Shares, GiveEachOfThreeUnequalZonesOneReplica) {
  // A zone with one node carries a whole replica; sharing evenly would put two of a partition's into one zone.
  ExpectNear(Values(SharesOf({{"a", 1}, {"a", 1}, {"b", 1}, {"b", 1}, {"c", 1}}, 3)), {0.5, 0.5, 0.5, 0.5, 1});
}

TEST(Shares, IgnoreZonesThatAreInNobodysWay) {
  // Four zones of two, three replicas: no zone reaches one by weight alone.
  ExpectNear(Values(SharesOf({{"a", 1}, {"a", 1}, {"b", 1}, {"b", 1}, {"c", 1}, {"c", 1}, {"d", 1}, {"d", 1}}, 3)),
             std::vector<double>(8, 3.0 / 8));
}

TEST(Shares, SpreadOverTwoZonesTwoAndOne) {
  // Between one and two replicas for each zone; by weight it would be 0.6 and 2.4.
  ExpectNear(Values(SharesOf({{"a", 1}, {"b", 1}, {"b", 1}, {"b", 1}, {"b", 1}}, 3)), {1, 0.5, 0.5, 0.5, 0.5});
}

TEST(Shares, FillSmallZonesBeforeOthersGetAThirdReplica) {
  const Shares shares = SharesOf({{"a", 1}, {"b", 1}, {"b", 1}, {"b", 1}, {"b", 1}, {"b", 1}}, 5);
  ExpectNear(Values(shares), {1, 0.8, 0.8, 0.8, 0.8, 0.8});
  EXPECT_EQ(shares.zones[0].least, 1u);
  EXPECT_EQ(shares.zones[1].most, 4u);
}

// The definition, checked on many random clusters: see the header.
TEST(Shares, AreWhatTheDefinitionSays) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 3000; ++round) {
    const std::uint64_t zone_count = 1 + random() % 6;
    const std::uint32_t max_weight = random() % 2 ? 3 : 1000;
    std::vector<ShareOwner> owners(1 + random() % 20);
    for (ShareOwner& owner : owners) {
      owner = {std::string(1, static_cast<char>('a' + random() % zone_count)),
               1 + static_cast<std::uint32_t>(random() % max_weight)};
    }
    const auto n = 1 + static_cast<std::uint32_t>(random() % 9);
    const Shares shares = SharesOf(owners, n);
    ASSERT_EQ(shares.replicas, std::min<std::size_t>(n, owners.size()));

    double sum = 0;
    std::map<std::uint32_t, double> zone_sum;
    for (std::size_t i = 0; i < owners.size(); ++i) {
      const double x = Value(shares.owners[i]);
      ASSERT_GT(x, 0 - 1e-12);
      ASSERT_LE(x, 1);
      sum += x;
      zone_sum[shares.zone_of[i]] += x;
    }
    ASSERT_NEAR(sum, shares.replicas, 1e-9);
    for (const auto& [zone, held] : zone_sum) {
      ASSERT_GE(held, shares.zones[zone].least - 1e-9);
      ASSERT_LE(held, shares.zones[zone].most + 1e-9);
    }
    for (std::size_t i = 0; i < owners.size(); ++i) {
      for (std::size_t k = 0; k < owners.size(); ++k) {
        const double per_weight_i = Value(shares.owners[i]) / owners[i].weight;
        const double per_weight_k = Value(shares.owners[k]) / owners[k].weight;
        if (per_weight_i <= per_weight_k + 1e-9) continue;
        // k has less for its weight. Then it is full, or its zone is, or i's zone may not give.
        const std::uint32_t zone_i = shares.zone_of[i], zone_k = shares.zone_of[k];
        const bool zones_bind = zone_i != zone_k && (zone_sum[zone_k] >= shares.zones[zone_k].most - 1e-9 ||
                                                     zone_sum[zone_i] <= shares.zones[zone_i].least + 1e-9);
        ASSERT_TRUE(Value(shares.owners[k]) == 1 || zones_bind) << "round " << round << ", owners " << i << ", " << k;
      }
    }
  }
}

}  // namespace
}  // namespace quoin::ring
