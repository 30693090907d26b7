// Both ends of a connection between two nodes, without the connection.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/peer_session.h"

namespace quoin::net {

inline PeerIdentity Node(std::uint64_t node) {
  PeerIdentity who;
  who.cluster = ClusterId{0xc};
  who.node = NodeId{node};
  who.boot = node * 11;
  who.partition_count = 256;
  who.advertised = "127.0.0.1:7080";
  return who;
}

// Takes all that a session wants written.
inline std::string Take(PeerSession& session) {
  std::string bytes;
  while (session.has_output()) {
    std::vector<std::string_view> views;
    session.CollectOutput(views, 4);
    std::size_t count = 0;
    for (const std::string_view view : views) {
      bytes += view;
      count += view.size();
    }
    session.OnWritten(count, SteadyTime{});
  }
  return bytes;
}

class PeerSessionTest : public testing::Test {
 protected:
  PeerSessionTest() {
    PeerInbound::Handlers handlers;
    handlers.hello = [this](const PeerHello& hello) {
      heard = hello;
      if (answers) inbound->Answer(answer);
    };
    handlers.batch = [this](std::string_view batch) {
      batches.emplace_back(batch);
      return batch == "bad" ? Status(Code::kInvalid, "a bad packet") : Status::Ok();
    };
    handlers.commit_number = [this](std::uint64_t number) { commit_number = number; };
    inbound = std::make_unique<PeerInbound>(PeerInbound::Limits{std::chrono::milliseconds(5000), 300'000},
                                            std::move(handlers), now);
    answer.who = Node(2);
  }

  void Dial(PeerHello::Kind kind = PeerHello::Kind::kLink) {
    PeerOutbound::Handlers handlers;
    handlers.answer = [this](const PeerAnswer& given) {
      answered = given;
      return judgement;
    };
    handlers.commit_number = [] { return std::uint64_t{77}; };
    outbound =
        std::make_unique<PeerOutbound>(PeerHello{kind, Node(1), 5}, kind == PeerHello::Kind::kLink ? &queue : nullptr,
                                       std::chrono::milliseconds(2000), std::move(handlers), now);
  }
  void Send(const std::string& packet) {
    queue.Add(PeerQueue::Lane::kBulk, [&](std::string* batch) { *batch += packet; });
  }
  // Moves all that the two say, `size` bytes at a time.
  void Exchange(std::size_t size = 1 << 20) {
    for (bool moved = true; moved;) {
      const std::string there = Take(*outbound);
      const std::string back = Take(*inbound);
      moved = !there.empty() || !back.empty();
      Feed(*inbound, there, size);
      Feed(*outbound, back, size);
    }
  }
  static void Feed(PeerSession& session, std::string_view bytes, std::size_t size = 1 << 20) {
    while (!bytes.empty() && session.wants_bytes()) {
      session.OnBytes(bytes.substr(0, size), SteadyTime{});
      bytes.remove_prefix(std::min(size, bytes.size()));
    }
  }
  // A hello that is well, so that the frames after it can be wrong.
  void Greet() {
    std::string bytes(kPeerMagic);
    AppendFrame(FrameKind::kHello, 0, EncodeHello({PeerHello::Kind::kLink, Node(1)}), &bytes);
    Feed(*inbound, bytes);
    Take(*inbound);
    ASSERT_TRUE(inbound->linked());
  }
  // What the inbound session thinks of this frame.
  std::string ErrorOf(FrameKind kind, std::string_view payload) {
    std::string bytes;
    AppendFrame(kind, 1, payload, &bytes);
    Feed(*inbound, bytes);
    return inbound->error();
  }

  const SteadyTime now{std::chrono::milliseconds(1'000'000)};
  PeerQueue queue{PeerQueue::Limits{}};
  std::unique_ptr<PeerInbound> inbound;
  std::unique_ptr<PeerOutbound> outbound;
  bool answers = true;
  PeerAnswer answer;
  Status judgement;
  std::optional<PeerHello> heard;
  std::optional<PeerAnswer> answered;
  std::vector<std::string> batches;
  std::uint64_t commit_number = 0;
};

}  // namespace quoin::net
