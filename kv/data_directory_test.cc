#include "kv/data_directory.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>

#include "kv/storage_testing.h"

namespace quoin::kv {
namespace {

namespace fs = std::filesystem;

TEST(DataDirectory, IsCreatedWithItsParents) {
  const TemporaryDirectory temporary;
  const auto directory = DataDirectory::Open(temporary.Sub("a/b/c/"));
  ASSERT_TRUE(directory.ok()) << directory.status();
  EXPECT_TRUE((*directory)->is_new());
  EXPECT_TRUE(fs::is_directory(temporary.Sub("a/b/c")));
}

TEST(DataDirectory, IsHeldByOneAtATimeAndTheOtherIsToldWho) {
  const TemporaryDirectory temporary;
  auto first = DataDirectory::Open(temporary.Sub("data"));
  ASSERT_TRUE(first.ok());
  const auto second = DataDirectory::Open(temporary.Sub("data"));
  EXPECT_EQ(second.code(), Code::kInUse);
  EXPECT_NE(second.status().message().find("process " + std::to_string(getpid())), std::string::npos)
      << second.status();
  EXPECT_NE(second.status().message().find(temporary.Sub("data")), std::string::npos) << second.status();
  first->reset();
  EXPECT_TRUE(DataDirectory::Open(temporary.Sub("data")).ok());
}

// D1.
TEST(DataDirectory, GetsItsEngineByPromotion) {
  const TemporaryDirectory temporary;
  {
    const auto directory = DataDirectory::Open(temporary.Sub("data"));
    fs::create_directory((*directory)->unfinished_engine_path());
    WriteFile((*directory)->unfinished_engine_path() + "/CURRENT", "x");
    EXPECT_TRUE((*directory)->Promote().ok());
    EXPECT_FALSE((*directory)->is_new());
  }
  const auto directory = DataDirectory::Open(temporary.Sub("data"));
  ASSERT_TRUE(directory.ok());
  EXPECT_FALSE((*directory)->is_new());
  EXPECT_TRUE(fs::exists((*directory)->engine_path() + "/CURRENT"));
}

TEST(DataDirectory, WithAnUnfinishedEngineIsHalfMade) {
  const TemporaryDirectory temporary;
  fs::create_directories(temporary.Sub("data/engine.new"));
  const auto directory = DataDirectory::Open(temporary.Sub("data"));
  EXPECT_EQ(directory.code(), Code::kIncompatible);
  EXPECT_NE(directory.status().message().find("half-made"), std::string::npos);
  EXPECT_NE(directory.status().message().find("engine.new"), std::string::npos) << "says what to remove";
}

// Found when two nodes were started on one new directory: the second was told to remove the first one's engine.
TEST(DataDirectory, InWhichAnotherProcessMakesItsEngineIsInUseAndNotHalfMade) {
  const TemporaryDirectory temporary;
  const auto maker = DataDirectory::Open(temporary.Sub("data"));
  ASSERT_TRUE(maker.ok());
  fs::create_directory((*maker)->unfinished_engine_path());
  const auto second = DataDirectory::Open(temporary.Sub("data"));
  EXPECT_EQ(second.code(), Code::kInUse) << second.status();
}

// A link to itself stands here for whatever keeps the engine from being looked at, such as a missing permission.
TEST(DataDirectory, WhoseEngineCannotBeLookedAtIsNotCalledHalfMade) {
  const TemporaryDirectory temporary;
  fs::create_directories(temporary.Sub("data"));
  fs::create_directory_symlink("engine", temporary.Sub("data/engine"));
  const auto directory = DataDirectory::Open(temporary.Sub("data"));
  EXPECT_EQ(directory.code(), Code::kIo) << directory.status();
}

TEST(DataDirectory, WithAnEngineThatIsNoneIsHalfMade) {
  const TemporaryDirectory temporary;
  fs::create_directories(temporary.Sub("data/engine"));
  const auto directory = DataDirectory::Open(temporary.Sub("data"));
  EXPECT_EQ(directory.code(), Code::kIncompatible);
  EXPECT_NE(directory.status().message().find("half-made"), std::string::npos);
}

// D2.
TEST(DataDirectory, LeavesADirectoryThatIsNotOursAsItWas) {
  const TemporaryDirectory temporary;
  fs::create_directories(temporary.Sub("data"));
  WriteFile(temporary.Sub("data/thesis.txt"), "precious");
  const auto directory = DataDirectory::Open(temporary.Sub("data"));
  EXPECT_EQ(directory.code(), Code::kIncompatible);
  EXPECT_NE(directory.status().message().find("thesis.txt"), std::string::npos);
  EXPECT_FALSE(fs::exists(temporary.Sub("data/LOCK")));
}

// A lost engine must not be replaced by a fresh one: the node would have forgotten its promises. The mark that is left
// tells.
TEST(DataDirectory, WhoseEngineIsGoneIsNotTakenForANewOne) {
  const TemporaryDirectory temporary;
  fs::create_directories(temporary.Sub("data"));
  WriteFile(temporary.Sub("data/acknowledged"), "mark");
  WriteFile(temporary.Sub("data/LOCK"), "1\n");
  EXPECT_EQ(DataDirectory::Open(temporary.Sub("data")).code(), Code::kIncompatible);
}

TEST(DataDirectory, MayStandOnAFreshDisk) {
  const TemporaryDirectory temporary;
  fs::create_directories(temporary.Sub("data/lost+found"));
  WriteFile(temporary.Sub("data/LOCK"), "1\n");
  EXPECT_TRUE(DataDirectory::Open(temporary.Sub("data")).ok());
}

TEST(DataDirectory, ThatCannotBeMadeSaysWhere) {
  const TemporaryDirectory temporary;
  WriteFile(temporary.Sub("file"), "");
  const auto directory = DataDirectory::Open(temporary.Sub("file/data"));
  EXPECT_EQ(directory.code(), Code::kIo);
  EXPECT_NE(directory.status().message().find(temporary.Sub("file")), std::string::npos) << directory.status();
  EXPECT_EQ(DataDirectory::Open("").code(), Code::kInvalid);
}

}  // namespace
}  // namespace quoin::kv
