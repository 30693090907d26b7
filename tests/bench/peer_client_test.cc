// The load generator's protocols against bytes as their servers send them: an error must never pass for throughput.
#include "tests/bench/peer_client.h"

#include <gtest/gtest.h>

#include <vector>

#include "net/proto/quoin.pb.h"
#include "tests/bench/websocket_client.h"

namespace quoin::bench {
namespace {

// What each of the pieces is answered with: the failure, or "done". Bytes arrive one by one.
std::vector<std::string> Answers(PeerClient& client, const std::string& bytes, std::string* output) {
  std::vector<std::string> answers;
  std::string held;
  for (const char byte : bytes) {
    held += byte;
    std::string_view rest = held;
    while (const auto answer = client.Take(&rest, output)) {
      answers.push_back(answer->failure.empty() ? "done" : answer->failure);
    }
    held.erase(0, held.size() - rest.size());
  }
  EXPECT_EQ(held, "") << "left over";
  return answers;
}

using Texts = std::vector<std::string>;

TEST(RedisClient, CountsAWriteThatNoReplicaHasAsFailed) {
  const auto client = NewRedisClient(true);
  std::string output;
  client->Put("k", "value", &output);
  EXPECT_EQ(output, "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$5\r\nvalue\r\n*3\r\n$4\r\nWAIT\r\n$1\r\n1\r\n$4\r\n5000\r\n");
  EXPECT_EQ(Answers(*client, "+OK\r\n:1\r\n+OK\r\n:0\r\n-READONLY You can't\r\n:0\r\n+OK\r\n:2\r\n", &output),
            (Texts{"done", "no replica has it", "-READONLY You can't", "done"}));
}

TEST(RedisClient, TellsAnAbsentKeyFromAValue) {
  const auto client = NewRedisClient(false);
  std::string output;
  client->Get("k", &output);
  EXPECT_EQ(output, "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n");
  EXPECT_EQ(Answers(*client, "$4\r\n\r\n\r\n\r\n$-1\r\n-LOADING\r\n$0\r\n\r\n", &output),
            (Texts{"done", "absent", "-LOADING", "done"}));
}

std::string Frame(unsigned type, unsigned flags, unsigned stream, const std::string& payload) {
  std::string frame;
  for (const std::size_t byte : {payload.size() >> 16, payload.size() >> 8, payload.size()}) {
    frame += static_cast<char>(byte);
  }
  frame += static_cast<char>(type);
  frame += static_cast<char>(flags);
  frame += std::string("\0\0\0", 3) + static_cast<char>(stream);
  return frame + payload;
}

// A gRPC message of so many bytes.
std::string Message(std::size_t bytes) {
  return std::string("\0\0\0\0", 4) + static_cast<char>(bytes) + std::string(bytes, 'm');
}

TEST(EtcdClient, ACallThatEndsWithoutAMessageWasRefused) {
  std::string opening;
  const auto client = NewEtcdClient("127.0.0.1:2379", true, &opening);
  EXPECT_TRUE(opening.starts_with("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
  std::string output;
  client->Put("k", "v", &output);
  EXPECT_NE(output.find("/etcdserverpb.KV/Put"), std::string::npos);
  EXPECT_TRUE(output.ends_with(std::string("\0\0\0\0\6\n\1k\22\1v", 11)));
  output.clear();
  // Settings and a ping before, which both want an answer; headers, the message, trailers.
  EXPECT_EQ(Answers(*client,
                    Frame(4, 0, 0, "") + Frame(6, 0, 0, "12345678") + Frame(1, 4, 1, "\x88") +
                        Frame(0, 0, 1, Message(20)) + Frame(1, 5, 1, "\x7f"),
                    &output),
            (Texts{"done"}));
  EXPECT_EQ(output, Frame(4, 1, 0, "") + Frame(6, 1, 0, "12345678"));
  client->Put("k", "v", &output);
  EXPECT_EQ(Answers(*client, Frame(1, 5, 3, "\x88"), &output), (Texts{"the call was refused"}));
  client->Put("k", "v", &output);
  EXPECT_EQ(Answers(*client, Frame(3, 0, 5, std::string("\0\0\0\7", 4)), &output), (Texts{"the call was reset"}));
}

TEST(EtcdClient, ARangeWithoutAKeyIsAbsent) {
  std::string output;
  const auto client = NewEtcdClient("127.0.0.1:2379", false, &output);
  client->Get("k", &output);
  EXPECT_EQ(Answers(*client, Frame(0, 0, 1, Message(30)) + Frame(1, 5, 1, "x"), &output), (Texts{"absent"}));
  client->Get("k", &output);
  EXPECT_EQ(Answers(*client, Frame(0, 0, 3, Message(120)) + Frame(1, 5, 3, "x"), &output), (Texts{"done"}));
}

// Frames as a server sends them: not masked.
std::string FromServer(const v1::ServerFrame& frame) {
  const std::string payload = frame.SerializeAsString();
  return std::string("\x82", 1) + static_cast<char>(payload.size()) + payload;
}

TEST(QuoinClient, TakesHelloFirstAndTellsFailures) {
  const auto client = NewQuoinClient();
  std::string output;
  client->Get("k", &output);
  EXPECT_FALSE(output.empty());
  v1::ServerFrame hello, done, failed;
  hello.mutable_hello()->set_max_requests(10);
  done.set_id(1);
  done.mutable_result()->set_outcome(v1::DONE);
  failed.set_id(1);
  failed.mutable_result()->set_outcome(v1::ERROR);
  const Texts answers = Answers(*client, FromServer(hello) + FromServer(done) + FromServer(failed), &output);
  ASSERT_EQ(answers.size(), 2u);
  EXPECT_EQ(answers[0], "done");
  EXPECT_NE(answers[1], "done");
}

}  // namespace
}  // namespace quoin::bench
