// What a program that WATCH runs is told, how it is started, and which events wait for it.
#include "tools/client_watch_program.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <chrono>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "base/text.h"
#include "tools/client_watch_queue.h"

namespace quoin::tools {
namespace {

using Kind = client::WatchEvent::Kind;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

client::WatchEvent Event(Kind kind, const std::string& key, const std::string& value = "v") {
  client::WatchEvent event;
  event.kind = kind;
  event.key = key;
  if (kind == Kind::kPut) event.state = client::State{value, "text/plain", "3.00c0ffee00c0ffee.41", std::nullopt};
  if (kind != Kind::kGap && kind != Kind::kSynced) event.version = "3.00c0ffee00c0ffee.41";
  return event;
}

std::vector<std::string> EnvironmentOf(const client::WatchEvent& event) {
  const char* const inherited[] = {"PATH=/bin", "QUOIN_VALUE=of an outer watch", "QUOIN_KEY=too", "QUOIN_SERVER=s:1",
                                   nullptr};
  return ProgramEnvironment(event, inherited);
}

TEST(ProgramEnvironment, TellsOfAPut) {
  client::WatchEvent put = Event(Kind::kPut, "k", "two\nlines");
  put.state->expires = std::chrono::system_clock::time_point(std::chrono::milliseconds(1700000000123));
  put.skipped = 2;
  EXPECT_THAT(EnvironmentOf(put), ElementsAre("PATH=/bin", "QUOIN_SERVER=s:1", "QUOIN_EVENT=put", "QUOIN_KEY=k",
                                              "QUOIN_KEY_BASE64=aw==", "QUOIN_VALUE=two\nlines", "QUOIN_VALUE_BYTES=9",
                                              "QUOIN_CONTENT_TYPE=text/plain", "QUOIN_EXPIRES_MS=1700000000123",
                                              "QUOIN_VERSION=3.00c0ffee00c0ffee.41", "QUOIN_SKIPPED=2"));
}

TEST(ProgramEnvironment, HasNothingOfAnOuterWatch) {
  EXPECT_THAT(EnvironmentOf(Event(Kind::kDeleted, "k")),
              ElementsAre("PATH=/bin", "QUOIN_SERVER=s:1", "QUOIN_EVENT=deleted", "QUOIN_KEY=k",
                          "QUOIN_KEY_BASE64=aw==", "QUOIN_VERSION=3.00c0ffee00c0ffee.41", "QUOIN_SKIPPED=0"));
  EXPECT_THAT(EnvironmentOf(Event(Kind::kGap, "")),
              ElementsAre("PATH=/bin", "QUOIN_SERVER=s:1", "QUOIN_EVENT=gap", "QUOIN_SKIPPED=0"));
}

TEST(ProgramEnvironment, LeavesOutWhatDoesNotFit) {
  const std::string key("a\0b", 3);
  EXPECT_THAT(EnvironmentOf(Event(Kind::kDeleted, key)), Not(Contains(StartsWith("QUOIN_KEY="))));
  EXPECT_THAT(EnvironmentOf(Event(Kind::kDeleted, key)), Contains("QUOIN_KEY_BASE64=" + Base64Encode(key)));
  const std::string nul("a\0", 2), most(kMaxEnvironmentValueBytes, 'v');
  EXPECT_THAT(EnvironmentOf(Event(Kind::kPut, "k", nul)), Not(Contains(StartsWith("QUOIN_VALUE="))));
  EXPECT_THAT(EnvironmentOf(Event(Kind::kPut, "k", nul)), Contains("QUOIN_VALUE_BYTES=2"));
  EXPECT_THAT(EnvironmentOf(Event(Kind::kPut, "k", most)), Contains("QUOIN_VALUE=" + most));
  EXPECT_THAT(EnvironmentOf(Event(Kind::kPut, "k", most + "v")), Not(Contains(StartsWith("QUOIN_VALUE="))));
}

// Runs the program to its end; how it ended.
std::string EndOf(const std::vector<std::string>& program, const client::WatchEvent& event) {
  const Result<pid_t> child = StartProgram(program, event);
  EXPECT_TRUE(child.ok()) << child.status();
  int status = 0;
  EXPECT_EQ(::waitpid(*child, &status, 0), *child);
  return ProgramEnd(status);
}

TEST(StartProgram, GivesTheWholeValueAsStandardInput) {
  const std::string path = testing::TempDir() + "/value";
  // More than a pipe holds, so that nothing may wait for a program that reads nothing.
  std::string value(1 << 20, 'x');
  value[7] = '\0';
  EXPECT_EQ(EndOf({"sh", "-c", "cat > \"$0\"", path}, Event(Kind::kPut, "k", value)), "");
  std::ostringstream written;
  written << std::ifstream(path, std::ios::binary).rdbuf();
  EXPECT_EQ(written.str(), value);
  EXPECT_EQ(EndOf({"true"}, Event(Kind::kPut, "k", value)), "");
  EXPECT_EQ(EndOf({"sh", "-c", "test -z \"$(cat)\" -a \"$QUOIN_EVENT\" = expired"}, Event(Kind::kExpired, "k")), "");
}

TEST(StartProgram, TellsHowItEnded) {
  EXPECT_EQ(EndOf({"sh", "-c", "exit 3"}, Event(Kind::kDeleted, "k")), "code 3");
  EXPECT_THAT(EndOf({"sh", "-c", "kill -9 $$"}, Event(Kind::kDeleted, "k")), StartsWith("signal 9 ("));
  const Result<pid_t> missing = StartProgram({"/no/such/program"}, Event(Kind::kDeleted, "k"));
  EXPECT_EQ(missing.code(), Code::kInvalid);
  EXPECT_EQ(missing.status().message(), "/no/such/program can't be started: No such file or directory");
}

std::string LineOf(const client::WatchEvent& event) {
  return std::string(WatchEventName(event.kind)) + " " + event.key + (event.state ? "=" + event.state->value : "") +
         (event.skipped > 0 ? " +" + std::to_string(event.skipped) : "");
}

std::vector<std::string> TakeAll(WatchQueue& queue) {
  std::vector<std::string> lines;
  while (!queue.empty()) lines.push_back(LineOf(queue.Take()));
  return lines;
}

TEST(WatchQueue, KeepsTheNewestOfEachKeyInItsPlaceK1) {
  WatchQueue queue;
  queue.Add(Event(Kind::kPut, "a", "1"));
  queue.Add(Event(Kind::kPut, "b", "1"));
  client::WatchEvent conflated = Event(Kind::kPut, "a", "5");
  conflated.skipped = 3;  // By the node.
  queue.Add(std::move(conflated));
  queue.Add(Event(Kind::kDeleted, "a"));
  queue.Add(Event(Kind::kSynced, ""));
  EXPECT_THAT(TakeAll(queue), ElementsAre("deleted a +5", "put b=1"));
  queue.Add(Event(Kind::kPut, "a", "6"));
  EXPECT_THAT(TakeAll(queue), ElementsAre("put a=6"));
}

TEST(WatchQueue, MovesNothingOverAGapK2) {
  WatchQueue queue;
  queue.Add(Event(Kind::kPut, "a", "1"));
  queue.Add(Event(Kind::kPut, "b", "1"));
  queue.Add(Event(Kind::kGap, "a"));
  queue.Add(Event(Kind::kPut, "a", "2"));
  queue.Add(Event(Kind::kPut, "a", "3"));
  queue.Add(Event(Kind::kPut, "b", "2"));
  queue.Add(Event(Kind::kGap, ""));
  queue.Add(Event(Kind::kPut, "a", "4"));
  queue.Add(Event(Kind::kPut, "b", "3"));
  EXPECT_THAT(TakeAll(queue),
              ElementsAre("put a=1", "put b=2 +1", "gap a", "put a=3 +1", "gap ", "put a=4", "put b=3"));
}

TEST(WatchQueue, IsBounded) {
  WatchQueue queue;
  for (std::size_t i = 0; i < WatchQueue::kMaxEvents; ++i) {
    EXPECT_FALSE(queue.full());
    queue.Add(Event(Kind::kPut, std::to_string(i)));
  }
  EXPECT_TRUE(queue.full());
  TakeAll(queue);
  queue.Add(Event(Kind::kPut, "a", std::string(WatchQueue::kMaxBytes, 'v')));
  EXPECT_TRUE(queue.full());
  queue.Add(Event(Kind::kPut, "a", "small"));
  EXPECT_FALSE(queue.full());
  TakeAll(queue);
  EXPECT_FALSE(queue.full());
}

}  // namespace
}  // namespace quoin::tools
