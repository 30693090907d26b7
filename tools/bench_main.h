// The stress test as a program: tools:bench, and tools:client with --stress-test.
#pragma once

namespace quoin::bench {

// Whether the terminal client's command line asks for the stress test: --stress-test among its flags.
bool WantsStressTest(int argc, char** argv);

// Reads the flags, runs, and writes the report; the process's exit code. --stress-test among the flags changes nothing.
// Does not return when there is nothing to run (--help) or a flag is wrong.
int Main(int argc, char** argv);

}  // namespace quoin::bench
