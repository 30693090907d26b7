// The named histories in testdata: every one is decided as its file says, in every mode, whole and without what
// versions tell, and by the oracle.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/linearizability/history_text.h"
#include "tests/linearizability/key_check.h"
#include "tests/linearizability/oracle.h"

namespace quoin::linearizability {
namespace {

struct Named {
  std::string name;
  Time clocks{0};
  History history;
};

std::vector<Named> Read(const std::string& file) {
  std::ifstream in("tests/linearizability/testdata/" + file);
  EXPECT_TRUE(in) << file;
  std::vector<Named> all;
  std::string line;
  while (std::getline(in, line)) {
    if (line.starts_with("== ")) {
      all.push_back({line.substr(3), Time(0), {}});
    } else if (line.starts_with("clocks ")) {
      // The time of an event that begins then, so that there is one parser of times.
      const Result<Event> event = ParseEvent("1 k " + line.substr(7) + ".. get -> unknown");
      EXPECT_TRUE(event.ok()) << line;
      if (event.ok()) all.back().clocks = event->invoked;
    } else if (!line.empty() && !line.starts_with("#")) {
      const Result<Event> event = ParseEvent(line);
      EXPECT_TRUE(event.ok()) << line << ": " << event.status();
      if (event.ok()) all.back().history.push_back(*event);
    }
  }
  return all;
}

void ExpectAll(const std::vector<Named>& all, Verdict expected) {
  for (const Named& named : all) {
    EXPECT_EQ(OracleExplains(named.history, named.clocks), expected == Verdict::kLinearizable) << named.name;
    for (int mode = 0; mode < 8; ++mode) {
      KeyCheckOptions options;
      options.model.clock_uncertainty = named.clocks;
      options.compare_answers = (mode & 1) == 0;
      options.search.order_by_version = (mode & 2) == 0;
      options.search.skip_useless_unknowns = (mode & 4) == 0;
      const KeyVerdict verdict = CheckKey(named.history, options);
      EXPECT_EQ(verdict.verdict, expected) << named.name << " in mode " << mode << ": " << verdict.why;
      EXPECT_EQ(verdict.why.empty(), expected == Verdict::kLinearizable) << named.name;
    }
  }
}

TEST(KnownHistories, BadOnesAreViolations) {
  const std::vector<Named> bad = Read("known_bad.txt");
  EXPECT_GE(bad.size(), 49u);
  ExpectAll(bad, Verdict::kViolation);
}

TEST(KnownHistories, GoodOnesAreLinearizable) {
  const std::vector<Named> good = Read("known_good.txt");
  EXPECT_GE(good.size(), 38u);
  ExpectAll(good, Verdict::kLinearizable);
}

TEST(KnownHistories, TooLongValuesAreRejectedOnlyAboveTheLimit) {
  const auto check = [](const char* line, std::size_t limit) {
    KeyCheckOptions options;
    options.model.max_value_bytes = limit;
    const Result<History> history = ParseHistory(line);
    return CheckKey(*history, options).verdict;
  };
  EXPECT_EQ(check("1 k 0s..1s put \"four\" -> rejected", 3), Verdict::kLinearizable);
  EXPECT_EQ(check("1 k 0s..1s put \"four\" -> rejected", 4), Verdict::kViolation);
  EXPECT_EQ(check("1 k 0s..1s put \"four\" -> done", 4), Verdict::kLinearizable);
  EXPECT_EQ(check("1 k 0s..1s put \"four\" -> done", 3), Verdict::kViolation);
  EXPECT_EQ(check("1 k 0s..1s put \"ab\" -> done\n1 k 2s..3s append \"cd\" -> rejected", 3), Verdict::kLinearizable);
  EXPECT_EQ(check("1 k 0s..1s put \"ab\" -> done\n1 k 2s..3s append \"cd\" -> rejected", 4), Verdict::kViolation);
}

}  // namespace
}  // namespace quoin::linearizability
