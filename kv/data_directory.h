// DataDirectory: the directory in which a node keeps what it knows, held by one process at a time.
//
//   LOCK          held (flock) while a process uses the directory; holds its process id
//   engine/       the engine; exists only once it is complete, identity included
//   engine.new/   an engine in the making
//   acknowledged  how far the engine must reach (kv/acknowledged_mark.h)
//
// Invariants:
//   D1  `engine` appears by one rename, after everything in it is on the disk; an engine is never created where one
//   was; D2  a directory that is not ours is left as it was found.
//
// Thread safety: none needed; made and destroyed by one thread.
#pragma once

#include <memory>
#include <string>

#include "base/status.h"

namespace quoin::kv {

class DataDirectory {
 public:
  // Creates the directory if it is missing, takes its lock and looks at what is in it. Errors: kInUse, kIncompatible
  // (half-made, or not ours), kIo.
  static Result<std::unique_ptr<DataDirectory>> Open(const std::string& path);
  ~DataDirectory();
  DataDirectory(const DataDirectory&) = delete;
  DataDirectory& operator=(const DataDirectory&) = delete;

  const std::string& path() const { return path_; }
  // Whether there is no engine yet, so that one may be made.
  bool is_new() const { return is_new_; }
  std::string engine_path() const { return path_ + "/engine"; }
  std::string unfinished_engine_path() const { return path_ + "/engine.new"; }
  std::string acknowledged_path() const { return path_ + "/acknowledged"; }

  // Turns the finished engine.new into the engine, durably. REQUIRES: is_new(), and the engine in it is closed.
  Status Promote();

 private:
  explicit DataDirectory(std::string path) : path_(std::move(path)) {}

  Status Lock();
  Status Inspect();

  const std::string path_;
  int lock_file_ = -1;
  bool is_new_ = false;
};

// Makes the directory's entries durable.
Status SyncDirectory(const std::string& path);

}  // namespace quoin::kv
