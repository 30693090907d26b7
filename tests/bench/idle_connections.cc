// Opens many WebSockets to one node, leaves them idle, and says what each costs the node in resident memory
// (tests/bench/idle_connections.sh):
//   opened   after the handshake and the hello;
//   pinged   after the node has pinged each, and each has answered (the node runs with a short --ping_interval);
//   used     after each has read a key once, and is idle again.
// The socket buffers, which are the kernel's, are not in it.
#include <gflags/gflags.h>
#include <glog/logging.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <vector>

#include "net/proto/quoin.pb.h"
#include "tests/bench/processes.h"
#include "tests/bench/websocket_client.h"

DEFINE_uint32(port, 0, "of the node, on 127.0.0.1");
DEFINE_uint32(node_pid, 0, "the node's process");
DEFINE_uint32(connections, 10000, "WebSockets");

namespace quoin::bench {
namespace {

// How long the node may take for anything: only a node that hangs takes longer.
constexpr int kPatienceMilliseconds = 60'000;

std::uint64_t ResidentBytes() { return UseOf({FLAGS_node_pid}).resident_bytes; }

class IdleConnection {
 public:
  IdleConnection() : opened_(OpenWebSocket(static_cast<std::uint16_t>(FLAGS_port))) {
    v1::ServerFrame frame;
    const std::string hello = Await(kBinary);
    CHECK(frame.ParseFromString(hello) && frame.has_hello()) << "the node did not say hello";
  }
  IdleConnection(IdleConnection&& other) noexcept : opened_(std::move(other.opened_)) { other.opened_.socket = -1; }
  ~IdleConnection() {
    if (opened_.socket >= 0) ::close(opened_.socket);
  }

  // Answers the next ping.
  void AnswerPing() { Send(MaskedFrame(kPong, Await(kPing))); }
  void Read() {
    v1::ClientFrame frame;
    frame.set_id(1);
    frame.mutable_operation()->set_key("idle");
    frame.mutable_operation()->mutable_get();
    Send(MaskedFrame(kBinary, frame.SerializeAsString()));
    v1::ServerFrame answer;
    const std::string payload = Await(kBinary);
    CHECK(answer.ParseFromString(payload) && answer.result().outcome() == v1::ABSENT) << answer.ShortDebugString();
  }

 private:
  // The payload of the next frame of this kind. Pings that come before it are answered.
  std::string Await(unsigned opcode) {
    while (true) {
      std::string_view bytes = opened_.rest;
      if (const auto frame = TakeFrame(&bytes)) {
        CHECK_NE(frame->opcode, kClose) << "the node closed the connection: "
                                        << frame->payload.substr(std::min<std::size_t>(2, frame->payload.size()));
        const unsigned got = frame->opcode;
        std::string payload(frame->payload);
        opened_.rest.erase(0, opened_.rest.size() - bytes.size());
        if (got == opcode) return payload;
        CHECK_EQ(got, kPing);
        Send(MaskedFrame(kPong, payload));
        continue;
      }
      pollfd readable{opened_.socket, POLLIN, 0};
      PCHECK(::poll(&readable, 1, kPatienceMilliseconds) == 1) << "nothing came from the node";
      char more[4096];
      const ssize_t count = ::recv(opened_.socket, more, sizeof more, 0);
      PCHECK(count >= 0);
      CHECK_GT(count, 0) << "the node closed the connection";
      opened_.rest.append(more, static_cast<std::size_t>(count));
    }
  }
  void Send(const std::string& frame) {
    PCHECK(::send(opened_.socket, frame.data(), frame.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(frame.size()));
  }

  OpenedWebSocket opened_;
};

int Run() {
  CHECK(FLAGS_port >= 1 && FLAGS_port <= 65535) << "--port is the node's, 1 to 65535";
  CHECK_GE(FLAGS_connections, 1u) << "--connections is at least 1";
  AllowOpenFiles(FLAGS_connections + 100);

  // What the node needs once, for the first connection and for any number, is not counted.
  IdleConnection first;
  first.Read();
  const std::uint64_t before = ResidentBytes();
  std::vector<IdleConnection> connections;
  connections.reserve(FLAGS_connections);
  const auto say = [&](const char* state) {
    const std::uint64_t now = ResidentBytes();
    const double each = (static_cast<double>(now) - static_cast<double>(before)) / FLAGS_connections;
    std::printf("%-6s  node %.1f MiB resident, %.1f MiB before; %.2f KiB for each of %u connections\n", state,
                static_cast<double>(now) / (1 << 20), static_cast<double>(before) / (1 << 20), each / 1024,
                FLAGS_connections);
    std::fflush(stdout);
  };
  for (std::uint32_t i = 0; i < FLAGS_connections; ++i) connections.emplace_back();
  say("opened");
  for (IdleConnection& connection : connections) connection.AnswerPing();
  say("pinged");
  for (IdleConnection& connection : connections) connection.Read();
  say("used");
  return 0;
}

}  // namespace
}  // namespace quoin::bench

int main(int argc, char** argv) {
  FLAGS_logtostderr = true;
  gflags::ParseCommandLineFlags(&argc, &argv, true);
  google::InitGoogleLogging(argv[0]);
  return quoin::bench::Run();
}
