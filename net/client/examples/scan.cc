// Lists the keys that begin with a prefix: scan 127.0.0.1:8080 user/
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/client/client.h"

namespace client = quoin::client;

boost::asio::awaitable<void> List(client::Client& quoin, std::string prefix) {
  // Something to see. The operations of a batch are independent, and under way together.
  std::vector<client::Operation> operations;
  for (const char* const name : {"ada", "grace", "edsger"}) {
    operations.push_back(client::Operation::Put(prefix + name, name).If(client::Condition::Absent()));
  }
  for (const client::Answer& answer : co_await quoin.Batch(std::move(operations))) {
    if (!answer.certain()) std::printf("may or may not have been stored: %s\n", ToString(answer).c_str());
  }

  client::ScanStream keys = quoin.Scan({.prefix = prefix});
  int count = 0;
  while (const std::optional<client::Entry> entry = co_await keys.Next()) {
    std::printf("%s = %s\n", entry->key.c_str(), entry->state.value.c_str());
    ++count;
  }
  if (keys.status().ok()) {
    std::printf("%d keys\n", count);
  } else {
    std::printf("%d keys, and there may be more: %s\n", count, keys.status().message().c_str());
  }
}

int main(int argc, char** argv) {
  boost::asio::io_context context;
  auto quoin = client::Client::Create(context.get_executor(), {.servers = {argc > 1 ? argv[1] : "127.0.0.1:8080"}});
  if (!quoin.ok()) {
    std::fprintf(stderr, "scan: %s\n", quoin.status().message().c_str());
    return 2;
  }
  const std::unique_ptr<client::Client> owned = *std::move(quoin);
  boost::asio::co_spawn(
      context,
      [&]() -> boost::asio::awaitable<void> {
        co_await List(*owned, argc > 2 ? argv[2] : "user/");
        owned->Close();
      },
      boost::asio::detached);
  context.run();
}
