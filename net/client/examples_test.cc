// The examples as the programs that they are, against a real node: what the document shows is what they say.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <memory>
#include <string>

#include "net/client/client_testing.h"
#include "net/scripted_server.h"

namespace quoin::client {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

// What the example prints.
std::string RunExample(const std::string& name, const std::string& arguments) {
  const std::string command = "net/client/" + name + " " + arguments + " 2>&1";
  FILE* const pipe = ::popen(command.c_str(), "r");
  CHECK(pipe != nullptr);
  std::string output;
  std::array<char, 4096> buffer;
  while (const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), pipe))
    output.append(buffer.data(), count);
  EXPECT_EQ(::pclose(pipe), 0) << output;
  return output;
}

TEST(Examples, Hello) {
  const auto node = StartTestNode();
  EXPECT_THAT(RunExample("hello", AddressOf(*node)),
              MatchesRegex("Hello, world \\(version [0-9]+\\.[0-9a-f]{16}\\.[0-9]+, from node " +
                           node->id().ToString() + "\\)\n"));
}

TEST(Examples, Counter) {
  const auto node = StartTestNode();
  EXPECT_EQ(RunExample("counter", AddressOf(*node)), "visit number 1\n");
  EXPECT_EQ(RunExample("counter", AddressOf(*node)), "visit number 2\n");
  const net::RefusingPort nobody;
  EXPECT_THAT(RunExample("counter", nobody.address()), HasSubstr("certainly not counted: not-applied: unreachable"));
}

TEST(Examples, Scan) {
  const auto node = StartTestNode();
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(RunExample("scan", AddressOf(*node) + " user/"),
              "user/ada = ada\nuser/edsger = edsger\nuser/grace = grace\n3 keys\n");
  }
}

TEST(Examples, Watch) {
  const auto node = StartTestNode();
  EXPECT_EQ(RunExample("watch", AddressOf(*node) + " room/"),
            "synced \n0 keys\nput room/end\ndeleted room/end\n");
}

}  // namespace
}  // namespace quoin::client
