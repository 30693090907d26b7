#include "tools/simulate_report.h"

#include <algorithm>
#include <iomanip>
#include <utility>

namespace quoin::tools {

std::string ReplayCommand(const simulation::Parameters& parameters) {
  const simulation::Parameters drawn = simulation::DrawParameters(parameters.seed);
  const std::string changed = simulation::ParametersText(parameters, &drawn);
  return "bazel run -c opt //tools:simulate -- --trace --seed=" + std::to_string(parameters.seed) +
         (changed.empty() ? "" : " --parameters=\"" + changed + "\"");
}

SimulateReport::SimulateReport(std::ostream& out, std::uint64_t runs) : out_(out), runs_(runs) {}

double SimulateReport::Seconds() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began_).count();
}

void SimulateReport::Add(const simulation::Parameters& parameters, const simulation::SimulationResult& result) {
  ++ended_;
  operations_ += result.operations;
  counts_.Add(result.counts);
  if (!result.undecided.empty()) {
    ++undecided_;
    out_ << "undecided: seed " << parameters.seed << ", " << result.undecided.size() << " keys\n";
  }
  if (!result.ok()) {
    ++failed_;
    out_ << "FAILED: seed " << parameters.seed << "\n";
    for (const std::string& failure : result.failures) out_ << "  " << failure << "\n";
    out_ << "  replay: " << ReplayCommand(parameters) << "\n" << std::flush;
  }
  if (Seconds() - told_at_ >= 5) Progress();
}

void SimulateReport::Progress() {
  told_at_ = Seconds();
  out_ << ended_ << " of " << runs_ << " seeds, " << failed_ << " failed, " << std::fixed << std::setprecision(1)
       << static_cast<double>(ended_) / std::max(told_at_, 0.001) << " seeds/s, " << operations_
       << " operations checked\n"
       << std::flush;
}

void SimulateReport::List(const char* title, const simulation::Counts::ByName& counts) {
  out_ << "\n" << title << "\n";
  for (const auto& [name, count] : counts) {
    if (count > 0) out_ << std::setw(14) << count << "  " << name << "\n";
  }
}

void SimulateReport::Summarise() {
  Progress();
  List("Faults injected", counts_.faults);
  List("Outcomes told", counts_.outcomes);
  List("Packets delivered", counts_.messages);
  List("Totals", counts_.totals);
  List("Rare paths reached", counts_.probes);
  out_ << "\nRare paths never reached\n";
  for (const auto& [name, count] : counts_.probes) {
    if (count == 0) out_ << "                " << name << "\n";
  }
  if (undecided_ > 0) out_ << "\nThe checker gave up on keys of " << undecided_ << " seeds.\n";
  out_ << "\n" << (failed_ == 0 ? "All passed." : std::to_string(failed_) + " seeds FAILED.") << "\n" << std::flush;
}

}  // namespace quoin::tools
