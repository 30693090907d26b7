// Replays docs/api-transcript.md against real nodes: what the document shows is what a node answers, to the byte.
//
// With QUOIN_REWRITE=1 in the environment it prints the document as it should be instead, for review as a diff; see
// docs/testing.md.
#include <glog/logging.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>
#include <memory>
#include <regex>
#include <set>
#include <sstream>

#include "tests/process/node_process.h"
#include "tests/transcript.h"

namespace quoin::tests {
namespace {

constexpr const char* kDocument = "docs/api-transcript.md";
using Kind = TranscriptStep::Kind;

// Flips one bit of `bytes` wherever an engine's file holds them. Returns in how many places.
int FlipOnDisk(const std::filesystem::path& data_dir, const std::string& bytes) {
  int flipped = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(data_dir)) {
    if (!entry.is_regular_file()) continue;
    std::string content = ReadFile(entry.path());
    bool changed = false;
    for (std::size_t at = 0; (at = content.find(bytes, at)) != std::string::npos; at += bytes.size()) {
      content[at] = static_cast<char>(content[at] ^ 1);
      changed = true;
      ++flipped;
    }
    if (changed) WriteFile(entry.path(), content);
  }
  return flipped;
}

// Runs the document's steps and makes the document as it should be.
class Replay {
 public:
  void Do(const TranscriptStep& step) {
    switch (step.kind) {
      case Kind::kText:
        fresh_ += step.text;
        break;
      case Kind::kNode:
        node_ = nullptr;  // Before the next one starts: the machine may be small.
        node_ = std::make_unique<NodeProcess>(step.flags);
        placeholders_ = std::make_unique<Placeholders>(node_->node_id(), node_->url());
        break;
      case Kind::kDamage:
        Damage(step.text);
        break;
      case Kind::kCommand:
        Run(step);
        break;
    }
  }

  const std::string& fresh() const { return fresh_; }
  const std::set<std::string>& statuses() const { return statuses_; }
  const std::set<std::string>& problems() const { return problems_; }

 private:
  void Damage(const std::string& bytes) {
    ASSERT_NE(node_, nullptr);
    // Recovery moves what stood in the log into a table; a second start is one that has nothing to recover.
    EXPECT_EQ(node_->Terminate().code, 0);
    node_->Start();
    EXPECT_EQ(node_->Terminate().code, 0);
    ASSERT_GE(FlipOnDisk(node_->data_dir(), bytes), 1) << bytes << " is in no file";
    node_->Start();
    placeholders_->set_url(node_->url());
  }

  void Run(const TranscriptStep& step) {
    ASSERT_NE(node_, nullptr) << kDocument << ":" << step.line << ": no Node: line before this command";
    std::vector<std::string> environment = {"NODE=" + node_->url(), "PORT=" + std::to_string(node_->port()),
                                            // A proxy of the person who tests is none of ours.
                                            "no_proxy=*", "HOME=" + home_.path().string()};
    for (const auto& [name, value] : placeholders_->variables()) environment.push_back(name + "=" + value);
    const Finished finished = RunToEnd({"/bin/bash", "-c", step.text}, "", environment);
    const std::string output = placeholders_->PutInto(finished.output, step.text);
    EXPECT_EQ(output, step.output) << kDocument << ":" << step.line << ": $ " << step.text << "\n" << finished.errors;
    // An empty line between an output and the next command, for the reader; it means nothing.
    if (!fresh_.ends_with("```console\n")) fresh_ += "\n";
    fresh_ += "$ " + step.text + "\n" + output + (output.empty() ? "" : "\n");
    Note(output);
  }

  void Note(const std::string& output) {
    static const std::regex status("(?:^|\n)HTTP/1\\.[01] ([0-9]{3})");
    static const std::regex problem("urn:quoin:problem:([a-z-]+)");
    for (std::sregex_iterator it(output.begin(), output.end(), status), end; it != end; ++it)
      statuses_.insert((*it)[1]);
    for (std::sregex_iterator it(output.begin(), output.end(), problem), end; it != end; ++it)
      problems_.insert((*it)[1]);
  }

  TemporaryFolder home_{"home"};
  std::unique_ptr<NodeProcess> node_;
  std::unique_ptr<Placeholders> placeholders_;
  std::string fresh_;
  std::set<std::string> statuses_;
  std::set<std::string> problems_;
};

// The status codes that the tables of docs/api.md promise, and the problem types of its table of errors.
struct Promised {
  std::set<std::string> statuses;
  std::set<std::string> problems;
};
Promised ReadPromises() {
  static const std::regex status("\\b[2-5][0-9]{2}\\b");
  static const std::regex error_row("\\| ([45][0-9]{2}) \\| (`.*`) \\|.*");
  static const std::regex quoted("`([a-z-]+)`");
  Promised promised;
  std::istringstream lines(ReadFile("docs/api.md"));
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with('|')) continue;
    for (std::sregex_iterator it(line.begin(), line.end(), status), end; it != end; ++it) {
      promised.statuses.insert(it->str());
    }
    std::smatch row;
    if (!std::regex_match(line, row, error_row)) continue;
    const std::string types = row[2];
    for (std::sregex_iterator it(types.begin(), types.end(), quoted), end; it != end; ++it) {
      promised.problems.insert((*it)[1]);
    }
  }
  return promised;
}

TEST(ApiTranscript, IsWhatANodeAnswersAndShowsEveryStatusCode) {
  const std::vector<TranscriptStep> steps = ParseTranscript(ReadFile(kDocument));
  ASSERT_FALSE(steps.empty()) << kDocument << " can't be read";
  Replay replay;
  for (const TranscriptStep& step : steps) {
    replay.Do(step);
    if (HasFatalFailure()) return;
  }
  const Promised promised = ReadPromises();
  ASSERT_GE(promised.statuses.size(), 20u);
  for (const std::string& status : promised.statuses) {
    EXPECT_TRUE(replay.statuses().contains(status))
        << "docs/api.md promises " << status << "; " << kDocument << " lacks it";
  }
  // These need a disk or a moment that no command can bring about; the packages' own tests have them.
  const std::set<std::string> shown_elsewhere = {"disk-error", "read-only", "stopping", "timed-out", "not-joined",
                                                 "too-many-watches"};
  ASSERT_GE(promised.problems.size(), 20u);
  for (const std::string& problem : promised.problems) {
    EXPECT_TRUE(replay.problems().contains(problem) || shown_elsewhere.contains(problem))
        << "docs/api.md promises the problem " << problem << "; " << kDocument << " lacks it";
  }
  if (std::getenv("QUOIN_REWRITE") != nullptr) {
    std::cout << "----- " << kDocument << " -----\n" << replay.fresh() << "----- end -----\n";
  }
}

}  // namespace
}  // namespace quoin::tests
