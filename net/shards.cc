#include "net/shards.h"

#include <glog/logging.h>
#include <pthread.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <string>
#include <utility>

namespace quoin::net {
namespace {

thread_local std::optional<std::size_t> current_shard;

}  // namespace

Shards::Shards(std::size_t shard_count, std::size_t reader_count) : readers_(reader_count) {
  CHECK_GE(shard_count, 1u);
  CHECK_GE(reader_count, 1u);
  for (std::size_t i = 0; i < shard_count; ++i) shards_.push_back(std::make_unique<Shard>());
}

Shards::~Shards() { Stop(); }

void Shards::Start() {
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    Shard& shard = *shards_[i];
    shard.thread = std::thread([&shard, i] {
      current_shard = i;
      pthread_setname_np(pthread_self(), ("shard-" + std::to_string(i)).c_str());
      const auto guard = boost::asio::make_work_guard(shard.context);
      shard.context.run();
    });
  }
}

void Shards::Stop() {
  for (const auto& shard : shards_) shard->context.stop();
  for (const auto& shard : shards_) {
    if (shard->thread.joinable()) shard->thread.join();
  }
  readers_.stop();
  readers_.join();
}

void Shards::Post(std::size_t index, Work work) {
  Shard& shard = *shards_[index];
  bool wake = false;
  {
    const std::lock_guard lock(shard.mutex);
    wake = shard.posted.empty();
    shard.posted.push_back(std::move(work));
  }
  if (wake) boost::asio::post(shard.context, [&shard] { RunPosted(shard); });
}

void Shards::RunPosted(Shard& shard) {
  std::vector<Work> work;
  {
    const std::lock_guard lock(shard.mutex);
    work.swap(shard.posted);
  }
  for (Work& each : work) each();
}

void Shards::PostToReader(Work work) { boost::asio::post(readers_, std::move(work)); }

std::optional<std::size_t> Shards::Current() { return current_shard; }

}  // namespace quoin::net
