// ClusterFolder: where a local cluster has its data and logs: a folder of the person's, or a temporary one that ends
// with this object.
#pragma once

#include <filesystem>
#include <string>

#include "base/status.h"

namespace quoin::tools {

class ClusterFolder {
 public:
  ClusterFolder() = default;
  ~ClusterFolder();
  ClusterFolder(const ClusterFolder&) = delete;
  ClusterFolder& operator=(const ClusterFolder&) = delete;

  // Makes `data_dir` if it isn't there; empty: makes a temporary one under $TMPDIR, which stays only with `keep`.
  // kInvalid: it can't be made. REQUIRES: called once.
  Status Open(const std::string& data_dir, bool keep);

  // Absolute; empty before Open.
  const std::filesystem::path& path() const { return path_; }
  bool stays() const { return stays_; }

 private:
  std::filesystem::path path_;
  bool stays_ = true;
};

}  // namespace quoin::tools
