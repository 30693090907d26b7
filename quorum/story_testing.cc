#include "quorum/story_testing.h"

#include <glog/logging.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <sstream>
#include <utility>

#include "quorum/story_text_testing.h"

namespace quoin::quorum {
namespace {

using Flight = TestCluster::Flight;

std::uint64_t Number(const std::string& text) { return std::stoull(text); }

std::map<std::string, std::string> TakeOptions(std::vector<std::string>* words) {
  std::map<std::string, std::string> options;
  std::erase_if(*words, [&](const std::string& word) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos) return false;
    options[word.substr(0, equals)] = word.substr(equals + 1);
    return true;
  });
  return options;
}

}  // namespace

std::string Story::Do(const std::string& line) {
  std::istringstream in(line);
  Words words;
  for (std::string word; in >> word;) words.push_back(word);
  CHECK(!words.empty());
  out_.clear();
  Run(std::move(words));
  return out_;
}

void Story::Run(Words words) {
  Options options = TakeOptions(&words);
  const std::string& command = words.at(0);
  if (command == "cluster") return Start(Number(words.at(1)));
  CHECK(cluster_ != nullptr) << "a story begins with its cluster";
  TestCluster& cluster = *cluster_;
  if (command == "run") {
    cluster.Run();
  } else if (command == "compare") {
    cluster.compares = true;
  } else if (command == "release") {
    cluster.hold = cluster.drop = cluster.twice = nullptr;
  } else if (command == "hold" || command == "drop" || command == "twice") {
    Filter(words, options);
  } else if (command == "pass") {
    cluster.now += std::chrono::milliseconds(Number(words.at(1)));
  } else if (command == "show") {
    for (const std::uint64_t node : nodes_) {
      const auto record = cluster.storage(node).Get(PartitionId{0}, words.at(1));
      out_ += std::to_string(node) + ": " + (record.ok() ? Show(*record) : "damaged") + "\n";
    }
  } else {
    RunAt(Number(words.at(1)), words, options);
  }
}

void Story::Filter(const Words& words, const Options& options) {
  auto& filter = words[0] == "hold" ? cluster_->hold : words[0] == "drop" ? cluster_->drop : cluster_->twice;
  filter = [before = filter, kind = words.at(1), options](const Flight& flight) {
    const auto is = [&](const char* name, std::uint64_t node) {
      return !options.contains(name) || Number(options.at(name)) == node;
    };
    if (before && before(flight)) return true;
    return (kind == "all" || KindOf(flight.message) == kind) && is("from", flight.from) && is("to", flight.to);
  };
}

void Story::RunAt(std::uint64_t node, const Words& words, Options& options) {
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
  } else if (command == "scrub") {
    cluster.Scrub(node);
  } else if (command == "damage") {
    cluster.storage(node).damaged.insert(words.at(2));
  } else if (command == "hand-over") {
    cluster.leader(node).StopAdmitting(true);
    CHECK(cluster.leader(node).drained());
    cluster.HandOver(node, Number(words.at(2)));
  } else if (command == "learn") {
    Learn(node, words);
  } else if (command == "status") {
    out_ += StatusOf(node) + "\n";
  } else if (command == "read") {
    for (const std::uint64_t to : nodes_) {
      cluster.Say(node, to, Read{cluster.acceptor(node).configuration_version(), std::nullopt, words.at(2), 0});
    }
  } else {
    Submit(node, words, options);
  }
}

void Story::Learn(std::uint64_t node, const Words& words) {
  ring::Configuration configuration;
  configuration.version = Number(words.at(2));
  const std::string& phase = words.at(3);
  CHECK(phase == "stable" || phase == "filling" || phase == "joint") << "no such phase: " << phase;
  configuration.replicas = ParseSet(words.at(4));
  if (phase != "stable") {
    configuration.phase = phase == "filling" ? ring::Phase::kFilling : ring::Phase::kJoint;
    configuration.incoming = ParseSet(words.at(5));
  }
  nodes_.insert(node);
  cluster_->Learn(node, configuration);
}

std::string Story::StatusOf(std::uint64_t node) {
  const Leader& leader = cluster_->leader(node);
  const Acceptor& acceptor = cluster_->acceptor(node);
  std::string text = "promised " + Short(acceptor.promised());
  text += ", configuration " + std::to_string(acceptor.configuration_version());
  if (acceptor.floor() != kv::Version()) text += ", floor " + Short(acceptor.floor());
  if (leader.phase() != Leader::Phase::kLeading) return text;
  text += "; leads";
  if (leader.complete()) text += ", complete";
  if (leader.all_equal()) text += ", all equal";
  if (leader.filled()) text += ", filled";
  const bool joint = cluster_->configuration(node).phase == ring::Phase::kJoint;
  if (joint && leader.seals_old()) text += ", seals the old set";
  if (leader.lagging() > 0) text += ", lagging " + std::to_string(leader.lagging());
  if (leader.wants_new_round()) text += ", wants a new round";
  return text;
}

void Story::Submit(std::uint64_t node, const Words& words, Options& options) {
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
  if (copy.repeated) copy.lowest = {ParseBallot(options["repeated"]), 0};
  // An answer may come at once.
  const std::uint64_t token = ++last_token_;
  names_[token] = command + " " + copy.request.key + " at " + std::to_string(node);
  CHECK_EQ(cluster_->SubmitCopy(node, std::move(copy)), token);
}

void Story::Start(std::uint64_t nodes) {
  cluster_ = std::make_unique<TestCluster>(nodes);
  nodes_.clear();
  for (std::uint64_t node = 1; node <= nodes; ++node) nodes_.insert(node);
  last_token_ = 0;
  cluster_->on_delivered = [this](const Flight& flight) {
    out_ += std::to_string(flight.from) + " -> " + std::to_string(flight.to) + " " + KindOf(flight.message) + " " +
            Show(flight.message) + "\n";
  };
  cluster_->on_answer = [this](std::uint64_t token, const Reply& reply) {
    out_ += "   " + names_.at(token) + ": " + Show(reply) + "\n";
  };
}

}  // namespace quoin::quorum
