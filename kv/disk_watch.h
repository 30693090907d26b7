// DiskWatch: what the engine's files went through, known for sure and not guessed from an engine's error text.
// Invariants S3 and S4 of storage.h rest on it.
//
// Invariants:
//   W1  once stopped, always stopped: nothing is appended, synced, created, renamed or removed any more, so a failed
//   sync
//       is never asked for a second time;
//   W2  after a failed append to a file nothing is appended to that file any more;
//   W3  a log append that ran out of space has left at most a strict prefix of what it was given.
//
// W3 is what write(2) promises: it reports ENOSPC only when it wrote nothing of what it was called for, and the
// engine's file system repeats a short write with the rest. A strict prefix of a log record is a torn tail, which
// recovery drops.
//
// Thread safety: any thread, but BeginWrite and log_attempt belong to the one thread that writes.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

namespace rocksdb {
class FileSystem;
}

namespace quoin::kv {

class DiskWatch {
 public:
  // What happened to the log since BeginWrite.
  enum class LogAttempt {
    kNone,        // Nothing was appended: the batch is certainly not in the log.
    kOutOfSpace,  // The last append ran out of space: at most a torn record is in the log (W3).
    kAppended,    // A whole record may be in the log.
  };

  // Stops writing for good, for this reason. Only the first call counts; it logs an error.
  void Stop(const std::string& reason);
  bool stopped() const { return stopped_.load(std::memory_order_acquire); }
  // Why; empty before that.
  std::string reason() const;

  void BeginWrite() { log_attempt_.store(LogAttempt::kNone, std::memory_order_relaxed); }
  LogAttempt log_attempt() const { return log_attempt_.load(std::memory_order_relaxed); }
  void NoteLogAttempt(LogAttempt attempt) { log_attempt_.store(attempt, std::memory_order_relaxed); }

 private:
  std::atomic<bool> stopped_{false};
  std::atomic<LogAttempt> log_attempt_{LogAttempt::kNone};
  mutable std::mutex mutex_;
  std::string reason_;  // Guarded by mutex_.
};

// `target`, watched: every failed sync and every append that failed other than for want of space stops `watch`.
std::shared_ptr<rocksdb::FileSystem> WatchedFileSystem(std::shared_ptr<rocksdb::FileSystem> target,
                                                       std::shared_ptr<DiskWatch> watch);

}  // namespace quoin::kv
