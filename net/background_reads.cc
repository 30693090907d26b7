#include "net/background_reads.h"

#include <algorithm>
#include <utility>

namespace quoin::net {

BackgroundReads::BackgroundReads(Shards& shards, std::size_t shard)
    : shards_(shards), shard_(shard), rest_(shards.context(shard)) {}

void BackgroundReads::Add(Job job) {
  jobs_.push_back(std::move(job));
  if (!busy_) Next();
}

void BackgroundReads::Next() {
  busy_ = true;
  while (!jobs_.empty()) {
    Job job = std::move(jobs_.front());
    jobs_.pop_front();
    if (!job.wanted()) continue;
    return shards_.PostToReader([this, read = std::move(job.read)] {
      const auto began = std::chrono::steady_clock::now();
      Work then = read();
      const auto took = std::chrono::steady_clock::now() - began;
      shards_.Post(shard_, [this, then = std::move(then), took] { OnRead(then, took); });
    });
  }
  busy_ = false;
}

void BackgroundReads::OnRead(const Work& then, std::chrono::steady_clock::duration took) {
  then();
  rest_.expires_after(std::min<std::chrono::steady_clock::duration>(took, kLongestRest));
  rest_.async_wait([this](const boost::system::error_code& error) {
    if (!error) Next();
  });
}

}  // namespace quoin::net
