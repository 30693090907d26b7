// What the client library does with the ring: who leads, where nodes are, and when it asks.
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "net/client/client_ring_testing.h"
#include "net/scripted_server.h"

namespace quoin::client {
namespace {

using std::chrono::milliseconds;

TEST_F(ClientRingTest, GoesStraightToLeaders) {
  const auto client = NewClient();
  WarmUp(*client);
  for (int i = 0; i < 300; ++i) {
    const std::string key = "key" + std::to_string(i);
    const Answer answer = Do(*client, Operation::Append(key, "x"));
    ASSERT_TRUE(answer.done()) << ToString(answer);
    EXPECT_EQ(NodeOf(answer), leaders_[PartitionOf(key)]) << key;
    EXPECT_EQ(answer.sendings, 1u);
  }
  EXPECT_EQ(ring_requests_, 1);
  EXPECT_EQ(client->counts().ring_requests, 1u);
  for (const auto& node : nodes_) EXPECT_EQ(node->accepted(), 1u);
}

TEST_F(ClientRingTest, TheFirstOperationsDoNotWaitForTheRing) {
  const auto client = NewClient();
  const Answer answer = Do(*client, Operation::Get(KeyIn(1)));
  EXPECT_TRUE(answer.done()) << ToString(answer);
  EXPECT_EQ(NodeOf(answer), 0u);
}

TEST_F(ClientRingTest, LearnsANewLeaderFromAnAnswer) {
  const auto client = NewClient();
  WarmUp(*client);
  const std::string key = KeyIn(4);
  ASSERT_EQ(leaders_[4], 1u);
  leaders_[4] = 2;
  ++round_;
  EXPECT_EQ(NodeOf(Do(*client, Operation::Get(key))), 1u) << "which coordinates";
  EXPECT_EQ(NodeOf(Do(*client, Operation::Get(key))), 2u);
  EXPECT_EQ(ring_requests_, 1);
}

TEST_F(ClientRingTest, WorksWhereNodesKnowNoRing) {
  for (const bool is_old : {false, true}) {
    knows_ring_ = false;
    is_old_ = is_old;
    Options options;
    options.servers = {nodes_[1]->address(), nodes_[0]->address()};
    const auto client = NewClient(options);
    for (int i = 0; i < 50; ++i) EXPECT_EQ(NodeOf(Do(*client, Operation::Get("k" + std::to_string(i)))), 1u);
    nodes_[1]->Cut();
    for (int i = 0; i < 50; ++i) EXPECT_EQ(NodeOf(Do(*client, Operation::Get("k" + std::to_string(i)))), 0u);
  }
}

TEST_F(ClientRingTest, AddressesThatAreOfNoUseHereAreNotTriedInAStorm) {
  // As behind a network address translator: the cluster's addresses mean nothing to the client.
  const net::RefusingPort nobody, nobody_either, not_even_me;
  advertised_ = {not_even_me.address(), nobody.address(), nobody_either.address()};
  const auto client = NewClient();
  for (int i = 0; i < 2000; ++i) {
    const Answer answer = Do(*client, Operation::Append("key" + std::to_string(i % 100), "x"));
    ASSERT_TRUE(answer.done()) << ToString(answer);
    EXPECT_EQ(NodeOf(answer), 0u);
    EXPECT_EQ(answer.sendings, 1u);
  }
  // Each was tried, and then left alone for at least 50 ms, 100 ms, 200 ms, ...
  EXPECT_GE(client->counts().connections_lost, 2u);
  EXPECT_LE(client->counts().connections_lost, 20u);
  EXPECT_EQ(nodes_[0]->accepted(), 1u);
}

TEST_F(ClientRingTest, AsksForTheRingWhenALeaderIsNotInIt) {
  const auto begun = std::chrono::steady_clock::now();
  const auto client = NewClient();
  WarmUp(*client);
  AddNode();
  epoch_ = 2;
  leaders_[4] = 3;
  ++round_;
  WarmUp(*client);
  EXPECT_GE(ring_requests_, 2);
  EXPECT_LE(ring_requests_, MostRingRequestsSince(begun));
  EXPECT_EQ(nodes_[3]->accepted(), 1u);
}

TEST_F(ClientRingTest, AsksForTheRingNowAndThen) {
  Options options;
  options.ring_interval = milliseconds(2);
  const auto client = NewClient(options);
  while (ring_requests_ < 5) ASSERT_TRUE(Do(*client, Operation::Get("k")).done());
}

TEST_F(ClientRingTest, AsksForTheRingOnceHoweverMuchIsLost) {
  Options options;
  options.retry.first_backoff = options.retry.max_backoff = milliseconds(1);
  const auto begun = std::chrono::steady_clock::now();
  const auto client = NewClient(options);
  WarmUp(*client);
  nodes_[1]->refuse = true;
  nodes_[1]->Cut();
  busy_.insert(2);
  for (int i = 0; i < 500; ++i) EXPECT_TRUE(Do(*client, Operation::Get("k" + std::to_string(i))).done());
  EXPECT_LE(ring_requests_, MostRingRequestsSince(begun));
}

TEST_F(ClientRingTest, IgnoresARingThatMakesNoSense) {
  told_leaders_ = {7};
  const auto client = NewClient();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(NodeOf(Do(*client, Operation::Get("k" + std::to_string(i)))), 0u);
  EXPECT_EQ(client->counts().connections_lost, 0u);
}

TEST_F(ClientRingTest, ScansGoAnywhere) {
  const auto client = NewClient();
  WarmUp(*client);
  EXPECT_TRUE(RunToEnd(context_, client->Scan({}).Next()) == std::nullopt);
}

}  // namespace
}  // namespace quoin::client
