#include "tools/working_directory.h"

#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <iostream>

namespace quoin::tools {

void EnterWorkingDirectory() {
  const char* const folder = std::getenv("BUILD_WORKING_DIRECTORY");
  if (folder == nullptr || *folder == '\0') return;
  if (::chdir(folder) != 0) {
    std::cerr << "can't enter " << folder << " ($BUILD_WORKING_DIRECTORY): " << std::strerror(errno)
              << "; relative paths are not what you expect\n";
  }
}

}  // namespace quoin::tools
