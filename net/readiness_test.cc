#include "net/readiness.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <functional>
#include <memory>
#include <vector>

namespace quoin::net {
namespace {

// One end is watched, and its owner writes into the other.
class Pair final : public Readiness::Listener {
 public:
  explicit Pair(Readiness& readiness) : readiness_(readiness) {
    PCHECKed(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends_.data()));
  }
  ~Pair() {
    Remove();
    for (const int end : ends_) ::close(end);
  }
  void Add() {
    ASSERT_TRUE(readiness_.Add(ends_[0], this).ok());
    added_ = true;
  }
  void Remove() {
    if (added_) readiness_.Remove(ends_[0], this);
    added_ = false;
  }
  void Say() { ASSERT_EQ(::write(ends_[1], "x", 1), 1); }
  void EndIt() { ASSERT_EQ(::shutdown(ends_[1], SHUT_WR), 0); }
  void Drain() {
    std::array<char, 4096> bytes;
    while (::read(ends_[0], bytes.data(), bytes.size()) > 0) {
    }
  }

  void OnReady(std::uint32_t events) override {
    told.push_back(events);
    const auto call = then;  // It may destroy this.
    if (call) call();
  }
  std::vector<std::uint32_t> told;
  std::function<void()> then;

 private:
  static void PCHECKed(int result) { ASSERT_EQ(result, 0); }

  Readiness& readiness_;
  std::array<int, 2> ends_{};
  bool added_ = false;
};

class ReadinessTest : public testing::Test {
 protected:
  // All that is there to be told, and no waiting.
  void Run() {
    context_.restart();
    while (context_.poll() > 0) {
    }
  }

  boost::asio::io_context context_{1};
  Readiness readiness_{context_};
};

TEST_F(ReadinessTest, TellsWhatIsReadyWhenItIsAdded) {
  Pair pair(readiness_);
  pair.Say();
  pair.Add();
  Run();
  ASSERT_EQ(pair.told.size(), 1u);
  EXPECT_TRUE(pair.told[0] & EPOLLIN);
  EXPECT_TRUE(pair.told[0] & EPOLLOUT);
}

TEST_F(ReadinessTest, TellsNewsOnlyAndWithoutBeingAskedAgain) {
  Pair pair(readiness_);
  pair.Add();
  Run();
  pair.told.clear();
  pair.Say();
  Run();
  EXPECT_EQ(pair.told.size(), 1u);
  Run();
  EXPECT_EQ(pair.told.size(), 1u) << "what wasn't read is no news";
  pair.Drain();
  pair.Say();
  Run();
  EXPECT_EQ(pair.told.size(), 2u);
  pair.EndIt();
  Run();
  ASSERT_EQ(pair.told.size(), 3u);
  EXPECT_TRUE(pair.told[2] & EPOLLRDHUP);
}

TEST_F(ReadinessTest, TellsMoreThanItTakesAtOnce) {
  std::vector<std::unique_ptr<Pair>> pairs;
  for (int i = 0; i < 200; ++i) pairs.emplace_back(std::make_unique<Pair>(readiness_))->Add();
  for (const auto& pair : pairs) pair->Say();
  Run();
  for (const auto& pair : pairs) {
    ASSERT_FALSE(pair->told.empty());
    EXPECT_TRUE(pair->told.back() & EPOLLIN);
  }
}

TEST_F(ReadinessTest, WhoIsRemovedWhileOthersAreToldIsNotTold) {
  Pair one(readiness_), other(readiness_);
  one.Add();
  other.Add();
  Run();
  one.told.clear();
  other.told.clear();
  one.then = [&] { other.Remove(); };
  other.then = [&] { one.Remove(); };
  one.Say();
  other.Say();
  Run();
  EXPECT_EQ(one.told.size() + other.told.size(), 1u);
}

TEST_F(ReadinessTest, WhoGoesWhileItIsToldIsToldNoMore) {
  auto pair = std::make_unique<Pair>(readiness_);
  pair->Add();
  pair->then = [&] { pair = nullptr; };
  pair->Say();
  Run();
  EXPECT_EQ(pair, nullptr);
}

}  // namespace
}  // namespace quoin::net
