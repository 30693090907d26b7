// Partitions of every shape, clogged links, links that break.
#include <algorithm>
#include <numeric>
#include <utility>

#include "tests/simulation/faults.h"

namespace quoin::simulation {
namespace {

using Links = std::vector<std::pair<std::size_t, std::size_t>>;  // From, to.

ring::Duration HowLong(Strike& strike) {
  return strike.random.Around(std::chrono::milliseconds(strike.parameters().network_fault_ms));
}

void Both(std::size_t a, std::size_t b, Links* links) {
  links->emplace_back(a, b);
  links->emplace_back(b, a);
}

std::vector<std::size_t> Shuffled(Strike& strike) {
  std::vector<std::size_t> nodes(strike.world.node_count());
  std::iota(nodes.begin(), nodes.end(), 0);
  for (std::size_t i = nodes.size(); i > 1; --i) std::swap(nodes[i - 1], nodes[strike.random.Below(i)]);
  return nodes;
}

// Two sides that hear nothing of each other; with `bridge`, one node hears both.
Links Split(Strike& strike, bool bridge, bool one_way) {
  const std::vector<std::size_t> nodes = Shuffled(strike);
  const std::size_t first = bridge ? 1 : 0;
  const std::size_t side = first + 1 + strike.random.Below(nodes.size() - first - 1);
  Links links;
  for (std::size_t i = first; i < side; ++i) {
    for (std::size_t k = side; k < nodes.size(); ++k) {
      if (one_way) {
        links.emplace_back(nodes[i], nodes[k]);
      } else {
        Both(nodes[i], nodes[k], &links);
      }
    }
  }
  return links;
}

// Everyone hears its two neighbours only.
Links Ring(Strike& strike) {
  const std::vector<std::size_t> nodes = Shuffled(strike);
  Links links;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    for (std::size_t k = i + 2; k < nodes.size(); ++k) {
      if (i > 0 || k + 1 < nodes.size()) Both(nodes[i], nodes[k], &links);
    }
  }
  return links;
}

// A node that leads something, or any where nobody does.
std::size_t PickLeader(Strike& strike) {
  const auto leads = [&](const Process& process) {
    if (!process.running()) return false;
    for (std::uint32_t p = 0; p < strike.parameters().partitions; ++p) {
      const auto status = process.node()->StatusOf(PartitionId{p});
      if (status && status->leading) return true;
    }
    return false;
  };
  return strike.Pick(leads).value_or(strike.random.Below(strike.world.node_count()));
}

Links Isolate(Strike& strike, std::size_t alone) {
  Links links;
  for (std::size_t node = 0; node < strike.world.node_count(); ++node) {
    if (node != alone) Both(alone, node, &links);
  }
  return links;
}

// Any links, each in one direction.
Links Sprinkle(Strike& strike) {
  Links links;
  const std::uint64_t percent = strike.random.Between(5, 60);
  for (std::size_t from = 0; from < strike.world.node_count(); ++from) {
    for (std::size_t to = 0; to < strike.world.node_count(); ++to) {
      if (from != to && strike.random.Percent(percent)) links.emplace_back(from, to);
    }
  }
  return links;
}

bool Partition(Strike& strike) {
  World& world = strike.world;
  if (world.node_count() < 2) return false;
  const bool bridgeable = world.node_count() > 2;
  const char* shape = "split";
  Links links;
  switch (strike.random.Below(7)) {
    case 0:
      links = Split(strike, false, false);
      break;
    case 1:
      shape = "one-way split";
      links = Split(strike, false, true);
      break;
    case 2:
      shape = "bridge";
      links = Split(strike, bridgeable, false);
      break;
    case 3:
      shape = "isolated node";
      links = Isolate(strike, strike.random.Below(world.node_count()));
      break;
    case 4:
      shape = "ring";
      links = Ring(strike);
      break;
    case 5:
      shape = "isolated leader";
      links = Isolate(strike, PickLeader(strike));
      break;
    default:
      shape = "single links";
      links = Sprinkle(strike);
      break;
  }
  if (links.empty()) return false;
  ++world.counts().faults[std::string("partition: ") + shape];
  world.trace().Line(world.now(), [&](std::ostream& out) {
    out << "---- network partition (" << shape << "):";
    for (const auto& [from, to] : links) out << " n" << from << ">n" << to;
  });
  // Half of the cuts break connections, which is noticed; the others just swallow.
  const bool noticed = strike.random.Percent(50);
  for (const auto& [from, to] : links) {
    world.network().Cut(from, to);
    if (noticed && strike.random.Percent(50)) world.ResetLink(from, to);
  }
  world.After(HowLong(strike), [&world, links] {
    world.trace().Line(world.now(), [](std::ostream& out) { out << "---- a partition ends"; });
    for (const auto& [from, to] : links) world.network().Mend(from, to);
  });
  return true;
}

bool Clog(Strike& strike) {
  World& world = strike.world;
  if (world.node_count() < 2) return false;
  const std::vector<std::size_t> nodes = Shuffled(strike);
  const ring::MonotonicTime until = world.now() + HowLong(strike);
  world.network().Clog(nodes[0], nodes[1], until);
  if (strike.random.Percent(50)) world.network().Clog(nodes[1], nodes[0], until);
  return true;
}

bool ResetLink(Strike& strike) {
  if (strike.world.node_count() < 2) return false;
  const std::vector<std::size_t> nodes = Shuffled(strike);
  strike.world.ResetLink(nodes[0], nodes[1]);
  return true;
}

}  // namespace

const std::vector<FaultKind>& NetworkFaults() {
  static const std::vector<FaultKind> kinds = {
      {"network partition", &Parameters::cut_every_ms, Partition},
      {"link clogged", &Parameters::clog_every_ms, Clog},
      {"link reset", &Parameters::link_reset_every_ms, ResetLink},
  };
  return kinds;
}

}  // namespace quoin::simulation
