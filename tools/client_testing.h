// For tests of the terminal client: a node that does exactly what a script says, wrong things included. It speaks
// WebSocket (quoin.v1.protobuf) and HTTP at one loopback port of the system's choice, to any number of connections.
//
// Threads: one per connection; scripts are called one at a time.
// Lifetime: the destructor ends all connections.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "net/proto/quoin.pb.h"

namespace quoin::tools {

class ScriptedNode {
 public:
  static constexpr const char* kId = "00c0ffee00c0ffee";

  struct Silence {};  // The request is never answered.
  struct Cut {};      // The connection ends instead.
  using Reaction = std::variant<v1::ServerFrame, Silence, Cut>;
  struct HttpRequest {
    std::string method;
    std::string target;
    std::string body;
  };
  struct HttpReply {
    unsigned status = 200;
    std::string body;
  };
  struct Script {
    std::function<Reaction(const v1::ClientFrame&)> frame;  // The answer's id is filled in.
    std::function<HttpReply(const HttpRequest&)> http;
    std::string id = kId;
  };

  explicit ScriptedNode(Script script);
  ~ScriptedNode();
  ScriptedNode(const ScriptedNode&) = delete;
  ScriptedNode& operator=(const ScriptedNode&) = delete;

  std::uint16_t port() const;
  std::string address() const { return "127.0.0.1:" + std::to_string(port()); }
  // Ends all connections, and comes back when the clients' kernels know; new ones are taken.
  void CutAll();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// As much of a keyspace as these tests need: get, put, delete, increment, conditions on absence, scans, and watches, which
// are told what is there, and nothing more (with the cursor "refused" they are refused). Operations
// have the effect once, however often they come. Some keys make trouble:
//   silent   is never answered, nor does anything happen
//   cut      the connection ends instead of an answer, and nothing happens
//   lost     the first answer to each operation is lost with the connection; what was asked for has happened
//   full     a put is refused: the disk is full
//
// Any thread.
class ScriptedKeys {
 public:
  // `on_silence` is called when something came that will not be answered.
  explicit ScriptedKeys(std::function<void()> on_silence = [] {}) : on_silence_(std::move(on_silence)) {}

  ScriptedNode::Reaction React(const v1::ClientFrame& frame);

  void Put(const std::string& key, const std::string& value);
  std::string Value(const std::string& key) const;
  // All that came.
  std::vector<v1::ClientFrame> frames() const;

 private:
  v1::ServerFrame Apply(const v1::Operation& operation);
  v1::ServerFrame List(const v1::Scan& scan);
  v1::ServerFrame Tell(const v1::Watch& watch);

  const std::function<void()> on_silence_;
  mutable std::mutex mutex_;
  std::vector<v1::ClientFrame> frames_;
  std::map<std::string, std::string> values_;
  std::map<std::string, v1::ServerFrame> answered_;  // By operation id.
};

// {"type": "urn:quoin:problem:<type>", ...}
std::string ProblemJson(const std::string& type, const std::string& outcome, const std::string& detail);

}  // namespace quoin::tools
