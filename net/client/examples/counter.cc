// Counts visits, and is never wrong about it: counter 127.0.0.1:8080
//
// The library sends an increment again by itself, under the same operation id, until its deadline. What is left is an
// outcome that is unknown at the deadline; the ticket settles that later, without counting twice.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdio>
#include <memory>
#include <string>

#include "net/client/client.h"

namespace client = quoin::client;

boost::asio::awaitable<void> Count(client::Client& quoin) {
  const client::Operation visit = client::Operation::Increment("visits");
  client::Answer answer = co_await quoin.Do(visit, {.timeout = std::chrono::seconds(2)});
  for (int tries = 0; answer.outcome == client::Outcome::kUnknown && tries < 5; ++tries) {
    std::printf("don't know yet: %s\n", ToString(answer).c_str());
    answer = co_await quoin.Resume(visit, answer.ticket);
  }
  switch (answer.outcome) {
    case client::Outcome::kDone:
      std::printf("visit number %s\n", answer.value().c_str());
      break;
    case client::Outcome::kUnknown:
      // The key has had many other writes since. Reading it shows what is there, not whether this visit is in it.
      std::printf("this visit may have been counted: operation %s\n", answer.ticket.operation_id.c_str());
      break;
    default:
      std::printf("certainly not counted: %s\n", ToString(answer).c_str());
  }
}

int main(int argc, char** argv) {
  boost::asio::io_context context;
  client::Options options;
  options.servers = {argc > 1 ? argv[1] : "127.0.0.1:8080"};
  options.retry.first_backoff = std::chrono::milliseconds(20);
  auto quoin = client::Client::Create(context.get_executor(), options);
  if (!quoin.ok()) {
    std::fprintf(stderr, "counter: %s\n", quoin.status().message().c_str());
    return 2;
  }
  const std::unique_ptr<client::Client> owned = *std::move(quoin);
  boost::asio::co_spawn(
      context,
      [&]() -> boost::asio::awaitable<void> {
        co_await Count(*owned);
        owned->Close();
      },
      boost::asio::detached);
  context.run();
}
