// Counts: what a run did, by kind and name. Names are ordered, so that reports are.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace quoin::simulation {

struct Counts {
  using ByName = std::map<std::string, std::uint64_t>;

  ByName faults;    // Injected, by kind.
  ByName messages;  // Delivered, by kind.
  ByName outcomes;  // Of the clients' operations.
  ByName probes;    // Rare paths reached (probes.h).
  ByName totals;    // Events, virtual milliseconds, durable writes, ...

  void Add(const Counts& other) {
    Add(other.faults, &faults);
    Add(other.messages, &messages);
    Add(other.outcomes, &outcomes);
    Add(other.probes, &probes);
    Add(other.totals, &totals);
  }

 private:
  static void Add(const ByName& from, ByName* to) {
    for (const auto& [name, count] : from) (*to)[name] += count;
  }
};

}  // namespace quoin::simulation
