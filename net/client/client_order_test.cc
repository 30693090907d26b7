// The order of operations on one key while leaders change (L3), and what becomes of them when servers are lost.
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "net/client/client_ring_testing.h"

namespace quoin::client {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

using ClientOrderTest = ClientRingTest;

TEST_F(ClientOrderTest, KeepsTheOrderOfAKeyWhoseLeaderChangesL3) {
  const auto client = NewClient();
  WarmUp(*client);
  const std::string key = KeyIn(4), other_key = KeyIn(4, "other");
  ASSERT_TRUE(
      Do(*client, Operation::Append(key, "0")).done());  // So that its ballot is known, and nothing is held back.
  held_keys_.insert(key);
  Start(*client, Operation::Append(key, "a"));
  RunUntil(context_, [&] { return nodes_[1]->kept() == 1; });
  leaders_[4] = 2;
  ++round_;
  ASSERT_EQ(NodeOf(Do(*client, Operation::Get(other_key))), 1u);
  // The client knows the new leader now.
  held_keys_.clear();
  const auto crossing = std::chrono::steady_clock::now();
  Start(*client, Operation::Append(key, "b"));
  Start(*client, Operation::Append(key, "c"));
  ASSERT_EQ(NodeOf(Do(*client, Operation::Get(KeyIn(5)))), 2u);
  const std::string meanwhile = memory_[key];
  nodes_[1]->AnswerKept();
  if (std::chrono::steady_clock::now() - crossing >= kMaxCrossingWait) GTEST_SKIP() << "the machine is too busy for this";
  EXPECT_EQ(meanwhile, "0") << "what comes behind waits for the one that went the other way";
  RunUntil(context_, [&] { return answers_.size() == 3; });
  EXPECT_EQ(memory_[key], "0abc");
  EXPECT_EQ(NodeOf(answers_[0]), 1u);
  EXPECT_EQ(NodeOf(answers_[1]), 2u);
  EXPECT_EQ(NodeOf(answers_[2]), 2u);
}

TEST_F(ClientOrderTest, WaitsOnlySoLongForWhatWentAnotherWayL3) {
  const auto client = NewClient();
  WarmUp(*client);
  const std::string key = KeyIn(4), other_key = KeyIn(4, "other");
  ASSERT_TRUE(Do(*client, Operation::Append(key, "0")).done());
  held_keys_.insert(key);
  Start(*client, Operation::Append(key, "a"));
  RunUntil(context_, [&] { return nodes_[1]->kept() == 1; });
  leaders_[4] = 2;
  ++round_;
  ASSERT_EQ(NodeOf(Do(*client, Operation::Get(other_key))), 1u);
  held_keys_.clear();
  const Answer answer = Do(*client, Operation::Append(key, "b"));
  EXPECT_EQ(NodeOf(answer), 2u);
  EXPECT_EQ(memory_[key], "0b");
  nodes_[1]->AnswerKept();
  RunUntil(context_, [&] { return answers_.size() == 1; });
}

// Leaders change all the time; the operations on each key still take effect in order.
TEST_F(ClientOrderTest, KeepsTheOrderHoweverLeadersChangeL3) {
  const auto client = NewClient();
  WarmUp(*client);
  constexpr int kOperations = 6000;
  std::map<std::string, std::string> expected;
  int started = 0, ended = 0;
  const std::function<void()> start = [&] {
    const int i = started++;
    if (i % 10 == 0) {
      leaders_[static_cast<std::size_t>(i / 10) % kPartitions] = static_cast<std::size_t>(i) % 3;
      ++round_;
    }
    const std::string key = "k" + std::to_string(i % 11), word = std::to_string(i) + " ";
    expected[key] += word;
    client->Start(Operation::Append(key, word), {}, [&](Answer answer) {
      EXPECT_TRUE(answer.done()) << ToString(answer);
      ++ended;
      if (started < kOperations) start();
    });
  };
  for (int i = 0; i < 40; ++i) start();
  RunUntil(context_, [&] { return ended == kOperations; });
  for (const auto& [key, value] : expected) EXPECT_TRUE(memory_[key] == value) << key;
  EXPECT_EQ(client->counts().resendings, 0u);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_GE(ExecutedOn(i), 500u);
}

TEST_F(ClientOrderTest, WhatWasUnderWayAtALostServerGoesOnElsewhereAtOnce) {
  Options options;
  options.retry.first_backoff = options.retry.max_backoff = seconds(20);  // Whoever waits for that is late.
  const auto client = NewClient(options);
  WarmUp(*client);
  const std::string key = KeyIn(4);
  held_keys_.insert(key);
  for (int i = 0; i < 3; ++i) Start(*client, Operation::Get(key));
  RunUntil(context_, [&] { return nodes_[1]->kept() == 3; });
  held_keys_.clear();
  nodes_[1]->refuse = true;
  nodes_[1]->Cut();
  RunUntil(context_, [&] { return answers_.size() == 3; });
  for (const Answer& answer : answers_) {
    EXPECT_TRUE(answer.done()) << ToString(answer);
    EXPECT_EQ(answer.sendings, 2u);
    EXPECT_NE(NodeOf(answer), 1u);
  }
  // What is started now doesn't try the lost one first.
  const Answer answer = Do(*client, Operation::Get(key));
  EXPECT_EQ(answer.sendings, 1u);
}

TEST_F(ClientOrderTest, ComesBackToALeaderThatWasLost) {
  const auto client = NewClient();
  WarmUp(*client);
  nodes_[1]->Cut();
  WarmUp(*client);
}

TEST_F(ClientOrderTest, SpreadComesBackToAServerThatWasLost) {
  Options options;
  options.routing = Routing::kSpread;
  for (const auto& node : nodes_) options.servers.push_back(node->address());
  const auto client = NewClient(options);
  const auto answerers = [&] {
    std::vector<std::size_t> nodes;
    for (int i = 0; i < 60; ++i) nodes.push_back(NodeOf(Do(*client, Operation::Get("k" + std::to_string(i)))));
    return nodes;
  };
  const std::vector<std::size_t> before = answerers();
  EXPECT_EQ(std::set<std::size_t>(before.begin(), before.end()).size(), 3u);
  nodes_[1]->refuse = true;
  nodes_[1]->Cut();
  const std::vector<std::size_t> meanwhile = answerers();
  for (std::size_t i = 0; i < before.size(); ++i) {
    if (before[i] == 1) {
      EXPECT_NE(meanwhile[i], 1u);
    } else {
      EXPECT_EQ(meanwhile[i], before[i]);
    }
  }
  nodes_[1]->refuse = false;
  while (answerers() != before) {
  }
  EXPECT_EQ(client->counts().ring_requests, 0u);
}

TEST_F(ClientOrderTest, ANodeThatRefusesIsPassedOver) {
  Options options;
  options.retry.first_backoff = options.retry.max_backoff = milliseconds(1);
  const auto client = NewClient(options);
  WarmUp(*client);
  busy_.insert(1);
  const Answer answer = Do(*client, Operation::Append(KeyIn(4), "x"));
  EXPECT_TRUE(answer.done()) << ToString(answer);
  EXPECT_NE(NodeOf(answer), 1u);
  EXPECT_EQ(answer.sendings, 2u);
}

TEST_F(ClientOrderTest, ANodeThatHangsHoldsUpOnlySoLong) {
  Options options;
  options.ping_interval = milliseconds(50);
  const auto client = NewClient(options);
  WarmUp(*client);
  const std::string key = KeyIn(4);
  held_keys_.insert(key);
  Start(*client, Operation::Append(key, "x"));
  RunUntil(context_, [&] { return nodes_[1]->kept() == 1; });
  held_keys_.clear();
  nodes_[1]->refuse = true;
  RunUntil(context_, [&] { return answers_.size() == 1; });
  EXPECT_TRUE(answers_[0].done()) << ToString(answers_[0]);
  EXPECT_NE(NodeOf(answers_[0]), 1u);
}

TEST_F(ClientOrderTest, EndsAsUnreachableWhenAllServersAreLost) {
  Options options;
  options.retry.wait_for_servers = false;
  const auto client = NewClient(options);
  WarmUp(*client);
  for (const auto& node : nodes_) node->refuse = true;
  for (const auto& node : nodes_) node->Cut();
  RunUntil(context_, [&] { return client->counts().connections_lost >= nodes_.size(); });
  const Answer answer = Do(*client, Operation::Append("k", "x"));
  EXPECT_EQ(answer.outcome, Outcome::kNotApplied);
  EXPECT_EQ(answer.problem.type, "unreachable") << ToString(answer);
}

}  // namespace
}  // namespace quoin::client
