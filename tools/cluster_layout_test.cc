#include "tools/cluster_layout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <fstream>

namespace quoin::tools {
namespace {

using testing::AllOf;
using testing::HasSubstr;

const ClusterLayout kUsual{"127.0.0.1:8080", "127.0.0.1:7080", {}};

class Folder : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/layout.XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    path_ = pattern;
  }
  void TearDown() override { std::filesystem::remove_all(path_); }
  void Write(const std::string& text) { std::ofstream(path_ / "cluster.json") << text; }

  std::filesystem::path path_;
};

TEST(Layout, NodesFollowOnTheBasesPorts) {
  const auto layout = ChooseLayout(std::nullopt, {2, std::nullopt, "[::1]:9000"}, kUsual, 3);
  ASSERT_TRUE(layout.ok()) << layout.status();
  EXPECT_EQ(layout->nodes,
            (std::vector<NodePlace>{{"n1", "127.0.0.1:8080", "[::1]:9000"}, {"n2", "127.0.0.1:8081", "[::1]:9001"}}));
  const auto free = ChooseLayout(std::nullopt, {std::nullopt, "127.0.0.1:0", std::nullopt}, kUsual, 3);
  ASSERT_TRUE(free.ok()) << free.status();
  EXPECT_EQ(free->nodes.at(2), (NodePlace{"n3", "127.0.0.1:0", "127.0.0.1:7082"}));
}

TEST(Layout, RefusesPortsThatThereAreNot) {
  const auto layout = ChooseLayout(std::nullopt, {3, "127.0.0.1:65534", std::nullopt}, kUsual, 3);
  EXPECT_THAT(layout.status().message(), AllOf(HasSubstr("65536"), HasSubstr("begin at 65533 or lower")));
  ClusterLayout full = kUsual;
  full.nodes.resize(kMaxLocalNodes);
  EXPECT_THAT(NextPlace(full).status().message(), HasSubstr("at most 64"));
}

TEST(Layout, WhatIsKeptIsNotOverruled) {
  const auto kept = ChooseLayout(std::nullopt, {}, kUsual, 3);
  const auto same = ChooseLayout(*kept, {3, "127.0.0.1:8080", std::nullopt}, {"127.0.0.1:1", "127.0.0.1:2", {}}, 1);
  ASSERT_TRUE(same.ok()) << same.status();
  EXPECT_EQ(*same, *kept);
  EXPECT_THAT(ChooseLayout(*kept, {4, std::nullopt, std::nullopt}, kUsual, 3).status().message(),
              HasSubstr("has 3 nodes"));
  EXPECT_THAT(ChooseLayout(*kept, {std::nullopt, std::nullopt, "127.0.0.1:0"}, kUsual, 3).status().message(),
              HasSubstr("made with --peer_listen=127.0.0.1:7080"));
}

TEST_F(Folder, KeepsWhatWasWritten) {
  EXPECT_EQ(ReadLayout(path_).value(), std::nullopt);
  EXPECT_EQ(ReadLayout(path_ / "not there").value(), std::nullopt);
  const auto layout = ChooseLayout(std::nullopt, {}, kUsual, 3);
  ASSERT_TRUE(WriteLayout(path_, *layout).ok());
  EXPECT_EQ(ReadLayout(path_).value(), *layout);
  EXPECT_EQ(WriteLayout(path_ / "not there", *layout).code(), Code::kIo);
}

TEST_F(Folder, TakesTheFileBackWhereNothingElseIs) {
  const auto layout = ChooseLayout(std::nullopt, {}, kUsual, 3);
  ASSERT_TRUE(WriteLayout(path_, *layout).ok());
  std::filesystem::create_directory(path_ / "n1");
  RemoveLayout(path_);
  EXPECT_EQ(ReadLayout(path_).value(), *layout);
  std::filesystem::remove(path_ / "n1");
  RemoveLayout(path_);
  EXPECT_TRUE(std::filesystem::is_empty(path_));
  RemoveLayout(path_ / "not there");
}

TEST_F(Folder, RefusesWhatIsNoLayout) {
  std::ofstream(path_ / "cat.jpg") << "a cat";
  EXPECT_EQ(ReadLayout(path_).code(), Code::kIncompatible);
  EXPECT_EQ(ReadLayout(path_ / "cat.jpg").code(), Code::kIncompatible);
  const std::string bases = R"("listen": "127.0.0.1:8080", "peer_listen": "127.0.0.1:7080")";
  const auto node = [&](const std::string& name) { return R"({"name": ")" + name + R"(", )" + bases + "}"; };
  Write("{" + bases + R"(, "nodes": [)" + node("n1") + "]}");
  EXPECT_TRUE(ReadLayout(path_).ok());
  for (const std::string& wrong :
       {std::string(""), std::string("[]"), "{" + bases + "}", "{" + bases + R"(, "nodes": []})",
        "{" + bases + R"(, "nodes": [)" + node("../etc") + "]}", "{" + bases + R"(, "nodes": [)" + node("n2") + "]}",
        R"({"nodes": [)" + node("n1") + "]}", "{" + bases + R"(, "nodes": [1]})"}) {
    Write(wrong);
    EXPECT_EQ(ReadLayout(path_).code(), Code::kIncompatible) << wrong;
  }
}

}  // namespace
}  // namespace quoin::tools
