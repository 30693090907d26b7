#include "quorum/remembered.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "kv/record.h"
#include "quorum/operation.h"

namespace quoin::quorum {
namespace {

constexpr kv::Ballot kBallot{3, NodeId{7}};

Request MakeRequest(std::uint64_t client, std::uint64_t number) {
  Request request;
  request.id = {client, number};
  request.key = "k";
  request.operation = Put{.value = "v"};
  return request;
}

// Writes of one key, each with the next sequence.
class History {
 public:
  void Write(std::uint64_t client, std::uint64_t number, const FinishedIds& finished = {}) {
    const kv::Version version{kBallot, ++sequence_};
    Reply reply;
    reply.changed = version;
    Remember(MakeRequest(client, number), reply, version, finished, &record_);
    record_.accepted = record_.changed = version;
  }
  std::optional<Reply> Find(std::uint64_t client, std::uint64_t number) const {
    return FindRemembered(MakeRequest(client, number), std::make_shared<const kv::Record>(record_));
  }
  std::size_t size() const { return record_.operations.size(); }
  const kv::Version& forgot() const { return record_.forgot; }

 private:
  kv::Record record_;
  std::uint64_t sequence_ = 0;
};

kv::Version At(std::uint64_t sequence) { return {kBallot, sequence}; }

TEST(Remembered, TellsTheFirstResult) {
  History history;
  history.Write(1, 1);
  history.Write(2, 1);
  EXPECT_EQ(history.Find(1, 1)->outcome, Outcome::kDone);
  EXPECT_EQ(history.Find(1, 1)->changed, At(1));
  EXPECT_FALSE(history.Find(1, 2));
  EXPECT_FALSE(history.Find(3, 1));
}

TEST(Remembered, ForgetsTheOldestAndSaysUpToWhere) {
  History history;
  for (std::uint64_t number = 1; number <= kv::kMaxRememberedOperations + 2; ++number) history.Write(1, number);
  EXPECT_EQ(history.size(), kv::kMaxRememberedOperations);
  EXPECT_EQ(history.forgot(), At(2));
  EXPECT_FALSE(history.Find(1, 2));
  EXPECT_TRUE(history.Find(1, 3));
}

TEST(Remembered, OneFinishedIdStandsForAllOfItsClient) {
  History history;
  for (std::uint64_t number = 1; number <= 100; ++number) history.Write(1, number, {{1, number}});
  EXPECT_EQ(history.size(), 2u);
  EXPECT_EQ(history.forgot(), kv::Version()) << "no id was dropped that could still act";
  for (const std::uint64_t finished : {1, 50, 99}) {
    const auto found = history.Find(1, finished);
    ASSERT_TRUE(found) << finished << ": a late copy would be taken for a new request";
    EXPECT_EQ(found->outcome, Outcome::kError);
    EXPECT_EQ(found->status.code(), Code::kUnavailable);
  }
  EXPECT_EQ(history.Find(1, 100)->changed, At(100));
  EXPECT_FALSE(history.Find(1, 101));
  EXPECT_FALSE(history.Find(2, 1)) << "another client's";
}

TEST(Remembered, KeepsWhatIsNotFinished) {
  History history;
  history.Write(1, 5);
  history.Write(2, 1);
  history.Write(1, 6);
  history.Write(1, 7, {{1, 6}});
  EXPECT_EQ(history.size(), 4u);
  EXPECT_EQ(history.Find(1, 5)->outcome, Outcome::kError);
  EXPECT_EQ(history.Find(2, 1)->changed, At(2));
  EXPECT_EQ(history.Find(1, 6)->changed, At(3));
}

// What a leader was told of finished ids ends with its leadership. What the record says doesn't.
TEST(Remembered, FinishedIdsStayFinishedUnderALaterLeader) {
  History history;
  history.Write(1, 1);
  history.Write(1, 2, {{1, 2}});
  history.Write(1, 3);
  history.Write(2, 9);
  EXPECT_EQ(history.Find(1, 1)->outcome, Outcome::kError);
  EXPECT_EQ(history.Find(1, 2)->changed, At(2));
  history.Write(1, 4, {{1, 4}});
  EXPECT_EQ(history.size(), 3u);
  for (const std::uint64_t finished : {1, 2, 3}) EXPECT_EQ(history.Find(1, finished)->outcome, Outcome::kError);
}

TEST(Remembered, NumbersMayHaveBeenWrittenInAnyOrder) {
  History history;
  history.Write(1, 9);
  history.Write(1, 4);
  history.Write(1, 12, {{1, 12}});
  EXPECT_EQ(history.size(), 2u);
  for (const std::uint64_t finished : {4, 9}) EXPECT_EQ(history.Find(1, finished)->outcome, Outcome::kError);
  EXPECT_FALSE(history.Find(1, 10)) << "never written; its own leader knows that it is finished";
}

TEST(Remembered, OneThatStandsForLaterOnesIsTheHighest) {
  History history;
  history.Write(1, 5);
  history.Write(1, 3);
  history.Write(2, 1, {{1, 6}});
  EXPECT_EQ(history.size(), 2u);
  EXPECT_EQ(history.forgot(), kv::Version());
  for (const std::uint64_t finished : {3, 5}) {
    ASSERT_TRUE(history.Find(1, finished)) << finished;
    EXPECT_EQ(history.Find(1, finished)->outcome, Outcome::kError);
  }
}

// Clients that write once and never again.
TEST(Remembered, WhatStandsForFinishedIdsDropsOutInItsTurn) {
  History history;
  FinishedIds finished;
  for (std::uint64_t client = 1; client <= kv::kMaxRememberedOperations + 1; ++client) {
    history.Write(client, 1, finished);
    history.Write(client, 2, finished);
    finished[client] = 3;
  }
  EXPECT_EQ(history.size(), kv::kMaxRememberedOperations);
  EXPECT_EQ(history.forgot(), At(4)) << "the versions of the second client's are the last that nothing is known of";
  EXPECT_FALSE(history.Find(2, 2));
  EXPECT_EQ(history.Find(3, 2)->outcome, Outcome::kError);
}

}  // namespace
}  // namespace quoin::quorum
