#include "tools/cluster_folder.h"

#include <stdlib.h>

#include <cerrno>
#include <cstring>

namespace quoin::tools {

ClusterFolder::~ClusterFolder() {
  std::error_code ignored;
  if (!stays_) std::filesystem::remove_all(path_, ignored);
}

Status ClusterFolder::Open(const std::string& data_dir, bool keep) {
  if (!data_dir.empty()) {
    std::error_code error;
    path_ = std::filesystem::absolute(data_dir, error);
    std::filesystem::create_directories(path_, error);
    return error ? Status(Code::kInvalid, "--data_dir=" + data_dir + ": " + error.message()) : Status::Ok();
  }
  const char* base = ::getenv("TMPDIR");
  std::string pattern = std::string(base != nullptr && *base != '\0' ? base : "/tmp") + "/quoin-cluster.XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) {
    return Status(Code::kInvalid, "can't make a folder " + pattern + ": " + std::strerror(errno) +
                                      "; --data_dir or $TMPDIR names another place");
  }
  path_ = pattern;
  stays_ = keep;
  return Status::Ok();
}

}  // namespace quoin::tools
