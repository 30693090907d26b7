#include "tools/bench_client_target.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>

namespace quoin::bench {
namespace {

using Servers = std::vector<std::string>;

TEST(ServersFor, OneServerGetsAll) {
  for (std::size_t connection = 0; connection < 3; ++connection) {
    EXPECT_EQ(ServersFor({"a"}, connection), Servers{"a"});
  }
}

TEST(ServersFor, ConnectionsAreSpreadOverTheServers) {
  EXPECT_EQ(ServersFor({"a", "b", "c"}, 0), (Servers{"a", "b", "c"}));
  EXPECT_EQ(ServersFor({"a", "b", "c"}, 1), (Servers{"b", "c", "a"}));
  EXPECT_EQ(ServersFor({"a", "b", "c"}, 2), (Servers{"c", "a", "b"}));
  EXPECT_EQ(ServersFor({"a", "b", "c"}, 3), (Servers{"a", "c", "b"}));
}

TEST(ServersFor, TheConnectionsOfALostServerAreSpreadOverTheOthers) {
  for (const std::size_t count : {2u, 3u, 5u}) {
    Servers servers;
    for (std::size_t i = 0; i < count; ++i) servers.push_back(std::string(1, static_cast<char>('a' + i)));
    std::map<std::string, std::map<std::string, int>> seconds;
    const std::size_t connections = 2 * count * (count - 1);
    for (std::size_t connection = 0; connection < connections; ++connection) {
      Servers order = ServersFor(servers, connection);
      ++seconds[order[0]][order[1]];
      std::sort(order.begin(), order.end());
      EXPECT_EQ(order, servers) << "each server once";
    }
    EXPECT_EQ(seconds.size(), count);
    for (const auto& [first, next] : seconds) {
      EXPECT_EQ(next.size(), count - 1);
      for (const auto& [second, times] : next) EXPECT_EQ(times, 2) << first << second;
    }
  }
}

}  // namespace
}  // namespace quoin::bench
