#include "tools/client_command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace quoin::tools {
namespace {

Result<Command> Parse(std::string_view line) { return ParseCommand(*SplitWords(line)); }
std::string Problem(std::string_view line) {
  const auto command = Parse(line);
  return command.ok() ? "no problem" : command.status().message();
}

TEST(ParseCommand, NamesHaveNoCaseAndSomeHaveSeveral) {
  for (const char* line : {"SET k v", "set k v", "Put k v"}) EXPECT_EQ(Parse(line)->verb, Verb::kSet) << line;
  for (const char* line : {"DELETE k", "remove k", "Del k"}) EXPECT_EQ(Parse(line)->verb, Verb::kDelete) << line;
  for (const char* line : {"EXIT", "quit"}) EXPECT_EQ(Parse(line)->verb, Verb::kExit) << line;
}

TEST(ParseCommand, SetTakesItsOptionsInAnyOrder) {
  const auto command = Parse("set 'the key' 'the value' if-absent ttl 30s");
  ASSERT_TRUE(command.ok()) << command.status();
  EXPECT_EQ(command->key, "the key");
  EXPECT_EQ(command->value.text, "the value");
  EXPECT_TRUE(command->if_absent);
  EXPECT_EQ(command->ttl, "30s");
  EXPECT_EQ(Parse("SET k v TTL 0.5 IF-VERSION 3.00c0ffee00c0ffee.41")->if_version, "3.00c0ffee00c0ffee.41");
  EXPECT_EQ(Parse("SET k v IF-VERSION '\"3.0a.41\"'")->if_version, "3.0a.41");
  EXPECT_EQ(Parse("SET TTL TTL")->value.text, "TTL") << "a value may be any word";
}

TEST(ParseCommand, SetRefusesWhatContradictsItself) {
  EXPECT_NE(Problem("SET k v IF-ABSENT IF-VERSION 1.2.3").find("not both"), std::string::npos);
  EXPECT_NE(Problem("SET k v TTL 1s TTL 2s").find("one TTL"), std::string::npos);
  EXPECT_NE(Problem("SET k v TTL soon").find("does not understand the time 'soon'"), std::string::npos);
  EXPECT_NE(Problem("SET k v TTL").find("needs a time"), std::string::npos);
  EXPECT_NE(Problem("SET k v IF-VERSION").find("needs a version"), std::string::npos);
  EXPECT_NE(Problem("SET k v IF-VERSION 'a\r\nb'").find("needs a version"), std::string::npos);
}

TEST(ParseCommand, WrongCountsNameTheUsage) {
  EXPECT_EQ(Problem("GET"), "GET needs a key. Usage: GET key [META]");
  EXPECT_EQ(Problem("SET k"),
            "SET needs a value (an empty one is written \"\"). "
            "Usage: SET key value [TTL time] [IF-ABSENT | IF-VERSION version]");
  EXPECT_NE(Problem("SET k two words").find("has no use for 'words' (a value with blanks is written in quotes)"),
            std::string::npos);
  EXPECT_EQ(Problem("DELETE a b"), "DELETE has no use for 'b'. Usage: DELETE key");
  EXPECT_EQ(Problem("STATUS now"), "STATUS has no use for 'now'. Usage: STATUS");
  EXPECT_NE(Problem("CAS k old").find("needs the new value"), std::string::npos);
  EXPECT_NE(Problem("GET ''").find("at least one byte"), std::string::npos);
  EXPECT_NE(Problem("MGET").find("needs a key"), std::string::npos);
}

TEST(ParseCommand, UnknownCommandsGetTheNearestOne) {
  EXPECT_EQ(Problem("GTE k"), "There is no command GTE. Did you mean GET?");
  EXPECT_EQ(Problem("delte k"), "There is no command delte. Did you mean DELETE?");
  EXPECT_EQ(Problem("frobnicate"), "There is no command frobnicate. HELP lists the commands.");
  EXPECT_EQ(Problem("\"\\x1b[2J\"").find('\x1b'), std::string::npos);
  EXPECT_EQ(Problem("HELP GTE"), "There is no command GTE. Did you mean GET?");
}

TEST(ParseCommand, IncrementTakesWholeNumbers) {
  EXPECT_EQ(Parse("INCR k")->by, 1);
  EXPECT_EQ(Parse("INCR k -5")->by, -5);
  EXPECT_EQ(Parse("INCR k +5")->by, 5);
  EXPECT_EQ(Parse("INCR k -9223372036854775808")->by, INT64_MIN);
  for (const char* line : {"INCR k x", "INCR k 1.5", "INCR k +-5", "INCR k 9223372036854775808", "INCR k ''"}) {
    EXPECT_FALSE(Parse(line).ok()) << line;
  }
}

TEST(ParseCommand, ScanTakesAPrefixWithOrWithoutAStar) {
  EXPECT_EQ(Parse("SCAN")->prefix, "");
  EXPECT_EQ(Parse("SCAN user:")->prefix, "user:");
  EXPECT_EQ(Parse("SCAN user:*")->prefix, "user:");
  EXPECT_EQ(Parse("SCAN *")->prefix, "");
  EXPECT_EQ(Parse("SCAN 'user:*'")->prefix, "user:*") << "in quotes a star is a star";
  const auto command = Parse("scan limit 5 u* keys");
  ASSERT_TRUE(command.ok());
  EXPECT_EQ(command->limit, 5u);
  EXPECT_EQ(command->prefix, "u");
  EXPECT_TRUE(command->keys_only);
  EXPECT_EQ(Parse("SCAN 'KEYS'")->prefix, "KEYS");
  EXPECT_FALSE(Parse("SCAN LIMIT 0").ok());
  EXPECT_FALSE(Parse("SCAN LIMIT").ok());
  EXPECT_FALSE(Parse("SCAN a b").ok());
}

TEST(ParseCommand, MultiGetTakesAllKeys) {
  EXPECT_EQ(Parse("MGET a b 'c d'")->keys, (std::vector<std::string>{"a", "b", "c d"}));
}

TEST(ParseCommand, ResumeWithATicketIsTheCommandBehindIt) {
  EXPECT_EQ(Parse("RESUME")->verb, Verb::kResume);
  const auto command = Parse("resume 00c0ffee00c0ffee-17@3.00c0ffee00c0ffee.41 INCR visits 5");
  ASSERT_TRUE(command.ok()) << command.status();
  EXPECT_EQ(command->verb, Verb::kIncrement);
  EXPECT_EQ(command->key, "visits");
  EXPECT_EQ(command->by, 5);
  EXPECT_EQ(command->ticket, "00c0ffee00c0ffee-17@3.00c0ffee00c0ffee.41");
  EXPECT_FALSE(Parse("INCR visits")->ticket.has_value());
  EXPECT_NE(Problem("RESUME 17 INCR k").find("needs a ticket"), std::string::npos);
  EXPECT_NE(Problem("RESUME 00c0ffee00c0ffee-17").find("needs the command"), std::string::npos);
  EXPECT_NE(Problem("RESUME 00c0ffee00c0ffee-17 GET k").find("for commands that write"), std::string::npos);
  EXPECT_NE(Problem("RESUME 00c0ffee00c0ffee-17 INCR").find("INCR needs a key"), std::string::npos);
  EXPECT_NE(Problem("RESUME 00c0ffee00c0ffee-17 RESUME").find("for commands that write"), std::string::npos);
}

TEST(ParseCommand, ChangesOfTheClusterNameANode) {
  EXPECT_EQ(Parse("DRAIN 00C0FF")->node, "00c0ff") << "as ids are written";
  EXPECT_TRUE(Parse("DRAIN 00c0ff")->wait);
  EXPECT_FALSE(Parse("DRAIN 00c0ff nowait")->wait);
  const auto replace = Parse("replace a with b");
  ASSERT_TRUE(replace.ok()) << replace.status();
  EXPECT_EQ(replace->node, "a");
  EXPECT_EQ(replace->replacement, "b");
  EXPECT_NE(Problem("REPLACE a b").find("needs WITH"), std::string::npos);
  EXPECT_NE(Problem("REPLACE a WITH").find("needs a node"), std::string::npos);
  EXPECT_NE(Problem("DRAIN").find("needs a node"), std::string::npos);
  EXPECT_FALSE(Parse("CANCEL a b").ok());
  EXPECT_EQ(Parse("REMOVE-NODE a")->verb, Verb::kRemoveNode);
  EXPECT_EQ(Parse("REMOVE node")->verb, Verb::kDelete) << "a key of that name";
  for (const char* line : {"DRAIN a", "REMOVE-NODE a", "REPLACE a WITH b", "CANCEL a"}) {
    EXPECT_TRUE(ChangesCluster(Parse(line)->verb)) << line;
    EXPECT_FALSE(IsWrite(Parse(line)->verb)) << line;
  }
}

TEST(ParseCommand, WatchTakesKeysPrefixesAndAProgram) {
  using testing::ElementsAre;
  using testing::IsEmpty;
  const auto watch = Parse("watch title room/* \"a*\" \"new\" limit 3 NEW -- sh -c 'a b' --");
  ASSERT_TRUE(watch.ok()) << watch.status();
  EXPECT_EQ(watch->verb, Verb::kWatch);
  EXPECT_THAT(watch->keys, ElementsAre("title", "a*", "new"));
  EXPECT_THAT(watch->prefixes, ElementsAre("room/"));
  EXPECT_EQ(watch->limit, 3u);
  EXPECT_TRUE(watch->changes_only);
  EXPECT_THAT(watch->program, ElementsAre("sh", "-c", "a b", "--"));
  EXPECT_THAT(Parse("WATCH *")->prefixes, ElementsAre(""));
  EXPECT_THAT(Parse("WATCH from")->keys, ElementsAre("from")) << "the first word is a key";
  EXPECT_THAT(Parse("WATCH a -- b")->program, ElementsAre("b"));
  EXPECT_THAT(Parse("WATCH a \"--\" b")->program, IsEmpty());
  EXPECT_EQ(Parse("WATCH a FROM aGVyZQ==")->cursor, "here");
  // A shell leaves no quotes.
  EXPECT_THAT(ParseCommand(BareWords({"WATCH", "a\\*", "b*"}))->keys, ElementsAre("a*"));
  EXPECT_NE(Problem("WATCH").find("WATCH needs a key, or a prefix"), std::string::npos);
  EXPECT_NE(Problem("WATCH -- x").find("WATCH needs a key, or a prefix"), std::string::npos);
  EXPECT_NE(Problem("WATCH ''").find("at least one byte"), std::string::npos);
  EXPECT_NE(Problem("WATCH a --").find("needs a program"), std::string::npos);
  EXPECT_NE(Problem("WATCH a FROM ?").find("needs a cursor"), std::string::npos);
  EXPECT_NE(Problem("WATCH a LIMIT 0").find("needs a whole number"), std::string::npos);
  EXPECT_NE(Problem("WATCH a NEW FROM aGVyZQ==").find("NEW or FROM"), std::string::npos);
  EXPECT_NE(Problem("WATCH a NEW b").find("has no use for 'b'"), std::string::npos);
}

TEST(Commands, EveryNameIsOfOneCommandAndInItsHelp) {
  std::set<std::string> names;
  const std::string help = HelpOnCommands();
  for (const CommandInfo& info : Commands()) {
    EXPECT_EQ(&InfoOf(info.verb), &info);
    EXPECT_NE(help.find("  " + info.names.front()), std::string::npos) << info.names.front();
    for (const std::string& name : info.names) {
      EXPECT_TRUE(names.insert(name).second) << name;
      EXPECT_EQ(FindCommand(name), &info);
      EXPECT_NE(HelpOn(info).find(name), std::string::npos) << name;
    }
  }
  EXPECT_EQ(FindCommand("nothing"), nullptr);
}

}  // namespace
}  // namespace quoin::tools
