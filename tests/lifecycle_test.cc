// How a node ends and why one may not start, on the real program: SIGTERM, ports, flags and data directories.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <rocksdb/db.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <thread>

#include "kv/coding.h"
#include "net/http_client.h"
#include "tests/process/node_process.h"

namespace quoin::tests {
namespace {

using testing::AllOf;
using testing::HasSubstr;

net::HttpClient::Time Deadline() { return std::chrono::steady_clock::now() + kPatience; }

Result<net::HttpClientResponse> Ask(const NodeProcess& node, const std::string& method, const std::string& target,
                                    const std::string& body = "") {
  net::HttpClient client({"127.0.0.1", node.port()});
  return client.Do({method, target, {}, body}, Deadline());
}

// Comes back once the node has so many requests under way besides the one that asks.
void WaitUntilUnderWay(const NodeProcess& node, int wanted) {
  const auto deadline = Deadline();
  net::HttpClient client({"127.0.0.1", node.port()});
  while (true) {
    const auto metrics = client.Do({"GET", "/metrics", {}, ""}, deadline);
    ASSERT_TRUE(metrics.ok()) << metrics.status();
    const std::string name = "\nquoin_http_requests_in_flight ";
    const std::size_t at = metrics->body.find(name);
    ASSERT_NE(at, std::string::npos) << metrics->body;
    if (std::atoi(metrics->body.c_str() + at + name.size()) >= wanted) return;
    ASSERT_LT(std::chrono::steady_clock::now(), deadline);
  }
}

class StopSignal : public testing::TestWithParam<int> {};

TEST_P(StopSignal, FinishesWhatIsInFlightAndExitsWith0) {
  // Long enough to be seen in flight, far below what a request may take.
  NodeProcess node({"--commit_delay=2s"});
  std::optional<Result<net::HttpClientResponse>> answer;
  std::thread writer([&] { answer = Ask(node, "PUT", "/v1/kv/last", "words"); });
  WaitUntilUnderWay(node, 1);
  node.Signal(GetParam());
  EXPECT_EQ(node.Wait().code, 0) << node.Log();
  writer.join();
  ASSERT_TRUE(answer->ok()) << answer->status();
  EXPECT_EQ((*answer)->status, 201u) << (*answer)->body;

  node.Start();
  const auto found = Ask(node, "GET", "/v1/kv/last");
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->body, "words");
}

INSTANTIATE_TEST_SUITE_P(Of, StopSignal, testing::Values(SIGTERM, SIGINT),
                         [](const auto& info) { return info.param == SIGTERM ? "Terminate" : "Interrupt"; });

TEST(Stop, DoesNotWaitForIdleConnections) {
  NodeProcess node({"--drain_timeout=50s"});
  net::HttpClient idle({"127.0.0.1", node.port()});
  ASSERT_TRUE(idle.Do({"GET", "/healthz", {}, ""}, Deadline()).ok());
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(node.Terminate().code, 0);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(45)) << "--drain_timeout is 50 s";
}

TEST(Start, KeepsTheNodesIdOverRestarts) {
  NodeProcess node;
  const std::string id = node.node_id();
  EXPECT_EQ(node.Terminate().code, 0);
  node.Start();  // Checks that the id is the same.
  const auto found = Ask(node, "GET", "/healthz");
  ASSERT_TRUE(found.ok());
  EXPECT_EQ(found->Field("Quoin-Node"), id);
}

// Refusals: each a non-zero exit and a message that names what is wrong.

TEST(Start, NamesThePortThatIsInUse) {
  const int taken = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ASSERT_EQ(bind(taken, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(taken, 1), 0);
  ASSERT_EQ(getsockname(taken, reinterpret_cast<sockaddr*>(&address), &size), 0);
  const std::string listen = "127.0.0.1:" + std::to_string(ntohs(address.sin_port));

  TemporaryFolder folder("data");
  const Finished refused = RunNode({"--listen=" + listen, "--peer_listen=127.0.0.1:0", "--data_dir=" + (folder.path() / "data").string()});
  close(taken);
  EXPECT_EQ(refused.exit.code, 1) << refused.exit.ToString();
  EXPECT_THAT(refused.errors, HasSubstr("another process listens on " + listen));
  EXPECT_EQ(refused.output, "");
}

TEST(Start, NamesAFlagThatThereIsNot) {
  const Finished refused = RunNode({"--max_valu_size=1MiB"});
  EXPECT_EQ(refused.exit.code, 2) << refused.exit.ToString();
  EXPECT_THAT(refused.errors, AllOf(HasSubstr("max_valu_size"), HasSubstr("--max_value_size")));
}

TEST(Start, SaysWhatAFlagMayBe) {
  const Finished storage = RunNode({"--storage=disk"});
  EXPECT_EQ(storage.exit.code, 2) << storage.exit.ToString();
  EXPECT_THAT(storage.errors, AllOf(HasSubstr("storage"), HasSubstr("rocksdb"), HasSubstr("memory")));
  const Finished duration = RunNode({"--body_timeout=soon"});
  EXPECT_EQ(duration.exit.code, 2) << duration.exit.ToString();
  EXPECT_THAT(duration.errors, AllOf(HasSubstr("body_timeout"), HasSubstr("soon")));
}

TEST(Start, NamesTheProcessThatHasTheDataDirectory) {
  NodeProcess node;
  const Finished refused = RunNode(node.Arguments());
  EXPECT_EQ(refused.exit.code, 1) << refused.exit.ToString();
  EXPECT_THAT(refused.errors, AllOf(HasSubstr(node.data_dir().string()), HasSubstr("in use by process")));
  // And the node that has it is none the worse.
  const auto health = Ask(node, "GET", "/healthz");
  ASSERT_TRUE(health.ok()) << health.status();
  EXPECT_EQ(health->status, 200u);
}

TEST(Start, RefusesTheDataOfAnotherCluster) {
  NodeProcess node;
  EXPECT_EQ(node.Terminate().code, 0);
  std::vector<std::string> arguments = node.Arguments();
  arguments.push_back("--cluster_id=00000000000000ff");
  const Finished refused = RunNode(arguments);
  EXPECT_EQ(refused.exit.code, 1) << refused.exit.ToString();
  EXPECT_THAT(refused.errors, AllOf(HasSubstr(node.data_dir().string()), HasSubstr("00000000000000ff")));
}

TEST(Start, RefusesADirectoryThatIsNotItsOwn) {
  TemporaryFolder folder("photos");
  WriteFile(folder.path() / "cat.jpg", "a cat");
  const Finished refused = RunNode({"--listen=127.0.0.1:0", "--peer_listen=127.0.0.1:0", "--data_dir=" + folder.path().string()});
  EXPECT_EQ(refused.exit.code, 1) << refused.exit.ToString();
  EXPECT_THAT(refused.errors, HasSubstr(folder.path().string()));
  EXPECT_EQ(ReadFile(folder.path() / "cat.jpg"), "a cat");
}

TEST(Start, RefusesDataThatIsNewerThanTheProgram) {
  NodeProcess node;
  EXPECT_EQ(node.Terminate().code, 0);
  // What a later program would have left: a whole identity of the next format, where docs/storage-format.md says.
  const std::string identity_key = "midentity";
  rocksdb::DB* opened = nullptr;
  const auto engine = rocksdb::DB::Open({}, node.data_dir() / "engine", &opened);
  ASSERT_TRUE(engine.ok()) << engine.ToString();
  const std::unique_ptr<rocksdb::DB> db(opened);
  std::string identity;
  ASSERT_TRUE(db->Get({}, identity_key, &identity).ok());
  const auto next_format = static_cast<std::uint8_t>(identity.at(0) + 1);
  identity.clear();
  kv::BeginEnvelope(next_format, &identity);
  identity += "whatever stands in the next format";
  kv::SealEnvelope(kv::StoredKind::kIdentity, PartitionId{}, {}, 0, &identity);
  rocksdb::WriteOptions durable;
  durable.sync = true;
  ASSERT_TRUE(db->Put(durable, identity_key, identity).ok());
  ASSERT_TRUE(db->Close().ok());

  const Finished refused = RunNode(node.Arguments());
  EXPECT_EQ(refused.exit.code, 1) << refused.exit.ToString();
  EXPECT_THAT(refused.errors,
              AllOf(HasSubstr(node.data_dir().string()), HasSubstr("has format " + std::to_string(next_format))));
}

}  // namespace
}  // namespace quoin::tests
