#include "tools/bench_distribution.h"

#include <algorithm>
#include <cmath>

namespace quoin::bench {

std::uint64_t Scatter(std::uint64_t value) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (int i = 0; i < 8; ++i) {
    hash = (hash ^ (value & 0xff)) * 0x100000001b3;
    value >>= 8;
  }
  return hash;
}

Zipfian::Zipfian(std::uint64_t count, double theta) : theta_(theta), alpha_(1 / (1 - theta)) { Grow(count); }

void Zipfian::Grow(std::uint64_t count) {
  if (count <= count_) return;
  for (std::uint64_t i = count_ + 1; i <= count; ++i) zeta_ += std::pow(static_cast<double>(i), -theta_);
  count_ = count;
  Prepare();
}

void Zipfian::Prepare() {
  if (count_ <= 2) return;  // Draw answers these without eta, which would be 0 / 0 for 2.
  const double zeta_of_2 = 1 + std::pow(0.5, theta_);
  eta_ = (1 - std::pow(2 / static_cast<double>(count_), 1 - theta_)) / (1 - zeta_of_2 / zeta_);
}

std::uint64_t Zipfian::Draw(Random& random) const {
  const double unit = random.Unit();
  const double part = unit * zeta_;
  if (count_ == 1 || part < 1) return 0;
  if (count_ == 2 || part < 1 + std::pow(0.5, theta_)) return 1;
  const double rank = static_cast<double>(count_) * std::pow(eta_ * unit - eta_ + 1, alpha_);
  return std::min(static_cast<std::uint64_t>(rank), count_ - 1);
}

std::string_view DistributionName(Distribution distribution) {
  switch (distribution) {
    case Distribution::kUniform:
      return "uniform";
    case Distribution::kZipfian:
      return "zipfian";
    case Distribution::kLatest:
      return "latest";
  }
  return "";
}

std::optional<Distribution> ParseDistribution(std::string_view name) {
  for (Distribution known : {Distribution::kUniform, Distribution::kZipfian, Distribution::kLatest}) {
    if (name == DistributionName(known)) return known;
  }
  return std::nullopt;
}

KeyChooser::KeyChooser(Distribution distribution, std::uint64_t initial_count, double theta)
    : distribution_(distribution), initial_count_(initial_count) {
  if (distribution != Distribution::kUniform) zipfian_.emplace(initial_count, theta);
}

std::uint64_t KeyChooser::Choose(Random& random, std::uint64_t count) {
  switch (distribution_) {
    case Distribution::kUniform:
      return random.Below(count);
    case Distribution::kZipfian:
      // Over the initial keys only: the scattering of a number that grows would move the popular keys about.
      return Scatter(zipfian_->Draw(random)) % initial_count_;
    case Distribution::kLatest:
      zipfian_->Grow(count);
      return count - 1 - zipfian_->Draw(random);
  }
  return 0;
}

}  // namespace quoin::bench
