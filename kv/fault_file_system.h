// Disks and clocks for tests of the engine.
#pragma once

#include <rocksdb/file_system.h>
#include <rocksdb/system_clock.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace quoin::kv {

// The system's clock, on which nobody ever sleeps.
class SleeplessClock final : public rocksdb::SystemClockWrapper {
 public:
  SleeplessClock() : SystemClockWrapper(SystemClock::Default()) {}
  const char* Name() const override { return "quoin-sleepless"; }
  void SleepForMicroseconds(int) override {}
};

// FaultFileSystem: a disk that fails on demand. It counts what the engine does to its writable files, fails the
// operations that its rule chooses, and can forget at any moment all that was never synced, as a power cut does.
//
// Thread safety: any thread; the rule is called under a lock.
class FaultFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  enum class Operation { kCreate, kAppend, kSync, kSyncDirectory, kRename };
  enum class Fault {
    kNone,
    kError,         // EIO: nothing was done.
    kErrorAfter,    // EIO: all of it was done nonetheless.
    kOutOfSpace,    // ENOSPC: nothing was done; of an append, half of it.
    kOutOfSpaceAt0  // ENOSPC: nothing was done.
  };
  // `count` counts the operations of this kind from 1; `name` is the file's.
  using Rule = std::function<Fault(Operation operation, std::uint64_t count, const std::string& name)>;

  FaultFileSystem() : FileSystemWrapper(FileSystem::Default()) {}

  const char* Name() const override { return "quoin-fault"; }

  // Counting begins anew.
  void SetRule(Rule rule);
  std::uint64_t count(Operation operation) const;

  // Cuts every file that was written through this object back to what was synced of it, removes those that never were.
  // REQUIRES: nothing is open for writing any more.
  void LoseUnsynced();

  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* result,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewDirectory(const std::string& name, const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* result,
                                 rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus DeleteFile(const std::string& name, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;

 private:
  class File;
  class Directory;

  Fault Decide(Operation operation, const std::string& name);
  void NoteSize(const std::string& name, std::uint64_t size_bytes, bool synced);

  struct Sizes {
    std::uint64_t written_bytes = 0;
    std::uint64_t synced_bytes = 0;
  };

  mutable std::mutex mutex_;
  Rule rule_;  // Guarded by mutex_, as all below.
  std::map<Operation, std::uint64_t> counts_;
  std::map<std::string, Sizes> files_;
};

}  // namespace quoin::kv
