#include "net/core_keyspace.h"

#include <utility>

namespace quoin::net {

void CoreKeyspace::Submit(quorum::Request request, const quorum::Sending& sending, quorum::ReplyCallback done) {
  const std::size_t here = Shards::Current().value();
  if (here == driver_.shard()) return driver_.Submit(std::move(request), sending, std::move(done));
  shards_.Post(driver_.shard(), [this, here, request = std::move(request), sending, done = std::move(done)]() mutable {
    driver_.Submit(std::move(request), sending, [this, here, done = std::move(done)](quorum::Reply reply) {
      shards_.Post(here, [done, reply = std::move(reply)]() mutable { done(std::move(reply)); });
    });
  });
}

void CoreKeyspace::Scan(quorum::ScanRequest request, quorum::ScanCallback done) {
  const std::size_t here = Shards::Current().value();
  if (here == driver_.shard()) return driver_.Scan(std::move(request), std::move(done));
  shards_.Post(driver_.shard(), [this, here, request = std::move(request), done = std::move(done)]() mutable {
    driver_.Scan(std::move(request), [this, here, done = std::move(done)](Result<quorum::ScanPage> page) {
      shards_.Post(here, [done, page = std::move(page)]() mutable { done(std::move(page)); });
    });
  });
}

}  // namespace quoin::net
