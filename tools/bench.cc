// tools:bench: a stress test for a node or a cluster (docs/bench.md).
#include <glog/logging.h>

#include "tools/bench_main.h"
#include "tools/working_directory.h"

int main(int argc, char** argv) {
  FLAGS_logtostderr = true;
  google::InitGoogleLogging(argv[0]);
  quoin::tools::EnterWorkingDirectory();
  return quoin::bench::Main(argc, argv);
}
