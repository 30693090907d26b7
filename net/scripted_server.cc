#include "net/scripted_server.h"

#include <arpa/inet.h>
#include <glog/logging.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <utility>

namespace quoin::net {
namespace {

// A socket bound to a loopback port of the system's choice, which is put into *port.
int BindLoopback(std::uint16_t* port) {
  const int bound = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  PCHECK(bound >= 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  PCHECK(::bind(bound, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  socklen_t size = sizeof address;
  PCHECK(::getsockname(bound, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  *port = ntohs(address.sin_port);
  return bound;
}

// A signal that is meant for somebody else in the process may end a system call of this thread.
template <typename Call>
auto AgainIfInterrupted(const Call& call) {
  for (;;) {
    const auto result = call();
    if (result >= 0 || errno != EINTR) return result;
  }
}

std::string Lower(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

}  // namespace

bool ScriptedConnection::ReadMore() {
  char bytes[65536];
  const ssize_t count = AgainIfInterrupted([&] { return ::recv(socket_, bytes, sizeof bytes, 0); });
  if (count <= 0) return false;
  input_.append(bytes, static_cast<std::size_t>(count));
  return true;
}

std::optional<ScriptedRequest> ScriptedConnection::ReceiveHead() {
  std::size_t end = 0;
  while ((end = input_.find("\r\n\r\n")) == std::string::npos) {
    if (!ReadMore()) return std::nullopt;
  }
  const std::string head = input_.substr(0, end + 2);
  input_.erase(0, end + 4);
  ScriptedRequest request;
  const std::size_t first = head.find(' ');
  const std::size_t second = head.find(' ', first + 1);
  request.method = head.substr(0, first);
  request.target = head.substr(first + 1, second - first - 1);
  for (std::size_t line = head.find("\r\n") + 2; line < head.size();) {
    const std::size_t line_end = head.find("\r\n", line);
    const std::size_t colon = head.find(": ", line);
    request.fields[Lower(head.substr(line, colon - line))] = head.substr(colon + 2, line_end - colon - 2);
    line = line_end + 2;
  }
  return request;
}

std::optional<ScriptedRequest> ScriptedConnection::Receive() {
  std::optional<ScriptedRequest> request = ReceiveHead();
  if (!request) return std::nullopt;
  const auto length = request->fields.find("content-length");
  const std::size_t size_bytes = length == request->fields.end() ? 0 : std::stoul(length->second);
  while (input_.size() < size_bytes) {
    if (!ReadMore()) return std::nullopt;
  }
  request->body = input_.substr(0, size_bytes);
  input_.erase(0, size_bytes);
  return request;
}

void ScriptedConnection::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count =
        AgainIfInterrupted([&] { return ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL); });
    if (count <= 0) return;  // The client has gone; the script finds out when it receives.
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

void ScriptedConnection::Answer(int status, std::string_view fields, std::string_view body) {
  std::string answer = "HTTP/1.1 " + std::to_string(status) + " Scripted\r\n";
  answer.append(fields);
  if (status != 204 && status != 304) answer += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  answer.append("\r\n").append(body);
  Send(answer);
}

void ScriptedConnection::WaitForEnd() {
  while (ReadMore()) input_.clear();
}

void ScriptedConnection::Reset() {
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  PCHECK(::setsockopt(socket_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once) == 0);
}

ScriptedServer::ScriptedServer(Script script) : script_(std::move(script)) {
  listener_ = BindLoopback(&port_);
  PCHECK(::listen(listener_, 16) == 0);
  thread_ = std::thread([this] { Run(); });
}

ScriptedServer::~ScriptedServer() {
  stopping_ = true;
  ::shutdown(listener_, SHUT_RDWR);
  // A number that has been closed meanwhile is at worst a socket of nobody: the thread opens no other files, and
  // shutdown leaves the number alone.
  if (const int serving = serving_; serving >= 0) ::shutdown(serving, SHUT_RDWR);
  thread_.join();
  ::close(listener_);
}

void ScriptedServer::Run() {
  while (!stopping_) {
    const int accepted = AgainIfInterrupted([&] { return ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC); });
    if (accepted < 0) return;
    ++connections_;
    const int on = 1;
    ::setsockopt(accepted, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    serving_ = accepted;
    if (stopping_) ::shutdown(accepted, SHUT_RDWR);
    ScriptedConnection connection(accepted);
    script_(connection);
    serving_ = -1;
    ::close(accepted);
  }
}

RefusingPort::RefusingPort() { socket_ = BindLoopback(&port_); }
RefusingPort::~RefusingPort() { ::close(socket_); }

}  // namespace quoin::net
