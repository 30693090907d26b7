// Shards: the node's event loops. A shard is one thread with one io_context; it owns whatever is mapped to it, without
// locks. Work for another shard is posted to it in batches: everything that is posted before the target gets round to
// it costs one wake-up.
//
// Also the readers: a few threads on which blocking on the disk is allowed.
//
// Invariants:
//   N1  work posted by one thread to one shard runs in the order in which it was posted;
//   N2  a shard never blocks: what may block goes to the readers.
//
// Thread safety: Post and PostToReader may be called from any thread.
// Lifetime: after Stop() nothing posted runs any more; what was left is destroyed without being run.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace quoin::net {

class Shards {
 public:
  using Work = std::function<void()>;

  // REQUIRES: both counts are at least 1.
  Shards(std::size_t shard_count, std::size_t reader_count);
  ~Shards();
  Shards(const Shards&) = delete;
  Shards& operator=(const Shards&) = delete;

  void Start();
  // Ends all loops and waits for their threads. Must not be called from one of them.
  void Stop();

  std::size_t count() const { return shards_.size(); }
  boost::asio::io_context& context(std::size_t shard) { return shards_[shard]->context; }

  void Post(std::size_t shard, Work work);
  void PostToReader(Work work);

  // The shard whose thread this is; nullopt on any other thread.
  static std::optional<std::size_t> Current();

 private:
  struct Shard {
    boost::asio::io_context context{1};  // One thread runs it.
    std::mutex mutex;
    std::vector<Work> posted;  // Guarded by mutex.
    std::thread thread;
  };

  static void RunPosted(Shard& shard);

  std::vector<std::unique_ptr<Shard>> shards_;
  boost::asio::thread_pool readers_;
};

}  // namespace quoin::net
