#include "tests/bench/websocket_client.h"

#include <arpa/inet.h>
#include <glog/logging.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace quoin::bench {
namespace {

constexpr std::size_t kMostPayload = 65535;
constexpr std::size_t kSmallPayload = 125;  // Its length stands in the head's second byte.

void Append(std::string* out, unsigned byte) { out->push_back(static_cast<char>(byte)); }

unsigned ByteAt(std::string_view bytes, std::size_t at) { return static_cast<unsigned char>(bytes[at]); }

}  // namespace

std::size_t MaskedPayloadAt(std::size_t payload_bytes) { return payload_bytes <= kSmallPayload ? 6 : 8; }

std::string MaskedFrame(unsigned opcode, std::string_view payload) {
  CHECK_LE(payload.size(), kMostPayload);
  std::string frame;
  Append(&frame, 0x80 | opcode);
  if (payload.size() <= kSmallPayload) {
    Append(&frame, 0x80 | static_cast<unsigned>(payload.size()));
  } else {
    Append(&frame, 0x80 | 126);
    Append(&frame, static_cast<unsigned>(payload.size() >> 8));
    Append(&frame, static_cast<unsigned>(payload.size() & 0xff));
  }
  for (const unsigned char byte : kMask) Append(&frame, byte);
  frame.append(payload);
  OverwritePayload(&frame, MaskedPayloadAt(payload.size()), 0, payload);
  return frame;
}

void OverwritePayload(std::string* frame, std::size_t payload_at, std::size_t at, std::string_view bytes) {
  char* to = frame->data() + payload_at + at;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    to[i] = static_cast<char>(static_cast<unsigned char>(bytes[i]) ^ kMask[(at + i) % 4]);
  }
}

std::optional<ServerFrame> TakeFrame(std::string_view* bytes) {
  if (bytes->size() < 2) return std::nullopt;
  const unsigned first = ByteAt(*bytes, 0);
  const unsigned second = ByteAt(*bytes, 1);
  CHECK_EQ(first & 0xf0, 0x80u) << "the server sent a fragment, or a reserved bit";
  CHECK_LE(second, 127u) << "the server sent a masked frame";
  std::size_t head_bytes = 2;
  std::uint64_t payload_bytes = second;
  if (second >= 126) {
    head_bytes = second == 126 ? 4 : 10;
    if (bytes->size() < head_bytes) return std::nullopt;
    payload_bytes = 0;
    for (std::size_t i = 2; i < head_bytes; ++i) payload_bytes = payload_bytes << 8 | ByteAt(*bytes, i);
  }
  if (bytes->size() - head_bytes < payload_bytes) return std::nullopt;
  const ServerFrame frame{first & 0x0f, bytes->substr(head_bytes, payload_bytes)};
  bytes->remove_prefix(head_bytes + payload_bytes);
  return frame;
}

OpenedWebSocket OpenWebSocket(std::uint16_t port, const std::string& host) {
  OpenedWebSocket opened;
  opened.socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  PCHECK(opened.socket >= 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  CHECK_EQ(::inet_pton(AF_INET, host.c_str(), &address.sin_addr), 1) << host << " is no IPv4 address";
  address.sin_port = htons(port);
  PCHECK(::connect(opened.socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
      << host << ":" << port;
  const int on = 1;
  PCHECK(::setsockopt(opened.socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0);

  const std::string request = "GET /v1/ws HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(port) +
                              "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                              "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                              "Sec-WebSocket-Protocol: quoin.v1.protobuf\r\n\r\n";
  PCHECK(::send(opened.socket, request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size()));
  std::string& answer = opened.rest;
  std::size_t end = std::string::npos;
  while ((end = answer.find("\r\n\r\n")) == std::string::npos) {
    char bytes[4096];
    const ssize_t count = ::recv(opened.socket, bytes, sizeof bytes, 0);
    PCHECK(count >= 0);
    CHECK_GT(count, 0) << "the server closed the connection during the handshake: " << answer;
    answer.append(bytes, static_cast<std::size_t>(count));
  }
  // The key of the request is the RFC's example, and so is the answer to it (section 1.3).
  CHECK(answer.starts_with("HTTP/1.1 101 ") && answer.find("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") < end)
      << "no WebSocket was opened: " << answer;
  answer.erase(0, end + 4);
  return opened;
}

void AllowOpenFiles(std::size_t wanted) {
  rlimit files{};
  PCHECK(::getrlimit(RLIMIT_NOFILE, &files) == 0);
  CHECK_GE(files.rlim_max, wanted) << "needs " << wanted << " open files and may have " << files.rlim_max
                                   << ": raise the hard limit (ulimit -Hn), or ask for fewer connections";
  files.rlim_cur = files.rlim_max;
  PCHECK(::setrlimit(RLIMIT_NOFILE, &files) == 0);
}

}  // namespace quoin::bench
