#include "net/watch_gate.h"

#include <string>

namespace quoin::net {

WatchGate::Place WatchGate::Enter() {
  const bool is_free = open_.fetch_add(1, std::memory_order_relaxed) < max_watches_;
  Place place(this, [](WatchGate* gate) { gate->open_.fetch_sub(1, std::memory_order_relaxed); });
  return is_free ? place : nullptr;
}

ProblemReport WatchGate::TooManyWatches() const {
  return {Problem::kTooManyWatches,
          "more than --max_watches=" + std::to_string(max_watches_) + " watches are open on this node", "max_watches"};
}

void WatchGate::Sample(std::vector<MetricSample>& samples) const {
  const auto count = [&samples](const char* name, const char* help, const std::atomic<std::uint64_t>& value) {
    samples.push_back({name, help, static_cast<double>(value.load(std::memory_order_relaxed)), true});
  };
  samples.push_back({"quoin_watches", "Watches open now.", static_cast<double>(open()), false});
  samples.push_back({"quoin_watch_waiting_bytes", "Bytes of events that wait for clients of watches.",
                     static_cast<double>(waiting_bytes()), false});
  count("quoin_watch_events_total", "Events given to clients of watches.", events_);
  count("quoin_watch_gaps_total", "Gaps among them.", gaps_);
  count("quoin_watch_conflated_total", "Events that no client took because a newer state or a gap stood for them.",
        conflated_);
  count("quoin_watch_restarts_total", "Watches begun anew because their client was too slow.", restarts_);
}

}  // namespace quoin::net
