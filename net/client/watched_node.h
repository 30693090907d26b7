// WatchedNode: a scripted node that notes watches and credit, and tells what the test wants.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "net/client/scripted_node.h"
#include "net/client/watch_testing.h"

namespace quoin::client {

class WatchedNode {
 public:
  WatchedNode(boost::asio::io_context& context, std::uint64_t id)
      : node_(context, NodeId{id}, [this](const v1::ClientFrame& request) { return Serve(request); }) {}

  void Tell(const std::vector<std::string>& lines, const std::string& cursor = {}) {
    v1::ServerFrame frame;
    frame.set_id(watch_id);
    *frame.mutable_events() = EventsOf(lines, cursor);
    told_bytes += frame.ByteSizeLong();
    node_.Tell(frame);
  }
  void TellProblem(const std::string& type, std::uint32_t status) { node_.Tell(ProblemFrame(type, status)); }
  ScriptedNode* operator->() { return &node_; }

  std::vector<v1::Watch> watches;
  std::uint32_t watch_id = 0;
  std::uint64_t credit_bytes = 0;  // Ever given, on the newest connection.
  std::uint64_t told_bytes = 0;    // The same.
  std::string refusal;             // Type of the problem that watches are answered with.
  std::uint32_t refusal_status = 503;
  std::vector<std::string> ring;  // Addresses of the nodes that it says there are.

 private:
  v1::ServerFrame ProblemFrame(const std::string& type, std::uint32_t status) const {
    v1::ServerFrame frame;
    frame.set_id(watch_id);
    frame.mutable_result()->set_outcome(v1::ERROR);
    frame.mutable_result()->mutable_problem()->set_type(type);
    frame.mutable_result()->mutable_problem()->set_status(status);
    frame.mutable_result()->mutable_problem()->set_detail("because");
    return frame;
  }
  std::optional<v1::ServerFrame> Serve(const v1::ClientFrame& request) {
    if (request.has_credit()) {
      if (request.id() != 0) ADD_FAILURE() << "credit has no id";
      credit_bytes += request.credit().bytes();
      return std::nullopt;
    }
    if (request.has_ring()) {
      v1::ServerFrame answer;
      v1::Ring& told = *answer.mutable_ring();
      if (!ring.empty()) {
        told.set_epoch(1);
        told.set_partition_count(1);
        told.set_cluster("0000000000000abc");
        told.add_leaders(1);
      }
      for (const std::string& address : ring) {
        v1::Ring::Node& node = *told.add_nodes();
        node.set_id(NodeId{static_cast<std::uint64_t>(told.nodes_size())}.ToString());
        node.set_client_address(address);
      }
      return answer;
    }
    EXPECT_TRUE(request.has_watch()) << request.ShortDebugString();
    EXPECT_GT(credit_bytes, 0u) << "credit is given before there is anything to spend it on";
    watches.push_back(request.watch());
    watch_id = request.id();
    told_bytes = 0;
    if (refusal.empty()) return std::nullopt;
    return ProblemFrame(refusal, refusal_status);
  }

  ScriptedNode node_;
};

}  // namespace quoin::client
