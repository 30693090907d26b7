#include "net/peer_dial.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <optional>
#include <string>

#include "net/name_lookup_testing.h"
#include "net/scripted_server.h"

namespace quoin::net {
namespace {

using std::chrono::milliseconds;
using testing::AllOf;
using testing::HasSubstr;
using Dialled = std::optional<Result<boost::asio::ip::tcp::socket>>;

// The machine may be busy.
constexpr milliseconds kLong{60'000};

class PeerDialTest : public testing::Test {
 protected:
  std::shared_ptr<PeerDial> Dial(const std::string& address, Dialled* dialled, milliseconds timeout = kLong) {
    return PeerDial::Start(context, lookup, address, timeout, [dialled](Result<boost::asio::ip::tcp::socket> result) {
      dialled->emplace(std::move(result));
    });
  }
  void RunUntil(const Dialled& dialled) {
    while (!dialled) {
      context.restart();
      ASSERT_GT(context.run_one(), 0u);
    }
  }
  std::string At(const std::string& name) const { return name + ":" + std::to_string(server.port()); }

  ScriptedServer server{[](ScriptedConnection& connection) { connection.WaitForEnd(); }};
  TestNames names;
  boost::asio::io_context context{1};
  NameLookup lookup{context, names.Resolver()};
};

TEST_F(PeerDialTest, OneNameThatHangsKeepsNoOtherFromBeingDialled) {
  names.Hang("slow");
  Dialled slow;
  Dialled fast;
  const auto dial = Dial(At("slow"), &slow);
  names.AwaitLookups("slow", 1);
  Dial(At("fast"), &fast);
  RunUntil(fast);
  EXPECT_TRUE(fast->ok()) << fast->status();
  EXPECT_FALSE(slow);
  dial->Cancel();
}

TEST_F(PeerDialTest, TwoDialsOfOneNameAreOneLookup) {
  names.Hang("slow");
  Dialled one;
  Dialled other;
  Dial(At("slow"), &one);
  names.AwaitLookups("slow", 1);
  Dial(At("slow"), &other);
  names.Release();
  RunUntil(one);
  EXPECT_TRUE(one->ok()) << one->status();
  *one = Status(Code::kUnavailable, "closed, since the server serves one after the other");
  RunUntil(other);
  EXPECT_TRUE(other->ok()) << other->status();
  EXPECT_EQ(names.Lookups("slow"), 1);
}

TEST_F(PeerDialTest, AddressesNeedNoLookup) {
  Dialled dialled;
  Dial(At("127.0.0.1"), &dialled);
  RunUntil(dialled);
  EXPECT_TRUE(dialled->ok()) << dialled->status();
  EXPECT_EQ(names.Lookups("127.0.0.1"), 0);
}

TEST_F(PeerDialTest, WhatTheNameMeantLastIsDialledWhileItsLookupHangs) {
  Dialled dialled;
  Dial(At("a"), &dialled);
  RunUntil(dialled);
  ASSERT_TRUE(dialled->ok()) << dialled->status();
  names.Hang("a");
  dialled.reset();
  Dial(At("a"), &dialled, milliseconds(2000));
  RunUntil(dialled);
  EXPECT_TRUE(dialled->ok()) << dialled->status();

  const RefusingPort nobody;
  dialled.reset();
  Dial("a:" + std::to_string(nobody.port()), &dialled, milliseconds(2000));
  RunUntil(dialled);
  EXPECT_THAT(dialled->status().message(),
              AllOf(HasSubstr("Connection refused"), HasSubstr("still being looked up after 500 ms")));
}

TEST_F(PeerDialTest, ItsTimeIncludesTheLookup) {
  names.Hang("slow");
  Dialled dialled;
  Dial("slow:7080", &dialled, milliseconds(4));
  RunUntil(dialled);
  ASSERT_FALSE(dialled->ok());
  EXPECT_EQ(dialled->status().message(), "can't connect to slow:7080: the name is still being looked up after 4 ms");
}

TEST_F(PeerDialTest, NothingIsDoneAfterCancel) {
  names.Hang("slow");
  Dialled dialled;
  Dial(At("slow"), &dialled)->Cancel();
  EXPECT_EQ(context.run(), 1u) << "but that the lookup's timer is told of it";
  EXPECT_FALSE(dialled);
}

}  // namespace
}  // namespace quoin::net
