// PeerClient: one connection of the comparison's load generator (tests/bench/peers.sh), with one request unanswered at
// a time, to a server of one of three kinds:
//
//   etcd   gRPC over HTTP/2, unary calls of etcdserverpb.KV: Put, and Range that is linearizable;
//   redis  SET and WAIT 1 in one write, answered when the primary and a replica have it; GET, from the primary;
//   quoin  WebSocket with protobuf (docs/websocket.md), put and get that are linearizable.
//
// Each does as little as its protocol allows, so that what is measured is the server. It makes bytes and reads bytes;
// the socket is whoever's it is. A server that breaks its protocol ends the process: a measurement of it would mean
// nothing. Threads: none of its own.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace quoin::bench {

struct PeerAnswer {
  // Empty: it was done, and a get brought a value. Otherwise why not.
  std::string failure;
};

class PeerClient {
 public:
  virtual ~PeerClient() = default;
  // Appends a request. REQUIRES: the one before has been answered; keys and values have at most 60,000 bytes together.
  virtual void Put(std::string_view key, std::string_view value, std::string* output) = 0;
  virtual void Get(std::string_view key, std::string* output) = 0;
  // Takes from the front of *input what is whole, until an answer is; nullopt: none yet. May append to the output what
  // the protocol wants to be said.
  virtual std::optional<PeerAnswer> Take(std::string_view* input, std::string* output) = 0;
};

// What follows the connection's opening goes into *output. `host` is what the protocol calls the server,
// "127.0.0.1:2379". A connection does either puts or gets.
std::unique_ptr<PeerClient> NewEtcdClient(const std::string& host, bool puts, std::string* output);
std::unique_ptr<PeerClient> NewRedisClient(bool puts);
// The WebSocket is open already (OpenWebSocket).
std::unique_ptr<PeerClient> NewQuoinClient();

}  // namespace quoin::bench
