// tests/figures: what Quoin costs, measured on whole clusters in virtual time and printed as Markdown tables.
//
//   bazel run //tests/figures -- steady      messages, durable rounds and round trips of each operation
//   bazel run //tests/figures -- recovery    how long clients wait after each fault
//   bazel run //tests/figures -- scale       what 5 to 50 nodes cost, and how they balance
#include <iostream>
#include <string>

#include "tests/figures/recovery.h"
#include "tests/figures/scale.h"
#include "tests/figures/steady_state.h"

int main(int argc, char** argv) {
  const std::string wanted = argc > 1 ? argv[1] : "";
  if (wanted.empty() || wanted == "steady") quoin::figures::PrintSteadyState(std::cout);
  if (wanted.empty() || wanted == "recovery") quoin::figures::PrintRecovery(std::cout);
  if (wanted.empty() || wanted == "scale") quoin::figures::PrintScale(256, {5, 10, 20, 50}, std::cout);
}
