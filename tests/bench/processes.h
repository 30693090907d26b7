// What processes have used so far, from /proc (proc(5)).
#pragma once

#include <cstdint>
#include <vector>

namespace quoin::bench {

struct ProcessUse {
  double cpu_seconds = 0;           // User and system, all threads.
  std::uint64_t written_bytes = 0;  // To disks (write_bytes in /proc/PID/io).
  std::uint64_t resident_bytes = 0;
};

// The sum over the processes; dies, naming it, when one of them is not there.
ProcessUse UseOf(const std::vector<std::uint32_t>& pids);
// This process's own processor time.
double OwnCpuSeconds();

}  // namespace quoin::bench
