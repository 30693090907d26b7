#include "tests/transcript.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace quoin::tests {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using Kind = TranscriptStep::Kind;

constexpr std::string_view kDocument = R"(# Title

Node: `--a=1 --b`

```console
$ echo one; \
    echo two
one
two

$ echo three
three
```

```json
$ not a command
```
Damage: `Alice`
Node: `defaults`
)";

TEST(Transcript, IsReadAsNodesDamagesAndCommands) {
  std::vector<TranscriptStep> steps = ParseTranscript(kDocument);
  std::erase_if(steps, [](const TranscriptStep& step) { return step.kind == Kind::kText; });
  ASSERT_EQ(steps.size(), 5u);
  EXPECT_EQ(steps[0].kind, Kind::kNode);
  EXPECT_THAT(steps[0].flags, ElementsAre("--a=1", "--b"));
  EXPECT_EQ(steps[1].kind, Kind::kCommand);
  EXPECT_EQ(steps[1].line, 6);
  EXPECT_EQ(steps[1].text, "echo one; \\\n    echo two");
  EXPECT_EQ(steps[1].output, "one\ntwo");
  EXPECT_EQ(steps[2].text, "echo three");
  EXPECT_EQ(steps[2].output, "three");
  EXPECT_EQ(steps[3].kind, Kind::kDamage);
  EXPECT_EQ(steps[3].text, "Alice");
  EXPECT_EQ(steps[4].kind, Kind::kNode);
  EXPECT_THAT(steps[4].flags, IsEmpty());
}

TEST(Transcript, KeepsEveryOtherLineAsText) {
  std::string text;
  for (const TranscriptStep& step : ParseTranscript(kDocument)) {
    if (step.kind == Kind::kText) text += step.text;
  }
  EXPECT_EQ(text,
            "# Title\n\nNode: `--a=1 --b`\n\n```console\n```\n\n```json\n$ not a command\n```\nDamage: `Alice`\nNode: "
            "`defaults`\n");
}

TEST(Placeholders, NumberVersionsAndKeepThemApart) {
  Placeholders placeholders("00c0ffee00c0ffee", "http://127.0.0.1:1234");
  EXPECT_EQ(placeholders.PutInto("ETag: \"3.00c0ffee00c0ffee.41\"\r\nQuoin-Node: 00c0ffee00c0ffee\r\n\r\n", ""),
            "ETag: \"<version 1>\"\nQuoin-Node: <node>");
  EXPECT_EQ(placeholders.PutInto("3.00c0ffee00c0ffee.42 3.00c0ffee00c0ffee.41", ""), "<version 2> <version 1>");
  EXPECT_THAT(placeholders.variables(),
              ElementsAre(Pair("VERSION_1", "3.00c0ffee00c0ffee.41"), Pair("VERSION_2", "3.00c0ffee00c0ffee.42")));
}

TEST(Placeholders, NumberBallotsBesideVersions) {
  Placeholders placeholders("00c0ffee00c0ffee", "http://127.0.0.1:1234");
  EXPECT_EQ(
      placeholders.PutInto("ETag: \"3.00c0ffee00c0ffee.41\"\r\nQuoin-Ballot: 3.00c0ffee00c0ffee.41\r\n\r\n"
                           "{\"version\": \"3.00c0ffee00c0ffee.41\", \"ballot\": \"4.00c0ffee00c0ffee\"}",
                           ""),
      "ETag: \"<version 1>\"\nQuoin-Ballot: <ballot 1>\n\n{\"version\": \"<version 1>\", \"ballot\": \"<ballot 2>\"}");
  EXPECT_EQ(placeholders.PutInto("Quoin-Ballot: 3.00c0ffee00c0ffee.42\r\n", ""), "Quoin-Ballot: <ballot 1>");
  EXPECT_THAT(placeholders.variables(),
              ElementsAre(Pair("BALLOT_1", "3.00c0ffee00c0ffee.42"), Pair("BALLOT_2", "4.00c0ffee00c0ffee"),
                          Pair("VERSION_1", "3.00c0ffee00c0ffee.41")));
}

TEST(Placeholders, LeaveWhatTheCallerChose) {
  Placeholders placeholders("00c0ffee00c0ffee", "http://127.0.0.1:1234");
  EXPECT_EQ(placeholders.PutInto("Quoin-Request-Id: mine-1", "curl -H 'Quoin-Request-Id: mine-1'"),
            "Quoin-Request-Id: mine-1");
  EXPECT_EQ(placeholders.PutInto("Quoin-Request-Id: 5f1c-12\n{\"request_id\":\"5f1c-12\"}", "curl"),
            "Quoin-Request-Id: <request>\n{\"request_id\":\"<request>\"}");
}

TEST(Placeholders, HideTheLengthOfABodyThatHoldsThem) {
  Placeholders placeholders("00c0ffee00c0ffee", "http://127.0.0.1:1234");
  EXPECT_EQ(placeholders.PutInto("Content-Length: 23\r\n\r\n{\"request_id\": \"5f1c-12\"}", "curl"),
            "Content-Length: <length>\n\n{\"request_id\": \"<request>\"}");
  EXPECT_EQ(placeholders.PutInto("Quoin-Request-Id: 5f1c-12\nContent-Length: 5\r\n\r\nAlice", "curl"),
            "Quoin-Request-Id: <request>\nContent-Length: 5\n\nAlice");
}

TEST(Placeholders, HideNumbersThatAlsoStandInTheCommand) {
  Placeholders placeholders("00c0ffee00c0ffee", "http://127.0.0.1:1234");
  EXPECT_EQ(placeholders.PutInto("{\"uptime_s\": 1, \"size_bytes\": 1}", "curl $NODE/v1/status"),
            "{\"uptime_s\": <seconds>, \"size_bytes\": <bytes>}");
}

TEST(Placeholders, StandForTheCursorsOfWatchesAndNotForThoseOfPages) {
  Placeholders placeholders("00c0ffee00c0ffee", "http://127.0.0.1:1");
  const std::string first = "AThMsuF7mgxfBAyYzEQ92m7TAQHu_8AA", second = "ARhMsuF7mgxfBAyYzEQ92m7TAQHu_8AB-";
  EXPECT_EQ(placeholders.PutInto("event: synced\nid: " + first + "\n", ""), "event: synced\nid: <cursor>");
  EXPECT_EQ(placeholders.variables().at("CURSOR"), first);
  EXPECT_EQ(placeholders.PutInto("{\"events\": [], \"cursor\": \"" + second + "\"}", ""),
            "{\"events\": [], \"cursor\": \"<cursor>\"}");
  EXPECT_EQ(placeholders.variables().at("CURSOR"), second);
  EXPECT_EQ(placeholders.PutInto("{\"cursor\": \"Z3JlZXRpbmc=\"}", ""), "{\"cursor\": \"Z3JlZXRpbmc=\"}");
}

TEST(Placeholders, HideTimesAndAddresses) {
  Placeholders placeholders("00c0ffee00c0ffee", "http://127.0.0.1:1234");
  EXPECT_EQ(placeholders.PutInto("Quoin-Expires: 2026-01-02T03:04:05.678Z at http://127.0.0.1:1234/", ""),
            "Quoin-Expires: <time> at $NODE/");
}

}  // namespace
}  // namespace quoin::tests
