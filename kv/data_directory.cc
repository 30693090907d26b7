#include "kv/data_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <system_error>

namespace quoin::kv {
namespace {

namespace fs = std::filesystem;

std::string ErrnoText() { return std::generic_category().message(errno); }

Status IoError(const std::string& what) { return Status(Code::kIo, what + ": " + ErrnoText()); }

// Creates what is missing of the path, and makes each new entry durable in its parent.
Status CreateDirectories(const fs::path& path) {
  std::error_code error;
  if (fs::is_directory(path, error)) return Status::Ok();
  const fs::path parent = path.has_parent_path() ? path.parent_path() : fs::path(".");
  if (parent != path) QUOIN_RETURN_IF_ERROR(CreateDirectories(parent));
  fs::create_directory(path, error);
  if (error) {
    return Status(Code::kIo, "the data directory can't be created at " + path.string() + ": " + error.message());
  }
  return SyncDirectory(parent.string());
}

// Whether a fresh data directory may have it: our own lock, and what mkfs leaves on a new disk.
bool MayStandInNewDirectory(std::string_view name) { return name == "LOCK" || name == "lost+found"; }

// The refusal that names who holds the open lock file.
Status InUse(int lock_file, const std::string& path) {
  char holder[32] = {};
  const ssize_t size = pread(lock_file, holder, sizeof(holder) - 1, 0);
  std::string_view pid(holder, size > 0 ? static_cast<std::size_t>(size) : 0);
  pid = pid.substr(0, pid.find_first_not_of("0123456789"));
  return Status(Code::kInUse, "the data directory " + path + " is in use by " +
                                  (pid.empty() ? "another process" : "process " + std::string(pid)));
}

// kInUse when another process holds the directory, otherwise OK. Writes nothing (D2).
Status CheckFree(const std::string& path) {
  const int lock_file = open((path + "/LOCK").c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (lock_file < 0) return Status::Ok();
  const bool held = flock(lock_file, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  const Status status = held ? InUse(lock_file, path) : Status::Ok();
  close(lock_file);
  return status;
}

}  // namespace

Status SyncDirectory(const std::string& path) {
  const int directory = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (directory < 0) return IoError("the directory " + path + " can't be opened");
  const int result = fsync(directory);
  const Status status = result == 0 ? Status::Ok() : IoError("the directory " + path + " can't be synced");
  close(directory);
  return status;
}

Result<std::unique_ptr<DataDirectory>> DataDirectory::Open(const std::string& path) {
  if (path.empty()) return Status(Code::kInvalid, "the data directory has an empty name");
  // A trailing slash would make the last component look empty.
  fs::path trimmed = fs::path(path).lexically_normal();
  if (!trimmed.has_filename() && trimmed.has_parent_path()) trimmed = trimmed.parent_path();
  std::unique_ptr<DataDirectory> directory(new DataDirectory(trimmed.string()));
  QUOIN_RETURN_IF_ERROR(CreateDirectories(trimmed));
  // Looked at before anything is written (D2), and again under the lock, since another process may have been at it.
  if (const Status status = directory->Inspect(); !status.ok()) {
    // While another process makes its engine, the directory looks half-made, and the advice to remove that engine would
    // take it from under that process.
    QUOIN_RETURN_IF_ERROR(CheckFree(directory->path()));
    return status;
  }
  QUOIN_RETURN_IF_ERROR(directory->Lock());
  QUOIN_RETURN_IF_ERROR(directory->Inspect());
  return directory;
}

DataDirectory::~DataDirectory() {
  // The file stays: a process that waits for it must find the same inode. Closing it gives the lock back.
  if (lock_file_ >= 0) close(lock_file_);
}

Status DataDirectory::Lock() {
  const std::string name = path_ + "/LOCK";
  lock_file_ = open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (lock_file_ < 0) {
    return IoError("the data directory " + path_ + " is not writable for this user (" + name + ")");
  }
  if (flock(lock_file_, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return IoError("the data directory " + path_ + " can't be locked");
    return InUse(lock_file_, path_);
  }
  // For people only, so that a failure does no harm: the lock itself is the kernel's.
  const std::string pid = std::to_string(getpid()) + "\n";
  if (ftruncate(lock_file_, 0) != 0 || pwrite(lock_file_, pid.data(), pid.size(), 0) < 0) {
    LOG(WARNING) << "the process id can't be written to " << name << ": " << ErrnoText();
  }
  return Status::Ok();
}

Status DataDirectory::Inspect() {
  std::error_code error;
  bool engine = false;
  bool unfinished = false;
  std::string foreign;
  for (fs::directory_iterator it(path_, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (name == "engine") {
      engine = true;
    } else if (name == "engine.new") {
      unfinished = true;
    } else if (!MayStandInNewDirectory(name)) {
      foreign = name;
    }
  }
  if (error) return Status(Code::kIo, "the data directory " + path_ + " can't be read: " + error.message());
  is_new_ = !engine;
  if (engine) {
    const fs::path current = fs::path(engine_path()) / "CURRENT";
    const bool exists = fs::exists(current, error);
    // Such as a missing permission: nothing is known then, and "half-made" would be bad advice.
    if (error) return Status(Code::kIo, current.string() + " can't be looked at: " + error.message());
    if (!exists) {
      return Status(Code::kIncompatible, "the data directory " + path_ + " is half-made: " + current.string() +
                                             " is missing. If it was copied, copy all of it; if this node may be "
                                             "forgotten, start it with an empty directory");
    }
    return Status::Ok();
  }
  if (unfinished) {
    return Status(Code::kIncompatible, "the data directory " + path_ + " is half-made: its creation was interrupted, " +
                                           "and no node has ever served from it. Remove " + unfinished_engine_path() +
                                           " and start again");
  }
  if (!foreign.empty()) {
    return Status(Code::kIncompatible, "the directory " + path_ +
                                           " is not empty and not a data directory of this "
                                           "program (there is " +
                                           foreign + "). Name an empty or a new directory");
  }
  return Status::Ok();
}

Status DataDirectory::Promote() {
  CHECK(is_new_);
  QUOIN_RETURN_IF_ERROR(SyncDirectory(unfinished_engine_path()));
  if (rename(unfinished_engine_path().c_str(), engine_path().c_str()) != 0) {
    return IoError("the new engine can't be put in its place at " + engine_path());
  }
  QUOIN_RETURN_IF_ERROR(SyncDirectory(path_));
  is_new_ = false;
  return Status::Ok();
}

}  // namespace quoin::kv
