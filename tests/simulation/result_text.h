// A simulation's result as lines of text, so that it can pass from one process to another.
#pragma once

#include <string>
#include <string_view>

#include "tests/simulation/simulation.h"

namespace quoin::simulation {

// One line for each thing that there is to say, each a word and its value, without what takes several lines.
std::string ResultText(const SimulationResult& result);
// Takes one such line. Lines that say nothing known are left out.
void ReadResultLine(std::string_view line, SimulationResult* result);

}  // namespace quoin::simulation
