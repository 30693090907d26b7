// Runs the stories in testdata/*.txt: commands, and below each, after "----", all that came of it. A story's text is
// what the protocol did, so a change of the protocol is a change of the stories, to be read as a diff:
//
//   QUOIN_REWRITE=1 bazel run //quorum:script_test
//
// Commands (nodes are 1, 2, 3, ...; a ballot is written round.node):
//   cluster N                                  a new cluster; every story begins with one
//   lead NODE [KEY]                            begins a round, KEY riding on Prepare
//   put NODE KEY VALUE [ttl=MS] [OPTIONS]      get, delete, incr, add (put if absent) alike; deliver nothing yet
//       OPTIONS: id=N  for=BALLOT  repeated=LOWEST-BALLOT  consistency=one|all
//   run                                        delivers until nothing moves
//   hold KIND [from=NODE] [to=NODE]            such messages stay under way, until release
//   drop KIND [from=NODE] [to=NODE]            such messages are lost, until release
//   release, down NODE, up NODE, hang NODE (its disk), unhang NODE, restart NODE, resend NODE, pass MS
//   show KEY                                   what every replica holds durably
#include <glog/logging.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "quorum/cluster_testing.h"

namespace quoin::quorum {
namespace {

using Flight = TestCluster::Flight;
using Words = std::vector<std::string>;

std::string Short(const kv::Ballot& ballot) {
  return std::to_string(ballot.round) + "." + std::to_string(ballot.node.value);
}
std::string Short(const kv::Version& version) { return Short(version.ballot) + "." + std::to_string(version.sequence); }
kv::Ballot ParseBallot(const std::string& text) {
  const std::size_t dot = text.find('.');
  CHECK_NE(dot, std::string::npos) << "not a ballot: " << text;
  return BallotOf(std::stoull(text.substr(0, dot)), std::stoull(text.substr(dot + 1)));
}

std::string Show(const kv::RecordPtr& record) {
  if (record == nullptr) return "absent";
  return (record->tombstone ? "tombstone" : record->value) + " @" + Short(record->accepted);
}
std::string Show(const Held& held) {
  return held.key + " " + (held.content.kind == Content::Kind::kDamaged ? "damaged" : Show(held.content.record));
}

struct Describe {
  std::string operator()(const Prepare& m) const { return Short(m.ballot) + (m.key ? " " + *m.key : ""); }
  std::string operator()(const Accept& m) const { return m.key + " " + Show(m.record); }
  std::string operator()(const Install& m) const { return m.key + " " + Show(m.record); }
  std::string operator()(const Barrier& m) const { return Short(m.ballot) + " #" + std::to_string(m.nonce); }
  std::string operator()(const Read& m) const { return (m.ballot ? Short(*m.ballot) + " " : "") + m.key; }
  std::string operator()(const Held& m) const { return Show(m); }
  std::string operator()(const Promise& m) const {
    return Short(m.ballot) + ", before " + (m.previous ? Short(*m.previous) : "unknown") +
           (m.held ? ", " + Show(*m.held) : "");
  }
  std::string operator()(const Accepted& m) const { return m.key + " @" + Short(m.version); }
  std::string operator()(const Installed& m) const { return m.key + " @" + Short(m.version); }
  std::string operator()(const BarrierOk& m) const { return Short(m.ballot) + " #" + std::to_string(m.nonce); }
  std::string operator()(const Nack& m) const { return Short(m.ballot) + ", promised " + Short(m.promised); }
  std::string operator()(const Damaged& m) const { return m.key + " @" + Short(m.version); }
  std::string operator()(const Refused& m) const { return m.key + " @" + Short(m.version); }
  std::string operator()(const OtherConfiguration& m) const { return std::to_string(m.mine); }
  std::string operator()(const Compare& m) const {
    return "from \"" + m.from + "\"" + (m.to ? " to \"" + *m.to + "\"" : "") + (m.digest ? ", digest" : "");
  }
  std::string operator()(const Compared& m) const {
    std::string text = m.equal ? "equal" : m.entries.empty() ? "nothing" : "";
    for (const Compared::Entry& entry : m.entries) {
      text += (text.empty() ? "" : ", ") + entry.key + (entry.damaged ? " damaged" : " @" + Short(entry.version));
    }
    return text;
  }
  std::string operator()(const Purge& m) const { return "up to " + Short(m.floor); }
  std::string operator()(const Purged& m) const { return "up to " + Short(m.floor); }
  std::string operator()(const HandOver& m) const { return Short(m.ballot); }
};

std::string Show(const Reply& reply) {
  switch (reply.outcome) {
    case Outcome::kDone:
      return "done" + (reply.record != nullptr ? ", " + reply.record->value : "") + ", version " + Short(reply.changed);
    case Outcome::kAbsent:
      return "absent";
    case Outcome::kConditionFailed:
      return "condition failed";
    case Outcome::kRejected:
      return "rejected";
    case Outcome::kError:
      return reply.status.ToString();
  }
  return "?";
}

class Story {
 public:
  // What came of one command.
  std::string Do(const std::string& line) {
    std::istringstream in(line);
    Words words;
    for (std::string word; in >> word;) words.push_back(word);
    CHECK(!words.empty());
    out_.clear();
    Run(words);
    return out_;
  }

 private:
  using Options = std::map<std::string, std::string>;

  static std::uint64_t Number(const std::string& text) { return std::stoull(text); }

  static Options TakeOptions(Words* words) {
    Options options;
    std::erase_if(*words, [&](const std::string& word) {
      const std::size_t equals = word.find('=');
      if (equals == std::string::npos) return false;
      options[word.substr(0, equals)] = word.substr(equals + 1);
      return true;
    });
    return options;
  }

  void Run(Words words) {
    Options options = TakeOptions(&words);
    const std::string& command = words.at(0);
    if (command == "cluster") return Start(Number(words.at(1)));
    CHECK(cluster_ != nullptr) << "a story begins with its cluster";
    TestCluster& cluster = *cluster_;
    if (command == "run") {
      cluster.Run();
    } else if (command == "release") {
      cluster.hold = cluster.drop = nullptr;
    } else if (command == "hold" || command == "drop") {
      auto& filter = command == "hold" ? cluster.hold : cluster.drop;
      filter = [before = filter, kind = words.at(1), options](const Flight& flight) {
        const auto is = [&](const char* name, std::uint64_t node) {
          return !options.contains(name) || Number(options.at(name)) == node;
        };
        if (before && before(flight)) return true;
        return KindOf(flight.message) == kind && is("from", flight.from) && is("to", flight.to);
      };
    } else if (command == "pass") {
      cluster.now += std::chrono::milliseconds(Number(words.at(1)));
    } else if (command == "show") {
      for (const std::uint64_t node : nodes_) {
        out_ += std::to_string(node) + ": " + Show(*cluster.storage(node).Get(PartitionId{0}, words.at(1))) + "\n";
      }
    } else {
      RunAt(Number(words.at(1)), words, options);
    }
  }

  void RunAt(std::uint64_t node, const Words& words, Options& options) {
    const std::string& command = words.at(0);
    TestCluster& cluster = *cluster_;
    if (command == "lead") {
      cluster.Begin(node, words.size() > 2 ? std::optional(words[2]) : std::nullopt);
      out_ += "ballot " + Short(cluster.leader(node).ballot()) + "\n";
    } else if (command == "down") {
      cluster.down.insert(node);
    } else if (command == "up") {
      cluster.down.erase(node);
    } else if (command == "hang") {
      cluster.hung_disks.insert(node);
    } else if (command == "unhang") {
      cluster.hung_disks.erase(node);
    } else if (command == "restart") {
      cluster.Restart(node);
    } else if (command == "resend") {
      cluster.Resend(node);
    } else {
      Submit(node, words, options);
    }
  }

  void Submit(std::uint64_t node, const Words& words, Options& options) {
    const std::string& command = words.at(0);
    Copy copy;
    copy.request.key = words.at(2);
    if (command == "get") {
      copy.request.operation = Get{};
    } else if (command == "delete") {
      copy.request.operation = Delete{};
    } else if (command == "incr") {
      copy.request.operation = Increment{};
    } else {
      CHECK(command == "put" || command == "add") << "no such command: " << command;
      Put put;
      put.value = words.at(3);
      if (options.contains("ttl")) put.ttl = std::chrono::milliseconds(Number(options["ttl"]));
      copy.request.operation = put;
      if (command == "add") copy.request.conditions.push_back({Condition::Kind::kAbsent, {}, {}});
    }
    if (options.contains("id")) copy.request.id = {1, Number(options["id"])};
    if (options["consistency"] == "one") copy.request.consistency = Consistency::kOne;
    if (options["consistency"] == "all") copy.request.consistency = Consistency::kAll;
    copy.meant_for = options.contains("for") ? ParseBallot(options["for"]) : cluster_->leader(node).ballot();
    copy.take_over = options.contains("for");
    copy.repeated = options.contains("repeated");
    if (copy.repeated) copy.lowest = ParseBallot(options["repeated"]);
    // An answer may come at once.
    const std::uint64_t token = ++last_token_;
    names_[token] = command + " " + copy.request.key + " at " + std::to_string(node);
    CHECK_EQ(cluster_->SubmitCopy(node, std::move(copy)), token);
  }

  void Start(std::uint64_t nodes) {
    cluster_ = std::make_unique<TestCluster>(nodes);
    nodes_.clear();
    for (std::uint64_t node = 1; node <= nodes; ++node) nodes_.push_back(node);
    last_token_ = 0;
    cluster_->on_delivered = [this](const Flight& flight) {
      out_ += std::to_string(flight.from) + " -> " + std::to_string(flight.to) + " " + KindOf(flight.message) + " " +
              std::visit(Describe(), flight.message) + "\n";
    };
    cluster_->on_answer = [this](std::uint64_t token, const Reply& reply) {
      out_ += "   " + names_.at(token) + ": " + Show(reply) + "\n";
    };
  }

  std::unique_ptr<TestCluster> cluster_;
  std::vector<std::uint64_t> nodes_;
  std::uint64_t last_token_ = 0;
  std::map<std::uint64_t, std::string> names_;
  std::string out_;
};

// The file's text with what really came of its commands.
std::string Retell(const std::string& text) {
  Story story;
  std::string told;
  std::istringstream in(text);
  bool output = false;
  for (std::string line; std::getline(in, line);) {
    if (line == "----") {
      output = true;
    } else if (line.empty()) {
      output = false;
      if (!told.ends_with("\n\n")) told += "\n";
    } else if (output) {
      continue;
    } else {
      told += line + "\n";
      if (line[0] == '#') continue;
      if (const std::string came = story.Do(line); !came.empty()) told += "----\n" + came + "\n";
    }
  }
  if (told.ends_with("\n\n")) told.pop_back();
  return told;
}

std::string ReadAll(const std::filesystem::path& path) {
  std::ifstream in(path);
  std::stringstream all;
  all << in.rdbuf();
  return all.str();
}

TEST(Stories, GoAsTold) {
  const char* workspace = std::getenv("BUILD_WORKSPACE_DIRECTORY");
  const bool rewrite = std::getenv("QUOIN_REWRITE") != nullptr && workspace != nullptr;
  const std::filesystem::path folder = std::filesystem::path(rewrite ? workspace : ".") / "quorum/testdata";
  int stories = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".txt") continue;
    ++stories;
    const std::string text = ReadAll(entry.path());
    const std::string told = Retell(text);
    if (rewrite) {
      std::ofstream(entry.path()) << told;
    } else {
      EXPECT_EQ(text, told) << entry.path().filename();
    }
  }
  EXPECT_GT(stories, 0);
}

}  // namespace
}  // namespace quoin::quorum
