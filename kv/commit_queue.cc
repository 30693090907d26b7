#include "kv/commit_queue.h"

#include <utility>

namespace quoin::kv {

CommitQueue::CommitQueue(Storage& storage, Options options)
    : storage_(storage), options_(options), thread_([this] { Run(); }) {}

CommitQueue::~CommitQueue() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  submitted_.notify_all();
  thread_.join();
}

void CommitQueue::Submit(Batch batch, Done done) {
  CHECK(done != nullptr);
  bool was_empty;
  {
    const std::lock_guard lock(mutex_);
    CHECK(!stopping_) << "a submission raced with the queue's destructor";
    was_empty = queue_.empty();
    queue_bytes_ += batch.size_bytes();
    queue_.push_back(Submission{std::move(batch), std::move(done)});
    // A thread that waits for company needs to know that the round is full.
    if (queue_bytes_ >= options_.max_round_bytes) was_empty = true;
  }
  if (was_empty) submitted_.notify_one();
}

CommitQueue::Counters CommitQueue::counters() const {
  const std::lock_guard lock(mutex_);
  return counters_;
}

void CommitQueue::Run() {
  for (;;) {
    std::vector<Submission> round = TakeRound();
    if (round.empty()) return;
    Batch batch = std::move(round.front().batch);
    for (std::size_t i = 1; i < round.size(); ++i) batch.Append(std::move(round[i].batch));
    const std::size_t bytes = batch.size_bytes();
    const Status status = storage_.Write(batch);
    {
      const std::lock_guard lock(mutex_);
      ++counters_.rounds;
      counters_.submissions += round.size();
      counters_.changes += batch.count();
      counters_.bytes += bytes;
    }
    for (Submission& submission : round) submission.done(status);
  }
}

std::vector<CommitQueue::Submission> CommitQueue::TakeRound() {
  std::unique_lock lock(mutex_);
  submitted_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
  if (options_.delay.count() > 0) {
    submitted_.wait_for(lock, options_.delay, [this] { return stopping_ || queue_bytes_ >= options_.max_round_bytes; });
  }
  std::size_t count = 0;
  std::size_t bytes = 0;
  while (count < queue_.size()) {
    const std::size_t next = queue_[count].batch.size_bytes();
    if (count > 0 && bytes + next > options_.max_round_bytes) break;
    bytes += next;
    ++count;
  }
  queue_bytes_ -= bytes;
  if (count == queue_.size()) return std::exchange(queue_, {});
  std::vector<Submission> round(std::make_move_iterator(queue_.begin()),
                                std::make_move_iterator(queue_.begin() + static_cast<std::ptrdiff_t>(count)));
  queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(count));
  return round;
}

}  // namespace quoin::kv
