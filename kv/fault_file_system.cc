#include "kv/fault_file_system.h"

#include <filesystem>
#include <system_error>
#include <utility>

namespace quoin::kv {
namespace {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

IOStatus StatusOf(FaultFileSystem::Fault fault, const std::string& name) {
  switch (fault) {
    case FaultFileSystem::Fault::kNone:
      return IOStatus::OK();
    case FaultFileSystem::Fault::kError:
    case FaultFileSystem::Fault::kErrorAfter:
      return IOStatus::IOError("injected: " + name);
    case FaultFileSystem::Fault::kOutOfSpace:
    case FaultFileSystem::Fault::kOutOfSpaceAt0:
      return IOStatus::NoSpace("injected: " + name);
  }
  return IOStatus::IOError("no such fault");
}

}  // namespace

class FaultFileSystem::File final : public rocksdb::FSWritableFileOwnerWrapper {
 public:
  File(std::string name, std::unique_ptr<FSWritableFile> target, FaultFileSystem& disk)
      : FSWritableFileOwnerWrapper(std::move(target)), name_(std::move(name)), disk_(disk) {}

  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options, IODebugContext* debug) override {
    const Fault fault = disk_.Decide(Operation::kAppend, name_);
    std::size_t size = 0;
    if (fault == Fault::kNone || fault == Fault::kErrorAfter) size = data.size();
    // A strict prefix, as write(2) promises of a call that ends in ENOSPC.
    if (fault == Fault::kOutOfSpace) size = data.size() / 2;
    if (size > 0) {
      IOStatus status = target()->Append(rocksdb::Slice(data.data(), size), options, debug);
      if (!status.ok()) return status;
      size_bytes_ += size;
      disk_.NoteSize(name_, size_bytes_, false);
    }
    return StatusOf(fault, name_);
  }
  IOStatus Append(const rocksdb::Slice& data, const IOOptions& options, const rocksdb::DataVerificationInfo&,
                  IODebugContext* debug) override {
    return Append(data, options, debug);
  }
  IOStatus Sync(const IOOptions&, IODebugContext*) override { return Synced(); }
  IOStatus Fsync(const IOOptions&, IODebugContext*) override { return Synced(); }

 private:
  // The real disk is spared: the only power cut here is LoseUnsynced.
  IOStatus Synced() {
    const Fault fault = disk_.Decide(Operation::kSync, name_);
    if (fault == Fault::kNone || fault == Fault::kErrorAfter) disk_.NoteSize(name_, size_bytes_, true);
    return StatusOf(fault, name_);
  }

  const std::string name_;
  FaultFileSystem& disk_;
  std::uint64_t size_bytes_ = 0;
};

class FaultFileSystem::Directory final : public rocksdb::FSDirectoryWrapper {
 public:
  Directory(std::string name, std::unique_ptr<rocksdb::FSDirectory> target, FaultFileSystem& disk)
      : FSDirectoryWrapper(std::move(target)), name_(std::move(name)), disk_(disk) {}

  IOStatus Fsync(const IOOptions&, IODebugContext*) override {
    return StatusOf(disk_.Decide(Operation::kSyncDirectory, name_), name_);
  }
  IOStatus FsyncWithDirOptions(const IOOptions&, IODebugContext*, const rocksdb::DirFsyncOptions&) override {
    return StatusOf(disk_.Decide(Operation::kSyncDirectory, name_), name_);
  }

 private:
  const std::string name_;
  FaultFileSystem& disk_;
};

void FaultFileSystem::SetRule(Rule rule) {
  const std::lock_guard lock(mutex_);
  rule_ = std::move(rule);
  counts_.clear();
}

std::uint64_t FaultFileSystem::count(Operation operation) const {
  const std::lock_guard lock(mutex_);
  const auto it = counts_.find(operation);
  return it == counts_.end() ? 0 : it->second;
}

FaultFileSystem::Fault FaultFileSystem::Decide(Operation operation, const std::string& name) {
  const std::lock_guard lock(mutex_);
  const std::uint64_t count = ++counts_[operation];
  return rule_ == nullptr ? Fault::kNone : rule_(operation, count, name);
}

void FaultFileSystem::NoteSize(const std::string& name, std::uint64_t size_bytes, bool synced) {
  const std::lock_guard lock(mutex_);
  Sizes& sizes = files_[name];
  sizes.written_bytes = size_bytes;
  if (synced) sizes.synced_bytes = size_bytes;
}

void FaultFileSystem::LoseUnsynced() {
  const std::lock_guard lock(mutex_);
  for (const auto& [name, sizes] : files_) {
    if (sizes.written_bytes == sizes.synced_bytes) continue;
    std::error_code ignored;  // The engine may have removed the file itself.
    if (sizes.synced_bytes == 0) {
      std::filesystem::remove(name, ignored);
    } else {
      std::filesystem::resize_file(name, sizes.synced_bytes, ignored);
    }
  }
  files_.clear();
}

IOStatus FaultFileSystem::NewWritableFile(const std::string& name, const FileOptions& options,
                                          std::unique_ptr<rocksdb::FSWritableFile>* result, IODebugContext* debug) {
  const Fault fault = Decide(Operation::kCreate, name);
  if (fault != Fault::kNone) return StatusOf(fault, name);
  std::unique_ptr<rocksdb::FSWritableFile> file;
  IOStatus status = target()->NewWritableFile(name, options, &file, debug);
  if (!status.ok()) return status;
  NoteSize(name, 0, true);
  *result = std::make_unique<File>(name, std::move(file), *this);
  return status;
}

IOStatus FaultFileSystem::NewDirectory(const std::string& name, const IOOptions& options,
                                       std::unique_ptr<rocksdb::FSDirectory>* result, IODebugContext* debug) {
  std::unique_ptr<rocksdb::FSDirectory> directory;
  IOStatus status = target()->NewDirectory(name, options, &directory, debug);
  if (status.ok()) *result = std::make_unique<Directory>(name, std::move(directory), *this);
  return status;
}

IOStatus FaultFileSystem::RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                                     IODebugContext* debug) {
  const Fault fault = Decide(Operation::kRename, from);
  if (fault != Fault::kNone) return StatusOf(fault, from);
  IOStatus status = target()->RenameFile(from, to, options, debug);
  const std::lock_guard lock(mutex_);
  const auto it = files_.find(from);
  if (status.ok() && it != files_.end()) {
    files_[to] = it->second;
    files_.erase(it);
  }
  return status;
}

IOStatus FaultFileSystem::DeleteFile(const std::string& name, const IOOptions& options, IODebugContext* debug) {
  {
    const std::lock_guard lock(mutex_);
    files_.erase(name);
  }
  return target()->DeleteFile(name, options, debug);
}

}  // namespace quoin::kv
