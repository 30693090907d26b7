// A whole node in this process, and a WebSocket to it by Boost.Beast's client.
#pragma once

#include <glog/logging.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "net/node.h"
#include "net/proto/quoin.pb.h"
#include "net/websocket_testing.h"

namespace quoin::net {

inline NodeOptions MemoryNodeOptions() {
  NodeOptions options;
  options.version = "test";
  options.engine = NodeOptions::Engine::kMemory;
  options.partition_count = 16;
  options.sweep_interval = std::chrono::seconds(60);
  options.listen_address = "127.0.0.1";
  options.shard_count = 2;
  options.reader_count = 1;
  options.max_connections = 100;
  options.max_inflight_requests = 1000;
  return options;
}

inline std::unique_ptr<Node> StartNode(NodeOptions options = MemoryNodeOptions()) {
  auto node = Node::Start(std::move(options));
  CHECK(node.ok()) << node.status();
  return *std::move(node);
}

// A client that blocks. Several may be on different shards of the node.
class BeastClient {
 public:
  BeastClient(const Node& node, Subprotocol subprotocol, const std::string& offer = {})
      : subprotocol_(subprotocol), socket_(context_) {
    socket_.next_layer().connect({boost::asio::ip::make_address("127.0.0.1"), node.port()});
    const std::string name = offer.empty() ? std::string(SubprotocolName(subprotocol)) : offer;
    socket_.set_option(
        boost::beast::websocket::stream_base::decorator([name](boost::beast::websocket::request_type& request) {
          request.set(boost::beast::http::field::sec_websocket_protocol, name);
        }));
    socket_.binary(subprotocol == Subprotocol::kProtobuf);
    socket_.handshake(response, "127.0.0.1:" + std::to_string(node.port()), "/v1/ws", error);
    if (!error) hello = Receive().hello();
  }
  void Send(const v1::ClientFrame& frame) {
    std::string message;
    if (subprotocol_ == Subprotocol::kProtobuf) {
      message = frame.SerializeAsString();
    } else {
      CHECK(google::protobuf::util::MessageToJsonString(frame, &message).ok());
    }
    socket_.write(boost::asio::buffer(message), error);
  }
  void SendJson(const std::string& json) { Send(FrameOf(json)); }
  // An empty frame when the connection is at its end; `error` says why.
  v1::ServerFrame Receive() {
    boost::beast::flat_buffer buffer;
    socket_.read(buffer, error);
    v1::ServerFrame frame;
    if (error) return frame;
    const std::string message(static_cast<const char*>(buffer.data().data()), buffer.size());
    EXPECT_EQ(socket_.got_binary(), subprotocol_ == Subprotocol::kProtobuf);
    if (subprotocol_ == Subprotocol::kProtobuf) {
      CHECK(frame.ParseFromString(message));
    } else {
      CHECK(google::protobuf::util::JsonStringToMessage(message, &frame).ok()) << message;
    }
    return frame;
  }
  v1::ServerFrame AskJson(const std::string& json) {
    SendJson(json);
    return Receive();
  }
  boost::beast::websocket::stream<boost::asio::ip::tcp::socket>& socket() { return socket_; }

  boost::system::error_code error;
  boost::beast::websocket::response_type response;
  v1::Hello hello;

 private:
  const Subprotocol subprotocol_;
  boost::asio::io_context context_;
  boost::beast::websocket::stream<boost::asio::ip::tcp::socket> socket_;
};

}  // namespace quoin::net
