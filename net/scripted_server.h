// ScriptedServer: an HTTP server for tests of clients that does exactly what its script says, wrong things included.
//
// It listens on a loopback port that the system chooses and serves one connection after another, on a thread of its
// own: the script gets the connection, and when it returns the connection is closed.
// Lifetime: the destructor ends the connection that is being served and waits for the script to return.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <thread>

namespace quoin::net {

// A request as it arrived. Field names are in lower case.
struct ScriptedRequest {
  std::string method;
  std::string target;
  std::map<std::string, std::string> fields;
  std::string body;
};

class ScriptedConnection {
 public:
  explicit ScriptedConnection(int socket) : socket_(socket) {}

  // Waits for the next whole request; nullopt once the client has closed the connection.
  std::optional<ScriptedRequest> Receive();
  // Waits for the head alone: the body has not been read.
  std::optional<ScriptedRequest> ReceiveHead();
  void Send(std::string_view bytes);
  // A whole answer with Content-Length; `fields` are lines that end in CR LF.
  void Answer(int status, std::string_view fields, std::string_view body);
  // Waits until the client closes the connection, and drops what it still sends.
  void WaitForEnd();
  // Closes by a reset instead of an orderly end.
  void Reset();

 private:
  bool ReadMore();

  const int socket_;
  std::string input_;
};

class ScriptedServer {
 public:
  using Script = std::function<void(ScriptedConnection&)>;

  explicit ScriptedServer(Script script);
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  std::uint16_t port() const { return port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  // Connections that have been accepted so far.
  int connections() const { return connections_; }

 private:
  void Run();

  const Script script_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<int> connections_ = 0;
  std::atomic<bool> stopping_ = false;
  std::atomic<int> serving_ = -1;  // The socket being served, so that the destructor can end it.
  std::thread thread_;
};

// A port of the loopback address at which nobody listens. It stays so while the object lives: the port is bound.
class RefusingPort {
 public:
  RefusingPort();
  ~RefusingPort();
  RefusingPort(const RefusingPort&) = delete;
  RefusingPort& operator=(const RefusingPort&) = delete;

  std::uint16_t port() const { return port_; }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  int socket_ = -1;
  std::uint16_t port_ = 0;
};

}  // namespace quoin::net
