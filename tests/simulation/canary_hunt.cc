#include "tests/simulation/canary_hunt.h"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <sstream>
#include <utility>
#include <vector>

#include "tests/simulation/fleet.h"
#include "tests/simulation/parameters.h"

namespace quoin::simulation {
namespace {

constexpr std::size_t kMaxCheckBytes = 120;
constexpr char kTripped[] = "Check failed: ";

// Switches the bug on for the processes that are forked meanwhile.
class Switched {
 public:
  explicit Switched(quorum::Canary canary) { quorum::canary_on = canary; }
  ~Switched() { quorum::canary_on = quorum::Canary::kNone; }
  Switched(const Switched&) = delete;
  Switched& operator=(const Switched&) = delete;
};

// The lowest index of those that fail, with why; nullopt: all pass.
std::optional<std::pair<std::size_t, std::string>> FirstFailure(const FleetOptions& options,
                                                                const std::vector<Parameters>& runs) {
  std::optional<std::pair<std::size_t, std::string>> first;
  std::vector<bool> ended(runs.size());
  RunFleet(options, runs, [&](std::size_t index, const SimulationResult& result) {
    ended[index] = true;
    if (!result.ok() && (!first || index < first->first)) first.emplace(index, result.failures.front());
    if (!first) return true;
    // The processes are not equally fast: an earlier run may still be under way.
    return !std::all_of(ended.begin(), ended.begin() + static_cast<std::ptrdiff_t>(first->first),
                        [](bool one) { return one; });
  });
  return first;
}

// "I4:"
bool IsInvariant(const std::string& word) {
  return word.size() <= 4 && word.back() == ':' && std::isupper(static_cast<unsigned char>(word[0]));
}

bool IsParticular(const std::string& word) {
  return !IsInvariant(word) &&
         std::any_of(word.begin(), word.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

std::string WithoutParticulars(const std::string& text) {
  const std::size_t end = std::min({text.find('\n'), text.find("; "), text.find(": request ")});
  std::istringstream words(text.substr(0, end));
  std::string result;
  bool left_out = false;
  for (std::string word; words >> word && result.size() < kMaxCheckBytes;) {
    if (IsInvariant(word)) result.clear();  // A CHECK's condition comes before it.
    const bool particular = IsParticular(word);
    if (particular && left_out) continue;
    left_out = particular;
    result += (result.empty() ? "" : " ") + (particular ? "..." : word);
  }
  return result;
}

}  // namespace

std::string CheckOf(const std::string& failure) {
  const std::size_t tripped = failure.find(kTripped);
  if (tripped == std::string::npos) return WithoutParticulars(failure);
  return "CHECK " + WithoutParticulars(failure.substr(tripped + sizeof kTripped - 1));
}

std::optional<quorum::Canary> CanaryOf(const std::string& name) {
  for (std::size_t i = 1; i < static_cast<std::size_t>(quorum::Canary::kCount); ++i) {
    if (name == quorum::CanaryName(static_cast<quorum::Canary>(i))) return static_cast<quorum::Canary>(i);
  }
  return std::nullopt;
}

SimulationResult RunWith(quorum::Canary canary, std::uint64_t seed, std::chrono::seconds time_limit) {
  const Switched switched(canary);
  return RunApart(DrawParameters(seed), time_limit);
}

std::optional<Catch> Hunt(quorum::Canary canary, const HuntOptions& options) {
  const FleetOptions fleet{.jobs = options.jobs, .time_limit = options.time_limit};
  for (std::uint64_t tried = 0; tried < options.seeds;) {
    std::vector<Parameters> runs;
    for (std::uint64_t i = tried; i < options.seeds; ++i) runs.push_back(DrawParameters(options.first_seed + i));
    std::optional<std::pair<std::size_t, std::string>> failure;
    {
      const Switched switched(canary);
      failure = FirstFailure(fleet, runs);
    }
    if (!failure) return std::nullopt;
    tried += failure->first + 1;
    const std::uint64_t seed = runs[failure->first].seed;
    if (RunWith(quorum::Canary::kNone, seed, options.time_limit).ok()) {
      return Catch{seed, tried, CheckOf(failure->second)};
    }
  }
  return std::nullopt;
}

}  // namespace quoin::simulation
