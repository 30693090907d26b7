// Stores a value and reads it: hello 127.0.0.1:8080
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "net/client/client.h"

namespace client = quoin::client;

boost::asio::awaitable<void> Hello(client::Client& quoin) {
  const client::Answer put = co_await quoin.Put("greeting", "Hello, world");
  if (!put.done()) {
    std::printf("not stored: %s\n", ToString(put).c_str());
    co_return;
  }
  const client::Answer got = co_await quoin.Get("greeting");
  if (got.done()) {
    std::printf("%s (version %s, from node %s)\n", got.value().c_str(), got.version.c_str(),
                got.responder->node.c_str());
  } else {
    std::printf("not read: %s\n", ToString(got).c_str());
  }
}

int main(int argc, char** argv) {
  boost::asio::io_context context;
  auto quoin = client::Client::Create(context.get_executor(), {.servers = {argc > 1 ? argv[1] : "127.0.0.1:8080"}});
  if (!quoin.ok()) {
    std::fprintf(stderr, "hello: %s\n", quoin.status().message().c_str());
    return 2;
  }
  const std::unique_ptr<client::Client> owned = *std::move(quoin);
  boost::asio::co_spawn(
      context,
      [&]() -> boost::asio::awaitable<void> {
        co_await Hello(*owned);
        owned->Close();  // Otherwise the open connection keeps the context running.
      },
      boost::asio::detached);
  context.run();
}
