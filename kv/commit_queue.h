// CommitQueue: asynchronous, grouped commit. One thread takes everything that was submitted since its last round,
// merges it into one engine batch, writes it with one sync, and calls everyone back.
//
// Invariants:
//   C1  `done` is called exactly once per submission, on the commit thread, after the batch is durable or has failed;
//   C2  submissions become durable in the order in which they were submitted (of those that succeed, a later one never
//       without an earlier one);
//   C3  the destructor first finishes all that was submitted. Nothing may be submitted once it has begun, by `done`
//       neither.
//
// Thread safety: Submit may be called from any thread. `done` must be quick and must not block; it usually posts to a
// shard.
// Bounds: a round takes at most `max_round_bytes` (or one submission, when that is larger).
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "base/status.h"
#include "kv/batch.h"
#include "kv/storage.h"

namespace quoin::kv {

class CommitQueue {
 public:
  struct Options {
    std::size_t max_round_bytes = std::size_t{8} << 20;
    // How long a round waits for company, from when the thread turns to it. Zero: the sync of the round before is wait
    // enough.
    std::chrono::microseconds delay{0};
  };
  // What the commit thread has done so far.
  struct Counters {
    std::uint64_t rounds = 0;
    std::uint64_t submissions = 0;
    std::uint64_t changes = 0;  // Of all submissions.
    std::uint64_t bytes = 0;
  };
  using Done = std::function<void(const Status&)>;

  // `storage` must outlive the queue.
  CommitQueue(Storage& storage, Options options);
  ~CommitQueue();
  CommitQueue(const CommitQueue&) = delete;
  CommitQueue& operator=(const CommitQueue&) = delete;

  void Submit(Batch batch, Done done);

  Counters counters() const;

 private:
  struct Submission {
    Batch batch;
    Done done;
  };

  void Run();
  // Takes the next round's submissions off the queue; empty when the queue is being destroyed and nothing is left.
  std::vector<Submission> TakeRound();

  Storage& storage_;
  const Options options_;

  mutable std::mutex mutex_;
  std::condition_variable submitted_;
  std::vector<Submission> queue_;  // Guarded by mutex_.
  std::size_t queue_bytes_ = 0;    // Guarded by mutex_: the sizes of the batches in queue_.
  bool stopping_ = false;          // Guarded by mutex_.
  Counters counters_;              // Guarded by mutex_.

  std::thread thread_;  // Last: it runs while the members above live.
};

}  // namespace quoin::kv
