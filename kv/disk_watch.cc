#include "kv/disk_watch.h"

#include <glog/logging.h>
#include <rocksdb/file_system.h>

#include <string_view>
#include <utility>

namespace quoin::kv {
namespace {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

bool IsLog(std::string_view name) { return name.ends_with(".log"); }

IOStatus Stopped(const DiskWatch& watch) { return IOStatus::IOError("writing has stopped: " + watch.reason()); }

IOStatus WatchSync(DiskWatch& watch, const std::string& name, IOStatus status) {
  // Out of space included: the pages may have been dropped, and a later sync would claim that all is well.
  if (!status.ok()) watch.Stop("a sync of " + name + " failed: " + status.ToString());
  return status;
}

// One file that the engine writes. `target` may be missing at first: a log whose creation ran out of space is created
// by its first append instead. The engine gives up for good when it can't create a log, but can go on after an append
// that ran out of space.
class WatchedFile final : public rocksdb::FSWritableFile {
 public:
  using Create = std::function<IOStatus(std::unique_ptr<FSWritableFile>*)>;

  WatchedFile(std::string name, std::unique_ptr<FSWritableFile> target, Create create, std::shared_ptr<DiskWatch> watch)
      : name_(std::move(name)),
        is_log_(IsLog(name_)),
        target_(std::move(target)),
        create_(std::move(create)),
        watch_(std::move(watch)) {}

  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options, IODebugContext* debug) override {
    return Watch([&](FSWritableFile& file) { return file.Append(data, options, debug); });
  }
  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options,
                  const rocksdb::DataVerificationInfo& verification, IODebugContext* debug) override {
    return Watch([&](FSWritableFile& file) { return file.Append(data, options, verification, debug); });
  }
  IOStatus PositionedAppend(const rocksdb::Slice& data, uint64_t offset, const IOOptions& options,
                            IODebugContext* debug) override {
    return Watch([&](FSWritableFile& file) { return file.PositionedAppend(data, offset, options, debug); });
  }
  IOStatus PositionedAppend(const rocksdb::Slice& data, uint64_t offset, const IOOptions& options,
                            const rocksdb::DataVerificationInfo& verification, IODebugContext* debug) override {
    return Watch(
        [&](FSWritableFile& file) { return file.PositionedAppend(data, offset, options, verification, debug); });
  }
  IOStatus Flush(const IOOptions& options, IODebugContext* debug) override {
    // Moves no bytes of its own (the engine's buffer is above, the kernel's below), so it may follow a failed append.
    if (watch_->stopped()) return Stopped(*watch_);
    if (target_ == nullptr) return IOStatus::OK();
    return WatchSync(*watch_, name_, target_->Flush(options, debug));
  }

  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    return WatchedSync([&](FSWritableFile& file) { return file.Sync(options, debug); });
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return WatchedSync([&](FSWritableFile& file) { return file.Fsync(options, debug); });
  }
  IOStatus RangeSync(uint64_t offset, uint64_t size, const IOOptions& options, IODebugContext* debug) override {
    return WatchedSync([&](FSWritableFile& file) { return file.RangeSync(offset, size, options, debug); });
  }
  IOStatus Truncate(uint64_t size, const IOOptions& options, IODebugContext* debug) override {
    return WatchedSync([&](FSWritableFile& file) { return file.Truncate(size, options, debug); });
  }
  IOStatus Close(const IOOptions& options, IODebugContext* debug) override {
    if (target_ == nullptr) return IOStatus::OK();
    // A file is closed even after the stop. That some file systems only tell of a lost write here makes it a sync.
    IOStatus status = target_->Close(options, debug);
    return watch_->stopped() ? status : WatchSync(*watch_, name_, std::move(status));
  }

  bool IsSyncThreadSafe() const override { return target_ != nullptr && target_->IsSyncThreadSafe(); }
  bool use_direct_io() const override { return target_ != nullptr && target_->use_direct_io(); }
  size_t GetRequiredBufferAlignment() const override {
    return target_ == nullptr ? FSWritableFile::GetRequiredBufferAlignment() : target_->GetRequiredBufferAlignment();
  }
  void SetWriteLifeTimeHint(rocksdb::Env::WriteLifeTimeHint hint) override {
    if (target_ != nullptr) target_->SetWriteLifeTimeHint(hint);
  }
  rocksdb::Env::WriteLifeTimeHint GetWriteLifeTimeHint() override {
    return target_ == nullptr ? rocksdb::Env::WLTH_NOT_SET : target_->GetWriteLifeTimeHint();
  }
  uint64_t GetFileSize(const IOOptions& options, IODebugContext* debug) override {
    return target_ == nullptr ? 0 : target_->GetFileSize(options, debug);
  }
  void SetPreallocationBlockSize(size_t size_bytes) override {
    if (target_ != nullptr) target_->SetPreallocationBlockSize(size_bytes);
  }
  void GetPreallocationStatus(size_t* block_size, size_t* last_allocated_block) override {
    if (target_ != nullptr) return target_->GetPreallocationStatus(block_size, last_allocated_block);
    *block_size = 0;
    *last_allocated_block = 0;
  }
  size_t GetUniqueId(char* id, size_t max_size) const override {
    return target_ == nullptr ? 0 : target_->GetUniqueId(id, max_size);
  }
  IOStatus InvalidateCache(size_t offset, size_t length) override {
    return target_ == nullptr ? IOStatus::OK() : target_->InvalidateCache(offset, length);
  }
  void PrepareWrite(size_t offset, size_t length, const IOOptions& options, IODebugContext* debug) override {
    if (target_ != nullptr && !watch_->stopped()) target_->PrepareWrite(offset, length, options, debug);
  }
  IOStatus Allocate(uint64_t offset, uint64_t length, const IOOptions& options, IODebugContext* debug) override {
    return target_ == nullptr ? IOStatus::OK() : target_->Allocate(offset, length, options, debug);
  }

 private:
  template <typename Operation>
  IOStatus Watch(const Operation& operation) {
    if (watch_->stopped()) return Stopped(*watch_);
    if (append_failed_) {
      watch_->Stop("the engine went on writing to " + name_ + " after a failed append");
      return Stopped(*watch_);
    }
    IOStatus status = target_ == nullptr ? create_(&target_) : IOStatus::OK();
    if (status.ok()) status = operation(*target_);
    const bool out_of_space = status.IsNoSpace();
    append_failed_ = !status.ok();
    if (is_log_) {
      watch_->NoteLogAttempt(out_of_space ? DiskWatch::LogAttempt::kOutOfSpace : DiskWatch::LogAttempt::kAppended);
    }
    if (!status.ok() && !out_of_space) watch_->Stop("a write to " + name_ + " failed: " + status.ToString());
    return status;
  }

  template <typename Operation>
  IOStatus WatchedSync(const Operation& operation) {
    if (watch_->stopped()) return Stopped(*watch_);
    if (target_ == nullptr) return IOStatus::OK();  // There is nothing to lose yet.
    return WatchSync(*watch_, name_, operation(*target_));
  }

  const std::string name_;
  const bool is_log_;
  std::unique_ptr<FSWritableFile> target_;
  const Create create_;
  const std::shared_ptr<DiskWatch> watch_;
  bool append_failed_ = false;
};

class WatchedDirectory final : public rocksdb::FSDirectoryWrapper {
 public:
  WatchedDirectory(std::string name, std::unique_ptr<rocksdb::FSDirectory> target, std::shared_ptr<DiskWatch> watch)
      : FSDirectoryWrapper(std::move(target)), name_(std::move(name)), watch_(std::move(watch)) {}

  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    if (watch_->stopped()) return Stopped(*watch_);
    return WatchSync(*watch_, name_, FSDirectoryWrapper::Fsync(options, debug));
  }
  IOStatus FsyncWithDirOptions(const IOOptions& options, IODebugContext* debug,
                               const rocksdb::DirFsyncOptions& directory_options) override {
    if (watch_->stopped()) return Stopped(*watch_);
    return WatchSync(*watch_, name_, FSDirectoryWrapper::FsyncWithDirOptions(options, debug, directory_options));
  }

 private:
  const std::string name_;
  const std::shared_ptr<DiskWatch> watch_;
};

class WatchingFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  WatchingFileSystem(std::shared_ptr<FileSystem> target, std::shared_ptr<DiskWatch> watch)
      : FileSystemWrapper(std::move(target)), watch_(std::move(watch)) {}

  const char* Name() const override { return "quoin-watched"; }

  IOStatus NewWritableFile(const std::string& name, const FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* result, IODebugContext* debug) override {
    if (watch_->stopped()) return Stopped(*watch_);
    const std::shared_ptr<DiskWatch> watch = watch_;
    FileSystem* const files = target();
    auto create = [files, name, options](std::unique_ptr<rocksdb::FSWritableFile>* file) {
      return files->NewWritableFile(name, options, file, nullptr);
    };
    std::unique_ptr<rocksdb::FSWritableFile> file;
    IOStatus status = files->NewWritableFile(name, options, &file, debug);
    if (status.IsNoSpace() && IsLog(name)) {
      file.reset();
      status = IOStatus::OK();
    }
    if (status.ok()) *result = std::make_unique<WatchedFile>(name, std::move(file), std::move(create), watch_);
    return status;
  }
  IOStatus ReopenWritableFile(const std::string& name, const FileOptions& options,
                              std::unique_ptr<rocksdb::FSWritableFile>* result, IODebugContext* debug) override {
    if (watch_->stopped()) return Stopped(*watch_);
    std::unique_ptr<rocksdb::FSWritableFile> file;
    IOStatus status = target()->ReopenWritableFile(name, options, &file, debug);
    if (status.ok()) *result = std::make_unique<WatchedFile>(name, std::move(file), nullptr, watch_);
    return status;
  }
  IOStatus ReuseWritableFile(const std::string& name, const std::string& old_name, const FileOptions& options,
                             std::unique_ptr<rocksdb::FSWritableFile>* result, IODebugContext* debug) override {
    if (watch_->stopped()) return Stopped(*watch_);
    std::unique_ptr<rocksdb::FSWritableFile> file;
    IOStatus status = target()->ReuseWritableFile(name, old_name, options, &file, debug);
    if (status.ok()) *result = std::make_unique<WatchedFile>(name, std::move(file), nullptr, watch_);
    return status;
  }
  IOStatus NewDirectory(const std::string& name, const IOOptions& options,
                        std::unique_ptr<rocksdb::FSDirectory>* result, IODebugContext* debug) override {
    std::unique_ptr<rocksdb::FSDirectory> directory;
    IOStatus status = target()->NewDirectory(name, options, &directory, debug);
    if (status.ok()) *result = std::make_unique<WatchedDirectory>(name, std::move(directory), watch_);
    return status;
  }
  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                      IODebugContext* debug) override {
    if (watch_->stopped()) return Stopped(*watch_);
    return target()->RenameFile(from, to, options, debug);
  }
  IOStatus DeleteFile(const std::string& name, const IOOptions& options, IODebugContext* debug) override {
    // A file that the engine thinks it no longer needs may be all that is left after a failed sync.
    if (watch_->stopped()) return Stopped(*watch_);
    return target()->DeleteFile(name, options, debug);
  }

 private:
  const std::shared_ptr<DiskWatch> watch_;
};

}  // namespace

void DiskWatch::Stop(const std::string& reason) {
  {
    const std::lock_guard lock(mutex_);
    if (stopped_) return;
    reason_ = reason;
    stopped_.store(true, std::memory_order_release);
  }
  LOG(ERROR) << "storage is read-only from now on: " << reason;
}

std::string DiskWatch::reason() const {
  const std::lock_guard lock(mutex_);
  return reason_;
}

std::shared_ptr<rocksdb::FileSystem> WatchedFileSystem(std::shared_ptr<rocksdb::FileSystem> target,
                                                       std::shared_ptr<DiskWatch> watch) {
  return std::make_shared<WatchingFileSystem>(std::move(target), std::move(watch));
}

}  // namespace quoin::kv
