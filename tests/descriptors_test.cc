// What a node does that may have few files open, on the real program: clients never take the descriptors with which the
// storage goes on.
#include <glog/logging.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/http_client.h"
#include "tests/process/node_process.h"

namespace quoin::tests {
namespace {

using testing::AllOf;
using testing::HasSubstr;

net::HttpClient::Time Deadline() { return std::chrono::steady_clock::now() + kPatience; }

// A client that connects and says nothing.
class IdleClient {
 public:
  explicit IdleClient(const NodeProcess& node) : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    PCHECK(socket_ >= 0) << "the test itself may have too few files open";
    const timeval patience{.tv_sec = kPatience.count(), .tv_usec = 0};
    PCHECK(setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) == 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(node.port());
    PCHECK(connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  }
  IdleClient(IdleClient&& other) noexcept : socket_(std::exchange(other.socket_, -1)) {}
  ~IdleClient() {
    if (socket_ >= 0) close(socket_);
  }

  // The first line of what the node says without being asked.
  std::string FirstLine() {
    std::string line;
    char byte = 0;
    while (recv(socket_, &byte, 1, 0) == 1 && byte != '\r') line.push_back(byte);
    return line;
  }

 private:
  int socket_;
};

// A log is begun every 12 MiB, and takes a descriptor that nobody else may have taken.
TEST(Descriptors, AreLeftToTheStorageByMoreClientsThanTheLimit) {
  constexpr std::uint64_t kLimit = 600;
  constexpr int kClients = 650;
  constexpr int kWrites = 40;
  NodeProcess node({"--shards=2"}, kLimit);
  EXPECT_THAT(node.Log(), AllOf(HasSubstr("600 files open"), HasSubstr("--max_connections=10000")));
  net::HttpClient writer({"127.0.0.1", node.port()});
  ASSERT_TRUE(writer.Do({"GET", "/healthz", {}, ""}, Deadline()).ok());

  std::vector<IdleClient> clients;
  clients.reserve(kClients);
  for (int i = 0; i < kClients; ++i) clients.emplace_back(node);
  // They are taken in their order, so this one is beyond what the node takes, and all before it were seen to.
  EXPECT_EQ(clients.back().FirstLine(), "HTTP/1.1 503 Service Unavailable");

  const std::string value(std::size_t{1} << 20, 'v');
  for (int i = 0; i < kWrites; ++i) {
    const auto written = writer.Do({"PUT", "/v1/kv/k" + std::to_string(i), {}, value}, Deadline());
    ASSERT_TRUE(written.ok()) << i << ": " << written.status();
    ASSERT_EQ(written->status, 201u) << i << ": " << written->body << "\n" << node.Log();
  }
  const auto status = writer.Do({"GET", "/v1/status", {}, ""}, Deadline());
  ASSERT_TRUE(status.ok()) << status.status();
  EXPECT_THAT(status->body, HasSubstr("\"mode\": \"writable\""));
  EXPECT_EQ(node.Terminate().code, 0);
}

TEST(Descriptors, AreTooFewForANodeThatSaysHowManyWouldDo) {
  TemporaryFolder folder("low");
  ChildProcess node({.argv = {NodeProgram(), "--listen=127.0.0.1:0", "--peer_listen=127.0.0.1:0",
                              "--data_dir=" + (folder.path() / "data").string()},
                     .environment = {},
                     .stderr_file = folder.path() / "log",
                     .descriptor_limit = 100});
  EXPECT_EQ(node.ReadLine(), std::nullopt);
  EXPECT_EQ(node.Wait().code, 1);
  EXPECT_THAT(ReadFile(folder.path() / "log"), AllOf(HasSubstr("can't start"), HasSubstr("ulimit -n")));
  EXPECT_FALSE(std::filesystem::exists(folder.path() / "data"));
}

}  // namespace
}  // namespace quoin::tests
