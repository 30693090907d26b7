#include "net/core_keyspace.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "quorum/scan.h"

namespace quoin::net {

CoreKeyspace::CoreKeyspace(const kv::Storage& storage, Shards& shards, CoreDriver& driver)
    : storage_(storage), shards_(shards), driver_(driver), partition_count_(storage.identity().partition_count) {}

void CoreKeyspace::Submit(quorum::Request request, const quorum::Sending& sending, quorum::ReplyCallback done) {
  const std::size_t here = Shards::Current().value();
  if (here == driver_.shard()) return driver_.Submit(std::move(request), sending, std::move(done));
  shards_.Post(driver_.shard(), [this, here, request = std::move(request), sending, done = std::move(done)]() mutable {
    driver_.Submit(std::move(request), sending, [this, here, done = std::move(done)](quorum::Reply reply) {
      shards_.Post(here, [done, reply = std::move(reply)]() mutable { done(std::move(reply)); });
    });
  });
}

// One Scan: pages are read on a reader, keys past their deadline are settled with their leaders, until there is
// something to show or nothing left.
struct CoreKeyspace::Walk {
  quorum::ScanRequest request;
  quorum::ScanCallback done;
  std::size_t shard;  // Where the caller lives.
  Result<quorum::RawPage> raw = quorum::RawPage();
  std::size_t unsettled = 0;
  Status trouble;  // The first key that could not be settled.
};

void CoreKeyspace::Scan(quorum::ScanRequest request, quorum::ScanCallback done) {
  auto walk = std::make_shared<Walk>();
  walk->request = std::move(request);
  walk->done = std::move(done);
  walk->shard = Shards::Current().value();
  ReadNextPage(std::move(walk));
}

void CoreKeyspace::ReadNextPage(std::shared_ptr<Walk> walk) {
  shards_.PostToReader([this, walk = std::move(walk)] {
    walk->raw = quorum::ReadPage(*storage_.TakeSnapshot(), partition_count_, walk->request, std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()));
    shards_.Post(walk->shard, [this, walk] {
      if (!walk->raw.ok()) {
        walk->done(walk->raw.status());
      } else {
        Settle(walk);
      }
    });
  });
}

void CoreKeyspace::Settle(std::shared_ptr<Walk> walk) {
  const auto finish = [this, walk] {
    quorum::RawPage& raw = *walk->raw;
    if (!walk->trouble.ok()) {
      walk->done(walk->trouble);
    } else if (raw.page.entries.empty() && raw.page.more) {
      walk->request.after = raw.examined_to;
      ReadNextPage(walk);
    } else {
      walk->done(std::move(raw.page));
    }
  };
  if (walk->raw->to_settle.empty()) {
    finish();
    return;
  }
  // Taken out of the walk: the last answer may start the next page, which replaces what the walk holds.
  std::vector<std::string> keys = std::exchange(walk->raw->to_settle, {});
  walk->unsettled = keys.size();
  for (std::string& key : keys) {
    quorum::Request request;
    request.key = key;
    request.operation = quorum::Get{};
    Submit(std::move(request), {}, [walk, key = std::move(key), finish](quorum::Reply reply) {
      if (reply.outcome == quorum::Outcome::kError) {
        if (walk->trouble.ok()) walk->trouble = reply.status;
      } else if (reply.outcome == quorum::Outcome::kDone) {
        // It was written anew since the snapshot. Its place in the page is by its key.
        auto& entries = walk->raw->page.entries;
        const auto place = std::upper_bound(entries.begin(), entries.end(), key,
                                            [](const std::string& a, const auto& entry) { return a < entry.key; });
        entries.insert(place, {key, reply.record});
      }
      if (--walk->unsettled == 0) finish();
    });
  }
}

}  // namespace quoin::net
