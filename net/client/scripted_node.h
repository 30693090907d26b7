// ScriptedNode: the server's end of quoin.v1.protobuf, for tests of the client: it accepts connections and says hello,
// and answers each request with what the test's script says, at once or when the test wants it to.
//
// Threads: the test's, which runs the context. Lifetime: outlives nothing; connections end with it.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "net/proto/quoin.pb.h"

namespace quoin::client {

class ScriptedNode {
 public:
  // The answer to a request, without its id; nullopt: none now, the request is kept.
  using Script = std::function<std::optional<v1::ServerFrame>(const v1::ClientFrame& request)>;

  ScriptedNode(boost::asio::io_context& context, NodeId id, Script script);
  ~ScriptedNode();
  ScriptedNode(const ScriptedNode&) = delete;
  ScriptedNode& operator=(const ScriptedNode&) = delete;

  NodeId id() const { return id_; }
  std::string address() const;
  std::size_t accepted() const { return accepted_; }

  // Requests that were not answered, in the order of their arrival. AnswerKept takes the first one and asks the script
  // again, which must give an answer now.
  std::size_t kept() const { return kept_.size(); }
  void AnswerKept();

  // Says this to all who are connected, unasked.
  void Tell(const v1::ServerFrame& frame);

  // While set, whoever connects is cut off at once.
  bool refuse = false;
  // Resets all connections; what was kept is forgotten.
  void Cut();

 private:
  struct Peer;

  void Accept();
  void Read(const std::shared_ptr<Peer>& peer);
  // False: the connection has ended.
  bool OnBytes(const std::shared_ptr<Peer>& peer, std::size_t count);
  void Answer(Peer& peer, const v1::ClientFrame& request, v1::ServerFrame answer);
  static void Write(Peer& peer, const v1::ServerFrame& frame);

  boost::asio::io_context& context_;
  boost::asio::ip::tcp::acceptor acceptor_;
  const NodeId id_;
  const Script script_;
  std::vector<std::weak_ptr<Peer>> peers_;
  std::deque<std::pair<std::weak_ptr<Peer>, v1::ClientFrame>> kept_;
  std::size_t accepted_ = 0;
};

}  // namespace quoin::client
