#include "tools/client_printer.h"

#include <gtest/gtest.h>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <sstream>

namespace quoin::tools {
namespace {

struct Shown {
  std::string out;
  std::string err;
};

Answer Done() {
  Answer answer;
  answer.status = 200;
  answer.node = "00c0ffee00c0ffee";
  answer.elapsed = std::chrono::milliseconds(3);
  return answer;
}
Answer Failure(ExitCode code, std::string problem = "why") {
  Answer answer = Done();
  answer.exit_code = code;
  answer.problem = std::move(problem);
  return answer;
}
Answer Value(std::string value) {
  Answer answer = Done();
  answer.entry =
      Entry{.key = "k", .value = std::move(value), .version = "3.00c0ffee00c0ffee.41", .content_type = "text/plain"};
  return answer;
}

Shown Show(const Style& style, std::string_view line, const Answer& answer, const std::vector<Entry>& entries = {}) {
  std::ostringstream out, err;
  const auto printer = MakePrinter(style, out, err);
  const Command command = ParseCommand(*SplitWords(line)).value();
  if (!entries.empty()) printer->Entries(command, entries);
  printer->Done(command, answer);
  return {out.str(), err.str()};
}

constexpr Style kHuman{.format = Format::kHuman, .terminal = true};
constexpr Style kLines{.format = Format::kLines};
constexpr Style kRaw{.format = Format::kRaw};
constexpr Style kJson{.format = Format::kJson};

TEST(HumanPrinter, NamesTheNodeThatAnswered) {
  EXPECT_EQ(Show(kHuman, "SET username Alice", Done()).out, "[OK] Stored 'username' on node 00c0ffee00c0ffee (3 ms)\n");
  EXPECT_EQ(Show(kHuman, "DELETE email", Done()).out, "[OK] Deleted 'email' on node 00c0ffee00c0ffee (3 ms)\n");
  EXPECT_EQ(Show(kHuman, "GET k", Value("Alice")).out,
            "Alice\nnode 00c0ffee00c0ffee, version 3.00c0ffee00c0ffee.41, text/plain, never expires (3 ms)\n");
  EXPECT_EQ(Show(kHuman, "INCR visits", Value("8")).out, "[OK] 'visits' is now 8 on node 00c0ffee00c0ffee (3 ms)\n");
  EXPECT_EQ(Show(kHuman, "EXPIRE k 30", Done()).out,
            "[OK] 'k' expires in 30 seconds, on node 00c0ffee00c0ffee (3 ms)\n");
}

TEST(HumanPrinter, FailuresGoToStderrAndSayWhatIsCertain) {
  EXPECT_EQ(Show(kHuman, "GET k", Failure(ExitCode::kAbsent)).err,
            "[ABSENT] 'k' is not there (node 00c0ffee00c0ffee, 3 ms)\n");
  const Shown unknown = Show(kHuman, "SET k v", Failure(ExitCode::kUnknown, "no answer in time"));
  EXPECT_EQ(unknown.out, "");
  EXPECT_NE(unknown.err.find("[UNKNOWN] 'k' may or may not have been stored: no answer in time"), std::string::npos);
  EXPECT_NE(Show(kHuman, "SET k v", Failure(ExitCode::kRefused)).err.find("[REFUSED] 'k' was not stored: why"),
            std::string::npos);
  EXPECT_NE(Show(kHuman, "INCR k", Failure(ExitCode::kUnreachable)).err.find("'k' was not changed: why"),
            std::string::npos);
}

TEST(HumanPrinter, AnUnknownOutcomeSaysHowItIsSettled) {
  Answer unknown = Failure(ExitCode::kUnknown);
  unknown.ticket = {"00c0ffee00c0ffee-17", "3.00c0ffee00c0ffee"};
  EXPECT_EQ(Show(kHuman, "INCR k", unknown).err,
            "[UNKNOWN] 'k' may or may not have been changed: why (operation 00c0ffee00c0ffee-17) (node "
            "00c0ffee00c0ffee, 3 ms)\n"
            "  GET shows what is there now. RESUME 00c0ffee00c0ffee-17@3.00c0ffee00c0ffee and the command again settle "
            "it, and never do it twice\n");
  Style session = kHuman;
  session.session = true;
  EXPECT_NE(Show(session, "INCR k", unknown).err.find("RESUME settles it, and never does it twice"), std::string::npos);
  EXPECT_EQ(Show(kLines, "INCR k", unknown).err,
            "unknown: 'k' may or may not have been changed: why (operation 00c0ffee00c0ffee-17); RESUME "
            "00c0ffee00c0ffee-17@3.00c0ffee00c0ffee and the command again settle it, and never do it twice\n");
}

TEST(HumanPrinter, FailedConditionsNameTheCurrentVersion) {
  Answer failed = Failure(ExitCode::kConditionFailed);
  EXPECT_NE(Show(kHuman, "SET k v IF-VERSION 1.a.1", failed).err.find("'k' was not stored: it is not there"),
            std::string::npos);
  failed.entry = Entry{.key = "k", .version = "1.a.2"};
  EXPECT_NE(Show(kHuman, "SET k v IF-VERSION 1.a.1", failed).err.find("its version is 1.a.2"), std::string::npos);
  EXPECT_NE(Show(kHuman, "SET k v IF-ABSENT", failed).err.find("there already, with version 1.a.2"), std::string::npos);
  EXPECT_NE(Show(kHuman, "CAS k a b", failed).err.find("its value is another"), std::string::npos);
}

TEST(HumanPrinter, NothingStoredCanControlTheTerminal) {
  const std::string evil = "\x1b]0;owned\x07";
  EXPECT_EQ(Show(kHuman, "GET k", Value(evil)).out.find('\x1b'), std::string::npos);
  EXPECT_NE(Show(kHuman, "GET k", Value(evil)).out.find("(binary, 10 B) \\x1b]0;owned\\x07"), std::string::npos);
  Answer answer = Value("v");
  answer.node = answer.entry->version = answer.entry->content_type = answer.entry->expires = evil;
  const Entry entry{.key = evil, .value = evil};
  for (const Style& style : {kHuman, Style{.format = Format::kLines, .terminal = true}}) {
    EXPECT_EQ(Show(style, "GET k", answer).out.find('\x1b'), std::string::npos);
    EXPECT_EQ(Show(style, "SCAN", Done(), {entry}).out.find('\x1b'), std::string::npos);
    EXPECT_EQ(Show(style, "MGET a", Done(), {entry}).out.find('\x1b'), std::string::npos);
    EXPECT_EQ(Show(style, "SET k v", Failure(ExitCode::kRefused, evil)).err.find('\x1b'), std::string::npos);
    const Entry refused{.key = evil, .exit_code = ExitCode::kRefused, .problem = evil};
    EXPECT_EQ(Show(style, "MGET a", Done(), {refused}).err.find('\x1b'), std::string::npos);
  }
}

TEST(HumanPrinter, ColoursOnlyWhereTheyAreAsked) {
  Style style = kHuman;
  EXPECT_EQ(Show(style, "SET k v", Done()).out.find('\x1b'), std::string::npos);
  style.color = true;
  EXPECT_NE(Show(style, "SET k v", Done()).out.find("\x1b[32m[OK]\x1b[0m"), std::string::npos);
  EXPECT_EQ(Show(style, "GET k", Failure(ExitCode::kUnknown)).err.find('\x1b'), std::string::npos);
  style.color_errors = true;
  EXPECT_NE(Show(style, "GET k", Failure(ExitCode::kUnknown)).err.find('\x1b'), std::string::npos);
}

TEST(HumanPrinter, QuietLeavesDataAndFailures) {
  Style style = kHuman;
  style.quiet = true;
  EXPECT_EQ(Show(style, "SET k v", Done()).out, "");
  EXPECT_EQ(Show(style, "GET k", Value("v")).out, "v\n");
  EXPECT_EQ(Show(style, "INCR k", Value("8")).out, "8\n");
  EXPECT_EQ(Show(style, "GET k", Failure(ExitCode::kAbsent)).err, "");
  EXPECT_NE(Show(style, "SET k v", Failure(ExitCode::kUnknown)).err, "");
}

TEST(HumanPrinter, ScanSaysThatThereIsMore) {
  Answer answer = Done();
  answer.shown = 1;
  answer.more = true;
  const std::string out = Show(kHuman, "SCAN LIMIT 1", answer, {{.key = "a", .value = std::string(500, 'x')}}).out;
  EXPECT_NE(out.find("a = xxx"), std::string::npos);
  EXPECT_NE(out.find("... (500 B)"), std::string::npos);
  EXPECT_NE(out.find("[OK] 1 key, and there are more (LIMIT 10), on node"), std::string::npos);
}

TEST(LinesPrinter, ShowsBareValuesOnly) {
  EXPECT_EQ(Show(kLines, "GET k", Value(std::string("a\0\x1b", 3))).out, std::string("a\0\x1b\n", 4));
  EXPECT_EQ(Show(kLines, "SET k v", Done()).out, "");
  EXPECT_EQ(Show(kLines, "INCR k", Value("8")).out, "8\n");
  EXPECT_EQ(Show(kLines, "SCAN", Done(), {{.key = "a", .value = "1"}}).out, "a\t1\n");
  EXPECT_EQ(Show(kLines, "SCAN KEYS", Done(), {{.key = "a"}}).out, "a\n");
  const Shown absent = Show(kLines, "GET k", Failure(ExitCode::kAbsent));
  EXPECT_EQ(absent.out, "");
  EXPECT_EQ(absent.err, "absent: 'k' is not there\n");
}

TEST(LinesPrinter, MultiGetTellsOfEachAbsentKeyOnce) {
  Answer answer = Failure(ExitCode::kAbsent);
  answer.shown = 2;
  const Shown shown =
      Show(kLines, "MGET a b", answer, {{.key = "a", .value = "1"}, {.key = "b", .exit_code = ExitCode::kAbsent}});
  EXPECT_EQ(shown.out, "1\n");
  EXPECT_EQ(shown.err, "absent: 'b' is not there\n");
}

TEST(RawPrinter, WritesExactlyTheBytes) {
  EXPECT_EQ(Show(kRaw, "GET k", Value(std::string("a\0\n\x1b", 4))).out, std::string("a\0\n\x1b", 4));
  EXPECT_EQ(Show({.format = Format::kRaw, .terminal = true}, "GET k", Value("\x1b")).out, "\x1b")
      << "who asks for raw by name gets raw";
}

ClusterStatus OneNode() {
  ClusterStatus status;
  status.joined = true;
  status.partitions = 8;
  status.nodes.push_back({.id = "00c0ffee00c0ff01", .state = "active", .heard = true});
  return status;
}

TEST(HumanPrinter, ShowsTheClusterForPeopleAndForPipes) {
  Answer answer = Done();
  answer.cluster = OneNode();
  answer.ring = Ring{.epoch = 4, .partitions = {{.moving = false, .leader = "00c0ffee00c0ff01"}}};
  EXPECT_NE(Show(kHuman, "NODES", answer).out.find("NODE              STATE"), std::string::npos);
  EXPECT_EQ(Show(kLines, "NODES", answer).out, "00c0ffee00c0ff01\tactive\tyes\t\t\t\t0\t0\t0\t0\n");
  EXPECT_NE(Show(kHuman, "RING", answer).out.find("A 00c0ffee00c0ff01"), std::string::npos);
  EXPECT_EQ(Show(kLines, "RING", answer).out, "0\t00c0ffee00c0ff01\tstable\n");
  answer.node_status = R"({"engine": "memory"})";
  EXPECT_NE(Show(kLines, "STATUS", answer).out.find("\nmembers\t1 node, 8 partitions"), std::string::npos);
}

TEST(HumanPrinter, ProgressIsOneLineThatTheEndIsWrittenOver) {
  ClusterAction action{.action = "drain", .state = "running", .partitions_done = 1, .partitions_total = 9};
  const auto show = [&](const Style& style) {
    std::ostringstream out, err;
    const auto printer = MakePrinter(style, out, err);
    printer->Progress(action);
    Answer done = Done();
    done.said = "Node a is drained";
    printer->Done(ParseCommand(*SplitWords("DRAIN a")).value(), done);
    return out.str();
  };
  Style terminal = kHuman;
  terminal.columns = [] { return std::size_t{60}; };
  const std::string shown = show(terminal);
  EXPECT_EQ(shown.find('\n'), shown.size() - 1);
  EXPECT_EQ(shown.find("\r[##"), 0u) << shown;
  EXPECT_NE(shown.find("1 of 9 partitions"), std::string::npos);
  EXPECT_NE(shown.find("\r[OK] Node a is drained (3 ms)\n"), std::string::npos) << shown;
  EXPECT_EQ(show({.format = Format::kHuman}), "[OK] Node a is drained (3 ms)\n") << "no terminal, no progress";
  EXPECT_EQ(show(kLines), "");
}

boost::json::object Json(const std::string& text) {
  EXPECT_TRUE(text.ends_with('\n'));
  EXPECT_EQ(text.find('\n'), text.size() - 1) << "one line";
  return boost::json::parse(text).as_object();
}

TEST(JsonPrinter, OneObjectPerCommandWhateverHappened) {
  const auto get = Json(Show(kJson, "GET k", Value("a\"\n")).out);
  EXPECT_EQ(get.at("command"), "get");
  EXPECT_EQ(get.at("outcome"), "done");
  EXPECT_EQ(get.at("value"), "a\"\n");
  EXPECT_EQ(get.at("node"), "00c0ffee00c0ffee");
  EXPECT_EQ(Json(Show(kJson, "GET k", Value("\xff")).out).at("value_base64"), "/w==");

  const Shown unknown = Show(kJson, "SET k v", Failure(ExitCode::kUnknown));
  EXPECT_EQ(unknown.err, "");
  EXPECT_EQ(Json(unknown.out).at("outcome"), "unknown");
  EXPECT_EQ(Json(unknown.out).at("problem"), "'k' may or may not have been stored: why");

  std::ostringstream out;
  MakeJsonPrinter(out)->Misused("no\nsuch");
  EXPECT_EQ(Json(out.str()).at("outcome"), "bad-usage");
}

TEST(JsonPrinter, ListsAreOneObjectToo) {
  Answer answer = Done();
  answer.more = true;
  const auto scan = Json(Show(kJson, "SCAN", answer, {{.key = "a", .value = "1"}, {.key = "\xff"}}).out);
  ASSERT_EQ(scan.at("entries").as_array().size(), 2u);
  EXPECT_EQ(scan.at("entries").at(1).at("key_base64"), "/w==");
  EXPECT_EQ(scan.at("more"), true);
  EXPECT_TRUE(Json(Show(kJson, "SCAN", Done()).out).at("entries").as_array().empty());
  const auto mget = Json(Show(kJson, "MGET a", Done(), {{.key = "a", .exit_code = ExitCode::kAbsent}}).out);
  EXPECT_EQ(mget.at("entries").at(0).at("outcome"), "absent");
}

TEST(JsonPrinter, CarriesTicketsAndTheCluster) {
  Answer unknown = Failure(ExitCode::kUnknown);
  unknown.ticket = {"00c0ffee00c0ffee-17", "3.00c0ffee00c0ffee"};
  const auto set = Json(Show(kJson, "SET k v", unknown).out);
  EXPECT_EQ(set.at("operation_id"), "00c0ffee00c0ffee-17");
  EXPECT_EQ(set.at("ticket"), "00c0ffee00c0ffee-17@3.00c0ffee00c0ffee");

  Answer drained = Done();
  drained.subject = "00c0ffee00c0ff01";
  drained.said = "Node 00c0ffee00c0ff01 is drained";
  drained.action = ClusterAction{.action = "drain", .state = "done", .partitions_done = 9, .partitions_total = 9};
  const auto drain = Json(Show(kJson, "DRAIN 00c0", drained).out);
  EXPECT_EQ(drain.at("command"), "drain");
  EXPECT_EQ(drain.at("about"), "00c0ffee00c0ff01");
  EXPECT_EQ(drain.at("action").at("partitions").at("done"), 9);

  Answer nodes = Done();
  nodes.cluster = OneNode();
  nodes.cluster_json = "{\"epoch\":\n4}";
  EXPECT_EQ(Json(Show(kJson, "NODES", nodes).out).at("cluster").at("epoch"), 4);
}

TEST(JsonPrinter, KeepsTheStatusOfTheNodeAsJson) {
  Answer answer = Done();
  answer.node_status = "{\n \"engine\": \"memory\" }";
  EXPECT_EQ(Json(Show(kJson, "STATUS", answer).out).at("node_status").at("engine"), "memory");
  EXPECT_EQ(Show(kLines, "STATUS", answer).out, "engine\tmemory\n");
}

}  // namespace
}  // namespace quoin::tools
