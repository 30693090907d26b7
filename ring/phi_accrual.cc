#include "ring/phi_accrual.h"

#include <glog/logging.h>

#include <algorithm>
#include <cmath>

namespace quoin::ring {

PhiAccrual::PhiAccrual(const PhiConfig& config, Duration now)
    : config_(config), last_(now), expected_(config.heartbeat_interval) {
  CHECK_GE(config.window, 2u);
  CHECK_LE(config.window, std::size_t{1} << 20);
  CHECK(config.heartbeat_interval.count() > 0 && config.least_deviation.count() > 0);
  CHECK(config.longest_sample >= config.heartbeat_interval && config.longest_sample <= std::chrono::seconds(2))
      << "the sums are sized for samples of at most two seconds";
  const Duration deviation = config.heartbeat_interval / 4;
  Add(config.heartbeat_interval - deviation);
  Add(config.heartbeat_interval + deviation);
}

void PhiAccrual::OnHeartbeat(Duration now) {
  Add(std::clamp(now - last_, Duration::zero(), config_.longest_sample));
  last_ = std::max(last_, now);
}

void PhiAccrual::Add(Duration interval) {
  const std::int64_t added = interval.count();
  intervals_us_.push_back(added);
  sum_us_ += added;
  sum_of_squares_us_ += added * added;
  if (intervals_us_.size() <= config_.window) return;
  const std::int64_t oldest = intervals_us_.front();
  intervals_us_.pop_front();
  sum_us_ -= oldest;
  sum_of_squares_us_ -= oldest * oldest;
}

Duration PhiAccrual::mean() const {
  const Duration measured(sum_us_ / static_cast<std::int64_t>(intervals_us_.size()));
  return std::max(measured, expected_);
}

Duration PhiAccrual::deviation() const {
  const auto count = static_cast<double>(intervals_us_.size());
  const double mean_us = static_cast<double>(sum_us_) / count;
  const double variance = static_cast<double>(sum_of_squares_us_) / count - mean_us * mean_us;
  const Duration measured(static_cast<std::int64_t>(std::sqrt(std::max(variance, 0.0))));
  return std::max(measured, expected_ > config_.heartbeat_interval ? expected_ / 4 : config_.least_deviation);
}

double PhiAccrual::Phi(Duration now) const {
  const auto late = static_cast<double>((now - last_ - mean()).count());
  const double deviations = late / static_cast<double>(deviation().count());
  const double chance_of_later = 0.5 * std::erfc(deviations / std::sqrt(2.0));
  // The chance runs out of digits at about 38 deviations.
  if (chance_of_later <= 0) return kMaxPhi;
  return std::clamp(-std::log10(chance_of_later), 0.0, kMaxPhi);
}

}  // namespace quoin::ring
