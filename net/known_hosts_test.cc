#include "net/known_hosts.h"

#include <gtest/gtest.h>

namespace quoin::net {
namespace {

TEST(KnownHosts, AreOnlyThoseThatNobodyOutsideCanOwnByDefault) {
  const KnownHosts closed;
  for (const char* host : {"evil.example", "evil.example:8080", "EVIL.EXAMPLE", "evil.example.",
                           "127.0.0.1.evil.example", "localhost.evil.example", "node1.internal.evil.example",
                           "evil.internal.example", "evillocal.example", "a.b", "1.2.3.4a", "evil.example:80:localhost",
                           "evil.notlocal", "home.arpa", "evil.arpa", "..", "evil.example..", ":8080", "."}) {
    EXPECT_FALSE(closed.Knows(host)) << host;
  }
}

TEST(KnownHosts, TakeIpAddresses) {
  const KnownHosts closed;
  for (const char* host : {"127.0.0.1", "127.0.0.1:8080", "10.0.0.7:1", "192.168.1.1.", "[::1]", "[::1]:8080",
                           "[fd00::7]:8080", "[::ffff:127.0.0.1]:80"}) {
    EXPECT_TRUE(closed.Knows(host)) << host;
  }
}

TEST(KnownHosts, TakeNamesThatPublicDnsCantServe) {
  const KnownHosts closed;
  for (const char* host :
       {"localhost", "localhost:8080", "LocalHost:8080", "localhost.", "app.localhost:8080", "node1", "node1:8080",
        "node1.", "NODE1.Local", "node1.local.:8080", "node1.internal:8080", "node1.lan", "node1.home.arpa",
        "node1.test", "node1.localdomain", "node1.default.svc", "node1.svc.cluster.local:8080"}) {
    EXPECT_TRUE(closed.Knows(host)) << host;
  }
}

// HTTP/1.0 without a Host.
TEST(KnownHosts, TakeWhatNamesNoHost) { EXPECT_TRUE(KnownHosts().Knows("")); }

TEST(KnownHosts, AreThoseOfTheList) {
  const auto listed = KnownHosts::Parse("db.example, Node1.Example.");
  ASSERT_TRUE(listed.ok()) << listed.status();
  for (const char* host : {"db.example", "DB.example:8080", "db.example.:443", "node1.example"}) {
    EXPECT_TRUE(listed->Knows(host)) << host;
  }
  for (const char* host : {"evil.example", "a.db.example", "xdb.example", "db.example.evil.example", "example"}) {
    EXPECT_EQ(listed->Knows(host), IsLocalHost(host)) << host;
  }
}

TEST(KnownHosts, AreThoseThatAreAddedWhateverTheirPort) {
  KnownHosts known;
  known.Add("db.example:8080");
  known.Add("");
  EXPECT_TRUE(known.Knows("db.example"));
  EXPECT_TRUE(known.Knows("db.example:9090"));
  EXPECT_FALSE(known.Knows("evil.example:8080"));
  EXPECT_FALSE(known.Knows(":8080"));
}

TEST(KnownHosts, AreAllWithAStar) {
  const auto all = KnownHosts::Parse("*");
  ASSERT_TRUE(all.ok()) << all.status();
  EXPECT_TRUE(all->Knows("evil.example:8080"));
}

TEST(KnownHosts, RefuseWhatIsNoName) {
  for (const char* text : {"db.example:8080", "http://db.example", "db.example,", ",db.example", "*.example", "a b",
                           "*,db.example", ".example", "d\xc3\xb6.example", "a\r\nX: y"}) {
    EXPECT_FALSE(KnownHosts::Parse(text).ok()) << text;
  }
}

}  // namespace
}  // namespace quoin::net
