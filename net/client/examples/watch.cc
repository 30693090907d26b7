// Keeps a copy of the keys that begin with a prefix, as it changes: watch 127.0.0.1:8080 room/
//
// It ends when somebody deletes the key <prefix>end, which it does itself once it has seen everything that was there.
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/client/client.h"

namespace client = quoin::client;
using Kind = client::WatchEvent::Kind;

// The copy, and which of its keys have not been told again since a gap.
struct Copy {
  std::map<std::string, std::string> values;
  std::map<std::string, std::string> in_doubt;

  // Whether it is in step now.
  bool Apply(client::WatchEvent& event) {
    switch (event.kind) {
      case Kind::kPut:
        in_doubt.erase(event.key);
        values[event.key] = std::move(event.state->value);
        return false;
      case Kind::kDeleted:
      case Kind::kExpired:
        in_doubt.erase(event.key);
        values.erase(event.key);
        return false;
      case Kind::kGap:
        // Of one key: its state comes next. Of the watch: all states come next, and what isn't told is gone.
        if (event.key.empty()) in_doubt = values;
        return false;
      case Kind::kSynced:
        for (const auto& [key, value] : std::exchange(in_doubt, {})) values.erase(key);
        return true;
    }
    return false;
  }
};

boost::asio::awaitable<void> Follow(client::Client& quoin, std::string prefix) {
  client::WatchStream changes = quoin.Watch({client::Prefix(prefix)});
  Copy copy;
  bool asked = false;
  while (std::optional<client::WatchEvent> event = co_await changes.Next()) {
    const bool over = event->kind == Kind::kDeleted && event->key == prefix + "end";
    std::printf("%s %s\n", std::string(WatchEventName(event->kind)).c_str(), event->key.c_str());
    if (copy.Apply(*event)) std::printf("%zu keys\n", copy.values.size());
    if (event->kind == Kind::kSynced && !std::exchange(asked, true)) {
      if (client::Answer put = co_await quoin.Put(prefix + "end", "soon"); !put.done()) break;
      if (client::Answer gone = co_await quoin.Delete(prefix + "end"); !gone.done()) break;
    }
    // Here a program that goes on after its own restart would store the copy and changes.cursor().
    if (over) co_return;
  }
  std::printf("it broke off: %s\n", changes.status().message().c_str());
}

int main(int argc, char** argv) {
  boost::asio::io_context context;
  auto quoin = client::Client::Create(context.get_executor(), {.servers = {argc > 1 ? argv[1] : "127.0.0.1:8080"}});
  if (!quoin.ok()) {
    std::fprintf(stderr, "watch: %s\n", quoin.status().message().c_str());
    return 2;
  }
  const std::unique_ptr<client::Client> owned = *std::move(quoin);
  boost::asio::co_spawn(
      context,
      [&]() -> boost::asio::awaitable<void> {
        co_await Follow(*owned, argc > 2 ? argv[2] : "room/");
        owned->Close();
      },
      boost::asio::detached);
  context.run();
}
