#include "ring/phi_accrual.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace quoin::ring {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

// A watcher that has heard `count` heartbeats at exactly `interval`.
PhiAccrual Steady(const PhiConfig& config, Duration interval, int count, Duration* now) {
  PhiAccrual phi(config, *now);
  for (int i = 0; i < count; ++i) phi.OnHeartbeat(*now += interval);
  return phi;
}

// The table of the normal distribution: -log10 of the chance to be beyond the mean by so many deviations.
TEST(PhiAccrual, IsTheTailOfTheNormalDistribution) {
  Duration now{0};
  const PhiAccrual phi = Steady({}, milliseconds(100), 200, &now);
  ASSERT_EQ(phi.mean(), milliseconds(100));
  ASSERT_EQ(phi.deviation(), milliseconds(25));
  EXPECT_NEAR(phi.Phi(now + milliseconds(100)), 0.30103, 1e-5);  // 0 deviations: a half.
  EXPECT_NEAR(phi.Phi(now + milliseconds(125)), 0.79954, 1e-4);  // 1: 0.158655
  EXPECT_NEAR(phi.Phi(now + milliseconds(150)), 1.64302, 1e-4);  // 2: 0.0227501
  EXPECT_NEAR(phi.Phi(now + milliseconds(175)), 2.86970, 1e-4);  // 3: 0.00134990
  EXPECT_NEAR(phi.Phi(now + milliseconds(250)), 9.00586, 1e-4);  // 6: 9.86588e-10
}

TEST(PhiAccrual, NeverFallsInSilenceAndStaysFiniteF1) {
  Duration now{0};
  const PhiAccrual phi = Steady({}, milliseconds(100), 50, &now);
  double last = 0;
  for (Duration silent{0}; silent < seconds(100); silent += milliseconds(7)) {
    const double here = phi.Phi(now + silent);
    ASSERT_GE(here, last);
    ASSERT_LE(here, kMaxPhi);
    last = here;
  }
  EXPECT_EQ(last, kMaxPhi);
}

// What phi promises: of heartbeats that come as they use to, phi was above 2 for one in a hundred.
TEST(PhiAccrual, IsWrongAsOftenAsItSays) {
  std::mt19937_64 random(1);
  std::normal_distribution<double> interval_us(150e3, 40e3);
  Duration now{0};
  PhiAccrual phi({}, now);
  int above_1 = 0, above_2 = 0;
  constexpr int kBeats = 100000;
  for (int i = 0; i < kBeats; ++i) {
    now += microseconds(static_cast<std::int64_t>(std::max(interval_us(random), 0.0)));
    above_1 += phi.Phi(now) > 1;
    above_2 += phi.Phi(now) > 2;
    phi.OnHeartbeat(now);
  }
  // The estimates of mean and deviation come from 200 intervals, so the rates are a little above what is promised.
  EXPECT_NEAR(above_1, kBeats / 10, kBeats / 100);
  EXPECT_NEAR(above_2, kBeats / 100, kBeats / 300);
}

TEST(PhiAccrual, GivesAJitteryPeerMoreTime) {
  Duration steady_now{0}, jittery_now{0};
  const PhiAccrual steady = Steady({}, milliseconds(100), 100, &steady_now);
  PhiAccrual jittery({}, jittery_now);
  for (int i = 0; i < 100; ++i) jittery.OnHeartbeat(jittery_now += milliseconds(i % 2 ? 20 : 180));
  EXPECT_GT(steady.Phi(steady_now + milliseconds(300)), 8);
  EXPECT_LT(jittery.Phi(jittery_now + milliseconds(300)), 3);
}

TEST(PhiAccrual, SuspectsAPeerThatWasNeverHeard) {
  const PhiAccrual phi({}, seconds(5));
  EXPECT_LT(phi.Phi(seconds(5) + milliseconds(100)), 1);
  EXPECT_GT(phi.Phi(seconds(5) + milliseconds(300)), 8);
}

TEST(PhiAccrual, LearnsNoHasteFromABurst) {
  Duration now{0};
  PhiAccrual phi = Steady({}, milliseconds(100), 200, &now);
  for (int i = 0; i < 200; ++i) phi.OnHeartbeat(now);
  EXPECT_EQ(phi.mean(), milliseconds(100));
  EXPECT_LT(phi.Phi(now + milliseconds(120)), 1);
}

TEST(PhiAccrual, RemembersItsWindowOnlyF2) {
  Duration now{0};
  PhiAccrual veteran = Steady({}, milliseconds(900), 500, &now);
  for (int i = 0; i < 200; ++i) veteran.OnHeartbeat(now += milliseconds(90 + i % 40));
  Duration young_now{0};
  PhiAccrual young({}, young_now);
  for (int i = 0; i < 200; ++i) young.OnHeartbeat(young_now += milliseconds(90 + i % 40));
  EXPECT_EQ(veteran.mean(), young.mean());
  EXPECT_EQ(veteran.deviation(), young.deviation());
  EXPECT_EQ(veteran.Phi(now + milliseconds(200)), young.Phi(young_now + milliseconds(200)));
}

TEST(PhiAccrual, CountsALongOutageAsABoundedSample) {
  Duration now{0};
  PhiAccrual phi = Steady({}, milliseconds(100), 199, &now);
  phi.OnHeartbeat(now += std::chrono::hours(24));
  EXPECT_LE(phi.mean(), milliseconds(110));
  EXPECT_GT(phi.Phi(now + seconds(2)), 8);
}

TEST(PhiAccrual, TakesNoSampleOverARestart) {
  Duration now{0};
  PhiAccrual phi = Steady({}, milliseconds(100), 200, &now);
  phi.Restart(now += seconds(1));
  EXPECT_EQ(phi.mean(), milliseconds(100));
  EXPECT_LT(phi.Phi(now + milliseconds(100)), 1);
}

}  // namespace
}  // namespace quoin::ring
